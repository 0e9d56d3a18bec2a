//! The books of one shadow: where every mirrored request went.
//!
//! They balance at every moment they are read: nothing is lost without a name for it.

use serde::Serialize;

use super::standing::Standing;

/// A shadow whose books can be read at any time, from any thread.
pub trait Ledgered: Send + Sync {
    /// The books as they stand; they must balance.
    fn books(&self) -> Books;

    /// What it is set to do.
    fn standing(&self) -> Standing;
}

/// Where the requests offered to one shadow went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Books {
    /// What the shadow is doing, as in `mirroring`, `paused`, `closing`.
    pub state: &'static str,
    /// Requests that could have been mirrored.
    pub offered: u64,
    /// Not mirrored on purpose, by reason.
    pub skipped: Vec<(&'static str, u64)>,
    /// Not mirrored because a limit forbade it, by reason.
    pub dropped: Vec<(&'static str, u64)>,
    /// Admitted and not sent yet: for the end of the client's body, for its turn, or for the live answer.
    pub waiting: u64,
    /// Handed to the shadow.
    pub sent: u64,
    /// Of those, not ended yet.
    pub in_flight: u64,
    /// Of those, answered, by class of status (`2xx`).
    pub completed: Vec<(&'static str, u64)>,
    /// Of those, ended without an answer, by kind.
    pub failed: Vec<(&'static str, u64)>,
    /// Of those, given up by us.
    pub abandoned: u64,
    /// Bytes of bodies, of heads, and of answers kept in sequences that are held for it now.
    pub buffered_bytes: u64,
    /// The most it may hold.
    pub buffered_bytes_max: u64,
    /// The most calls it may have in flight.
    pub concurrent_max: u64,
}

impl Books {
    /// Whether every offered request, and every sent one, is accounted for.
    #[must_use]
    pub fn balanced(&self) -> bool {
        let offered = self.sent + total(&self.dropped) + total(&self.skipped) + self.waiting;
        let sent = total(&self.completed) + total(&self.failed) + self.abandoned + self.in_flight;
        self.offered == offered && self.sent == sent
    }
}

fn total(entries: &[(&'static str, u64)]) -> u64 {
    entries.iter().map(|&(_, count)| count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn books_balance_only_when_everything_is_named() {
        let books = Books {
            offered: 20,
            skipped: vec![("method", 2), ("sampled_out", 3)],
            dropped: vec![("concurrency", 4)],
            waiting: 1,
            sent: 10,
            in_flight: 1,
            completed: vec![("2xx", 5), ("5xx", 1)],
            failed: vec![("timeout", 2)],
            abandoned: 1,
            ..Books::default()
        };
        assert!(books.balanced());
        assert!(!Books { offered: 21, ..books.clone() }.balanced());
        assert!(!Books { abandoned: 0, ..books }.balanced());
        assert!(Books::default().balanced());
    }
}
