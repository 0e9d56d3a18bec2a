//! The one place where changes of splits are made, from any thread.
//!
//! Its lock is held for moments, by those who change or look, and never while figures are worked out; the live path
//! never takes it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    config::SplitAction,
    control::{Audit, Author, Moment, Post, Refusal, Who},
    split::Splitter,
};

use super::{
    Decision, Look, SplitStatus, Status,
    order::{Asked, Order},
    target::{Changed, Seat, Target, breaches},
};

/// The controls of all splits of a service.
#[derive(Debug, Default)]
pub struct Control {
    targets: Mutex<Vec<Target>>,
    audit: Audit,
    /// Where decisions are told.
    post: Post,
}

impl Control {
    /// Controls that write what they change into this audit, and tell webhooks through this post what rules decide.
    #[must_use]
    pub fn new(audit: Audit, post: Post) -> Self {
        Self { targets: Mutex::default(), audit, post }
    }

    /// Takes over the splits of a plan, before it is served; of those it had before, what was asked for goes on.
    pub fn settle(&self, seats: Vec<Seat>, now: Moment) {
        let mut targets = self.lock();
        let former = std::mem::take(&mut *targets);
        let former: HashMap<_, _> = former.iter().map(|target| (Arc::as_ptr(&target.seat.splitter), target)).collect();
        for seat in seats {
            let before = seat.former.as_ref().and_then(|splitter| former.get(&Arc::as_ptr(splitter)).copied());
            let (target, changed) = Target::new(seat, before, now);
            self.enter(changed, &Author::of(Who::Reload, now));
            targets.push(target);
        }
    }

    /// Looks at the clock and at the figures: what has ended ends, ramps climb, and what breaks a rule is stopped.
    pub fn tick(&self, now: Moment) {
        let mut targets = self.lock();
        for target in targets.iter_mut() {
            let changed = target.tick(now);
            self.enter(changed, &Author::of(Who::Clock, now));
        }
        let judged = targets.iter().filter(|target| target.rules().is_some());
        let judged: Vec<_> = judged.map(|target| (Arc::clone(&target.seat.splitter), target.rates.clone())).collect();
        drop(targets);
        for (splitter, rates) in judged {
            for (place, breach) in breaches(&splitter, &rates, now.steady) {
                let (plan, rule) = (splitter.plan(), breach.rule());
                let (Some(variant), Some(rules)) = (plan.variants.get(place), &plan.stop_on) else { continue };
                let decision = Decision::new(&plan.id, &variant.name, rules.action, breach, now.wall);
                if self.decide(&splitter, place, (rules.action, rule), &decision.why, now) {
                    decision.announce(rules.webhook.as_deref(), &self.post);
                }
            }
            self.climb(&splitter, now);
        }
    }

    /// Climbs the next step of a ramp that rules hold back, or tells that it is held.
    fn climb(&self, splitter: &Arc<Splitter>, now: Moment) {
        let plan = splitter.plan();
        let (Some(rules), Some(_), Some(variant)) = (&plan.stop_on, &plan.ramp, plan.variants.first()) else { return };
        let look = Look::at(splitter, rules, now.steady);
        let mut targets = self.lock();
        let target = targets.iter_mut().find(|target| Arc::ptr_eq(&target.seat.splitter, splitter));
        let Some(moved) = target.and_then(|target| target.move_ramp(look, now)) else { return };
        self.enter(moved.changed, &Author::of(Who::Clock, now));
        drop(targets);
        let decision = Decision::of_ramp(&plan.id, &variant.name, moved.is_up, moved.says, now.wall);
        decision.announce(rules.webhook.as_deref(), &self.post);
    }

    /// Does what a broken rule asks for; `false` if the split is another one by now.
    fn decide(
        &self,
        splitter: &Arc<Splitter>,
        place: usize,
        (action, rule): (SplitAction, &'static str),
        why: &str,
        now: Moment,
    ) -> bool {
        let mut targets = self.lock();
        let Some(target) = targets.iter_mut().find(|target| Arc::ptr_eq(&target.seat.splitter, splitter)) else {
            return false;
        };
        let who = Who::Rule(rule);
        let changed = target.act(place, action, (who, why), now);
        self.enter(changed, &Author { reason: Some(why.to_owned()), ..Author::of(who, now) });
        true
    }

    /// Does what is asked for about one split.
    ///
    /// # Errors
    /// When there is no such split, or it can't do that.
    pub fn order(&self, id: &str, asked: &Asked, who: Who, now: Moment) -> Result<SplitStatus, Refusal> {
        let mut targets = self.lock();
        let Some(target) = targets.iter_mut().find(|target| target.id() == id) else { return unknown(&targets) };
        let changed = target.follow(asked, who, now)?;
        let lasts = asked.terms.lasts.filter(|_| asked.order != Order::Reset);
        self.enter(changed, &Author { lasts, reason: asked.terms.reason.clone(), ..Author::of(who, now) });
        let target = target.clone();
        drop(targets);
        Ok(SplitStatus::new(&target, now))
    }

    /// Everything about all splits.
    #[must_use]
    pub fn status(&self, now: Moment) -> Status {
        let targets = self.lock().clone();
        Status { splits: targets.iter().map(|target| SplitStatus::new(target, now)).collect() }
    }

    /// Everything about one.
    ///
    /// # Errors
    /// When there is no such split.
    pub fn target(&self, id: &str, now: Moment) -> Result<SplitStatus, Refusal> {
        let targets = self.lock();
        let Some(target) = targets.iter().find(|target| target.id() == id).cloned() else { return unknown(&targets) };
        drop(targets);
        Ok(SplitStatus::new(&target, now))
    }

    fn enter(&self, changed: Vec<Changed>, author: &Author) {
        for Changed { target, before, after } in changed {
            self.audit.enter(author.entry(Some(target), "rate", before, after));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Target>> {
        // What is done under the lock is assignments, which don't panic.
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unknown<T>(targets: &[Target]) -> Result<T, Refusal> {
    Err(Refusal::Unknown(targets.iter().map(|target| target.id().to_owned()).collect()))
}
