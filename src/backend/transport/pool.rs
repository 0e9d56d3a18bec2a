//! Idle connections of one client, last in first out, bounded per host.
//!
//! The newest connection is used first, so that those a burst has opened grow old and go. While there are any, a sweep
//! looks now and then for those that are too old or were closed by the other side.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::{Rc, Weak},
    time::Duration,
};

use http::uri::{Scheme, Uri};
use tokio::time::{Instant, sleep};

use super::{
    Secure,
    connection::Connection,
    lookups::Lookups,
    room::{Room, Seat},
};

/// How often idle connections are looked at.
const SWEEP_PERIOD: Duration = Duration::from_secs(10);

/// Bounds of a pool.
/// The default keeps no connection and limits no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolLimits {
    /// Idle connections kept per host; 0 keeps none.
    pub idle_per_host: usize,
    /// How long an idle connection may be used again; `None` is as long as it lives.
    pub idle_time: Option<Duration>,
    /// How long an upstream may take from a request to the head of its answer; `None` leaves it to the caller's deadline.
    pub head_time: Option<Duration>,
    /// How long a dial may take; `None` leaves it to the system and the caller's deadline.
    pub dial_time: Option<Duration>,
    /// How long a connection is silent before the system probes whether the other side is there; `None` is never.
    pub keep_alive_time: Option<Duration>,
    /// How much later than the first family of a name's addresses the other is tried; `None` is after it has failed.
    pub fallback_delay: Option<Duration>,
    /// How long a request that asks for leave to send its body waits for it; `None` doesn't wait.
    pub continue_time: Option<Duration>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
    /// Its seat in the room of the process, if that has a limit.
    _seat: Option<Seat>,
}

/// An upstream as a pool knows it: an authority (`host:port`), and whether with TLS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) authority: &'a str,
    pub(super) secure: bool,
}

impl<'a> Origin<'a> {
    /// The upstream that an address is of.
    pub(super) fn of(uri: &'a Uri) -> Self {
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        Self { authority, secure: uri.scheme() == Some(&Scheme::HTTPS) }
    }
}

/// The idle connections by authority, those with TLS apart.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) limits: PoolLimits,
    pub(super) secure: Secure,
    pub(super) lookups: Lookups,
    room: Room,
    is_swept: Cell<bool>,
    /// How often the room had refused somebody when this pool was last swept.
    refused: Cell<usize>,
    idle: RefCell<BTreeMap<String, Vec<Idle>>>,
    idle_secure: RefCell<BTreeMap<String, Vec<Idle>>>,
}

impl Pool {
    /// An empty pool.
    pub(super) fn new(limits: PoolLimits, secure: Secure, room: Room) -> Self {
        let (idle, idle_secure) = (RefCell::default(), RefCell::default());
        let (is_swept, refused, lookups) = (Cell::new(false), Cell::new(0), Lookups::default());
        Self { limits, secure, lookups, room, is_swept, refused, idle, idle_secure }
    }

    /// The most recently used idle connection that still looks alive.
    pub(super) fn take(&self, origin: Origin<'_>) -> Option<Connection> {
        let mut idle = self.idle(origin.secure).borrow_mut();
        let stack = idle.get_mut(origin.authority)?;
        while let Some(Idle { mut connection, since, _seat }) = stack.pop() {
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
    pub(super) fn give(self: &Rc<Self>, origin: Origin<'_>, connection: Connection) {
        if self.limits.idle_per_host == 0 || !connection.read.is_empty() {
            return;
        }
        let Some(seat) = self.seat() else { return };
        self.begin_to_sweep();
        let mut idle = self.idle(origin.secure).borrow_mut();
        let entry = Idle { connection, since: Instant::now(), _seat: seat };
        match idle.get_mut(origin.authority) {
            Some(stack) if stack.len() >= self.limits.idle_per_host => {}
            Some(stack) => stack.push(entry),
            None => {
                idle.insert(origin.authority.to_owned(), vec![entry]);
            }
        }
    }

    /// A seat for one more; when the room is full the oldest of this pool makes way, if it has any.
    fn seat(&self) -> Option<Option<Seat>> {
        self.room.seat().or_else(|| {
            self.close_oldest();
            self.room.seat()
        })
    }

    fn close_oldest(&self) {
        let (mut plain, mut secure) = (self.idle.borrow_mut(), self.idle_secure.borrow_mut());
        let stacks = plain.values_mut().chain(secure.values_mut()).filter(|stack| !stack.is_empty());
        if let Some(stack) = stacks.min_by_key(|stack| stack.first().map(|idle| idle.since)) {
            stack.remove(0);
        }
    }

    fn begin_to_sweep(self: &Rc<Self>) {
        if !self.is_swept.replace(true) {
            actix::spawn(sweep(Rc::downgrade(self)));
        }
    }

    /// Closes what is too old or dead; false when nothing is left. Where others were refused a seat, those that were not
    /// used since the last sweep make way.
    fn sweep(&self) -> bool {
        let refused = self.room.refused();
        let crowded = (self.refused.replace(refused) != refused).then_some(SWEEP_PERIOD);
        let too_old = |since: Instant| {
            [self.limits.idle_time, crowded].into_iter().flatten().any(|limit| since.elapsed() >= limit)
        };
        let mut is_empty = true;
        for idle in [&self.idle, &self.idle_secure] {
            let mut idle = idle.borrow_mut();
            idle.retain(|_authority, stack| {
                stack.retain_mut(|idle| !too_old(idle.since) && idle.connection.is_quiet());
                let unused = stack.iter_mut().filter(|idle| idle.since.elapsed() >= SWEEP_PERIOD);
                unused.for_each(|idle| idle.connection.shrink());
                !stack.is_empty()
            });
            is_empty &= idle.is_empty();
        }
        !is_empty
    }

    fn idle(&self, secure: bool) -> &RefCell<BTreeMap<String, Vec<Idle>>> {
        if secure { &self.idle_secure } else { &self.idle }
    }
}

/// Sweeps a pool as long as it is there and not empty.
async fn sweep(pool: Weak<Pool>) {
    loop {
        sleep(SWEEP_PERIOD).await;
        let Some(pool) = pool.upgrade() else { return };
        if !pool.sweep() {
            pool.is_swept.set(false);
            return;
        }
    }
}
