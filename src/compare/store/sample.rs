//! One pair that differed, as it came and as it is kept.
//!
//! Promises: what came is never printed; what is kept has at most [`SAMPLE_BYTES_MAX`] bytes, so that a full store of
//! 1,000 samples fits into its memory.

use std::{fmt, time::SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use crate::compare::{Difference, DifferenceKind};

use super::{Redactor, Room, StoredValue};

/// The most bytes that a sample takes.
pub(super) const SAMPLE_BYTES_MAX: usize = 16 << 10;

/// What a sample takes beside its texts, and a difference beside its own.
const SAMPLE_BYTES: usize = size_of::<Sample>() + 32;
const DIFFERENCE_BYTES: usize = size_of::<StoredDifference>();

/// The longest method that is kept as it is: one that was made up is none.
const METHOD_BYTES_MAX: usize = 16;

/// A pair that differed, straight from traffic.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    /// When the request came.
    pub at: SystemTime,
    /// The number that all copies of the request share.
    pub pair: u64,
    /// The client's method.
    pub method: &'a str,
    /// The client's path and query.
    pub path: &'a str,
    /// The live answer's status.
    pub live_status: Option<u16>,
    /// The shadow's.
    pub shadow_status: Option<u16>,
    /// What differs.
    pub differences: &'a [Difference],
    /// Whether all of it is noise.
    pub is_noise: bool,
}

/// A pair that differed, as it is kept.
#[derive(Serialize)]
pub struct Sample {
    /// When the request came.
    #[serde(serialize_with = "as_text")]
    pub at: SystemTime,
    /// The number that all copies of the request share, as in `X-Shadow-Id`.
    #[serde(serialize_with = "as_digits")]
    pub pair: u64,
    /// The client's method.
    pub method: Box<str>,
    /// The client's path and query, redacted.
    pub path: Box<str>,
    /// The live answer's status.
    pub live_status: Option<u16>,
    /// The shadow's.
    pub shadow_status: Option<u16>,
    /// Whether all of the differences were noise.
    #[serde(rename = "noise")]
    pub is_noise: bool,
    /// What differed, redacted.
    pub differences: Vec<StoredDifference>,
    /// How many more differences there were.
    pub left_out: usize,
    #[serde(skip)]
    _room: Option<Room>,
}

/// A place where two answers differed, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredDifference {
    /// The place with `[*]` for every index.
    pub path: Box<str>,
    /// The very place.
    pub at: Box<str>,
    /// In which way.
    pub kind: DifferenceKind,
    /// What the live side had there.
    pub live: Option<StoredValue>,
    /// What the shadow had there.
    pub shadow: Option<StoredValue>,
}

impl Sample {
    /// What may be kept of a pair.
    pub(super) fn new(found: &Found<'_>, redactor: &Redactor) -> Self {
        let path: Box<str> = redactor.redact_target(found.path).into();
        let mut bytes = SAMPLE_BYTES + METHOD_BYTES_MAX + path.len();
        let mut differences = Vec::new();
        for difference in found.differences {
            let stored = redactor.difference(difference);
            bytes += stored.bytes();
            if bytes > SAMPLE_BYTES_MAX {
                break;
            }
            differences.push(stored);
        }
        differences.shrink_to_fit();
        Self {
            at: found.at,
            pair: found.pair,
            method: method(found.method).into(),
            path,
            live_status: found.live_status,
            shadow_status: found.shadow_status,
            is_noise: found.is_noise,
            left_out: found.differences.len() - differences.len(),
            differences,
            _room: None,
        }
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let differences: usize = self.differences.iter().map(StoredDifference::bytes).sum();
        SAMPLE_BYTES + self.method.len() + self.path.len() + differences
    }

    /// The same with the room it takes.
    pub(super) fn in_room(self, room: Room) -> Self {
        Self { _room: Some(room), ..self }
    }
}

impl StoredDifference {
    fn bytes(&self) -> usize {
        let values = self.live.iter().chain(&self.shadow).map(StoredValue::text_bytes);
        DIFFERENCE_BYTES + self.path.len() + self.at.len() + values.sum::<usize>()
    }
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Found({:016x}, {} differences)", self.pair, self.differences.len())
    }
}

impl fmt::Debug for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Sample({:016x}, {} differences)", self.pair, self.differences.len())
    }
}

/// Clients may make methods up.
fn method(method: &str) -> &str {
    let is_usual = method.len() <= METHOD_BYTES_MAX && method.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_usual { method } else { "other" }
}

/// A time as RFC 3339 writes it, to milliseconds.
pub(super) fn as_text<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    let time = DateTime::<Utc>::from_timestamp_millis(millis).unwrap_or(DateTime::<Utc>::MAX_UTC);
    to.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn as_digits<S: Serializer>(pair: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{pair:016x}"))
}
