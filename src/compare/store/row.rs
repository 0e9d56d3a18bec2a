//! A cluster as others see it, and its samples as lines.
//!
//! A row shares the samples with the store, so it is cheap to make and may leave the thread that keeps them; their room in
//! the budget is given back when both are done with them.

use std::{sync::Arc, time::SystemTime};

use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::compare::DifferenceKind;

use super::{Sample, sample::as_text};

/// One of the ways in which the pairs of a cluster differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClusterField {
    /// The place with `[*]` for every index, redacted.
    pub path: Box<str>,
    /// In which way.
    pub kind: DifferenceKind,
}

/// Pairs that differ in the same ways.
#[derive(Clone, Debug, Serialize)]
pub struct ClusterRow {
    /// 16 hexadecimal digits, the same for the same ways; `other` for those that found no place of their own.
    pub id: Box<str>,
    /// In which ways they differ, in order.
    #[serde(serialize_with = "fields")]
    pub fields: Arc<[ClusterField]>,
    /// How many more ways there are.
    pub more_fields: usize,
    /// How many pairs there were.
    pub count: u64,
    /// How many of them were noise.
    pub noise: u64,
    /// How many samples found no room.
    pub unkept: u64,
    /// When the request of the first one came.
    #[serde(serialize_with = "as_text")]
    pub first_seen: SystemTime,
    /// When that of the last one came.
    #[serde(serialize_with = "as_text")]
    pub last_seen: SystemTime,
    /// How many there were in each minute of the last hour, by when their request came; the oldest first, the last one is
    /// under way.
    pub per_minute: Vec<u32>,
    /// Some of them, each of which had the same chance to be here.
    #[serde(serialize_with = "samples")]
    pub samples: Vec<Arc<Sample>>,
}

/// What a line of the export says: the sample, and where it belongs.
#[derive(Serialize)]
struct Line<'a> {
    cluster: &'a str,
    #[serde(flatten)]
    sample: &'a Sample,
}

impl ClusterRow {
    /// Its samples as NDJSON, a line each, without line ends.
    pub fn into_lines(self) -> impl Iterator<Item = String> + Send + use<> {
        let Self { id, samples, .. } = self;
        // There is nothing in a sample that JSON can't say.
        samples
            .into_iter()
            .filter_map(move |sample| serde_json::to_string(&Line { cluster: &id, sample: &sample }).ok())
    }
}

fn fields<S: Serializer>(fields: &Arc<[ClusterField]>, to: S) -> Result<S::Ok, S::Error> {
    fields.as_ref().serialize(to)
}

fn samples<S: Serializer>(samples: &[Arc<Sample>], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(samples.len()))?;
    samples.iter().try_for_each(|sample| list.serialize_element(&**sample))?;
    list.end()
}
