//! All experiments at a glance, for the page that is told about them once a second.
//!
//! Figures and judgements are worked out without the lock over all controls. Bounded: so many rows and no more.

use serde::Serialize;

use super::{
    Control, Moment, TargetStatus,
    status::{KilledStatus, Snapshot},
};

/// The first of all shadows.
#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    /// Whether all are switched off, and by whom.
    pub killed: Option<KilledStatus>,
    /// How many shadows there are, whether or not they are below.
    pub found: usize,
    /// The first of them, in the order of the file.
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

impl Control {
    /// The first `limit` shadows with what is thought of them.
    #[must_use]
    pub fn overview(&self, limit: usize, now: Moment) -> Overview {
        let Snapshot { killed, kill_file, targets } = self.lock().snapshot();
        let found = targets.len();
        let rows = targets.into_iter().take(limit).map(|target| {
            let one = Snapshot { killed: killed.clone(), kill_file, targets: target };
            Row { status: one.target(now), verdict: one.readiness().verdict.label() }
        });
        let shadows = rows.collect();
        Overview { killed: killed.as_ref().map(|killed| KilledStatus::new(killed, kill_file)), found, shadows }
    }
}
