//! What came of comparing the answers of one shadow, beside what it does: for pages, programs and pipelines.
//!
//! Judging happens without the lock over all controls.

use std::sync::Arc;

use crate::{
    compare::{
        DifferenceKind, Evidence, Losses, Outside, Readiness, ReadinessLimits, Results, Situation, Sums, WhichField,
        readiness, variety::AskedFor,
    },
    control::Author,
    shadow::{DropReason, Running, reason::Skip},
    stats::{Books, Ledgered},
};

use super::{Control, Moment, Refusal, Who, status::Snapshot, target::Target};

/// Whose doing it is that a copy which was wanted was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// It is too slow for what is sent to it, or fails.
    Shadow,
    /// It protects its clients or itself, or was told not to copy such requests.
    Gateway,
    /// The copy was not wanted, or not so many, or there was nothing to copy.
    Nobody,
}

const fn doing(reason: DropReason) -> Doing {
    match reason {
        // As many of its copies as it may have wait for it, or as many of their bytes.
        DropReason::Concurrency
        | DropReason::QueueFull
        | DropReason::Memory
        | DropReason::BodyLag
        | DropReason::BreakerOpen
        | DropReason::Unreachable => Doing::Shadow,
        DropReason::Overload
        | DropReason::MemoryBudget
        | DropReason::Descriptors
        | DropReason::BodyTooLarge
        | DropReason::BodyPatch => Doing::Gateway,
        DropReason::Rate
        | DropReason::BytesRate
        | DropReason::ClientAborted
        | DropReason::BodyError
        | DropReason::ChainBroken
        | DropReason::DryRun
        | DropReason::Killed
        | DropReason::Paused
        | DropReason::Expired
        | DropReason::Shutdown
        | DropReason::LiveStatus => Doing::Nobody,
    }
}

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
        field: FieldChange<'_>,
        who: Who,
        now: Moment,
    ) -> Result<Option<serde_json::Value>, Refusal> {
        let Some(results) = self.results(id)? else { return Ok(None) };
        let Some(told) = results.ignore(field.name, field.kind) else { return Ok(None) };
        let after = shown(&told, field.kind);
        let author = Author { reason: field.reason, ..Author::of(who, now) };
        self.lock().audit.enter(author.entry(Some(id.to_owned()), "ignore", String::new(), after));
        Ok(Some(told))
    }

    /// Takes that back; gives how the field is shown. `None` if its answers are not compared, or no such field is known.
    ///
    /// # Errors
    /// When there is no such shadow.
    pub fn heed(
        &self,
        id: &str,
        field: FieldChange<'_>,
        who: Who,
        now: Moment,
    ) -> Result<Option<serde_json::Value>, Refusal> {
        let Some(results) = self.results(id)? else { return Ok(None) };
        let Some(told) = results.heed(field.name, field.kind) else { return Ok(None) };
        let before = shown(&told, field.kind);
        let author = Author { reason: field.reason, ..Author::of(who, now) };
        self.lock().audit.enter(author.entry(Some(id.to_owned()), "ignore", before, String::new()));
        Ok(Some(told))
    }
}

/// A field as the audit has it. Quoted: its name is what somebody's answer says; and as the list shows it.
fn shown(told: &serde_json::Value, kind: Option<DifferenceKind>) -> String {
    let path = told.get("path").and_then(serde_json::Value::as_str).unwrap_or_default();
    format!("{path:?} {}", kind.map_or("", DifferenceKind::label)).trim_end().to_owned()
}

/// A field to be taken for noise, or no more.
#[derive(Clone, Debug)]
pub struct FieldChange<'a> {
    /// Which.
    pub name: WhichField<'a>,
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
        let before = &self.targets.counted;
        let losses = losses(&books, &before.dropped);
        let kept_out = kept_out(&books, &before.skipped);
        let outside = Outside {
            situation: self.situation(),
            losses: &losses,
            sent: books.sent.saturating_sub(before.sent),
            path: &seat.path,
            offered: books.offered.saturating_sub(before.offered),
            kept_out: &kept_out,
            overhead: standing.overhead.as_ref(),
            limits,
        };
        if let Some(comparison) = &seat.comparison {
            return comparison.readiness(&outside);
        }
        let (sums, different_fields) = (&Sums::default(), &[][..]);
        let asked_for = AskedFor::default();
        readiness(&Evidence { outside, sums, different_fields, different: 0, field_patterns: 0, asked_for })
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

/// Copies that were wanted and not sent, since these were counted.
fn losses(books: &Books, before: &[(&'static str, u64)]) -> Losses {
    let by = |whose: Doing| {
        let reasons = DropReason::ALL.into_iter().filter(|reason| doing(*reason) == whose).map(DropReason::label);
        let since = |label| (label, count_of(&books.dropped, label).saturating_sub(count_of(before, label)));
        reasons.map(since).filter(|(_, count)| *count > 0).collect()
    };
    Losses { of_shadow: by(Doing::Shadow), of_gateway: by(Doing::Gateway) }
}

/// Requests that the policy keeps out, whatever chance says, since these were counted.
fn kept_out(books: &Books, before: &[(&'static str, u64)]) -> Vec<(&'static str, u64)> {
    let reasons = [Skip::Method, Skip::WriteDenied, Skip::Unmatched, Skip::Loop, Skip::NoKey].map(Skip::label);
    let since = |label| (label, count_of(&books.skipped, label).saturating_sub(count_of(before, label)));
    reasons.into_iter().map(since).filter(|(_, count)| *count > 0).collect()
}

fn count_of(counts: &[(&'static str, u64)], label: &str) -> u64 {
    counts.iter().find(|(one, _)| *one == label).map_or(0, |(_, count)| *count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_sent_is_told_by_whose_doing_it_is_since_the_comparison_began() {
        let dropped = vec![
            ("concurrency", 3),
            ("memory", 4),
            ("rate", 1000),
            ("paused", 7),
            ("overload", 9),
            ("memory_budget", 2),
            ("queue_full", 5),
        ];
        let books = Books { dropped, ..Books::default() };
        let lost = losses(&books, &[("overload", 8), ("queue_full", 5)]);
        assert_eq!(lost.of_shadow, [("concurrency", 3), ("memory", 4)]);
        assert_eq!(lost.of_gateway, [("overload", 1), ("memory_budget", 2)]);
        assert_eq!(lost.counts(), [7, 10]);
    }

    #[test]
    fn what_the_policy_keeps_out_is_told_since_the_comparison_began() {
        let skipped = vec![("write_denied", 4), ("unmatched", 9), ("not_sampled", 100), ("paused", 3), ("method", 2)];
        let books = Books { skipped, ..Books::default() };
        assert_eq!(kept_out(&books, &[("unmatched", 8), ("method", 2)]), [("write_denied", 4), ("unmatched", 1)]);
    }
}
