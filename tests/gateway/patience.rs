//! Waiting for something to become true, with a limit instead of a guess.

use std::time::Duration;

use tokio::time::Instant;

/// Long enough for a loaded machine; only a failing test ever waits this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Asks again and again until `look` finds something, and gives up after [`LIMIT`].
pub(crate) fn wait_for<T>(look: impl FnMut() -> Option<T>) -> Option<T> {
    wait_at_most(LIMIT, look)
}

/// The same with a limit of its own, for what must not happen.
pub(crate) fn wait_at_most<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
