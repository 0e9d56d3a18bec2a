//! What an upstream has seen, readable and awaitable from the test's thread.

use std::sync::{
    Condvar, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::{patience::LIMIT, wire::Message};

/// One request as it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) target: String,
    /// Names in lower case, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    /// The body as far as it came.
    pub(crate) body: Vec<u8>,
    /// Whether the body ended as its framing promised.
    pub(crate) complete: bool,
    /// Which connection it came on, counted from 1.
    pub(crate) connection: usize,
}

impl Seen {
    pub(super) fn new(message: Message, complete: bool, connection: usize) -> Self {
        Self {
            method: message.word(0).to_owned(),
            target: message.word(1).to_owned(),
            headers: message.headers,
            body: message.body,
            complete,
            connection,
        }
    }

    /// The first value of a header; `name` is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The record of one upstream.
#[derive(Debug, Default)]
pub(crate) struct Record {
    seen: Mutex<Vec<Seen>>,
    grown: Condvar,
    connections: AtomicUsize,
    forgets_bodies: AtomicBool,
}

impl Record {
    pub(super) fn add(&self, seen: &Seen) {
        let body = if self.forgets_bodies.load(Ordering::SeqCst) { Vec::new() } else { seen.body.clone() };
        let (method, target, headers) = (seen.method.clone(), seen.target.clone(), seen.headers.clone());
        self.lock().push(Seen { method, target, headers, body, ..*seen });
        self.grown.notify_all();
    }

    /// From now on bodies are not kept.
    pub(super) fn forget_bodies(&self) {
        self.forgets_bodies.store(true, Ordering::SeqCst);
    }

    /// Counts one more connection and returns its number.
    pub(super) fn connect(&self) -> usize {
        self.connections.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().clone()
    }

    /// Waits until there are at least `count` records.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Seen> {
        let (seen, late) = self
            .grown
            .wait_timeout_while(self.lock(), LIMIT, |seen| seen.len() < count)
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!late.timed_out(), "{} of {count} requests came within {LIMIT:?}: {seen:#?}", seen.len());
        seen.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
