//! What came of comparing the answers of one shadow, beside what it does: for pages, programs and pipelines.
//!
//! Judging happens without the lock over all controls.

use std::sync::Arc;

use crate::{
    compare::{DifferenceKind, Evidence, Outside, Readiness, ReadinessLimits, Results, Situation, Sums, readiness},
    shadow::{DropReason, Running},
    stats::{Books, Ledgered},
};

use super::{Control, Entry, Moment, Refusal, Who, status::Snapshot, target::Target};

/// Drops that say nothing about whether there was room: copies were not wanted, so many not, or there was nothing to copy.
const UNWANTED: [DropReason; 11] = [
    DropReason::Rate,
    DropReason::BytesRate,
    DropReason::ClientAborted,
    DropReason::BodyError,
    DropReason::ChainBroken,
    DropReason::DryRun,
    DropReason::Killed,
    DropReason::Paused,
    DropReason::Expired,
    DropReason::Shutdown,
    DropReason::LiveStatus,
];

impl Control {
    /// Whether a shadow can take the live backend's place.
    ///
    /// # Errors
    /// When there is no such shadow.
    pub fn readiness(&self, id: &str) -> Result<Readiness, Refusal> {
        let snapshot = self.lock().snapshot_of(id)?;
        Ok(snapshot.readiness())
    }

    /// What came of comparing its answers; `None` if they are not compared.
    ///
    /// # Errors
    /// When there is no such shadow.
    pub fn results(&self, id: &str) -> Result<Option<Arc<dyn Results>>, Refusal> {
        Ok(self.lock().snapshot_of(id)?.targets.seat.comparison)
    }

    /// Takes a field of its answers for noise from now on; gives the line of the file that keeps it so. `None` if its
    /// answers are not compared, or no such field is known.
    ///
    /// # Errors
    /// When there is no such shadow.
    pub fn ignore(
        &self,
        id: &str,
        ignored: Ignored<'_>,
        who: Who,
        now: Moment,
    ) -> Result<Option<serde_json::Value>, Refusal> {
        let Some(results) = self.results(id)? else { return Ok(None) };
        let Some(line) = results.ignore(ignored.path, ignored.kind) else { return Ok(None) };
        let kind = ignored.kind.map_or("", DifferenceKind::label);
        self.lock().audit.enter(Entry {
            at: now.wall,
            who,
            by: who.label(),
            target: Some(id.to_owned()),
            what: "ignore",
            before: String::new(),
            // Quoted: the name of a field is what somebody's answer says.
            after: format!("{:?} {kind}", ignored.path).trim_end().to_owned(),
            lasts_seconds: None,
            reason: ignored.reason,
        });
        Ok(Some(line))
    }
}

/// A field to be taken for noise.
#[derive(Clone, Debug)]
pub struct Ignored<'a> {
    /// Its place, as the list of fields has it.
    pub path: &'a str,
    /// Differences of one kind only.
    pub kind: Option<DifferenceKind>,
    /// For the audit.
    pub reason: Option<String>,
}

impl Snapshot<Target> {
    pub(super) fn readiness(&self) -> Readiness {
        let seat = &self.targets.seat;
        let (books, standing) = (seat.gate.books(), seat.gate.standing());
        let limits = ReadinessLimits::new(self.targets.rules());
        let outside = Outside {
            situation: self.situation(),
            dropped: without_room(&books).saturating_sub(self.targets.counted.dropped),
            sent: books.sent.saturating_sub(self.targets.counted.sent),
            overhead: standing.overhead.as_ref(),
            limits,
        };
        if let Some(comparison) = &seat.comparison {
            return comparison.readiness(&outside);
        }
        let Outside { situation, dropped, sent, overhead, limits } = outside;
        let (sums, different_fields) = (&Sums::default(), &[][..]);
        let evidence = Evidence {
            situation,
            sums,
            different_fields,
            different: 0,
            field_patterns: 0,
            dropped,
            sent,
            overhead,
            limits,
        };
        readiness(&evidence)
    }

    fn situation(&self) -> Situation {
        let target = &self.targets;
        match &self.killed {
            Some(killed) if matches!(killed.who, Who::Rule(_)) => return Situation::Stopped,
            Some(_) => return Situation::Killed,
            None => {}
        }
        match target.effective.running {
            Running::Stopped => Situation::Stopped,
            _ if target.seat.comparison.is_none() => Situation::NotCompared,
            Running::Paused => Situation::Paused,
            Running::Expired => Situation::Expired,
            Running::On if target.effective.dry_run => Situation::DryRun,
            Running::On => Situation::Running,
        }
    }
}

/// Copies that were wanted and not sent.
pub(super) fn without_room(books: &Books) -> u64 {
    let is_counted = |label: &str| !UNWANTED.iter().any(|reason| reason.label() == label);
    books.dropped.iter().filter(|(label, _)| is_counted(label)).map(|(_, count)| count).sum()
}
