//! The clusters of one experiment.
//!
//! Promises: at most [`CLUSTERS_MAX`] clusters and one for all others; what is kept is within the budget that all
//! experiments share and comes back to it when it is dropped; a pair costs its own redaction and no more, and its values
//! are looked at only if chance chose it for a sample.

use std::{
    collections::HashMap,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::Serialize;

use crate::config::shadow::Store;

use super::{
    ClusterField, ClusterRow, Found, Redactor, Room, Sample, StoreBudget,
    cluster::{Cluster, Ways, is_over, text_of},
    reservoir::Slot,
};

/// How many clusters an experiment has at most, beside the one for all others.
pub const CLUSTERS_MAX: usize = 200;

/// The clusters of one experiment.
pub struct Clusters {
    clusters: HashMap<u64, Cluster>,
    /// For pairs that differ in a new way when there is no room for another cluster.
    other: Option<Cluster>,
    ttl: Duration,
    budget: Arc<StoreBudget>,
    redactor: Redactor,
    random: fastrand::Rng,
}

/// Where a pair went.
#[derive(Clone, Debug)]
pub enum Added {
    /// It differs in a new way.
    New(NewCluster),
    /// Others differed in the same way.
    Known,
    /// It differs in a new way, and there is no room for another cluster.
    Other,
    /// Nowhere: nothing differs.
    Nothing,
}

/// A cluster that was begun, for the log.
#[derive(Clone, Debug, Serialize)]
pub struct NewCluster {
    /// Its ID.
    pub id: Box<str>,
    /// In which ways its pairs differ, redacted; the first 32.
    pub fields: Vec<ClusterField>,
}

impl Clusters {
    /// None yet.
    #[must_use]
    pub fn new(store: &Store, budget: Arc<StoreBudget>, redactor: Redactor) -> Self {
        Self { clusters: HashMap::new(), other: None, ttl: store.ttl, budget, redactor, random: fastrand::Rng::new() }
    }

    /// The same with chance that can be repeated.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.random = fastrand::Rng::with_seed(seed);
        self
    }

    /// Counts a pair that differs, and keeps what may be kept of it if chance chooses it.
    pub fn add(&mut self, found: &Found<'_>, now: SystemTime) -> Added {
        if found.differences.is_empty() {
            return Added::Nothing;
        }
        let ways = Ways::of(found.differences, &self.redactor);
        let id = ways.id;
        if self.clusters.get(&id).is_some_and(|cluster| cluster.is_over(now, self.ttl)) {
            self.clusters.remove(&id);
        }
        let (added, key) = if self.clusters.contains_key(&id) {
            (Added::Known, Some(id))
        } else if let Some(room) = self.room_for(&ways, now) {
            let begun = NewCluster { id: text_of(Some(id)).into(), fields: ways.fields.clone() };
            self.clusters.insert(id, Cluster::new(ways, found.at, room));
            (Added::New(begun), Some(id))
        } else {
            self.begin_other(found.at);
            (Added::Other, None)
        };
        self.count(key, found, now);
        added
    }

    /// What there is, the most frequent first, that of all others last.
    #[must_use]
    pub fn list(&self, now: SystemTime) -> Vec<ClusterRow> {
        let row = |(id, cluster): (Option<u64>, &Cluster)| cluster.row(id, now, self.ttl);
        let mut rows: Vec<ClusterRow> = self.standing(now).map(row).collect();
        let rank = |row: &ClusterRow| (row.fields.is_empty(), std::cmp::Reverse(row.count), row.id.clone());
        rows.sort_by_cached_key(rank);
        rows
    }

    /// The one with this ID.
    #[must_use]
    pub fn find(&self, id: &str, now: SystemTime) -> Option<ClusterRow> {
        let (id, cluster) = self.standing(now).find(|(held, _)| text_of(*held) == id)?;
        Some(cluster.row(id, now, self.ttl))
    }

    /// All samples as NDJSON, a line each, without line ends. The lines are made while they are asked for and borrow
    /// nothing, so another thread can do that.
    pub fn export(&self, now: SystemTime) -> impl Iterator<Item = String> + Send + use<> {
        self.list(now).into_iter().flat_map(ClusterRow::into_lines)
    }

    /// Drops what is too old.
    pub fn sweep(&mut self, now: SystemTime) {
        let ttl = self.ttl;
        self.clusters.retain(|_, cluster| !cluster.is_over(now, ttl));
        self.other.take_if(|cluster| cluster.is_over(now, ttl));
        for cluster in self.clusters.values_mut().chain(&mut self.other) {
            cluster.reservoir.retain(|sample| !is_over(sample.at, now, ttl));
        }
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.clusters.clear();
        self.other = None;
    }

    /// How many clusters there are, without that of all others.
    #[must_use]
    pub fn len(&self) -> usize {
        self.clusters.len()
    }

    /// Whether there is none, not even that of all others.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clusters.is_empty() && self.other.is_none()
    }

    /// What they take of the budget, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.clusters.values().chain(&self.other).map(Cluster::bytes).sum()
    }

    /// What decides what may be kept.
    #[must_use]
    pub const fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    fn standing(&self, now: SystemTime) -> impl Iterator<Item = (Option<u64>, &Cluster)> {
        let named = self.clusters.iter().map(|(id, cluster)| (Some(*id), cluster));
        let all = named.chain(self.other.iter().map(|cluster| (None, cluster)));
        all.filter(move |(_, cluster)| !cluster.is_over(now, self.ttl))
    }

    /// Room for another cluster, perhaps that of one that is over.
    fn room_for(&mut self, ways: &Ways, now: SystemTime) -> Option<Room> {
        if self.clusters.len() >= CLUSTERS_MAX {
            self.sweep(now);
        }
        let is_full = self.clusters.len() >= CLUSTERS_MAX;
        if is_full { None } else { self.budget.reserve(0, ways.bytes()) }
    }

    /// The cluster for all others is there even when the budget is used up, since it is the one that says so.
    fn begin_other(&mut self, at: SystemTime) {
        if self.other.is_none() {
            let ways = Ways::other();
            let room = self.budget.try_reserve(0, ways.bytes()).or_else(|| self.budget.try_reserve(0, 0));
            self.other = room.map(|room| Cluster::new(ways, at, room));
        }
    }

    fn cluster(&mut self, key: Option<u64>) -> Option<&mut Cluster> {
        match key {
            Some(id) => self.clusters.get_mut(&id),
            None => self.other.as_mut(),
        }
    }

    fn count(&mut self, key: Option<u64>, found: &Found<'_>, now: SystemTime) {
        let (ttl, mut random) = (self.ttl, self.random.fork());
        let Some(cluster) = self.cluster(key) else { return };
        cluster.count(found);
        cluster.reservoir.retain(|sample| !is_over(sample.at, now, ttl));
        let Some(mut slot) = cluster.reservoir.offer(&mut random) else { return };
        let sample = Sample::new(found, &self.redactor);
        let room = self.room_for_sample(key, &mut slot, sample.bytes());
        let Some(cluster) = self.cluster(key) else { return };
        let Some(room) = room else { return cluster.miss() };
        if let Slot::Instead(place) = slot {
            cluster.reservoir.drop_at(place);
        }
        cluster.reservoir.keep(sample.in_room(room));
    }

    /// Room for a sample. When the budget is used up, that of the one it replaces; or, for the first one of a cluster, that
    /// of a cluster with the most.
    fn room_for_sample(&mut self, key: Option<u64>, slot: &mut Slot, bytes: usize) -> Option<Room> {
        if let Some(room) = self.budget.try_reserve(1, bytes) {
            return Some(room);
        }
        let cluster = self.cluster(key)?;
        match *slot {
            Slot::Instead(place) => {
                cluster.reservoir.drop_at(place);
                *slot = Slot::Free;
            }
            Slot::Free if cluster.reservoir.samples().is_empty() => self.yield_one(),
            Slot::Free => {}
        }
        self.budget.reserve(1, bytes)
    }

    fn yield_one(&mut self) {
        let all = self.clusters.values_mut().chain(&mut self.other);
        let fullest = all.map(|cluster| &mut cluster.reservoir).max_by_key(|reservoir| reservoir.samples().len());
        if let Some(reservoir) = fullest.filter(|reservoir| reservoir.samples().len() > 1) {
            reservoir.drop_at(self.random.usize(0..reservoir.samples().len()));
        }
    }
}

impl fmt::Debug for Clusters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Clusters({}, {} bytes, {:?})", self.clusters.len(), self.bytes(), self.redactor)
    }
}
