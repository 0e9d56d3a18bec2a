//! The order of the rows.

use std::cmp::Ordering;

use super::{args::SortKey, experiment::Experiment};

/// What they are sorted by, and whether the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) key: SortKey,
    pub(super) is_reversed: bool,
}

impl Order {
    /// The rows in this order; those that are alike stay in that of the file. What is not known is always last.
    pub(super) fn of(self, rows: &[Experiment]) -> Vec<&Experiment> {
        let mut sorted: Vec<&Experiment> = rows.iter().collect();
        if self.key != SortKey::File {
            sorted.sort_by(|one, other| self.compare(one, other));
        } else if self.is_reversed {
            sorted.reverse();
        }
        sorted
    }

    fn compare(self, one: &Experiment, other: &Experiment) -> Ordering {
        match self.key {
            SortKey::File => Ordering::Equal,
            SortKey::Name => self.turned(one.id.cmp(&other.id)),
            SortKey::State => self.turned(one.state.cmp(&other.state)),
            SortKey::Verdict => self.turned(urgency(&one.verdict).cmp(&urgency(&other.verdict))),
            SortKey::Rate => self.falling(one.rate, other.rate),
            SortKey::Sent => self.falling(one.sent_rate, other.sent_rate),
            SortKey::Loss => self.falling(one.loss, other.loss),
            SortKey::Match => self.falling(one.matched.map(|share| -share), other.matched.map(|share| -share)),
            SortKey::Slower => self.falling(one.slower_ms, other.slower_ms),
            SortKey::Overhead => self.falling(one.overhead_ms, other.overhead_ms),
        }
    }

    /// The larger one first, and what is not known last, whichever way round.
    fn falling(self, one: Option<f64>, other: Option<f64>) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) => self.turned(other.total_cmp(&one)),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    }

    fn turned(self, order: Ordering) -> Ordering {
        if self.is_reversed { order.reverse() } else { order }
    }
}

/// What should be looked at first.
fn urgency(verdict: &str) -> u8 {
    match verdict {
        "not ready" => 0,
        "not enough data" => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, loss: Option<f64>, matched: Option<f64>, verdict: &str) -> Experiment {
        Experiment { id: id.to_owned(), loss, matched, verdict: verdict.to_owned(), ..Experiment::default() }
    }

    #[test]
    fn what_needs_attention_is_on_top_and_what_is_not_known_at_the_foot() {
        let rows = [
            row("b", None, Some(1.0), "ready"),
            row("d", Some(0.5), Some(0.2), "not enough data"),
            row("a", Some(0.9), None, "not ready"),
            row("c", Some(0.0), Some(0.5), "ready"),
        ];
        let order = |key, is_reversed| {
            let order = Order { key, is_reversed };
            order.of(&rows).into_iter().map(|row| row.id.as_str()).collect::<String>()
        };
        for (key, forth, back) in [
            (SortKey::File, "bdac", "cadb"),
            (SortKey::Name, "abcd", "dcba"),
            (SortKey::Loss, "adcb", "cdab"),
            (SortKey::Match, "dcba", "bcda"),
            (SortKey::Verdict, "adbc", "bcda"),
            (SortKey::Slower, "bdac", "bdac"),
        ] {
            assert_eq!((order(key, false).as_str(), order(key, true).as_str()), (forth, back), "{key:?}");
        }
    }
}
