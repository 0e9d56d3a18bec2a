//! Idle connections of one client, last in first out, bounded per host.
//!
//! The newest connection is used first, so that those a burst has opened grow old and go.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::{Secure, connection::Connection};

/// Bounds of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Idle connections kept per host; 0 keeps none.
    pub idle_per_host: usize,
    /// How long an idle connection may be used again; `None` is as long as it lives.
    pub idle_time: Option<Duration>,
    /// How long an upstream may take from a request to the head of its answer; `None` leaves it to the caller's deadline.
    pub head_time: Option<Duration>,
    /// How long a dial may take; `None` leaves it to the system and the caller's deadline.
    pub dial_time: Option<Duration>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

/// An upstream as a pool knows it: an authority (`host:port`), and whether with TLS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) authority: &'a str,
    pub(super) secure: bool,
}

/// The idle connections by authority, those with TLS apart.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) limits: PoolLimits,
    pub(super) secure: Secure,
    idle: RefCell<HashMap<String, Vec<Idle>>>,
    idle_secure: RefCell<HashMap<String, Vec<Idle>>>,
}

impl Pool {
    /// An empty pool.
    pub(super) fn new(limits: PoolLimits, secure: Secure) -> Self {
        Self { limits, secure, idle: RefCell::default(), idle_secure: RefCell::default() }
    }

    /// The most recently used idle connection that still looks alive.
    pub(super) fn take(&self, origin: Origin<'_>) -> Option<Connection> {
        let mut idle = self.idle(origin.secure).borrow_mut();
        let stack = idle.get_mut(origin.authority)?;
        while let Some(Idle { mut connection, since }) = stack.pop() {
            if self.limits.idle_time.is_some_and(|limit| since.elapsed() > limit) {
                // Everything below is older still.
                stack.clear();
                return None;
            }
            if connection.is_quiet() {
                connection.reused = true;
                return Some(connection);
            }
        }
        None
    }

    /// Takes a connection back whose answer was read to the end; closes it when there are enough.
    pub(super) fn give(&self, origin: Origin<'_>, connection: Connection) {
        if self.limits.idle_per_host == 0 || !connection.read.is_empty() {
            return;
        }
        let mut idle = self.idle(origin.secure).borrow_mut();
        let entry = Idle { connection, since: Instant::now() };
        match idle.get_mut(origin.authority) {
            Some(stack) if stack.len() >= self.limits.idle_per_host => {}
            Some(stack) => stack.push(entry),
            None => {
                idle.insert(origin.authority.to_owned(), vec![entry]);
            }
        }
    }

    fn idle(&self, secure: bool) -> &RefCell<HashMap<String, Vec<Idle>>> {
        if secure { &self.idle_secure } else { &self.idle }
    }
}
