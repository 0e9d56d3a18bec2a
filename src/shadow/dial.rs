//! What may change about a shadow while the gateway runs, as the live path reads it: a few atomics.
//!
//! Written by the control side and by the clock; the live path only loads. Off, paused and expired are looked at before
//! anything else of a request is.

use std::sync::{
    Arc,
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
    /// Somebody, or a rule, stopped it.
    Paused = 1,
    /// Its time is over, or has not begun.
    Expired = 2,
}

impl Running {
    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::On => "running",
            Self::Paused => "paused",
            Self::Expired => "expired",
        }
    }
}

/// The switch over all shadows. Cheap to clone; all clones are one switch.
#[derive(Clone, Debug)]
pub struct KillSwitch(Arc<watch::Sender<bool>>, Arc<AtomicBool>);

impl Default for KillSwitch {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)), Arc::default())
    }
}

impl KillSwitch {
    /// Stops (`true`) or allows (`false`) every copy; those under way end at once when it stops them.
    pub fn set(&self, killed: bool) {
        self.1.store(killed, Ordering::Release);
        self.0.send_replace(killed);
    }

    /// Whether all copies are stopped.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.1.load(Ordering::Acquire)
    }

    /// Ends when all copies are stopped; at once if they are.
    pub async fn killed(&self) {
        let mut switch = self.0.subscribe();
        // It cannot fail: the sender is ours.
        let _killed = switch.wait_for(|killed| *killed).await;
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
            Running::Paused => Some(SkipReason::Paused),
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
            _ => Running::Expired,
        }
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
        let waiting = kill.killed();
        kill.set(true);
        waiting.await;
        kill.killed().await;
        assert!(kill.is_killed());
    }
}
