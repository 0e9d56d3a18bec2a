//! Leaves a shadow alone that does not answer, and looks now and then whether it is back.
//!
//! Only calls that got no answer count as failures: a shadow that answers with errors is worth measuring. The live path
//! only asks; a copy takes its pass when it is about to be sent, so that one which waits long keeps no probe's place.
//! While the breaker is closed the live path reads one atomic; otherwise it takes a lock that is held for a few additions.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::config::shadow::Breaker as Settings;

/// Calls let through to find out whether the shadow is back.
const PROBES: u32 = 3;
/// Into how many parts the window is cut; the oldest part leaves it at once.
const SLICES: u32 = 10;

/// Whether copies may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// They may.
    Closed = 0,
    /// They may not.
    Open = 1,
    /// A few may, to find out.
    HalfOpen = 2,
}

impl State {
    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The breaker of one shadow.
#[derive(Debug)]
pub struct Breaker {
    settings: Settings,
    state: AtomicU8,
    transitions: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    in_a_row: u32,
    slices: VecDeque<Slice>,
    open_until: Option<Instant>,
    /// How often it opened since it was last closed.
    openings: u32,
    /// How often it was half open; the probes of a round decide that round only.
    round: u64,
    probes_out: u32,
    probes_answered: u32,
}

#[derive(Debug)]
struct Slice {
    begins: Instant,
    calls: u32,
    failures: u32,
}

/// A copy that was let through. It must be told how the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// An ordinary one.
    Regular,
    /// One that finds out whether the shadow is back, in this round.
    Probe(u64),
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, state: AtomicU8::new(0), transitions: AtomicU64::new(0), inner: Mutex::default() }
    }

    /// What it was made with.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its state, as of the last call that was offered or ended.
    #[must_use]
    pub fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            0 => State::Closed,
            1 => State::Open,
            _ => State::HalfOpen,
        }
    }

    /// How often the state changed.
    #[must_use]
    pub fn transitions(&self) -> u64 {
        self.transitions.load(Ordering::Relaxed)
    }

    /// Whether it refuses copies that are offered now. Changes nothing.
    #[must_use]
    pub fn is_open(&self, now: Instant) -> bool {
        if self.state() == State::Closed {
            return false;
        }
        let inner = self.lock();
        match self.state() {
            State::Closed => false,
            State::Open => inner.open_until.is_some_and(|until| now < until),
            State::HalfOpen => !inner.has_place(),
        }
    }

    /// Lets a copy through that is about to be sent, or not.
    #[must_use]
    pub fn pass(&self, now: Instant) -> Option<Pass> {
        if self.state() == State::Closed {
            return Some(Pass::Regular);
        }
        let mut inner = self.lock();
        match self.state() {
            State::Closed => return Some(Pass::Regular),
            State::Open if inner.open_until.is_some_and(|until| now < until) => return None,
            State::Open => {
                (inner.probes_out, inner.probes_answered) = (0, 0);
                inner.round = inner.round.wrapping_add(1);
                self.enter(State::HalfOpen);
            }
            State::HalfOpen => {}
        }
        inner.has_place().then(|| {
            inner.probes_out += 1;
            Pass::Probe(inner.round)
        })
    }

    /// A copy that was let through was not sent after all, or says nothing about the shadow.
    pub fn forget(&self, pass: Pass) {
        if pass != Pass::Regular {
            self.lock().return_probe(pass);
        }
    }

    /// A call was answered.
    pub fn answered(&self, pass: Pass, now: Instant) {
        let mut inner = self.lock();
        let is_probe = inner.return_probe(pass);
        if pass != Pass::Regular && !is_probe {
            return;
        }
        inner.in_a_row = 0;
        inner.count(&self.settings, now, false);
        if is_probe {
            inner.probes_answered += 1;
            if self.state() == State::HalfOpen && inner.probes_answered >= PROBES {
                *inner = Inner { round: inner.round, ..Inner::default() };
                self.enter(State::Closed);
            }
        }
    }

    /// A call got no answer.
    pub fn failed(&self, pass: Pass, now: Instant) {
        let mut inner = self.lock();
        let is_probe = inner.return_probe(pass);
        if pass != Pass::Regular && !is_probe {
            return;
        }
        inner.in_a_row = inner.in_a_row.saturating_add(1);
        let share_is_too_large = inner.count(&self.settings, now, true);
        let opens = match self.state() {
            State::Closed => inner.in_a_row >= self.settings.consecutive || share_is_too_large,
            State::HalfOpen => is_probe,
            State::Open => false,
        };
        if opens {
            inner.open_until = now.checked_add(self.open_time(inner.openings));
            inner.openings = inner.openings.saturating_add(1);
            (inner.in_a_row, inner.probes_out, inner.probes_answered) = (0, 0, 0);
            inner.slices.clear();
            self.enter(State::Open);
        }
    }

    /// Twice as long each time, up to the limit, and a fifth more or less, so that nodes don't probe in step.
    fn open_time(&self, openings: u32) -> Duration {
        let doubled = self.settings.open.saturating_mul(1_u32.checked_shl(openings).unwrap_or(u32::MAX));
        doubled.min(self.settings.open_max).mul_f64(0.8 + 0.4 * fastrand::f64())
    }

    fn enter(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
        self.transitions.fetch_add(1, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Additions don't panic, so a poisoned lock guards sound numbers all the same.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    const fn has_place(&self) -> bool {
        self.probes_out.saturating_add(self.probes_answered) < PROBES
    }

    /// Gives back the place of a probe; whether it was one of this round.
    fn return_probe(&mut self, pass: Pass) -> bool {
        let is_of_this_round = pass == Pass::Probe(self.round);
        self.probes_out = self.probes_out.saturating_sub(u32::from(is_of_this_round));
        is_of_this_round
    }

    /// Counts an ended call; gives whether too many of the window's calls failed.
    fn count(&mut self, settings: &Settings, now: Instant, failed: bool) -> bool {
        let slice = settings.window / SLICES;
        while self.slices.front().is_some_and(|oldest| now.duration_since(oldest.begins) >= settings.window) {
            self.slices.pop_front();
        }
        if self.slices.back().is_none_or(|newest| now.duration_since(newest.begins) >= slice) {
            self.slices.push_back(Slice { begins: now, calls: 0, failures: 0 });
        }
        if let Some(newest) = self.slices.back_mut() {
            newest.calls = newest.calls.saturating_add(1);
            newest.failures = newest.failures.saturating_add(u32::from(failed));
        }
        let (calls, failures) = self.slices.iter().fold((0_u32, 0_u32), |(calls, failures), slice| {
            (calls.saturating_add(slice.calls), failures.saturating_add(slice.failures))
        });
        calls >= settings.minimum && f64::from(failures) >= settings.ratio * f64::from(calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        Breaker::new(Settings {
            consecutive: 3,
            ratio: 0.5,
            minimum: 20,
            window: Duration::from_secs(10),
            open: Duration::from_secs(5),
            open_max: Duration::from_secs(60),
        })
    }

    fn fail(breaker: &Breaker, times: u32, now: Instant) {
        for _ in 0..times {
            breaker.failed(Pass::Regular, now);
        }
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_starts_the_row_anew() {
        let (breaker, now) = (breaker(), Instant::now());
        fail(&breaker, 2, now);
        breaker.answered(Pass::Regular, now);
        fail(&breaker, 2, now);
        assert_eq!(breaker.pass(now), Some(Pass::Regular));
        fail(&breaker, 1, now);
        assert_eq!((breaker.state(), breaker.pass(now)), (State::Open, None));
    }

    #[test]
    fn half_of_a_window_opens_it_but_only_of_enough_calls_and_only_of_that_window() {
        let (breaker, start) = (breaker(), Instant::now());
        for second in 0..9 {
            breaker.failed(Pass::Regular, start + SECOND * second);
            breaker.answered(Pass::Regular, start + SECOND * second);
        }
        assert_eq!(breaker.state(), State::Closed, "18 calls are not enough");
        breaker.answered(Pass::Regular, start + SECOND * 9);
        breaker.failed(Pass::Regular, start + SECOND * 9);
        assert_eq!(breaker.state(), State::Open);
        let breaker = self::breaker();
        for second in 0..60 {
            breaker.failed(Pass::Regular, start + SECOND * second);
            breaker.answered(Pass::Regular, start + SECOND * second);
            if second % 2 == 0 {
                breaker.answered(Pass::Regular, start + SECOND * second);
            }
        }
        assert_eq!(breaker.state(), State::Closed, "two in five failed in every window");
    }

    #[test]
    fn three_probes_find_out_and_only_three() {
        let (breaker, start) = (breaker(), Instant::now());
        fail(&breaker, 3, start);
        assert_eq!(breaker.pass(start + SECOND * 3), None);
        let later = start + SECOND * 7;
        let probes: Vec<_> = (0..9).filter_map(|_| breaker.pass(later)).collect();
        assert_eq!((probes, breaker.state()), (vec![Pass::Probe(1); 3], State::HalfOpen));
        breaker.forget(Pass::Probe(1));
        assert_eq!(breaker.pass(later), Some(Pass::Probe(1)), "one that was not sent is taken back");
        for _ in 0..3 {
            breaker.answered(Pass::Probe(1), later);
        }
        assert_eq!((breaker.state(), breaker.transitions()), (State::Closed, 3));
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_twice_as_long() {
        let (breaker, mut now) = (breaker(), Instant::now());
        fail(&breaker, 3, now);
        assert_eq!(breaker.pass(now + SECOND * 7), Some(Pass::Probe(1)));
        for (open, round) in [(10, 1), (20, 2), (40, 3), (60, 4), (60, 5)] {
            now += SECOND * 90;
            breaker.failed(Pass::Probe(round), now);
            assert_eq!((breaker.pass(now + SECOND * open * 79 / 100), breaker.is_open(now)), (None, true));
            assert_eq!(breaker.pass(now + SECOND * open * 121 / 100), Some(Pass::Probe(round + 1)));
        }
    }

    #[test]
    fn probes_of_an_earlier_round_decide_nothing() {
        let (breaker, mut now) = (breaker(), Instant::now());
        fail(&breaker, 3, now);
        now += SECOND * 7;
        assert_eq!([(); 3].map(|()| breaker.pass(now)), [Some(Pass::Probe(1)); 3]);
        breaker.failed(Pass::Probe(1), now);
        now += SECOND * 13;
        assert_eq!(
            [(); 4].map(|()| breaker.pass(now)),
            [Some(Pass::Probe(2)), Some(Pass::Probe(2)), Some(Pass::Probe(2)), None]
        );
        breaker.forget(Pass::Probe(1));
        breaker.answered(Pass::Probe(1), now);
        assert_eq!((breaker.pass(now), breaker.state()), (None, State::HalfOpen), "they free no place either");
        breaker.answered(Pass::Probe(2), now);
        breaker.answered(Pass::Probe(2), now);
        breaker.failed(Pass::Probe(1), now);
        assert_eq!(breaker.state(), State::HalfOpen);
        breaker.answered(Pass::Probe(2), now);
        assert_eq!(breaker.state(), State::Closed);
        breaker.failed(Pass::Probe(1), now);
        fail(&breaker, 2, now);
        assert_eq!(breaker.state(), State::Closed, "nor do they count later");
    }

    #[test]
    fn asking_takes_no_place() {
        let (breaker, start) = (breaker(), Instant::now());
        assert!(!breaker.is_open(start));
        fail(&breaker, 3, start);
        assert!(breaker.is_open(start + SECOND * 3));
        let later = start + SECOND * 7;
        assert!((0..9).all(|_| !breaker.is_open(later)));
        assert_eq!(breaker.state(), State::Open);
        assert!((0..3).all(|_| breaker.pass(later).is_some()) && breaker.is_open(later));
    }

    #[test]
    fn a_call_from_before_it_opened_does_not_decide_a_probe() {
        let (breaker, start) = (breaker(), Instant::now());
        fail(&breaker, 3, start);
        assert_eq!(breaker.pass(start + SECOND * 7), Some(Pass::Probe(1)));
        breaker.failed(Pass::Regular, start + SECOND * 7);
        assert_eq!(breaker.state(), State::HalfOpen);
    }
}
