//! Spans on their way to one receiver, in batches.
//!
//! Promises: one batch is under way at a time and is tried a few times; meanwhile others wait in a queue with a bound, and
//! what finds no room there was counted by who brought it. Whatever comes here is counted as sent or lost.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use prost::Message;
use tokio::{
    sync::{mpsc::Receiver, watch},
    time::{Instant, sleep, sleep_until},
};

use crate::{
    plan::ExportPlan,
    stats::exports::{Export, Lost},
    telemetry::{
        Span,
        otlp::{MESSAGE_BYTES_MAX, first_traces},
    },
};

use super::way::{NotTaken, Signal, Way};

/// Spans of a batch at most.
const BATCH_MAX: usize = 512;
/// How long a batch waits for more.
const BATCH_TIME: Duration = Duration::from_secs(1);
/// The pauses before a batch is tried again.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Whoever sends the spans for one exporter.
pub(super) struct Spans {
    queue: Receiver<Arc<Span>>,
    batch: Vec<Arc<Span>>,
    way: Way,
    plan: Arc<ExportPlan>,
    export: Arc<Export>,
    /// Turns to true when the gateway ends.
    ending: watch::Receiver<bool>,
    /// Whether the receiver was reached last, so that it is told once that it is not.
    is_well: bool,
}

impl Spans {
    pub(super) fn new(
        queue: Receiver<Arc<Span>>,
        way: Way,
        plan: Arc<ExportPlan>,
        export: Arc<Export>,
        ending: watch::Receiver<bool>,
    ) -> Self {
        Self { queue, batch: Vec::with_capacity(BATCH_MAX), way, plan, export, ending, is_well: true }
    }

    /// Sends until the gateway ends, and then what is left.
    pub(super) async fn run(mut self) {
        while self.gather().await {
            self.send_all().await;
        }
        // From here nobody waits for more, and nothing is tried twice.
        loop {
            while self.batch.len() < BATCH_MAX
                && let Ok(span) = self.queue.try_recv()
            {
                self.batch.push(span);
            }
            if self.batch.is_empty() {
                return;
            }
            self.send_all().await;
        }
    }

    /// Waits for a batch that is full or old enough; false when the gateway ends.
    async fn gather(&mut self) -> bool {
        if *self.ending.borrow() {
            return false;
        }
        tokio::select! {
            biased;
            _ = self.ending.changed() => return false,
            count = self.queue.recv_many(&mut self.batch, BATCH_MAX) => if count == 0 { return false },
        }
        let due = Instant::now() + BATCH_TIME;
        while let room @ 1.. = BATCH_MAX.saturating_sub(self.batch.len()) {
            tokio::select! {
                biased;
                _ = self.ending.changed() => return false,
                () = sleep_until(due) => break,
                count = self.queue.recv_many(&mut self.batch, room) => if count == 0 { break },
            }
        }
        true
    }

    /// Sends the batch, in as many messages as it needs.
    async fn send_all(&mut self) {
        while !self.batch.is_empty() {
            let (message, count) = first_traces(&self.plan.resource, &self.batch, MESSAGE_BYTES_MAX);
            self.send(message.encode_to_vec().into(), count).await;
        }
    }

    /// Sends a message of the first spans of the batch, and again where that may help.
    async fn send(&mut self, message: Bytes, spans: usize) {
        let mut pauses = PAUSES.into_iter();
        let outcome = loop {
            let outcome = self.way.send(Signal::Traces, message.clone()).await;
            let pause = match &outcome {
                Err(NotTaken { again: true, .. }) if !*self.ending.borrow() => pauses.next(),
                _ => None,
            };
            let Some(pause) = pause else { break outcome };
            self.tell(outcome.as_ref().err());
            tokio::select! {
                () = sleep(pause) => {}
                _ = self.ending.changed() => {}
            }
        };
        self.tell(outcome.as_ref().err());
        let count = spans as u64;
        self.batch.drain(..spans);
        match outcome {
            Ok(rejected) => {
                let rejected = rejected.min(count);
                self.export.sent(count - rejected);
                self.export.lost(Lost::Refused, rejected);
            }
            Err(NotTaken { why, .. }) => self.export.lost(why, count),
        }
    }

    /// Tells once that a receiver does not take spans any more, and once that it does again.
    fn tell(&mut self, error: Option<&NotTaken>) {
        match error {
            Some(error) if self.is_well => {
                tracing::error!("[SERVICE: OpenTelemetry] {} takes no spans: {}", self.export.name, error.told);
            }
            None if !self.is_well => {
                tracing::info!("[SERVICE: OpenTelemetry] {} takes spans again", self.export.name);
            }
            _ => {}
        }
        self.is_well = error.is_none();
    }
}

impl Drop for Spans {
    /// What a gateway that ends had no time for.
    fn drop(&mut self) {
        self.queue.close();
        let mut left = self.batch.len() as u64;
        while self.queue.try_recv().is_ok() {
            left += 1;
        }
        self.export.lost(Lost::Shutdown, left);
    }
}
