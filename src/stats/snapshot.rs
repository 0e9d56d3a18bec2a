//! All numbers at one moment, as the admin listener hands them out.
//!
//! Latencies are in milliseconds, rates per second over the last ten whole seconds.

use std::collections::BTreeMap;

use serde::Serialize;

use super::books::Books;
use super::event::{CLASS_5XX, CLASS_LABELS};
use super::exemplar::Exemplars;
use super::latency::Latencies;
use super::portion::PortionStanding;
use super::process::Process;
use super::reloads::Reloads;
use super::standing::Standing;
use super::tally::Counts;
use super::window::{HISTORY_SECONDS, Recent};

/// The upper bounds of the histograms for Prometheus, in microseconds.
pub const BOUNDS_US: [u32; 15] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000,
];

/// The same bounds in seconds, as the exposition writes them.
pub const BOUND_LABELS: [&str; BOUNDS_US.len()] =
    ["0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30"];

/// The numbers of the whole service.
#[derive(Clone, Debug, Serialize)]
pub struct Snapshot {
    /// The version of the program.
    pub version: &'static str,
    /// How long the numbers have been kept, in seconds.
    pub uptime_seconds: f64,
    /// The seconds that rates and recent latencies cover.
    pub window_seconds: f64,
    /// All endpoints together.
    pub totals: Totals,
    /// The endpoints, in the order of the file.
    pub endpoints: Vec<EndpointSnapshot>,
    /// Replies to requests that no endpoint wanted, by status.
    pub unrouted: BTreeMap<u16, u64>,
    /// What became of reloads, and which configuration is served.
    pub reloads: Reloads,
    /// The process.
    pub process: Process,
}

/// The numbers of all endpoints together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// How many endpoints there are.
    pub endpoints: usize,
    /// Requests begun and not ended.
    pub in_flight: u64,
    /// Replies since the start.
    pub replies: u64,
    /// Of those, the 5xx ones.
    pub errors: u64,
    /// Calls of shadows that ended since the start.
    pub mirrored: u64,
    /// Replies per second, recently.
    pub recent_rate: f64,
    /// 5xx replies per second, recently.
    pub recent_errors_rate: f64,
    /// Calls of shadows that ended per second, recently.
    pub recent_mirrored_rate: f64,
    /// The 99th percentile of how long replies took, recently, in milliseconds; null without a reply.
    pub recent_p99_ms: Option<f64>,
}

/// A snapshot with only some of its endpoints, so that a page about a few need not read ten thousand.
#[derive(Clone, Debug, Serialize)]
pub struct View<'a> {
    /// As in the snapshot.
    pub version: &'static str,
    /// As in the snapshot.
    pub uptime_seconds: f64,
    /// As in the snapshot.
    pub window_seconds: f64,
    /// As in the snapshot: of all endpoints.
    pub totals: &'a Totals,
    /// How many endpoints were found, whether or not they are below.
    pub found: usize,
    /// The first of the endpoints found.
    pub endpoints: Vec<&'a EndpointSnapshot>,
    /// As in the snapshot.
    pub unrouted: &'a BTreeMap<u16, u64>,
    /// As in the snapshot.
    pub reloads: &'a Reloads,
    /// As in the snapshot.
    pub process: &'a Process,
}

impl Snapshot {
    /// The first `limit` endpoints that have `find`, in whatever case, in their method and path or in a backend's
    /// label or hosts; first of all the one whose method and path are just that.
    #[must_use]
    pub fn view(&self, find: &str, limit: usize) -> View<'_> {
        let wanted = find.trim();
        let find = wanted.to_lowercase();
        let mut endpoints: Vec<_> = self.endpoints.iter().filter(|endpoint| endpoint.is_called(&find)).collect();
        let found = endpoints.len();
        // Or it would be among all whose path begins as its own does, and maybe beyond the limit.
        endpoints.sort_by_key(|endpoint| !endpoint.has_name(wanted));
        endpoints.truncate(limit);
        View {
            version: self.version,
            uptime_seconds: self.uptime_seconds,
            window_seconds: self.window_seconds,
            totals: &self.totals,
            found,
            endpoints,
            unrouted: &self.unrouted,
            reloads: &self.reloads,
            process: &self.process,
        }
    }
}

impl Totals {
    pub(crate) fn of(endpoints: &[EndpointSnapshot]) -> Self {
        let mut totals = Self { endpoints: endpoints.len(), ..Self::default() };
        for endpoint in endpoints {
            totals.in_flight += endpoint.in_flight;
            totals.replies += endpoint.statuses.values().sum::<u64>();
            totals.errors += endpoint.statuses.get(CLASS_LABELS[CLASS_5XX]).copied().unwrap_or(0);
            totals.recent_rate += endpoint.recent.rate;
            totals.recent_errors_rate += endpoint.recent.rate * endpoint.recent.errors;
            for shadow in endpoint.backends.iter().filter(|backend| backend.shadow) {
                totals.mirrored += shadow.requests.saturating_sub(shadow.in_flight);
                totals.recent_mirrored_rate += shadow.recent.rate;
            }
        }
        totals
    }
}

impl EndpointSnapshot {
    /// Whether it is called just so. Paths that differ in nothing but their case are those of different endpoints.
    pub(super) fn has_name(&self, wanted: &str) -> bool {
        wanted
            .split_once(' ')
            .is_some_and(|(method, path)| self.method.eq_ignore_ascii_case(method) && self.path == path)
    }

    /// Whether it or one of its backends has `find`, in lower case, in what it is called.
    pub(super) fn is_called(&self, find: &str) -> bool {
        let has = |one: &str, two: &str| format!("{one} {two}").to_lowercase().contains(find);
        find.is_empty()
            || has(&self.method, &self.path)
            || self.backends.iter().any(|backend| has(&backend.label, &backend.hosts))
    }
}

/// The numbers of one endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct EndpointSnapshot {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Requests begun. They are the statuses, the abandoned and those in flight.
    pub requests: u64,
    /// Requests begun and not ended.
    pub in_flight: u64,
    /// Requests whose client left before the reply.
    pub abandoned: u64,
    /// Replies sent without some of their parts.
    pub incomplete: u64,
    /// Replies by class of status; classes that never occurred are absent.
    pub statuses: BTreeMap<&'static str, u64>,
    /// What is new.
    pub recent: RecentSnapshot,
    /// How long replies took since the start.
    pub latency: LatencySnapshot,
    /// The last traced requests by how long they took, if any were.
    #[serde(skip)]
    pub exemplars: Option<Box<Exemplars>>,
    /// Its backends, live and shadow, in the order of the file.
    pub backends: Vec<BackendSnapshot>,
}

/// The numbers of one backend.
#[derive(Clone, Debug, Serialize)]
pub struct BackendSnapshot {
    /// Method and url pattern.
    pub label: String,
    /// Its hosts.
    pub hosts: String,
    /// Whether its answers are never returned.
    pub shadow: bool,
    /// Calls begun.
    pub requests: u64,
    /// Calls begun and not ended.
    pub in_flight: u64,
    /// How calls ended: classes of status and kinds of failure.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// What is new.
    pub recent: RecentSnapshot,
    /// How long calls took since the start.
    pub latency: LatencySnapshot,
    /// The last traced calls by how long they took, if any were.
    #[serde(skip)]
    pub exemplars: Option<Box<Exemplars>>,
    /// Where the requests offered to it went; shadows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub books: Option<BooksSnapshot>,
    /// What it is set to do; shadows only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Which part of a split it takes; the parts of splits only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<PortionStanding>,
}

/// The books of a shadow, and whether they balance.
#[derive(Clone, Debug, Serialize)]
pub struct BooksSnapshot {
    /// The books.
    #[serde(flatten)]
    pub books: Books,
    /// Whether everything offered and sent is accounted for.
    pub balanced: bool,
}

/// The last ten whole seconds of one series, and the minute that led there.
#[derive(Clone, Debug, Serialize)]
pub struct RecentSnapshot {
    /// Calls ended, per second.
    pub rate: f64,
    /// The share of them that ended in a 5xx status or a failure, 0 to 1.
    pub errors: f64,
    /// How long they took.
    pub latency: LatencySnapshot,
    /// The last minute by second, oldest first; absent when nothing happened in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<HistorySnapshot>,
}

/// One series over the last minute, by second, oldest first.
#[derive(Clone, Debug, Serialize)]
pub struct HistorySnapshot {
    /// Calls ended.
    pub rate: Vec<u32>,
    /// The 99th percentile of their durations, in milliseconds; null where there was no call.
    pub p99: Vec<Option<f64>>,
}

/// A distribution of durations, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LatencySnapshot {
    /// How many durations.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The median.
    pub p50: f64,
    /// The 90th percentile.
    pub p90: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The 99.9th percentile.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// How many were not longer than each of [`BOUNDS_US`].
    #[serde(skip)]
    pub cumulative: [u64; BOUNDS_US.len()],
    /// Their sum, in seconds.
    #[serde(skip)]
    pub sum_seconds: f64,
}

impl LatencySnapshot {
    pub(crate) fn new(latencies: &Latencies) -> Self {
        let count = latencies.count();
        let quantile = |quantile| milliseconds(latencies.quantile_us(quantile));
        #[expect(clippy::cast_precision_loss, reason = "a mean and a sum for people and scrapers, who round anyway")]
        let (count_f64, sum_us) = (count as f64, latencies.sum_us() as f64);
        Self {
            count,
            mean: if count == 0 { 0.0 } else { sum_us / count_f64 / 1e3 },
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: milliseconds(latencies.max_us()),
            cumulative: latencies.cumulative(&BOUNDS_US),
            sum_seconds: sum_us / 1e6,
        }
    }
}

impl RecentSnapshot {
    /// `seconds` is how many whole seconds the recent numbers cover: ten, or fewer after the start.
    pub(crate) fn new(recent: Option<&Recent>, seconds: f64) -> Self {
        let Some(recent) = recent else {
            return Self { rate: 0.0, errors: 0.0, latency: LatencySnapshot::default(), history: None };
        };
        #[expect(clippy::cast_precision_loss, reason = "ten seconds of calls are far from 2^53")]
        let (finished, errors) = (recent.finished as f64, recent.errors as f64);
        let p99 = recent.p99_us_by_second.iter().map(|&us| (us > 0).then(|| milliseconds(us))).collect();
        debug_assert_eq!(recent.finished_by_second.len(), HISTORY_SECONDS);
        Self {
            rate: finished / seconds.max(1.0),
            errors: if recent.finished == 0 { 0.0 } else { errors / finished },
            latency: LatencySnapshot::new(&recent.latency),
            history: Some(HistorySnapshot { rate: recent.finished_by_second.to_vec(), p99 }),
        }
    }
}

/// The classes of status that occurred, by label.
pub(crate) fn statuses(counts: &Counts) -> BTreeMap<&'static str, u64> {
    CLASS_LABELS.into_iter().zip(counts.classes).filter(|&(_, count)| count > 0).collect()
}

/// The classes of status and kinds of failure that occurred, by label.
pub(crate) fn outcomes(counts: &Counts) -> BTreeMap<&'static str, u64> {
    let mut outcomes = statuses(counts);
    for &(kind, count) in &counts.failed {
        *outcomes.entry(kind).or_default() += count;
    }
    outcomes
}

fn milliseconds(us: u32) -> f64 {
    f64::from(us) / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_is_labelled_with_its_seconds() {
        for (us, label) in BOUNDS_US.iter().zip(BOUND_LABELS) {
            let seconds: f64 = label.parse().unwrap();
            assert!((f64::from(*us) / 1e6 - seconds).abs() < f64::EPSILON, "{us} is labelled {label}");
        }
    }
}
