//! Leaves a shadow alone that refuses connections, in plain mode too, and tries now and then whether it is back.
//!
//! A refused connection costs a copy nearly as much as an answered one and brings nothing. So after some refusals in a
//! row one copy at a time goes out as a trial, at growing distances; the first that finds somebody lets all copies
//! through again. Of several hosts each must have refused meanwhile. Whoever accepts connections and is slow, or fails in
//! any other way, is none of its business.
//!
//! The live path only asks: one atomic while the shadow is reachable, else the clock and at most one compare-and-swap.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// So many refused connections in a row, and nothing else between, make a shadow unreachable.
const REFUSALS: u32 = 5;
/// Until the first trial. The next are twice as far apart each.
const SHORTEST: Duration = Duration::from_millis(100);
/// Between trials of the same host, at most.
const LONGEST: Duration = Duration::from_secs(5);
/// Of `next`, while the shadow is reachable.
const REACHABLE: u64 = 0;

/// What is known about whether one shadow can be reached.
#[derive(Debug)]
pub struct Backoff {
    since: Instant,
    /// Nanoseconds after `since` before which no copy may be sent; [`REACHABLE`] for none.
    next: AtomicU64,
    /// Refusals and nothing else between. Changes under the lock only; most calls that end read it and go on.
    in_a_row: AtomicU32,
    refusals: Mutex<Refusals>,
}

#[derive(Debug, Default)]
struct Refusals {
    /// Which hosts refused in this row.
    hosts: Vec<bool>,
    /// Between trials.
    wait: Duration,
}

/// A copy that was let through. It must be told how its call ended, if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// An ordinary one.
    Regular,
    /// One that finds out whether the shadow is back.
    Trial,
}

/// A host that could not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Its place among the hosts of its shadow.
    pub place: usize,
    /// How many there are.
    pub hosts: usize,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            next: AtomicU64::new(REACHABLE),
            in_a_row: AtomicU32::new(0),
            refusals: Mutex::default(),
        }
    }
}

impl Backoff {
    /// Whether it holds back copies that are offered now. Changes nothing.
    #[must_use]
    pub fn holds_back(&self) -> bool {
        match self.next.load(Ordering::Acquire) {
            REACHABLE => false,
            next => self.nanoseconds(Instant::now()) < next,
        }
    }

    /// Lets a copy through, or not. While the shadow is unreachable that is one copy, a trial, whenever it is time; who
    /// was let through as one goes on as one.
    #[must_use]
    pub fn attempt(&self) -> Option<Attempt> {
        match self.next.load(Ordering::Acquire) {
            REACHABLE => Some(Attempt::Regular),
            next => self.try_again(next, Instant::now()),
        }
    }

    fn try_again(&self, next: u64, now: Instant) -> Option<Attempt> {
        let now = self.nanoseconds(now);
        if now < next {
            return None;
        }
        let after = now.saturating_add(jittered(self.lock().wait));
        let taken = self.next.compare_exchange(next, after, Ordering::AcqRel, Ordering::Acquire);
        taken.is_ok().then_some(Attempt::Trial)
    }

    /// A call found somebody, whatever became of it then.
    pub fn reached(&self, attempt: Attempt) {
        if self.in_a_row.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut refusals = self.lock();
        if !self.is_too_old(attempt) {
            *refusals = Refusals::default();
            self.in_a_row.store(0, Ordering::Release);
            self.next.store(REACHABLE, Ordering::Release);
        }
    }

    /// A call could not be connected.
    pub fn refused(&self, attempt: Attempt, missed: Missed, now: Instant) {
        let mut refusals = self.lock();
        if self.is_too_old(attempt) {
            return;
        }
        let in_a_row = self.in_a_row.load(Ordering::Acquire).saturating_add(1);
        self.in_a_row.store(in_a_row, Ordering::Release);
        refusals.note(missed);
        if in_a_row < REFUSALS || refusals.hosts.contains(&false) {
            return;
        }
        refusals.wait = refusals.longer(missed.hosts);
        let next = self.nanoseconds(now).saturating_add(jittered(refusals.wait));
        self.next.store(next, Ordering::Release);
    }

    /// Whether a call that ended tells nothing new: it began before the shadow became unreachable, and only trials
    /// decide since.
    fn is_too_old(&self, attempt: Attempt) -> bool {
        attempt == Attempt::Regular && self.next.load(Ordering::Acquire) != REACHABLE
    }

    /// Never [`REACHABLE`].
    fn nanoseconds(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.since).as_nanos()).unwrap_or(u64::MAX).max(1)
    }

    fn lock(&self) -> MutexGuard<'_, Refusals> {
        // Additions don't panic, so a poisoned lock guards sound numbers all the same.
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refusals {
    /// Notes who refused.
    fn note(&mut self, missed: Missed) {
        if self.hosts.len() != missed.hosts {
            self.hosts = vec![false; missed.hosts];
        }
        if let Some(host) = self.hosts.get_mut(missed.place) {
            *host = true;
        }
    }

    /// The next time between trials. Hosts take turns, so that each is tried as often as a single one would be.
    fn longer(&self, hosts: usize) -> Duration {
        let longest = LONGEST / u32::try_from(hosts.max(1)).unwrap_or(u32::MAX);
        (self.wait * 2).min(longest).max(SHORTEST)
    }
}

/// In nanoseconds, a fifth more or less, so that nodes don't try in step.
fn jittered(wait: Duration) -> u64 {
    u64::try_from(wait.mul_f64(0.8 + 0.4 * fastrand::f64()).as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::advance;

    use super::*;

    const ONLY: Missed = Missed { place: 0, hosts: 1 };

    fn refuse(backoff: &Backoff, times: u32) {
        for _ in 0..times {
            let attempt = backoff.attempt().expect("it is let through");
            backoff.refused(attempt, ONLY, Instant::now());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn five_refusals_in_a_row_hold_copies_back_and_an_answer_between_starts_anew() {
        let backoff = Backoff::default();
        refuse(&backoff, 4);
        backoff.reached(Attempt::Regular);
        refuse(&backoff, 4);
        assert_eq!((backoff.holds_back(), backoff.attempt()), (false, Some(Attempt::Regular)));
        refuse(&backoff, 1);
        assert_eq!((backoff.holds_back(), backoff.attempt()), (true, None));
    }

    #[tokio::test(start_paused = true)]
    async fn one_trial_goes_out_when_it_is_time_and_none_beside_it() {
        let backoff = Backoff::default();
        refuse(&backoff, 5);
        advance(SHORTEST * 79 / 100).await;
        assert_eq!(backoff.attempt(), None);
        advance(SHORTEST * 42 / 100).await;
        let attempts: Vec<_> = (0..9).filter_map(|_| backoff.attempt()).collect();
        assert_eq!(attempts, [Attempt::Trial]);
    }

    #[tokio::test(start_paused = true)]
    async fn trials_that_fail_are_twice_as_far_apart_up_to_five_seconds() {
        let backoff = Backoff::default();
        refuse(&backoff, 5);
        for wait in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            let wait = Duration::from_millis(wait);
            advance(wait * 79 / 100).await;
            assert_eq!(backoff.attempt(), None, "before {wait:?}");
            advance(wait * 42 / 100).await;
            refuse(&backoff, 1);
        }
        assert!(backoff.holds_back());
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_trial_that_finds_somebody_lets_all_through_and_the_next_wait_is_short_again() {
        let backoff = Backoff::default();
        refuse(&backoff, 5);
        advance(SHORTEST * 2).await;
        refuse(&backoff, 1);
        advance(SHORTEST * 4).await;
        backoff.reached(backoff.attempt().expect("it is time"));
        assert_eq!([(); 3].map(|()| backoff.attempt()), [Some(Attempt::Regular); 3]);
        refuse(&backoff, 5);
        advance(SHORTEST * 121 / 100).await;
        assert_eq!(backoff.attempt(), Some(Attempt::Trial));
    }

    #[tokio::test(start_paused = true)]
    async fn a_trial_that_is_never_sent_costs_one_wait() {
        let backoff = Backoff::default();
        refuse(&backoff, 5);
        for _ in 0..9 {
            advance(SHORTEST * 121 / 100).await;
            assert_eq!((backoff.attempt(), backoff.attempt()), (Some(Attempt::Trial), None));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_from_before_it_became_unreachable_decide_nothing() {
        let backoff = Backoff::default();
        refuse(&backoff, 5);
        backoff.reached(Attempt::Regular);
        assert!(backoff.holds_back());
        for _ in 0..99 {
            backoff.refused(Attempt::Regular, ONLY, Instant::now());
        }
        advance(SHORTEST * 121 / 100).await;
        assert!(!backoff.holds_back(), "refusals that were on their way make no wait longer");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_has_not_refused_keeps_the_others_from_holding_copies_back() {
        let backoff = Backoff::default();
        let refused = |place, hosts| backoff.refused(Attempt::Regular, Missed { place, hosts }, Instant::now());
        (0..99).for_each(|_| refused(1, 2));
        assert!(!backoff.holds_back(), "the other may be slow");
        refused(0, 2);
        assert!(backoff.holds_back());
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_were_found_anew_must_refuse_anew() {
        let backoff = Backoff::default();
        let refused = |place, hosts| backoff.refused(Attempt::Regular, Missed { place, hosts }, Instant::now());
        (0..4).for_each(|_| refused(0, 1));
        refused(0, 3);
        assert!(!backoff.holds_back());
        refused(1, 3);
        refused(2, 3);
        assert!(backoff.holds_back());
    }

    #[tokio::test(start_paused = true)]
    async fn each_of_several_hosts_is_tried_as_often_as_a_single_one() {
        let backoff = Backoff::default();
        for place in (0..10).cycle().take(40) {
            while backoff.holds_back() {
                advance(Duration::from_millis(10)).await;
            }
            backoff.refused(backoff.attempt().expect("it is time"), Missed { place, hosts: 10 }, Instant::now());
        }
        advance(LONGEST / 10 * 121 / 100).await;
        assert!(!backoff.holds_back());
    }

    #[tokio::test(start_paused = true)]
    async fn of_threads_that_ask_at_the_same_time_one_gets_the_trial() {
        let backoff = Backoff::default();
        refuse(&backoff, 5);
        let next = backoff.next.load(Ordering::Acquire);
        let later = Instant::now() + SHORTEST * 2;
        // Both saw the same time for the next trial.
        assert_eq!(backoff.try_again(next, later), Some(Attempt::Trial));
        assert_eq!(backoff.try_again(next, later), None);
    }

    proptest! {
        #[test]
        fn it_holds_back_only_who_refused_last_and_never_for_long(
            steps in proptest::collection::vec((any::<bool>(), 0..3usize, 0..7000u64), 0..200),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().start_paused(true).enable_time().build().unwrap();
            runtime.block_on(async {
                let backoff = Backoff::default();
                let mut in_a_row = 0;
                for (is_there, place, milliseconds) in steps {
                    let held_back = backoff.holds_back();
                    prop_assert!(!held_back || in_a_row >= REFUSALS);
                    let attempt = backoff.attempt();
                    prop_assert_eq!(attempt.is_none(), held_back);
                    match attempt {
                        Some(attempt) if is_there => {
                            backoff.reached(attempt);
                            in_a_row = 0;
                            prop_assert_eq!(backoff.attempt(), Some(Attempt::Regular));
                        }
                        Some(attempt) => {
                            backoff.refused(attempt, Missed { place, hosts: 3 }, Instant::now());
                            in_a_row += 1;
                        }
                        None => {}
                    }
                    advance(Duration::from_millis(milliseconds)).await;
                    if milliseconds > 6000 {
                        prop_assert!(!backoff.holds_back());
                    }
                }
                Ok(())
            })?;
        }
    }
}
