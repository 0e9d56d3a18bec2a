//! A comparison that goes on, as those see it who watch over it: stop rules and ramps.

use std::fmt::Debug;

use tokio::time::Instant;

use super::Sums;

/// What the pairs of one shadow add up to, for whoever asks, from any thread. Answering takes a moment: it is asked four
/// times a second.
pub trait Watched: Send + Sync + Debug {
    /// The pairs of the window of its stop rules that ends now.
    fn recent(&self, now: Instant) -> Sums;

    /// All pairs since the comparison began. Their number never falls while it goes on; that of the mismatches does, when
    /// some of them turn out to be noise (`reappraised`).
    fn total(&self) -> Sums;

    /// Lets the window begin anew: somebody has resumed the shadow, and what it was stopped for is not held against it
    /// again.
    fn restart(&self, now: Instant);
}
