//! Idle connections of one client, last in first out, bounded per host.
//!
//! The newest connection is used first, so that those a burst has opened grow old and go.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use tokio::time::Instant;

use super::connection::Connection;

/// Bounds of a pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// Idle connections kept per host; 0 keeps none.
    pub idle_per_host: usize,
    /// How long an idle connection may be used again; `None` is as long as it lives.
    pub idle_time: Option<Duration>,
    /// How long a dial may take; `None` leaves it to the system and the caller's deadline.
    pub dial_time: Option<Duration>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

/// The idle connections by authority (`host:port`).
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) limits: PoolLimits,
    idle: RefCell<HashMap<String, Vec<Idle>>>,
}

impl Pool {
    /// An empty pool.
    pub(super) fn new(limits: PoolLimits) -> Self {
        Self { limits, idle: RefCell::default() }
    }

    /// The most recently used idle connection that still looks alive.
    pub(super) fn take(&self, authority: &str) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        let stack = idle.get_mut(authority)?;
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
    pub(super) fn give(&self, authority: &str, connection: Connection) {
        if self.limits.idle_per_host == 0 || !connection.read.is_empty() {
            return;
        }
        let mut idle = self.idle.borrow_mut();
        let entry = Idle { connection, since: Instant::now() };
        match idle.get_mut(authority) {
            Some(stack) if stack.len() >= self.limits.idle_per_host => {}
            Some(stack) => stack.push(entry),
            None => {
                idle.insert(authority.to_owned(), vec![entry]);
            }
        }
    }
}
