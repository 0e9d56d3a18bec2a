//! How long the parts of the way to a connection took, for whoever asks.
//!
//! Promises: nothing is measured where nobody asks; a part that was begun has its time also when it failed or was given
//! up.

use std::{cell::Cell, time::Duration};

use tokio::time::Instant;

/// The times of one call. What did not happen has none; a connection that was there already took none to get. Of a call
/// that was made twice those of the second count.
#[derive(Debug, Default)]
pub struct Marks {
    pub(super) connection: Mark,
    pub(super) look_up: Mark,
    pub(super) handshake: Mark,
}

impl Marks {
    /// How long it took to get a fresh connection, with all that belongs to it.
    #[must_use]
    pub fn connection(&self) -> Option<Duration> {
        self.connection.0.get()
    }

    /// How long it took of that to look the name up.
    #[must_use]
    pub fn look_up(&self) -> Option<Duration> {
        self.look_up.0.get()
    }

    /// How long it took of that to shake hands by TLS.
    #[must_use]
    pub fn handshake(&self) -> Option<Duration> {
        self.handshake.0.get()
    }
}

/// How long one part took.
#[derive(Debug, Default)]
pub(super) struct Mark(Cell<Option<Duration>>);

impl Mark {
    /// It begins, and ends when what is returned is dropped.
    pub(super) fn begin(&self) -> Measuring<'_> {
        Measuring { mark: self, since: Instant::now() }
    }
}

/// A part that is under way.
pub(super) struct Measuring<'a> {
    mark: &'a Mark,
    since: Instant,
}

impl Drop for Measuring<'_> {
    fn drop(&mut self) {
        self.mark.0.set(Some(self.since.elapsed()));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_part_that_was_given_up_has_its_time_and_one_that_did_not_begin_has_none() {
        let marks = Marks::default();
        let connecting = marks.connection.begin();
        advance(Duration::from_secs(1)).await;
        let looking = marks.look_up.begin();
        advance(Duration::from_secs(2)).await;
        drop(looking);
        drop(connecting);
        let [connection, look_up] = [3, 2].map(|seconds| Some(Duration::from_secs(seconds)));
        assert_eq!((marks.connection(), marks.look_up(), marks.handshake()), (connection, look_up, None));
    }
}
