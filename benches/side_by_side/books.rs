//! The books of a shadow: where the copies it was offered went.

use serde_json::Value;

/// Counts since the start of the gateway, and what is under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Books {
    pub(crate) offered: u64,
    pub(crate) skipped: u64,
    pub(crate) dropped: u64,
    pub(crate) waiting: u64,
    pub(crate) sent: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) abandoned: u64,
    pub(crate) in_flight: u64,
    pub(crate) buffered_bytes: u64,
}

impl Books {
    /// From what `/__stats` says of a shadow; all zero without one.
    pub(crate) fn read(books: &Value) -> Self {
        let number = |name: &str| books.get(name).and_then(Value::as_u64).unwrap_or(0);
        let sum = |name: &str| {
            let pairs = books.get(name).and_then(Value::as_array).into_iter().flatten();
            pairs.filter_map(|pair| pair.get(1)?.as_u64()).sum()
        };
        Self {
            offered: number("offered"),
            skipped: sum("skipped"),
            dropped: sum("dropped"),
            waiting: number("waiting"),
            sent: number("sent"),
            completed: sum("completed"),
            failed: sum("failed"),
            abandoned: number("abandoned"),
            in_flight: number("in_flight"),
            buffered_bytes: number("buffered_bytes"),
        }
    }

    /// Whether every copy is accounted for.
    pub(crate) fn balance(&self) -> bool {
        self.offered == self.skipped + self.dropped + self.waiting + self.sent
            && self.sent == self.completed + self.failed + self.abandoned + self.in_flight
    }
}
