//! One shadow as the control side sees it: what its policy says, what was asked for, and the gate that is told.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    control::{Held, Moment, Refusal, Terms, Who},
    plan::ShadowPlan,
    shadow::Gate,
};

use super::{
    order::Order,
    settings::{Base, Effective, Overrides, Setting},
};

/// A shadow of a plan with its gate, and how it is told to people.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The method of its endpoint.
    pub method: String,
    /// The path of its endpoint.
    pub path: String,
    /// Method and pattern of its call.
    pub backend: String,
    /// Its hosts.
    pub hosts: String,
    /// Its policy in one line; `None` in plain mode.
    pub summary: Option<String>,
    /// Its plan.
    pub plan: Arc<ShadowPlan>,
    /// Its gate.
    pub gate: Arc<Gate>,
    /// The gate it had before a reload; the same one if nothing about it changed.
    pub former: Option<Arc<Gate>>,
}

/// A shadow that can be controlled.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) seat: Seat,
    pub(super) base: Base,
    pub(super) overrides: Overrides,
    /// What its gate was told last.
    pub(super) effective: Effective,
}

/// One thing that changed.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) what: Setting,
    pub(super) before: String,
    pub(super) after: String,
}

impl Target {
    /// A shadow that starts as its policy says, or goes on from before a reload.
    pub(super) fn new(mut seat: Seat, former: Option<&Self>, now: Moment) -> (Self, Vec<Changed>) {
        let is_same = former.is_some_and(|former| Arc::ptr_eq(&former.seat.gate, &seat.gate));
        seat.former = None;
        let loaded = former.filter(|_| is_same).map_or(now.wall, |former| former.base.loaded);
        let base = Base::new(seat.plan.policy.as_deref(), loaded);
        let mut overrides = former.map_or_else(Overrides::default, |former| former.overrides.clone());
        if !is_same {
            // The file has the last word on how much is copied, and never starts what somebody stopped. That copies of
            // a dry run were wanted was said of another shadow, perhaps at another host.
            (overrides.rate, overrides.max_rps) = (None, None);
            overrides.dry_run.take_if(|held| !held.value);
        }
        let effective = Effective::at(&base, &overrides, now.wall);
        let before = former.map_or(effective, |former| former.effective);
        let ended = former.map_or_else(Vec::new, |former| former.ended_by(&overrides));
        let target = Self { seat, base, overrides, effective };
        target.tell();
        (target, changes(&before, &effective, &ended))
    }

    /// Which wishes of this one are not among `next`.
    fn ended_by(&self, next: &Overrides) -> Vec<Setting> {
        let ended = [
            (Setting::Rate, self.overrides.rate.is_some() && next.rate.is_none()),
            (Setting::MaxRps, self.overrides.max_rps.is_some() && next.max_rps.is_none()),
            (Setting::DryRun, self.overrides.dry_run.is_some() && next.dry_run.is_none()),
        ];
        ended.into_iter().filter_map(|(setting, has_ended)| has_ended.then_some(setting)).collect()
    }

    /// What it is called.
    pub(super) fn id(&self) -> &str {
        &self.seat.plan.key
    }

    /// Lets go what has ended, and takes the step that the clock has come to.
    pub(super) fn tick(&mut self, now: Moment) -> Vec<Changed> {
        let ended = self.overrides.expire(now.steady);
        self.settle(&ended, now.wall)
    }

    /// Does what is asked for; gives what came of each thing it was about.
    pub(super) fn follow(
        &mut self,
        order: &Order,
        terms: &Terms,
        who: Who,
        now: Moment,
    ) -> Result<Vec<Changed>, Refusal> {
        let until = match terms.lasts {
            None => None,
            // A time that no clock reaches is none.
            Some(lasts) => now.steady.checked_add(lasts),
        };
        let about = match order {
            Order::Adjust { rate, max_rps } => {
                if self.seat.plan.policy.is_none() {
                    let message = format!(
                        "{} is in plain mode, which copies everything: it can be paused, but a rate or a limit needs a \
                         policy, \"@shadow_policy\": {{}}",
                        self.id()
                    );
                    return Err(Refusal::Wrong(message));
                }
                let mut about = Vec::new();
                if let Some(value) = *rate {
                    self.overrides.rate = Some(Held { value, until });
                    about.push(Setting::Rate);
                }
                if let Some(value) = *max_rps {
                    self.overrides.max_rps = Some(Held { value, until });
                    about.push(Setting::MaxRps);
                }
                about
            }
            Order::Pause => {
                self.overrides.pause = Some(Held { value: who, until });
                vec![Setting::State]
            }
            Order::Resume => {
                self.overrides.pause = None;
                vec![Setting::State]
            }
            Order::DryRun(on) => {
                self.overrides.dry_run = Some(Held { value: *on, until });
                vec![Setting::DryRun]
            }
            Order::Reset => self.overrides.clear(),
        };
        Ok(self.settle(&about, now.wall))
    }

    /// Works out what holds and tells the gate; gives what is different, and what came of `about` in any case.
    fn settle(&mut self, about: &[Setting], now: SystemTime) -> Vec<Changed> {
        let before = self.effective;
        self.effective = Effective::at(&self.base, &self.overrides, now);
        if before == self.effective && about.is_empty() {
            return Vec::new();
        }
        self.tell();
        changes(&before, &self.effective, about)
    }

    fn tell(&self) {
        let Effective { running, rate, max_rps, dry_run } = self.effective;
        let dial = self.seat.gate.dial();
        dial.set_rate(rate);
        dial.set_dry_run(dry_run);
        if let Some(pace) = self.seat.gate.pace() {
            pace.set(max_rps, tokio::time::Instant::now());
        }
        // Last, so that nothing is copied under settings of before.
        dial.set_running(running);
    }
}

/// How long an order lasts that has a time at all.
pub(super) fn lasting(order: &Order, terms: &Terms) -> Option<Duration> {
    match order {
        Order::Resume | Order::Reset => None,
        Order::Adjust { .. } | Order::Pause | Order::DryRun(_) => terms.lasts,
    }
}

fn changes(before: &Effective, after: &Effective, about: &[Setting]) -> Vec<Changed> {
    let words = Setting::ALL.map(|what| Changed { what, before: before.word(what), after: after.word(what) });
    words.into_iter().filter(|one| one.before != one.after || about.contains(&one.what)).collect()
}
