//! When to give up on a client that does not read.
//!
//! Costs nothing while the client reads: a timer exists only once a write had to wait.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// A client that does not take one byte for so long is let go, whatever the file says.
pub(super) const STALL_TIME: Duration = Duration::from_secs(120);

/// Until when the answer to the current request of a connection must be written: shared by the connection, which keeps
/// it, and the request, which begins it.
#[derive(Debug)]
pub(in crate::server) struct Unread {
    write_time: Option<Duration>,
    deadline: Cell<Option<Instant>>,
}

impl Unread {
    /// No request yet; each has so long from its head to the end of its answer.
    pub(super) fn new(write_time: Option<Duration>) -> Rc<Self> {
        Rc::new(Self { write_time, deadline: Cell::new(None) })
    }

    /// The head of a request is there.
    pub(in crate::server) fn begin(&self) {
        if let Some(limit) = self.write_time {
            self.deadline.set(Instant::now().checked_add(limit));
        }
    }

    /// Whether there is anything to begin.
    pub(super) fn has_limit(&self) -> bool {
        self.write_time.is_some()
    }
}

/// The waiting of one connection's writes.
#[derive(Debug)]
pub(super) struct Waiting {
    unread: Rc<Unread>,
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl Waiting {
    pub(super) fn new(unread: Rc<Unread>) -> Self {
        Self { unread, timer: None, is_waiting: false }
    }

    /// Where requests begin.
    pub(super) fn unread(&self) -> &Rc<Unread> {
        &self.unread
    }

    /// Before a write: is there time left?
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.unread.deadline.get() {
            Some(deadline) if Instant::now() >= deadline => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }

    /// After a write: progress ends the waiting, no progress begins it, and too long a wait is an error.
    pub(super) fn after<T>(&mut self, written: Poll<io::Result<T>>, ctx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.is_waiting = false;
            return written;
        }
        if !self.is_waiting {
            self.is_waiting = true;
            let stalled = Instant::now() + STALL_TIME;
            let until = self.unread.deadline.get().map_or(stalled, |deadline| deadline.min(stalled));
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(until),
                None => self.timer = Some(Box::pin(sleep_until(until))),
            }
        }
        let is_over = self.timer.as_mut().is_some_and(|timer| timer.as_mut().poll(ctx).is_ready());
        if is_over { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Poll<io::Result<()>> {
        Poll::Pending
    }

    /// How long a write that makes no progress waits.
    async fn waited(waiting: &mut Waiting) -> Duration {
        let begin = Instant::now();
        let outcome = std::future::poll_fn(|ctx| waiting.after(pending(), ctx)).await;
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
        begin.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_without_progress_ends() {
        let mut waiting = Waiting::new(Unread::new(None));
        assert_eq!(waited(&mut waiting).await.as_secs(), STALL_TIME.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn progress_begins_the_wait_anew() {
        let mut waiting = Waiting::new(Unread::new(None));
        for _ in 0..3 {
            let half = tokio::time::timeout(STALL_TIME / 2, waited(&mut waiting)).await;
            assert!(half.is_err(), "it gave up too early");
            let progress = std::future::poll_fn(|ctx| waiting.after(Poll::Ready(Ok(1)), ctx)).await;
            assert_eq!(progress.unwrap(), 1);
        }
        assert_eq!(waited(&mut waiting).await.as_secs(), STALL_TIME.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_a_request_ends_every_wait_and_then_every_write() {
        let unread = Unread::new(Some(Duration::from_secs(3)));
        let mut waiting = Waiting::new(Rc::clone(&unread));
        assert!(waiting.check().is_ok(), "no request has begun");
        unread.begin();
        assert_eq!(waited(&mut waiting).await.as_secs(), 3);
        assert!(waiting.check().is_err());
        unread.begin();
        assert!(waiting.check().is_ok(), "the next request has its own time");
    }
}
