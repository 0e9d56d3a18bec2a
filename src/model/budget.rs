//! How long a piece of work may take, and whether anyone still wants its result.
//!
//! A message to an actor carries a [`Promise`]; the asker keeps the [`Answer`]. Dropping the answer — because its
//! client hung up or its time is over — is the cancellation: the worker sees it in [`Promise::unwanted`].
//! (actix itself cancels a message only while it waits in the mailbox, never once it is handled.)

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::future::LocalBoxFuture;
use tokio::{sync::oneshot, time::Instant};

/// When a request's time ends.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The instant after which nobody waits any more.
    pub deadline: Instant,
}

/// The duty to answer once.
#[derive(Debug)]
pub struct Promise<T>(oneshot::Sender<T>);

/// The right to one answer. Dropping it tells the worker to stop.
#[derive(Debug)]
pub struct Answer<T>(oneshot::Receiver<T>);

/// The worker dropped its promise: it panicked, or its thread is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// A promise and the answer that belongs to it.
#[must_use]
pub fn promise<T>() -> (Promise<T>, Answer<T>) {
    let (sender, receiver) = oneshot::channel();
    (Promise(sender), Answer(receiver))
}

impl<T> Promise<T> {
    /// Answers. An answer nobody wants is dropped.
    pub fn keep(self, value: T) {
        let _unwanted = self.0.send(value);
    }

    /// Resolves when nobody wants the answer any more.
    pub async fn unwanted(&mut self) {
        self.0.closed().await;
    }

    /// Does `work` and answers with its result, or stops when nobody wants it any more.
    ///
    /// The work comes boxed because this becomes a task, and a task is copied some ten times until it is done.
    pub async fn fulfil(mut self, work: LocalBoxFuture<'_, T>) {
        tokio::select! {
            biased;
            value = work => self.keep(value),
            () = self.unwanted() => {}
        }
    }
}

impl<T> Future for Answer<T> {
    type Output = Result<T, Broken>;

    fn poll(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(ctx).map(|answer| answer.map_err(|_gone| Broken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn dropping_the_answer_stops_the_work() {
        let (promise, answer) = promise::<()>();
        drop(answer);
        promise.fulfil(Box::pin(std::future::pending())).await;
    }

    #[test]
    fn what_becomes_a_task_is_small_however_large_the_work_is() {
        let (promise, _answer) = promise::<[u8; 8]>();
        let work = async {
            let room = [0_u8; 10_000];
            std::future::pending::<()>().await;
            [room.len() as u8; 8]
        };
        assert!(size_of_val(&promise.fulfil(Box::pin(work))) <= 256);
    }

    #[tokio::test]
    async fn a_dropped_promise_is_seen() {
        let (promise, answer) = promise::<()>();
        drop(promise);
        assert_eq!(answer.await, Err(Broken));
    }
}
