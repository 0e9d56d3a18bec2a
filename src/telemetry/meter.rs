//! One thread's figures since its last report.
//!
//! Runs a few times per request: no lock, no text, and no memory once a series has been used.

use std::{collections::HashMap, sync::Arc};

use http::Method;

use super::{
    Labels,
    instruments::{bounds, shape},
};

/// What is measured together and has the same labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Requests as the listener sees them.
    Server,
    /// Calls of endpoints.
    Proxy,
    /// Calls of backends.
    Backend,
    /// Requests to upstreams.
    Client,
    /// The reading of their answers.
    Read,
}

/// A request that no endpoint wanted.
pub const UNROUTED: u32 = u32::MAX;
/// A host that the file does not name.
pub const OTHER_HOST: u16 = u16::MAX;

/// How a call ended, as labels tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CallEnd {
    /// It failed.
    pub error: bool,
    /// Nobody wanted it any more.
    pub cancelled: bool,
    /// Nothing is missing.
    pub complete: bool,
}

/// What tells the series of a family apart, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Series {
    /// Whose it is.
    pub family: Family,
    /// The endpoint's or the backend's number.
    pub place: u32,
    /// The client's method: its place in [`METHODS`].
    pub method: u8,
    /// The status; 0 where there is none.
    pub status: u16,
    /// How it ended.
    pub end: CallEnd,
    /// The host: its place among those of the backend.
    pub host: u16,
}

impl Series {
    /// The series of an endpoint or a backend that nothing else tells apart.
    #[must_use]
    pub fn of(family: Family, place: u32) -> Self {
        Self { family, place, method: 0, status: 0, end: CallEnd::default(), host: 0 }
    }
}

/// The methods that labels name; others are `_OTHER`, so that clients can't make series.
pub const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER"];

/// The place of a method in [`METHODS`].
#[must_use]
pub fn method(method: &Method) -> u8 {
    let place = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
    u8::try_from(place).unwrap_or_default()
}

/// A distribution.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Values in each bucket, the last without an upper bound; empty while there is no value.
    pub buckets: Vec<u64>,
    /// All values together.
    pub sum: f64,
}

impl Histogram {
    /// Adds a value.
    pub fn record(&mut self, bounds: &[f64], value: f64) {
        if self.buckets.is_empty() {
            self.buckets = vec![0; bounds.len() + 1];
        }
        let place = bounds.partition_point(|bound| *bound < value);
        if let Some(bucket) = self.buckets.get_mut(place) {
            *bucket += 1;
            self.sum += value;
        }
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    fn add(&mut self, other: &Self) {
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
        } else {
            self.buckets.iter_mut().zip(&other.buckets).for_each(|(own, more)| *own += more);
        }
        self.sum += other.sum;
    }
}

/// The values of one series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Distributions.
    pub histograms: Vec<Histogram>,
    /// Sums; `None` where nothing was ever added, not even nothing.
    pub sums: Vec<Option<f64>>,
}

impl Cell {
    fn new(family: Family) -> Self {
        let (histograms, sums) = shape(family);
        Self { histograms: vec![Histogram::default(); histograms], sums: vec![None; sums] }
    }

    /// Adds what another cell of the family holds.
    pub fn add(&mut self, other: &Self) {
        self.histograms.iter_mut().zip(&other.histograms).for_each(|(own, more)| own.add(more));
        for (own, more) in self.sums.iter_mut().zip(&other.sums) {
            if let Some(more) = more {
                *own = Some(own.unwrap_or(0.0) + more);
            }
        }
    }
}

/// What a thread recorded since its last report.
#[derive(Clone, Debug)]
pub struct Report {
    /// What its numbers are called.
    pub labels: Arc<Labels>,
    /// The series with something new.
    pub cells: Vec<(Series, Cell)>,
}

/// One thread's cells.
#[derive(Debug)]
pub struct Meter {
    labels: Arc<Labels>,
    cells: HashMap<Series, Cell>,
}

impl Meter {
    /// A meter for series that are called so.
    #[must_use]
    pub fn new(labels: Arc<Labels>) -> Self {
        Self { labels, cells: HashMap::new() }
    }

    /// Adds to a series.
    pub fn record(&mut self, series: Series, record: impl FnOnce(&mut Recording<'_>)) {
        let cell = self.cells.entry(series).or_insert_with(|| Cell::new(series.family));
        record(&mut Recording { family: series.family, cell });
    }

    /// What was recorded since the last time; `None` when there was nothing.
    pub fn take(&mut self) -> Option<Report> {
        if self.cells.is_empty() {
            return None;
        }
        let next = HashMap::with_capacity(self.cells.len());
        let cells = std::mem::replace(&mut self.cells, next).into_iter().collect();
        Some(Report { labels: Arc::clone(&self.labels), cells })
    }

    /// Whether there is something to report.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

/// One series while something is added to it.
#[derive(Debug)]
pub struct Recording<'a> {
    family: Family,
    cell: &'a mut Cell,
}

impl Recording<'_> {
    /// Adds a value to a distribution.
    pub fn value(&mut self, place: usize, value: f64) {
        if let Some(histogram) = self.cell.histograms.get_mut(place) {
            histogram.record(bounds(self.family, place), value);
        }
    }

    /// Adds to a sum.
    pub fn add(&mut self, place: usize, value: f64) {
        if let Some(sum) = self.cell.sums.get_mut(place) {
            *sum = Some(sum.unwrap_or(0.0) + value);
        }
    }
}
