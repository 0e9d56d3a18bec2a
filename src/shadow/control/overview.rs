//! All experiments at a glance, for pages and terminals that look once a second.
//!
//! Figures and judgements are worked out without the lock over all controls, and only for the rows that are shown.
//! Bounded: so many rows and no more.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{model::MemoryBudget, stats::steering::Judged};

use super::{
    Control, Moment, TargetStatus,
    status::{KilledStatus, Snapshot},
    target::{Seat, Target},
};

/// How many rows are given at most, however many are asked for.
pub const ROWS_MAX: usize = 1_000;

/// Which experiments are meant.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Which {
    /// Only the one that is called so.
    pub id: Option<String>,
    /// Only those that have this, in whatever case, in their ID, their call or their hosts.
    #[serde(default)]
    pub find: String,
    /// So many of those that are left are not given.
    #[serde(default)]
    pub skip: usize,
    /// No more than this; [`ROWS_MAX`] unless given.
    pub limit: Option<usize>,
}

/// Some of all shadows.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// Whether all are switched off, and by whom.
    pub killed: Option<KilledStatus>,
    /// How many shadows there are.
    pub all: usize,
    /// How many of them are meant, whether or not they are below.
    pub found: usize,
    /// Bytes that are held for the copies of all of them.
    pub buffered_bytes: usize,
    /// Those that were asked for, in the order of the file.
    pub shadows: Vec<Row>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What it does.
    #[serde(flatten)]
    pub status: TargetStatus,
    /// Whether it can take the live backend's place: `ready`, `not_ready` or `not_enough_data`.
    pub verdict: &'static str,
}

impl Which {
    fn means(&self, seat: &Seat, id: &str, find: &str) -> bool {
        if let Some(only) = &self.id {
            return only == id;
        }
        let has = |text: &str| text.to_lowercase().contains(find);
        find.is_empty()
            || has(id)
            || has(&format!("{} {}", seat.method, seat.path))
            || has(&format!("{} {}", seat.backend, seat.hosts))
    }
}

impl Control {
    /// The shadows that are meant, with what is thought of them.
    #[must_use]
    pub fn overview(&self, which: &Which, now: Moment) -> Overview {
        let Snapshot { killed, kill_file, targets } = self.lock().snapshot();
        let (all, find) = (targets.len(), which.find.trim().to_lowercase());
        let buffered_bytes = targets.iter().map(|target| target.seat.gate.buffered_bytes()).sum();
        let meant = targets.into_iter().filter(|target| which.means(&target.seat, target.id(), &find));
        let meant: Vec<Target> = meant.collect();
        let found = meant.len();
        let limit = which.limit.unwrap_or(ROWS_MAX).min(ROWS_MAX);
        let rows = meant.into_iter().skip(which.skip).take(limit).map(|target| {
            let one = Snapshot { killed: killed.clone(), kill_file, targets: target };
            Row { status: one.target(now), verdict: one.readiness().verdict.label() }
        });
        let shadows = rows.collect();
        let killed = killed.as_ref().map(|killed| KilledStatus::new(killed, kill_file));
        Overview { killed, all, found, buffered_bytes, shadows }
    }

    /// What is thought of each shadow whose answers are compared.
    #[must_use]
    pub fn judged(&self) -> Vec<Judged> {
        let Snapshot { killed, kill_file, targets } = self.lock().snapshot();
        let judged = targets.into_iter().map(|target| {
            let (seat, compared) = (target.seat.clone(), target.seat.comparison.is_some());
            let one = Snapshot { killed: killed.clone(), kill_file, targets: target };
            let verdict = compared.then(|| one.readiness().verdict.label());
            Judged { method: seat.method, path: seat.path, backend: seat.backend, verdict }
        });
        judged.collect()
    }

    /// The budget of all shadows; `None` without any.
    #[must_use]
    pub fn memory(&self) -> Option<Arc<MemoryBudget>> {
        self.lock().snapshot().targets.first().map(|target| Arc::clone(target.seat.gate.memory()))
    }
}
