//! One shadow as the control side sees it: what its policy says, what was asked for, and the gate that is told.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    compare::Results,
    config::shadow::{Ramp, StopAction, StopOn},
    control::{Climbed, Held, Moment, Refusal, Terms, Who},
    plan::ShadowPlan,
    shadow::{Gate, Running},
    stats::Ledgered,
};

use super::{
    Climb, Decided, Decision, Stopped,
    order::Order,
    rules::{Measure, Progress},
    settings::{Base, Effective, Overrides, Setting},
    status::RampStatus,
    watch::{Look, Watch, Watcher},
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
    /// The comparison of its answers, if there is one.
    pub comparison: Option<Arc<dyn Results>>,
}

/// A shadow that can be controlled.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) seat: Seat,
    pub(super) base: Base,
    pub(super) overrides: Overrides,
    /// What its stop rules know.
    pub(super) watch: Watch,
    /// Where its ramp stands, if it has one and rules that may hold it back.
    pub(super) climb: Option<Climb>,
    /// What its gate was told last.
    pub(super) effective: Effective,
    /// What its books said when its comparison was begun anew.
    pub(super) counted: Counted,
}

/// Copies up to some moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// Those that were not sent, by reason.
    pub(super) dropped: Vec<(&'static str, u64)>,
    /// Those that were sent.
    pub(super) sent: u64,
    /// Requests that could have been copied.
    pub(super) offered: u64,
    /// Of those, the ones that the policy skipped, by reason.
    pub(super) skipped: Vec<(&'static str, u64)>,
}

impl Counted {
    fn of(gate: &Gate) -> Self {
        let books = gate.books();
        Self { sent: books.sent, dropped: books.dropped, offered: books.offered, skipped: books.skipped }
    }
}

/// Whether the comparison of a shadow is that of before a reload.
fn compares_on(before: &Seat, after: &Seat) -> bool {
    let address = |seat: &Seat| seat.comparison.as_ref().map(|one| Arc::as_ptr(one).cast::<()>());
    address(before) == address(after)
}

/// What came of looking at the clock.
#[derive(Debug, Default)]
pub(super) struct Ticked {
    /// What changed because of the time.
    pub(super) by_clock: Vec<Changed>,
    /// What its ramp decided.
    pub(super) of_ramp: Option<Decision>,
    /// The rule that was broken, what that changed, and what was decided.
    pub(super) by_rule: Option<(Measure, Vec<Changed>, Decision)>,
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
            (overrides.rate, overrides.max_rps, overrides.compare_sample) = (None, None, None);
            overrides.dry_run.take_if(|held| !held.value);
        }
        let watch = former.filter(|_| is_same).map_or_else(Watch::default, |former| former.watch.clone());
        let climb = climb(&seat, former, is_same, &base, now);
        let effective = Effective::at(&base, &overrides, climb.as_ref(), now.wall);
        let before = former.map_or(effective, |former| former.effective);
        let ended = former.map_or_else(Vec::new, |former| former.ended_by(&overrides));
        let goes_on = former.filter(|former| compares_on(&former.seat, &seat));
        let counted = goes_on.map_or_else(|| Counted::of(&seat.gate), |former| former.counted.clone());
        let target = Self { seat, base, overrides, watch, climb, effective, counted };
        target.tell();
        (target, changes(&before, &effective, &ended))
    }

    /// Which wishes of this one are not among `next`.
    fn ended_by(&self, next: &Overrides) -> Vec<Setting> {
        let ended = [
            (Setting::Rate, self.overrides.rate.is_some() && next.rate.is_none()),
            (Setting::MaxRps, self.overrides.max_rps.is_some() && next.max_rps.is_none()),
            (Setting::DryRun, self.overrides.dry_run.is_some() && next.dry_run.is_none()),
            (Setting::CompareSample, self.overrides.compare_sample.is_some() && next.compare_sample.is_none()),
        ];
        ended.into_iter().filter_map(|(setting, has_ended)| has_ended.then_some(setting)).collect()
    }

    /// What it is called.
    pub(super) fn id(&self) -> &str {
        &self.seat.plan.key
    }

    /// What stops it by itself, and when.
    pub(super) fn rules(&self) -> Option<&StopOn> {
        self.seat.plan.policy.as_ref()?.stop_on.as_ref()
    }

    /// Who measures its rules; `None` without any.
    pub(super) fn watcher(&self) -> Option<Watcher> {
        let Seat { gate, plan, comparison, .. } = &self.seat;
        self.watch.watcher(gate, plan.policy.as_ref(), comparison.as_ref())
    }

    /// Lets go what has ended, takes the step that the clock has come to and the rules permit, and stops if one of them
    /// is broken.
    pub(super) fn tick(&mut self, look: Option<Look>, is_killed: bool, now: Moment) -> Ticked {
        let ended = self.overrides.expire(now.steady);
        let is_fresh = look.is_some_and(|look| self.watch.take_in(look));
        let is_running = !is_killed && self.effective.running == Running::On;
        let moved = self.move_ramp(is_running && is_fresh, now);
        let by_clock = self.settle(&ended, now.wall);
        let of_ramp = moved.map(|(decided, says)| self.decision(decided, says, None, now));
        let broken = self.watch.measures.iter().find(|measure| measure.is_broken()).copied();
        let may_stop = is_fresh && !is_killed && self.effective.running == Running::On;
        let by_rule = broken.filter(|_| may_stop).map(|broken| self.stop(broken, now));
        Ticked { by_clock, of_ramp, by_rule }
    }

    /// Climbs the next step of a ramp that rules hold back, if it is due and they permit it.
    fn move_ramp(&mut self, may_climb: bool, now: Moment) -> Option<(Decided, String)> {
        let rules = self.seat.plan.policy.as_ref()?.stop_on.as_ref()?;
        let (climb, ramp) = (self.climb.as_mut()?, self.base.schedule.ramp.as_ref()?);
        let in_step = self.watch.progress.since(climb.entry);
        // Without a comparison there are no pairs to wait for.
        let has_seen_enough = self.seat.comparison.is_none() || in_step.permits(rules);
        let in_the_way = self.watch.measures.iter().find(|measure| measure.holds_back(rules));
        let permits = may_climb && has_seen_enough && in_the_way.is_none();
        let climbed = climb.tick(ramp, now.wall, self.watch.progress, permits);
        let (step, steps) = (climb.step + 1, ramp.steps.len());
        match climbed {
            Climbed::Stayed => None,
            Climbed::Advanced => Some((Decided::Advanced, format!("its ramp climbs to step {step} of {steps}"))),
            Climbed::Held => {
                let says =
                    format!("its ramp is held at step {step} of {steps}: {}", held_by(in_step, in_the_way, rules));
                Some((Decided::Held, says))
            }
        }
    }

    /// Does what a broken rule is to do; that all shadows are switched off is left to whoever can.
    fn stop(&mut self, broken: Measure, now: Moment) -> (Measure, Vec<Changed>, Decision) {
        let action = self.rules().map_or(StopAction::Pause, |rules| rules.action);
        let (decided, words) = match action {
            StopAction::Pause => (Decided::Paused, "paused by a stop rule"),
            StopAction::Kill => (Decided::Killed, "a stop rule switches all shadows off"),
        };
        let changed = match action {
            StopAction::Pause => {
                self.overrides.stop = Some(Stopped { at: now.wall, measure: broken });
                self.settle(&[Setting::State], now.wall)
            }
            StopAction::Kill => Vec::new(),
        };
        let decision = self.decision(decided, format!("{words}: {broken}"), Some(broken), now);
        (broken, changed, decision)
    }

    fn decision(&self, decision: Decided, says: String, rule: Option<Measure>, now: Moment) -> Decision {
        let ramp = RampStatus::new(self, now.wall);
        Decision { at: now.wall, target: self.id().to_owned(), decision, says, rule, ramp }
    }

    /// Lets the windows of its rules begin anew: what it was stopped for is not held against it again.
    pub(super) fn begin_anew(&mut self, now: Moment) {
        self.watch.restart(self.seat.comparison.as_ref(), now.steady);
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
            Order::Adjust { rate, max_rps, compare_sample } => {
                if self.seat.plan.policy.is_none() {
                    let message = format!(
                        "{} is in plain mode, which copies everything: it can be paused, but a rate or a limit needs a \
                         policy, \"@shadow_policy\": {{}}",
                        self.id()
                    );
                    return Err(Refusal::Wrong(message));
                }
                if compare_sample.is_some() && self.seat.comparison.is_none() {
                    return Err(self.is_not_compared());
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
                if let Some(value) = *compare_sample {
                    self.overrides.compare_sample = Some(Held { value, until });
                    about.push(Setting::CompareSample);
                }
                about
            }
            Order::Pause => {
                self.overrides.pause = Some(Held { value: who, until });
                vec![Setting::State]
            }
            Order::Resume => {
                self.overrides.pause = None;
                if self.overrides.stop.take().is_some() {
                    self.begin_anew(now);
                }
                vec![Setting::State]
            }
            Order::DryRun(on) => {
                self.overrides.dry_run = Some(Held { value: *on, until });
                vec![Setting::DryRun]
            }
            Order::Reset => {
                if self.overrides.stop.is_some() {
                    self.begin_anew(now);
                }
                self.overrides.clear()
            }
            Order::Restart => return self.restart(now),
        };
        Ok(self.settle(&about, now.wall))
    }

    fn is_not_compared(&self) -> Refusal {
        Refusal::Wrong(format!("the answers of {} are not compared: its policy has no \"compare\"", self.id()))
    }

    /// Forgets what its comparison has come to.
    fn restart(&mut self, now: Moment) -> Result<Vec<Changed>, Refusal> {
        let Some(comparison) = &self.seat.comparison else { return Err(self.is_not_compared()) };
        let pairs = comparison.total().pairs();
        comparison.forget(now.steady);
        self.counted = Counted::of(&self.seat.gate);
        self.begin_anew(now);
        // What was seen in this step was of the version before; the step stays.
        if let Some(climb) = &mut self.climb {
            climb.entry = Progress::default();
        }
        Ok(vec![Changed { what: Setting::Comparison, before: format!("{pairs} pairs"), after: "begun anew".into() }])
    }

    /// Works out what holds and tells the gate; gives what is different, and what came of `about` in any case.
    fn settle(&mut self, about: &[Setting], now: SystemTime) -> Vec<Changed> {
        let before = self.effective;
        self.effective = Effective::at(&self.base, &self.overrides, self.climb.as_ref(), now);
        if before == self.effective && about.is_empty() {
            return Vec::new();
        }
        self.tell();
        changes(&before, &self.effective, about)
    }

    fn tell(&self) {
        let Effective { running, rate, max_rps, dry_run, compare_sample } = self.effective;
        let dial = self.seat.gate.dial();
        dial.set_rate(rate);
        dial.set_dry_run(dry_run);
        if let Some(pace) = self.seat.gate.pace() {
            pace.set(max_rps, tokio::time::Instant::now());
        }
        if let (Some(comparison), Some(sample)) = (&self.seat.comparison, compare_sample) {
            comparison.set_sample(sample);
        }
        // Last, so that nothing is copied under settings of before.
        dial.set_running(running);
    }
}

/// Where the ramp of a shadow stands that has rules which may hold it back: where it stood before a reload that left the
/// ramp as it is, else where the clock says.
fn climb(seat: &Seat, former: Option<&Target>, is_same: bool, base: &Base, now: Moment) -> Option<Climb> {
    seat.plan.policy.as_ref()?.stop_on.as_ref()?;
    let ramp: &Ramp = base.schedule.ramp.as_ref()?;
    let before = former.filter(|former| former.base.schedule.ramp.as_ref() == Some(ramp));
    let before = before.and_then(|former| former.climb);
    let goes_on = is_same && former.is_some_and(|former| compares_on(&former.seat, seat));
    if let Some(before) = before.filter(|_| goes_on) {
        return Some(before);
    }
    let entry = seat.comparison.as_ref().map_or_else(Progress::default, |one| Progress::of(&one.total()));
    Some(before.map_or_else(|| Climb::new(ramp, now.wall, entry), |before| Climb { entry, ..before }))
}

/// What a ramp waits for.
pub(super) fn held_by(in_step: Progress, in_the_way: Option<&Measure>, rules: &StopOn) -> String {
    let wanted = rules.min_pairs.max(1);
    if in_step.compared < wanted {
        return format!("{} of {wanted} pairs were compared in it", in_step.compared);
    }
    match in_the_way {
        _ if !in_step.permits(rules) => "a rule does not hold for its pairs".to_owned(),
        Some(measure) => measure.to_string(),
        None => "no copies are made".to_owned(),
    }
}

/// How long an order lasts that has a time at all.
pub(super) fn lasting(order: &Order, terms: &Terms) -> Option<Duration> {
    match order {
        Order::Resume | Order::Reset | Order::Restart => None,
        Order::Adjust { .. } | Order::Pause | Order::DryRun(_) => terms.lasts,
    }
}

fn changes(before: &Effective, after: &Effective, about: &[Setting]) -> Vec<Changed> {
    let words = Setting::ALL.map(|what| Changed { what, before: before.word(what), after: after.word(what) });
    words.into_iter().filter(|one| one.before != one.after || about.contains(&one.what)).collect()
}
