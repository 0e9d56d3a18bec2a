//! The stats actor: takes in the threads' reports and answers readers.
//!
//! Lives on a thread of its own. Promises: what it holds is bounded by the series of the file; snapshots are made at
//! most four times a second, however many readers there are; a reload keeps the numbers of what it keeps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix::{Actor, AsyncContext as _, Context, Handler, Message, MessageResult};
use tokio::time::Instant;

use super::books::Books;
use super::collector::{Collector, MetricsSettings};
use super::exemplar::Exemplars;
use super::expvar;
use super::latency::Latencies;
use super::names::{BackendId, Names};
use super::numbers::Numbers;
use super::process::Process;
use super::registry::Registry;
use super::reloads::{Reloaded, Reloads};
use super::report::Report;
use super::snapshot::{
    BackendSnapshot, BooksSnapshot, EndpointSnapshot, LatencySnapshot, RecentSnapshot, Snapshot, Totals, outcomes,
    statuses,
};
use super::tally::{Counts, Tally};
use super::window::{RECENT_SECONDS, Recent, Window};

/// How old a snapshot may be and still be handed to the next reader, per series: a look at ten thousand series takes a
/// while and is shared for a quarter of a second, a look at a few is made anew.
const SNAPSHOT_AGE_MAX_PER_SERIES: Duration = Duration::from_micros(25);

/// Asks for all numbers.
#[derive(Clone, Copy, Debug)]
pub struct Read;

impl Message for Read {
    type Result = Arc<Snapshot>;
}

/// Asks for what `telemetry/metrics` collects, as the original's JSON; `None` where nothing is collected.
#[derive(Clone, Copy, Debug)]
pub struct ReadMetrics;

impl Message for ReadMetrics {
    type Result = Option<String>;
}

/// Says that from now on other endpoints and backends are served, after a reload.
///
/// Series that both plans name keep their numbers. Threads may go on reporting under the old names.
#[derive(Clone, Debug)]
pub struct Rename {
    /// The names of the new plan.
    pub names: Arc<Names>,
    /// Its shadows.
    pub registry: Arc<Registry>,
    /// What `telemetry/metrics` calls its series.
    pub metrics: Option<Arc<MetricsSettings>>,
}

impl Message for Rename {
    type Result = ();
}

/// Where all numbers come together.
#[derive(Debug)]
pub struct StatsActor {
    names: Arc<Names>,
    registry: Arc<Registry>,
    endpoints: Series,
    backends: Series,
    unrouted: BTreeMap<u16, u64>,
    former: Vec<Former>,
    reloads: Reloads,
    started: Instant,
    started_at: SystemTime,
    latest: Option<(Instant, Arc<Snapshot>)>,
    collector: Option<Collector>,
}

/// One sort of series: totals since the start, and the last minute.
#[derive(Debug)]
struct Series {
    totals: Vec<Option<Box<Tally>>>,
    window: Window,
}

/// Names that are no longer served but still reported under.
#[derive(Debug)]
struct Former {
    names: Arc<Names>,
    numbers: Numbers,
}

impl StatsActor {
    /// An actor for these series, with nothing counted yet.
    #[must_use]
    pub fn new(names: Arc<Names>, registry: Arc<Registry>) -> Self {
        Self {
            endpoints: Series::new(names.endpoints.len()),
            backends: Series::new(names.backends.len()),
            names,
            registry,
            unrouted: BTreeMap::new(),
            former: Vec::new(),
            reloads: Reloads::default(),
            started: Instant::now(),
            started_at: SystemTime::now(),
            latest: None,
            collector: None,
        }
    }

    /// The same, collecting what `telemetry/metrics` asks for, if it does.
    #[must_use]
    pub fn collecting(self, metrics: Option<Arc<MetricsSettings>>) -> Self {
        Self { collector: metrics.map(Collector::new), ..self }
    }

    fn second(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    /// The numbers that another plan's series have in this one; kept for as long as somebody uses that plan's names.
    fn numbers(&mut self, names: &Arc<Names>) -> Option<&Numbers> {
        if Arc::ptr_eq(names, &self.names) {
            return None;
        }
        if !self.former.iter().any(|former| Arc::ptr_eq(names, &former.names)) {
            let numbers = Numbers::between(names, &self.names);
            self.former.push(Former { names: Arc::clone(names), numbers });
        }
        self.former.iter().find(|former| Arc::ptr_eq(names, &former.names)).map(|former| &former.numbers)
    }

    fn book(&mut self, mut report: Report) {
        let second = self.second();
        if let Some(numbers) = self.numbers(&report.names) {
            report.endpoints.retain_mut(|(id, _)| numbers.endpoint(id.0).map(|new| id.0 = new).is_some());
            report.backends.retain_mut(|(id, _)| numbers.backend(id.0).map(|new| id.0 = new).is_some());
        }
        if let Some(collector) = &mut self.collector {
            collector.book(&report);
        }
        for (id, tally) in &mut report.endpoints {
            // Collected above; the totals do without.
            tally.detail = None;
            self.endpoints.book(second, id.0, tally);
        }
        for (id, tally) in &mut report.backends {
            tally.detail = None;
            if let Some(portion) = self.registry.portion(*id) {
                portion.book(tally, Instant::now());
            }
            self.backends.book(second, id.0, tally);
        }
        for (status, count) in report.unrouted {
            *self.unrouted.entry(status).or_default() += count;
        }
    }

    fn rename(&mut self, names: Arc<Names>, registry: Arc<Registry>, metrics: Option<Arc<MetricsSettings>>) {
        self.collector = match (self.collector.take(), metrics) {
            (Some(mut collector), Some(metrics)) => {
                collector.rename(metrics);
                Some(collector)
            }
            (_, metrics) => metrics.map(Collector::new),
        };
        let numbers = Numbers::between(&self.names, &names);
        self.endpoints.renumber(names.endpoints.len(), |id| numbers.endpoint(id));
        self.backends.renumber(names.backends.len(), |id| numbers.backend(id));
        let former = std::mem::replace(&mut self.names, names);
        self.former.push(Former { names: former, numbers });
        self.former.retain(|former| Arc::strong_count(&former.names) > 1 && !Arc::ptr_eq(&former.names, &self.names));
        for former in &mut self.former {
            former.numbers = Numbers::between(&former.names, &self.names);
        }
        self.registry = registry;
        self.latest = None;
    }

    /// How old a snapshot may be and still be handed on.
    fn age_max(&self) -> Duration {
        let series = self.names.endpoints.len() + self.names.backends.len();
        SNAPSHOT_AGE_MAX_PER_SERIES * u32::try_from(series).unwrap_or(u32::MAX).min(10_000)
    }

    fn snapshot(&mut self, context: &mut Context<Self>) -> Arc<Snapshot> {
        let age_max = self.age_max();
        match &self.latest {
            Some((made, snapshot)) if made.elapsed() < age_max => Arc::clone(snapshot),
            _ => {
                let snapshot = Arc::new(self.look());
                self.latest = Some((Instant::now(), Arc::clone(&snapshot)));
                context.run_later(age_max, |actor, _| actor.forget());
                snapshot
            }
        }
    }

    /// Gives up a snapshot that is handed on no more: that of ten thousand endpoints takes 20 MB.
    fn forget(&mut self) {
        let age_max = self.age_max();
        if self.latest.as_ref().is_some_and(|(made, _)| made.elapsed() >= age_max) {
            self.latest = None;
        }
    }

    fn look(&mut self) -> Snapshot {
        let second = self.second();
        let window_seconds = Duration::from_secs(second.clamp(1, RECENT_SECONDS as u64)).as_secs_f64();
        let names = Arc::clone(&self.names);
        let recent = self.endpoints.window.read(second);
        let mut of_all = Latencies::default();
        recent.values().for_each(|one| of_all.merge(&one.latency));
        let recent_p99_ms = (of_all.count() > 0).then(|| f64::from(of_all.quantile_us(0.99)) / 1e3);
        let mut endpoints: Vec<EndpointSnapshot> = (0_u32..)
            .zip(&names.endpoints)
            .map(|(id, name)| {
                let (counts, latency, recent) = self.endpoints.look(id, recent.get(&id), window_seconds);
                EndpointSnapshot {
                    method: name.method.clone(),
                    path: name.path.clone(),
                    requests: counts.started,
                    in_flight: counts.in_flight(),
                    abandoned: counts.abandoned,
                    incomplete: counts.incomplete,
                    statuses: statuses(&counts),
                    recent,
                    latency,
                    exemplars: self.endpoints.exemplars(id),
                    backends: Vec::new(),
                }
            })
            .collect();
        let recent = self.backends.window.read(second);
        for (id, name) in (0_u32..).zip(&names.backends) {
            let Some(endpoint) = endpoints.get_mut(name.endpoint) else { continue };
            let (counts, latency, recent) = self.backends.look(id, recent.get(&id), window_seconds);
            let (books, standing) = self.registry.look(BackendId(id)).unzip();
            let books = books.map(with_balance);
            endpoint.backends.push(BackendSnapshot {
                label: name.label.clone(),
                hosts: name.hosts.clone(),
                shadow: name.shadow,
                requests: counts.started,
                in_flight: counts.in_flight(),
                outcomes: outcomes(&counts),
                recent,
                latency,
                exemplars: self.backends.exemplars(id),
                books,
                standing,
                split: self.registry.portion(BackendId(id)).map(|portion| portion.share()),
            });
        }
        Snapshot {
            version: env!("CARGO_PKG_VERSION"),
            uptime_seconds: self.started.elapsed().as_secs_f64(),
            window_seconds,
            totals: Totals { recent_p99_ms, ..Totals::of(&endpoints) },
            endpoints,
            unrouted: self.unrouted.clone(),
            reloads: self.reloads.clone(),
            process: Process::read(self.started_at),
        }
    }
}

impl Series {
    fn new(count: usize) -> Self {
        Self { totals: std::iter::repeat_with(|| None).take(count).collect(), window: Window::default() }
    }

    fn book(&mut self, second: u64, id: u32, tally: &Tally) {
        let Some(total) = place(id).and_then(|place| self.totals.get_mut(place)) else { return };
        total.get_or_insert_default().merge(tally);
        self.window.add(second, id, tally);
    }

    fn look(&self, id: u32, recent: Option<&Recent>, seconds: f64) -> (Counts, LatencySnapshot, RecentSnapshot) {
        let total = place(id).and_then(|place| self.totals.get(place)?.as_deref());
        let recent = RecentSnapshot::new(recent, seconds);
        match total {
            Some(total) => (total.counts.clone(), LatencySnapshot::new(&total.latency), recent),
            None => (Counts::default(), LatencySnapshot::default(), recent),
        }
    }

    fn exemplars(&self, id: u32) -> Option<Box<Exemplars>> {
        place(id).and_then(|place| self.totals.get(place)?.as_deref()?.exemplars.clone())
    }

    fn renumber(&mut self, count: usize, numbers: impl Fn(u32) -> Option<u32>) {
        let old = std::mem::replace(self, Self::new(count));
        self.window = old.window;
        self.window.renumber(&numbers);
        for (id, total) in (0_u32..).zip(old.totals) {
            let slot = numbers(id).and_then(place).and_then(|place| self.totals.get_mut(place));
            if let Some(slot) = slot {
                *slot = total;
            }
        }
    }
}

fn place(id: u32) -> Option<usize> {
    usize::try_from(id).ok()
}

fn with_balance(books: Books) -> BooksSnapshot {
    BooksSnapshot { balanced: books.balanced(), books }
}

impl Actor for StatsActor {
    type Context = Context<Self>;
}

impl Handler<Report> for StatsActor {
    type Result = ();

    fn handle(&mut self, report: Report, _: &mut Self::Context) {
        self.book(report);
    }
}

impl Handler<Read> for StatsActor {
    type Result = MessageResult<Read>;

    fn handle(&mut self, _: Read, context: &mut Self::Context) -> Self::Result {
        MessageResult(self.snapshot(context))
    }
}

impl Handler<Reloaded> for StatsActor {
    type Result = ();

    fn handle(&mut self, message: Reloaded, _: &mut Self::Context) {
        self.reloads.book(message);
        self.latest = None;
    }
}

impl Handler<ReadMetrics> for StatsActor {
    type Result = Option<String>;

    fn handle(&mut self, _: ReadMetrics, _: &mut Self::Context) -> Self::Result {
        let collector = self.collector.as_mut()?;
        collector.advance();
        Some(expvar::write(collector, &Process::read(self.started_at)))
    }
}

impl Handler<Rename> for StatsActor {
    type Result = ();

    fn handle(&mut self, message: Rename, _: &mut Self::Context) {
        self.rename(message.names, message.registry, message.metrics);
    }
}
