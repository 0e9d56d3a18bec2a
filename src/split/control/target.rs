//! One split as the control side sees it: what its file says, what was asked for, and the splitter that is told.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    config::{SplitAction, SplitStop, shadow::Share},
    control::{Climb, Climbed, Held, Moment, Refusal, Who, held::percent, schedule::step, terms::wrong},
    split::{Breach, Splitter, judge},
};

use super::{
    order::{Asked, Order},
    progress::{Look, Progress},
};

/// How far a share may be above what the others leave, for the sake of tenths that are none in binary: a billionth.
const ROUNDING: u64 = u64::MAX / 1_000_000_000;

/// A split of a plan, and how it is told to people.
#[derive(Clone, Debug)]
pub struct Seat {
    /// The method of its endpoint.
    pub method: String,
    /// The path of its endpoint.
    pub path: String,
    /// Method, pattern and hosts of its base, then of its variants.
    pub backends: Vec<String>,
    /// It.
    pub splitter: Arc<Splitter>,
    /// That of before a reload; the same one if nothing about it changed.
    pub former: Option<Arc<Splitter>>,
}

/// A share that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub(super) rate: Share,
    /// Who stopped it, if it is a stop.
    pub(super) stopped_by: Option<Who>,
    /// Why, where a rule did.
    pub(super) why: Option<String>,
}

/// A split that can be controlled.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) seat: Seat,
    /// Where its ramp stands, if rules may hold that back.
    pub(super) climb: Option<Climb<Progress>>,
    /// Why its ramp does not climb, if its next step is due.
    pub(super) held_by: Option<String>,
    /// What was asked for about each variant.
    pub(super) wishes: Vec<Option<Held<Wish>>>,
    /// What the splitter was told last.
    pub(super) rates: Vec<Share>,
}

/// What became of a ramp.
#[derive(Debug)]
pub(super) struct Moved {
    /// Whether it has climbed, or is held.
    pub(super) is_up: bool,
    pub(super) says: String,
    pub(super) changed: Vec<Changed>,
}

/// A variant whose share changed.
#[derive(Debug)]
pub(super) struct Changed {
    /// The split and the variant.
    pub(super) target: String,
    pub(super) before: String,
    pub(super) after: String,
}

impl Target {
    /// A split that starts as its file says, or goes on from before a reload.
    pub(super) fn new(mut seat: Seat, former: Option<&Self>, now: Moment) -> (Self, Vec<Changed>) {
        let is_same = former.is_some_and(|former| Arc::ptr_eq(&former.seat.splitter, &seat.splitter));
        seat.former = None;
        let names = seat.splitter.plan().variants.iter().map(|variant| variant.name.as_str());
        let wish_of = |name: &str| {
            let former = former?;
            let place = former.seat.splitter.plan().variants.iter().position(|variant| variant.name == name)?;
            // The file has the last word on how much, and never starts what somebody stopped.
            former.wishes.get(place)?.clone().filter(|held| is_same || held.value.stopped_by.is_some())
        };
        let wishes = names.map(wish_of).collect();
        let climb = climb(&seat.splitter, former, is_same, now);
        let held_by = former.filter(|_| is_same).and_then(|former| former.held_by.clone());
        let mut target = Self { rates: Vec::new(), climb, held_by, seat, wishes };
        target.rates = target.due(now);
        target.tell();
        let before = |name: &str| {
            let former = former?;
            let place = former.seat.splitter.plan().variants.iter().position(|variant| variant.name == name)?;
            former.rates.get(place).copied()
        };
        let variants = target.seat.splitter.plan().variants.iter().zip(&target.rates);
        let changed = variants.filter_map(|(variant, after)| {
            let before = before(&variant.name).filter(|before| before != after)?;
            Some(target.changed(&variant.name, before, *after))
        });
        let changed = changed.collect();
        (target, changed)
    }

    /// By which it is addressed.
    pub(super) fn id(&self) -> &str {
        &self.seat.splitter.plan().id
    }

    pub(super) fn rules(&self) -> Option<&SplitStop> {
        self.seat.splitter.plan().stop_on.as_ref()
    }

    /// The shares that file, clock and wishes come to. What there is not is nobody's: the later variant has less.
    fn due(&self, now: Moment) -> Vec<Share> {
        let plan = self.seat.splitter.plan();
        let of_ramp = plan.ramp.as_ref().map(|ramp| {
            let of_climb = |_| self.climb.as_ref().and_then(|climb| climb.rate(ramp));
            let by_clock = step(ramp, now.wall);
            by_clock.and_then(of_climb).or(by_clock).unwrap_or(Share::NONE)
        });
        let mut left = Share::ALL.threshold();
        let mut rates = Vec::with_capacity(plan.variants.len());
        for (variant, wish) in plan.variants.iter().zip(&self.wishes) {
            let wished = wish.as_ref().map(|held| held.value.rate);
            let rate = wished.or(of_ramp).unwrap_or(variant.rate).threshold().min(left);
            left -= rate;
            rates.push(Share::of_threshold(rate));
        }
        rates
    }

    /// Lets go what has ended, and takes the step that the clock has come to.
    pub(super) fn tick(&mut self, now: Moment) -> Vec<Changed> {
        let mut about = Vec::new();
        for (place, wish) in self.wishes.iter_mut().enumerate() {
            if Held::expire(wish, now.steady) {
                about.push(place);
            }
        }
        self.settle(&about, now)
    }

    /// Climbs the next step of a ramp that rules hold back, if it is due and they permit it.
    pub(super) fn move_ramp(&mut self, look: Look, now: Moment) -> Option<Moved> {
        let plan = self.seat.splitter.plan();
        let (rules, ramp) = (plan.stop_on.as_ref()?, plan.ramp.as_ref()?);
        let climb = self.climb.as_mut()?;
        let is_stopped = self.wishes.iter().flatten().any(|held| held.value.stopped_by.is_some());
        // Where one side is given nothing, there is nothing to wait for.
        let is_blind = climb.rate(ramp).is_none_or(|rate| rate == Share::NONE || rate == Share::ALL);
        let hindrance = match (is_stopped, is_blind) {
            (true, _) => Some("the variant is stopped".to_owned()),
            (false, true) => None,
            (false, false) => look.hindrance(rules, climb.entry),
        };
        let climbed = climb.tick(ramp, now.wall, look.seen, hindrance.is_none());
        let (step, steps) = (climb.step + 1, ramp.steps.len());
        self.held_by = hindrance.filter(|_| climb.is_held);
        match climbed {
            Climbed::Stayed => None,
            Climbed::Held => {
                let why = self.held_by.clone().unwrap_or_default();
                let says = format!("its ramp is held at step {step} of {steps}: {why}");
                Some(Moved { is_up: false, says, changed: Vec::new() })
            }
            Climbed::Advanced => {
                let says = format!("its ramp climbs to step {step} of {steps}");
                Some(Moved { is_up: true, says, changed: self.settle(&[], now) })
            }
        }
    }

    /// Does what is asked for; gives what came of each variant it was about.
    pub(super) fn follow(&mut self, asked: &Asked, who: Who, now: Moment) -> Result<Vec<Changed>, Refusal> {
        let about = self.about(asked)?;
        // A time that no clock reaches is none.
        let until = asked.terms.lasts.and_then(|lasts| now.steady.checked_add(lasts));
        if let Order::Rate(rate) = asked.order {
            self.check_room(&about, rate)?;
        }
        let value = match asked.order {
            Order::Rate(rate) => Some(Wish { rate, stopped_by: None, why: None }),
            Order::Stop => Some(Wish { rate: Share::NONE, stopped_by: Some(who), why: asked.terms.reason.clone() }),
            Order::Reset => None,
        };
        for place in &about {
            if let Some(wish) = self.wishes.get_mut(*place) {
                *wish = value.clone().map(|value| Held { value, until });
            }
            self.begin_anew(*place, now.steady);
        }
        Ok(self.settle(&about, now))
    }

    /// The variants that an order is about.
    fn about(&self, asked: &Asked) -> Result<Vec<usize>, Refusal> {
        let variants = &self.seat.splitter.plan().variants;
        let names = || variants.iter().map(|variant| variant.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(name) = &asked.variant else {
            if variants.len() > 1 && matches!(asked.order, Order::Rate(_)) {
                return Err(wrong(format!("variant: say which, there are {}", names())));
            }
            return Ok((0..variants.len()).collect());
        };
        let place = variants.iter().position(|variant| variant.name == *name);
        place
            .map(|place| vec![place])
            .ok_or_else(|| wrong(format!("variant: there is no {name:?}, there are {}", names())))
    }

    /// Refuses a share that the others don't leave.
    fn check_room(&self, about: &[usize], rate: Share) -> Result<(), Refusal> {
        let others = self.rates.iter().enumerate().filter(|(place, _)| !about.contains(place));
        let taken = others.fold(0_u64, |taken, (_, rate)| taken.saturating_add(rate.threshold()));
        let left = Share::of_threshold(Share::ALL.threshold() - taken);
        if rate.threshold().saturating_sub(left.threshold()) > ROUNDING {
            return Err(wrong(format!("rate: the other variants leave {}", percent(left))));
        }
        Ok(())
    }

    /// What was measured of a variant under other rates, or before somebody set it going again, is not held against it.
    fn begin_anew(&mut self, place: usize, now: Instant) {
        if let Some(arm) = self.seat.splitter.arms().get(place) {
            arm.begin_anew(now);
        }
        if let Some(climb) = &mut self.climb {
            climb.entry = Progress::of(&self.seat.splitter);
        }
    }

    /// Stops a variant for a rule that it broke, or only looks at what comes from now on.
    pub(super) fn act(
        &mut self,
        place: usize,
        action: SplitAction,
        (who, why): (Who, &str),
        now: Moment,
    ) -> Vec<Changed> {
        self.begin_anew(place, now.steady);
        if action == SplitAction::Log {
            return Vec::new();
        }
        if let Some(wish) = self.wishes.get_mut(place) {
            let value = Wish { rate: Share::NONE, stopped_by: Some(who), why: Some(why.to_owned()) };
            *wish = Some(Held { value, until: None });
        }
        self.settle(&[place], now)
    }

    /// Works out what holds and tells the splitter; gives what is different, and what came of `about` in any case.
    fn settle(&mut self, about: &[usize], now: Moment) -> Vec<Changed> {
        let due = self.due(now);
        if due == self.rates && about.is_empty() {
            return Vec::new();
        }
        let before = std::mem::replace(&mut self.rates, due);
        self.tell();
        let variants = self.seat.splitter.plan().variants.iter().zip(before.iter().zip(&self.rates)).enumerate();
        let told = variants.filter(|(place, (_, (before, after)))| before != after || about.contains(place));
        told.map(|(_, (variant, (before, after)))| self.changed(&variant.name, *before, *after)).collect()
    }

    /// Tells the splitter what holds.
    fn tell(&self) {
        self.seat.splitter.set(&self.rates);
        for (arm, wish) in self.seat.splitter.arms().iter().zip(&self.wishes) {
            arm.set_stopped(wish.as_ref().is_some_and(|held| held.value.stopped_by.is_some()));
        }
    }

    fn changed(&self, variant: &str, before: Share, after: Share) -> Changed {
        Changed { target: format!("split {} {variant}", self.id()), before: percent(before), after: percent(after) }
    }
}

/// Where the ramp of a split stands that has rules which may hold it back: where it stood before a reload that left the
/// ramp as it is, else where the clock says.
fn climb(splitter: &Splitter, former: Option<&Target>, is_same: bool, now: Moment) -> Option<Climb<Progress>> {
    splitter.plan().stop_on.as_ref()?;
    let ramp = splitter.plan().ramp.as_ref()?;
    let before = former.filter(|former| former.seat.splitter.plan().ramp.as_ref() == Some(ramp));
    let before = before.and_then(|former| former.climb);
    if let Some(before) = before.filter(|_| is_same) {
        return Some(before);
    }
    let entry = Progress::of(splitter);
    Some(before.map_or_else(|| Climb::new(ramp, now.wall, entry), |before| Climb { entry, ..before }))
}

/// The variants of a split that break a rule, each with its place. It takes a while where much was counted, and is done
/// without the lock of the desk.
pub(super) fn breaches(splitter: &Splitter, rates: &[Share], now: Instant) -> Vec<(usize, Breach)> {
    let Some(rules) = &splitter.plan().stop_on else { return Vec::new() };
    let judged = splitter.arms().iter().zip(rates).enumerate().filter_map(|(place, (arm, rate))| {
        // Of what gets nothing, late reports are no news.
        if *rate == Share::NONE {
            return None;
        }
        let since = arm.since();
        let base = splitter.base().figures(since, now);
        Some((place, judge(rules, &base, &arm.figures(since, now))?))
    });
    judged.collect()
}
