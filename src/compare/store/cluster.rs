//! One cluster: in which ways its pairs differ, how many there were, and some of them.

use std::{
    collections::BTreeSet,
    fmt::Write,
    sync::Arc,
    time::{Duration, SystemTime},
};

use xxhash_rust::xxh3::Xxh3;

use crate::compare::{Difference, DifferenceKind};

use super::{ClusterField, ClusterRow, Found, Redactor, Room, minutes::Minutes, reservoir::Reservoir};

/// How many of its ways to differ a cluster names.
const FIELDS_MAX: usize = 32;

/// What a cluster takes beside its fields: itself and its place in the table.
const CLUSTER_BYTES: usize = size_of::<Cluster>() + 64;

/// In which ways a pair differs: each once, in order, redacted.
pub(super) struct Ways {
    /// The same for the same ways, as long as no name of a field had to be replaced in every process.
    pub(super) id: u64,
    pub(super) fields: Vec<ClusterField>,
    pub(super) more: usize,
}

/// Pairs that differ in the same ways.
pub(super) struct Cluster {
    fields: Arc<[ClusterField]>,
    more_fields: usize,
    count: u64,
    noise: u64,
    unkept: u64,
    first_seen: SystemTime,
    last_seen: SystemTime,
    /// When they were.
    minutes: Minutes,
    pub(super) reservoir: Reservoir,
    _room: Room,
}

impl Ways {
    pub(super) fn of(differences: &[Difference], redactor: &Redactor) -> Self {
        // Each pattern is redacted once, however many elements of a list differ.
        let raw: BTreeSet<(&str, DifferenceKind)> =
            differences.iter().map(|difference| (&*difference.path, difference.kind)).collect();
        let redacted =
            raw.into_iter().map(|(path, kind)| ClusterField { path: redactor.redact_path(path).into(), kind });
        let all: BTreeSet<ClusterField> = redacted.collect();
        let mut hash = Xxh3::new();
        for ClusterField { path, kind } in &all {
            // Neither can hold what ends it, so no two lists are the same bytes.
            for part in [path.as_bytes(), &[0], kind.label().as_bytes(), &[0]] {
                hash.update(part);
            }
        }
        let more = all.len().saturating_sub(FIELDS_MAX);
        Self { id: hash.digest(), fields: all.into_iter().take(FIELDS_MAX).collect(), more }
    }

    /// Those of the cluster for all that find no place.
    pub(super) const fn other() -> Self {
        Self { id: 0, fields: Vec::new(), more: 0 }
    }

    /// How many bytes a cluster of them takes.
    pub(super) fn bytes(&self) -> usize {
        CLUSTER_BYTES + self.fields.iter().map(|field| size_of::<ClusterField>() + field.path.len()).sum::<usize>()
    }
}

impl Cluster {
    pub(super) fn new(ways: Ways, at: SystemTime, room: Room) -> Self {
        Self {
            fields: ways.fields.into(),
            more_fields: ways.more,
            count: 0,
            noise: 0,
            unkept: 0,
            first_seen: at,
            last_seen: at,
            minutes: Minutes::default(),
            reservoir: Reservoir::default(),
            _room: room,
        }
    }

    pub(super) fn count(&mut self, found: &Found<'_>) {
        self.count += 1;
        self.noise += u64::from(found.is_noise);
        self.first_seen = self.first_seen.min(found.at);
        self.last_seen = self.last_seen.max(found.at);
        self.minutes.count(found.at);
    }

    pub(super) fn miss(&mut self) {
        self.unkept += 1;
    }

    pub(super) fn is_over(&self, now: SystemTime, ttl: Duration) -> bool {
        is_over(self.last_seen, now, ttl)
    }

    /// What it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let samples = self.reservoir.samples().iter().map(|sample| sample.bytes());
        self._room.bytes() + samples.sum::<usize>()
    }

    /// The row, without samples that are over.
    pub(super) fn row(&self, id: Option<u64>, now: SystemTime, ttl: Duration) -> ClusterRow {
        let samples = self.reservoir.samples().iter().filter(|sample| !is_over(sample.at, now, ttl));
        ClusterRow {
            id: text_of(id).into(),
            fields: Arc::clone(&self.fields),
            more_fields: self.more_fields,
            count: self.count,
            noise: self.noise,
            unkept: self.unkept,
            first_seen: self.first_seen,
            last_seen: self.last_seen,
            per_minute: self.minutes.read(now),
            samples: samples.map(Arc::clone).collect(),
        }
    }
}

/// Whether what was seen then is too old now. A clock that went back makes nothing old.
pub(super) fn is_over(at: SystemTime, now: SystemTime, ttl: Duration) -> bool {
    now.duration_since(at).is_ok_and(|age| age >= ttl)
}

/// An ID as others say it.
pub(super) fn text_of(id: Option<u64>) -> String {
    let mut text = String::new();
    match id {
        // Writing to a text can't fail.
        Some(id) => drop(write!(text, "{id:016x}")),
        None => text.push_str("other"),
    }
    text
}
