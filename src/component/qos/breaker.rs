//! The state of a circuit breaker: closed, open, or half open with one trial under way.
//!
//! Promises: time is an argument and nothing waits; more failures in a row than allowed open it, a success in between
//! forgives them; what was asked before a change of state does not count after it.

use std::time::Duration;

use tokio::time::Instant;

/// How a breaker behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Failures in a row that are put up with.
    pub(super) failures_max: u32,
    /// After how long failures are forgotten while closed; never if `None`.
    pub(super) interval: Option<Duration>,
    /// How long it stays open.
    pub(super) open_time: Duration,
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Lets them through.
    Closed,
    /// Refuses them.
    Open,
    /// Lets one through to see.
    HalfOpen,
}

impl State {
    /// What the original calls it in its log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// Why a call may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The breaker is open.
    Open,
    /// The trial is under way.
    TooMany,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Well.
    Success,
    /// Badly.
    Failure,
    /// Nobody waited for it, which says nothing about the backend.
    Cancelled,
}

/// The right to one call; which state of things it was given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation(u64);

/// A breaker.
#[derive(Debug)]
pub(super) struct Breaker {
    limits: Limits,
    state: State,
    generation: u64,
    failures_in_a_row: u32,
    trial: bool,
    expires: Option<Instant>,
}

impl Breaker {
    /// A closed breaker.
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        let mut breaker =
            Self { limits, state: State::Closed, generation: 0, failures_in_a_row: 0, trial: false, expires: None };
        breaker.enter(State::Closed, now);
        breaker
    }

    /// The state as it is now.
    pub(super) fn state(&mut self, now: Instant) -> State {
        if self.expires.is_some_and(|expires| expires < now) {
            match self.state {
                State::Closed => self.enter(State::Closed, now),
                State::Open => self.enter(State::HalfOpen, now),
                State::HalfOpen => {}
            }
        }
        self.state
    }

    /// The state it was left in, whatever time has passed.
    pub(super) fn last_state(&self) -> State {
        self.state
    }

    /// Asks to make a call.
    pub(super) fn ask(&mut self, now: Instant) -> Result<Generation, Refused> {
        match self.state(now) {
            State::Open => return Err(Refused::Open),
            State::HalfOpen if self.trial => return Err(Refused::TooMany),
            State::HalfOpen => self.trial = true,
            State::Closed => {}
        }
        Ok(Generation(self.generation))
    }

    /// Books how a call ended.
    pub(super) fn book(&mut self, asked: Generation, ending: Ending, now: Instant) {
        let state = self.state(now);
        if asked.0 != self.generation {
            return;
        }
        match (state, ending) {
            (State::Closed, Ending::Success) => self.failures_in_a_row = 0,
            (State::Closed, Ending::Failure) => {
                self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
                if self.failures_in_a_row > self.limits.failures_max {
                    self.enter(State::Open, now);
                }
            }
            (State::HalfOpen, Ending::Success) => self.enter(State::Closed, now),
            (State::HalfOpen, Ending::Failure) => self.enter(State::Open, now),
            // The trial told nothing, so the next call is one.
            (State::HalfOpen, Ending::Cancelled) => self.trial = false,
            (State::Open, _) | (State::Closed, Ending::Cancelled) => {}
        }
    }

    fn enter(&mut self, state: State, now: Instant) {
        self.state = state;
        self.generation += 1;
        self.failures_in_a_row = 0;
        self.trial = false;
        self.expires = match state {
            State::Closed => self.limits.interval.map(|interval| now + interval),
            State::Open => Some(now + self.limits.open_time),
            State::HalfOpen => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker(failures_max: u32, interval: Option<Duration>) -> (Breaker, Instant) {
        let now = Instant::now();
        (Breaker::new(Limits { failures_max, interval, open_time: SECOND * 10 }, now), now)
    }

    fn call(breaker: &mut Breaker, ending: Ending, now: Instant) -> Result<(), Refused> {
        let asked = breaker.ask(now)?;
        breaker.book(asked, ending, now);
        Ok(())
    }

    #[test]
    fn one_failure_more_than_allowed_opens_it() {
        let (mut breaker, now) = breaker(2, None);
        for _ in 0..3 {
            assert_eq!(call(&mut breaker, Ending::Failure, now), Ok(()));
        }
        assert_eq!(call(&mut breaker, Ending::Success, now), Err(Refused::Open));
        assert_eq!(call(&mut breaker, Ending::Success, now + SECOND * 10), Err(Refused::Open));
        assert_eq!(call(&mut breaker, Ending::Success, now + SECOND * 11), Ok(()));
        assert_eq!(breaker.state(now + SECOND * 11), State::Closed);
    }

    #[test]
    fn a_success_or_the_end_of_an_interval_forgives_failures() {
        let (mut breaker, now) = breaker(1, Some(SECOND));
        for (ending, at) in [
            (Ending::Failure, 0),
            (Ending::Success, 0),
            (Ending::Failure, 0),
            (Ending::Failure, 2),
            (Ending::Failure, 2),
        ] {
            assert_eq!(call(&mut breaker, ending, now + SECOND * at), Ok(()));
        }
        assert_eq!(breaker.state(now + SECOND * 2), State::Open);
    }

    #[test]
    fn half_open_lets_one_call_through_and_a_cancelled_one_makes_room() {
        let (mut breaker, now) = breaker(0, None);
        assert_eq!(call(&mut breaker, Ending::Failure, now), Ok(()));
        let later = now + SECOND * 11;
        let trial = breaker.ask(later).unwrap();
        assert_eq!(breaker.ask(later), Err(Refused::TooMany));
        breaker.book(trial, Ending::Cancelled, later);
        assert_eq!(call(&mut breaker, Ending::Failure, later), Ok(()));
        assert_eq!(breaker.state(later), State::Open);
    }

    #[test]
    fn what_was_asked_before_a_change_does_not_count_after_it() {
        let (mut breaker, now) = breaker(0, None);
        let early = breaker.ask(now).unwrap();
        assert_eq!(call(&mut breaker, Ending::Failure, now), Ok(()));
        breaker.book(early, Ending::Success, now + SECOND * 11);
        assert_eq!(breaker.state(now + SECOND * 11), State::HalfOpen);
    }
}
