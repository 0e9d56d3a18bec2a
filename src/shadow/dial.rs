//! What may change about a shadow while the gateway runs, as the live path reads it: a few atomics.
//!
//! Written by the control side and by the clock; the live path only loads. Off, paused and expired are looked at before
//! anything else of a request is.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
};

use tokio::sync::watch;

use crate::config::shadow::Share;

use super::{Dialed, SkipReason};

/// Whether one shadow copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Running {
    /// It does.
    On = 0,
    /// Somebody paused it.
    Paused = 1,
    /// Its time is over, or has not begun.
    Expired = 2,
    /// A stop rule paused it.
    Stopped = 3,
}

impl Running {
    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::On => "running",
            Self::Paused | Self::Stopped => "paused",
            Self::Expired => "expired",
        }
    }
}

/// The switch over all shadows. Cheap to clone; all clones are one switch.
///
/// It counts how often it was turned, so that a kill is noticed by everything that was there before it, however soon
/// it is taken back. Odd counts are kills.
#[derive(Clone, Debug)]
pub struct KillSwitch(Arc<watch::Sender<u64>>, Arc<AtomicU64>);

/// How often the switch over all shadows had been turned at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turns(u64);

impl Turns {
    const fn are_killed(self) -> bool {
        self.0 % 2 == 1
    }
}

impl Default for KillSwitch {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)), Arc::default())
    }
}

impl KillSwitch {
    /// Stops (`true`) or allows (`false`) every copy; those under way end at once when it stops them.
    pub fn set(&self, killed: bool) {
        self.0.send_if_modified(|turns| {
            let turns_it = Turns(*turns).are_killed() != killed;
            *turns = turns.wrapping_add(u64::from(turns_it));
            self.1.store(*turns, Ordering::Release);
            turns_it
        });
    }

    /// Whether all copies are stopped.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.turns().are_killed()
    }

    /// How often it was turned until now.
    #[must_use]
    pub fn turns(&self) -> Turns {
        Turns(self.1.load(Ordering::Acquire))
    }

    /// Whether copies from that moment are stopped: because it was off then, or has been since.
    #[must_use]
    pub fn has_killed_since(&self, then: Turns) -> bool {
        then.are_killed() || self.turns() != then
    }

    /// Ends when copies from that moment are stopped; at once if they are.
    pub async fn killed_since(&self, then: Turns) {
        let mut switch = self.0.subscribe();
        // It cannot fail: the sender is ours.
        let _killed = switch.wait_for(|turns| then.are_killed() || *turns != then.0).await;
    }
}

/// The settings of one shadow that change while it runs.
#[derive(Debug)]
pub struct Dial {
    kill: KillSwitch,
    running: AtomicU8,
    rate: AtomicU64,
    holdout: AtomicU64,
    dry_run: AtomicBool,
    /// The dial that a reload put in the place of this one. What it says counts for copies that wait here, too.
    next: Mutex<Option<Arc<Dial>>>,
}

impl Dial {
    /// A dial that copies these shares.
    #[must_use]
    pub fn new(kill: KillSwitch, dialed: Dialed, dry_run: bool) -> Self {
        Self {
            kill,
            running: AtomicU8::new(Running::On as u8),
            rate: AtomicU64::new(dialed.rate.threshold()),
            holdout: AtomicU64::new(dialed.holdout.threshold()),
            dry_run: AtomicBool::new(dry_run),
            next: Mutex::default(),
        }
    }

    /// Why nothing at all is copied now; `None` if something may be.
    #[must_use]
    pub fn stopped(&self) -> Option<SkipReason> {
        if self.kill.is_killed() {
            return Some(SkipReason::Killed);
        }
        match self.running() {
            Running::On => None,
            Running::Paused | Running::Stopped => Some(SkipReason::Paused),
            Running::Expired => Some(SkipReason::Expired),
        }
    }

    /// The switch over all shadows.
    #[must_use]
    pub fn kill_switch(&self) -> &KillSwitch {
        &self.kill
    }

    /// Whether this shadow copies, the switch over all aside.
    #[must_use]
    pub fn running(&self) -> Running {
        match self.running.load(Ordering::Acquire) {
            0 => Running::On,
            1 => Running::Paused,
            2 => Running::Expired,
            _ => Running::Stopped,
        }
    }

    /// Another dial takes the place of this one: what stops its copies stops those that this one let in.
    pub(super) fn follow(&self, next: &Arc<Self>) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(next));
    }

    /// Whether copies whose turn has come are sent, and whether only to try it: what this dial says and those that took its
    /// place. Nobody who serves clients asks this.
    pub(super) fn last_word(&self) -> (Running, bool) {
        let (mut running, mut is_dry_run) = (self.running(), self.is_dry_run());
        let mut next = self.next();
        while let Some(dial) = next {
            if running == Running::On {
                running = dial.running();
            }
            is_dry_run |= dial.is_dry_run();
            next = dial.next();
        }
        (running, is_dry_run)
    }

    fn next(&self) -> Option<Arc<Self>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes that.
    pub fn set_running(&self, running: Running) {
        self.running.store(running as u8, Ordering::Release);
    }

    /// The shares as they are now.
    #[must_use]
    pub fn dialed(&self) -> Dialed {
        Dialed {
            rate: Share::of_threshold(self.rate.load(Ordering::Relaxed)),
            holdout: Share::of_threshold(self.holdout.load(Ordering::Relaxed)),
        }
    }

    /// Changes the share that is copied.
    pub fn set_rate(&self, rate: Share) {
        self.rate.store(rate.threshold(), Ordering::Relaxed);
    }

    /// Changes the share left out.
    pub fn set_holdout(&self, holdout: Share) {
        self.holdout.store(holdout.threshold(), Ordering::Relaxed);
    }

    /// Whether nothing is sent although everything is decided.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.dry_run.load(Ordering::Relaxed)
    }

    /// Changes that.
    pub fn set_dry_run(&self, dry_run: bool) {
        self.dry_run.store(dry_run, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_over_all_comes_before_the_own_state() {
        let kill = KillSwitch::default();
        let dial = Dial::new(kill.clone(), Dialed { rate: Share::ALL, holdout: Share::NONE }, false);
        assert_eq!(dial.stopped(), None);
        dial.set_running(Running::Paused);
        assert_eq!(dial.stopped(), Some(SkipReason::Paused));
        kill.set(true);
        assert_eq!(dial.stopped(), Some(SkipReason::Killed));
        kill.set(false);
        dial.set_running(Running::Expired);
        assert_eq!(dial.stopped(), Some(SkipReason::Expired));
    }

    #[tokio::test]
    async fn whoever_waits_for_the_switch_is_woken() {
        let kill = KillSwitch::default();
        let then = kill.turns();
        let waiting = kill.killed_since(then);
        kill.set(true);
        waiting.await;
        kill.killed_since(kill.turns()).await;
        assert!(kill.is_killed());
    }

    #[tokio::test]
    async fn a_kill_that_was_taken_back_at_once_is_noticed_by_what_was_there_before_it() {
        let kill = KillSwitch::default();
        let then = kill.turns();
        kill.set(true);
        let meanwhile = kill.turns();
        kill.set(true);
        kill.set(false);
        kill.set(false);
        assert!(!kill.is_killed() && kill.has_killed_since(then) && kill.has_killed_since(meanwhile));
        kill.killed_since(then).await;
        kill.killed_since(meanwhile).await;
        assert!(!kill.has_killed_since(kill.turns()), "what comes after it is not stopped");
    }
}
