//! A bucket per client, in a bounded number of shards with locks of their own.
//!
//! Promises: what is remembered of a client has a fixed size whatever it calls itself; the number of clients is bounded
//! too, and those beyond the bound share one bucket. Clients that were idle long enough to have a full bucket again
//! are forgotten when their shard is next used.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use super::{Bucket, Rate};

/// The most clients that have a bucket of their own, per endpoint.
const CLIENTS_MAX: usize = 1 << 20;
/// The most shards a file may ask for.
const SHARDS_MAX: usize = 1 << 14;
/// What stands for all clients that find no place.
const EVERYONE_ELSE: Name = (0, 0);

/// A client's key hashed twice with secret seeds: nobody can find two keys with the same name.
type Name = (u64, u64);

/// The buckets of all clients of one endpoint.
#[derive(Debug)]
pub(super) struct Clients {
    rate: Rate,
    shards: Box<[Mutex<Shard>]>,
    seeds: (RandomState, RandomState),
    idle_nanoseconds: u64,
    sweep_nanoseconds: u64,
}

#[derive(Debug, Default)]
struct Shard {
    clients: HashMap<Name, Client>,
    swept_nanoseconds: u64,
}

#[derive(Debug)]
struct Client {
    bucket: Bucket,
    seen_nanoseconds: u64,
}

/// How clients are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeping {
    /// Into how many shards they are spread.
    pub(super) shards: usize,
    /// How long an idle client is remembered, in nanoseconds.
    pub(super) idle_nanoseconds: u64,
    /// How long to wait between sweeps, in nanoseconds.
    pub(super) sweep_nanoseconds: u64,
}

impl Clients {
    /// No clients yet.
    pub(super) fn new(rate: Rate, keeping: Keeping) -> Self {
        let shards = keeping.shards.clamp(1, SHARDS_MAX);
        Self {
            rate,
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            seeds: (RandomState::new(), RandomState::new()),
            idle_nanoseconds: keeping.idle_nanoseconds,
            sweep_nanoseconds: keeping.sweep_nanoseconds,
        }
    }

    /// Takes a token of this client.
    pub(super) fn take(&self, key: &[u8], now_nanoseconds: u64) -> bool {
        let name = (self.seeds.0.hash_one(key), self.seeds.1.hash_one(key));
        let place = usize::try_from(name.0 % self.shards.len().max(1) as u64).unwrap_or(0);
        let Some(shard) = self.shards.get(place) else { return false };
        // A panic elsewhere leaves a shard in one piece: nothing in here can panic half-way.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.sweep(now_nanoseconds, self.idle_nanoseconds, self.sweep_nanoseconds);
        let is_full = shard.clients.len() > CLIENTS_MAX / self.shards.len();
        let name = if is_full && !shard.clients.contains_key(&name) { EVERYONE_ELSE } else { name };
        let fresh = || Client { bucket: Bucket::full(self.rate, now_nanoseconds), seen_nanoseconds: now_nanoseconds };
        let client = shard.clients.entry(name).or_insert_with(fresh);
        client.seen_nanoseconds = now_nanoseconds;
        client.bucket.take(self.rate, now_nanoseconds)
    }
}

impl Shard {
    /// Forgets idle clients, now and then.
    fn sweep(&mut self, now: u64, idle: u64, pause: u64) {
        if now.saturating_sub(self.swept_nanoseconds) < pause {
            return;
        }
        self.swept_nanoseconds = now;
        self.clients.retain(|_, client| now.saturating_sub(client.seen_nanoseconds) < idle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEPING: Keeping = Keeping { shards: 1, idle_nanoseconds: 1000, sweep_nanoseconds: 100 };

    #[test]
    fn clients_do_not_share_tokens() {
        let clients = Clients::new(Rate::new(1.0, 1), KEEPING);
        assert!(clients.take(b"a", 0));
        assert!(!clients.take(b"a", 0));
        assert!(clients.take(b"b", 0));
    }

    #[test]
    fn idle_clients_are_forgotten_and_busy_ones_are_not() {
        let clients = Clients::new(Rate::new(1.0, 1), KEEPING);
        assert!(clients.take(b"a", 0));
        assert!(clients.take(b"b", 0));
        assert!(!clients.take(b"b", 900));
        assert!(!clients.take(b"b", 1100));
        assert!(clients.take(b"a", 1100), "forgotten, so its bucket is full again");
    }

    #[test]
    fn clients_beyond_the_bound_share_a_bucket() {
        let clients = Clients::new(Rate::new(1.0, 1), Keeping { shards: SHARDS_MAX, ..KEEPING });
        let mut shared = 0;
        for client in 0..CLIENTS_MAX as u64 * 2 {
            shared += u64::from(!clients.take(&client.to_le_bytes(), 0));
        }
        let held: usize = clients.shards.iter().map(|shard| shard.lock().unwrap().clients.len()).sum();
        assert!(held <= CLIENTS_MAX + 2 * SHARDS_MAX, "{held}");
        assert!(shared > CLIENTS_MAX as u64 / 2, "{shared}");
    }
}
