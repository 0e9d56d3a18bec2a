//! The figures that `telemetry/metrics` asks for, by the original's names, until they are read.
//!
//! Promises: counters go on for ever; distributions begin anew each collection time; what is held is bounded by the
//! names of the file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::detail::{ENDINGS, Layers};
use super::latency::Latencies;
use super::report::Report;
use super::tally::Tally;

/// What is collected and what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricsSettings {
    /// How often distributions begin anew.
    pub period: Duration,
    /// What is collected.
    pub layers: Layers,
    /// The endpoints' names, by number; several may be called alike and are counted together.
    pub endpoints: Vec<String>,
    /// The backends' names, by number, as above.
    pub backends: Vec<String>,
}

/// Everything collected.
#[derive(Debug)]
pub(crate) struct Collector {
    settings: Arc<MetricsSettings>,
    period_started: Instant,
    pub(crate) connected: Flow,
    pub(crate) disconnected: Flow,
    pub(crate) replies: BTreeMap<String, Replies>,
    pub(crate) pipes: BTreeMap<String, Calls>,
    pub(crate) backends: BTreeMap<String, Calls>,
}

/// Something that happens at an edge: how often in this period, in the last one, and in all periods that have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) now: u64,
    pub(crate) last: u64,
    pub(crate) total: u64,
}

/// The replies of endpoints of one name.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    pub(crate) statuses: BTreeMap<u16, u64>,
    pub(crate) sizes: Latencies,
    pub(crate) times: Latencies,
}

/// The calls of one name, by how they ended.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) counts: [u64; ENDINGS],
    pub(crate) times: [Latencies; ENDINGS],
}

impl Collector {
    /// A collector in which everything has a name and nothing has been counted.
    pub(crate) fn new(settings: Arc<MetricsSettings>) -> Self {
        let mut collector = Self {
            settings: Arc::default(),
            period_started: Instant::now(),
            connected: Flow::default(),
            disconnected: Flow::default(),
            replies: BTreeMap::new(),
            pipes: BTreeMap::new(),
            backends: BTreeMap::new(),
        };
        collector.rename(settings);
        collector
    }

    /// What is collected.
    pub(crate) fn layers(&self) -> Layers {
        self.settings.layers
    }

    /// From now on the numbers are called otherwise; what keeps its name keeps its figures.
    pub(crate) fn rename(&mut self, settings: Arc<MetricsSettings>) {
        let Layers { router, proxy, backend } = settings.layers;
        let (endpoints, backends) = (&settings.endpoints, &settings.backends);
        renew(&mut self.replies, endpoints.iter().filter(|_| router));
        renew(&mut self.pipes, endpoints.iter().filter(|_| proxy));
        renew(&mut self.backends, backends.iter().filter(|_| backend));
        self.settings = settings;
    }

    /// Takes in a report whose numbers are those of the present names.
    pub(crate) fn book(&mut self, report: &Report) {
        self.advance();
        for (id, tally) in &report.endpoints {
            let Some(name) = name(&self.settings.endpoints, id.0) else { continue };
            if let Some(replies) = self.replies.get_mut(name) {
                self.connected.now += tally.counts.started;
                self.disconnected.now += tally.counts.finished;
                replies.add(tally);
            }
            if let Some(calls) = self.pipes.get_mut(name) {
                calls.add(tally);
            }
        }
        for (id, tally) in &report.backends {
            let calls = name(&self.settings.backends, id.0).and_then(|name| self.backends.get_mut(name));
            if let Some(calls) = calls {
                calls.add(tally);
            }
        }
    }

    /// Ends the periods that are over.
    pub(crate) fn advance(&mut self) {
        let period = self.settings.period.max(Duration::from_millis(1));
        let elapsed = self.period_started.elapsed();
        if elapsed < period {
            return;
        }
        let over = u32::try_from(elapsed.as_nanos() / period.as_nanos()).unwrap_or(u32::MAX);
        self.period_started += period.saturating_mul(over);
        for flow in [&mut self.connected, &mut self.disconnected] {
            flow.total += flow.now;
            flow.last = if over == 1 { flow.now } else { 0 };
            flow.now = 0;
        }
        for replies in self.replies.values_mut() {
            (replies.sizes, replies.times) = Default::default();
        }
        for calls in self.pipes.values_mut().chain(self.backends.values_mut()) {
            calls.times = Default::default();
        }
    }
}

impl Replies {
    fn add(&mut self, tally: &Tally) {
        self.times.merge(&tally.latency);
        let Some(detail) = &tally.detail else { return };
        self.sizes.merge(&detail.sizes);
        for &(status, count) in &detail.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
    }
}

impl Calls {
    fn add(&mut self, tally: &Tally) {
        let Some(detail) = &tally.detail else { return };
        for ((count, times), ended) in self.counts.iter_mut().zip(&mut self.times).zip(&detail.ended) {
            *count += ended.count();
            times.merge(ended);
        }
    }
}

fn renew<'a, T: Default>(held: &mut BTreeMap<String, T>, names: impl Iterator<Item = &'a String>) {
    let mut old = std::mem::take(held);
    for name in names {
        if !held.contains_key(name) {
            held.insert(name.clone(), old.remove(name).unwrap_or_default());
        }
    }
}

fn name(names: &[String], id: u32) -> Option<&str> {
    names.get(usize::try_from(id).ok()?).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::detail::{Detail, Ending};
    use crate::stats::names::{BackendId, EndpointId, Names};

    fn collector(layers: Layers) -> Collector {
        let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        Collector::new(Arc::new(MetricsSettings {
            period: Duration::from_secs(60),
            layers,
            endpoints: names(["/a", "/a"]),
            backends: names(["/x", "/y"]),
        }))
    }

    fn report() -> Report {
        let one = Latencies::from_sorted([(5, 1)], 5, 5);
        let mut ended: [Latencies; ENDINGS] = Default::default();
        ended[Ending { complete: true, error: false }.place()] = one.clone();
        let detail = Detail { statuses: vec![(200, 1)], sizes: one.clone(), ended };
        let mut tally = Tally { latency: one, detail: Some(Box::new(detail)), ..Tally::default() };
        (tally.counts.started, tally.counts.finished) = (1, 1);
        Report {
            names: Arc::new(Names::default()),
            endpoints: vec![(EndpointId(0), tally.clone()), (EndpointId(1), tally.clone())],
            backends: vec![(BackendId(1), tally)],
            unrouted: Vec::new(),
        }
    }

    #[test]
    fn series_called_alike_are_counted_together() {
        let mut collector = collector(Layers { router: true, proxy: true, backend: true });
        collector.book(&report());
        assert_eq!(collector.replies["/a"].statuses[&200], 2);
        assert_eq!((collector.pipes["/a"].counts, collector.backends["/y"].counts), ([0, 0, 2, 0], [0, 0, 1, 0]));
        assert_eq!((collector.connected.now, collector.backends["/x"].counts), (2, [0; ENDINGS]));
    }

    #[test]
    fn a_layer_that_is_not_collected_has_no_names() {
        let mut collector = collector(Layers { router: false, proxy: true, backend: false });
        collector.book(&report());
        assert!(collector.replies.is_empty() && collector.backends.is_empty());
        assert_eq!((collector.connected, collector.pipes["/a"].counts[2]), (Flow::default(), 2));
    }

    #[test]
    fn counters_outlive_the_period_and_distributions_do_not() {
        actix::System::new().block_on(async {
            tokio::time::pause();
            let mut collector = collector(Layers { router: true, proxy: true, backend: true });
            collector.book(&report());
            tokio::time::advance(Duration::from_secs(61)).await;
            collector.advance();
            assert_eq!(collector.connected, Flow { now: 0, last: 2, total: 2 });
            assert_eq!((collector.pipes["/a"].counts[2], collector.pipes["/a"].times[2].count()), (2, 0));
            assert_eq!((collector.replies["/a"].sizes.count(), collector.replies["/a"].statuses[&200]), (0, 2));
            tokio::time::advance(Duration::from_secs(600)).await;
            collector.advance();
            assert_eq!(collector.connected, Flow { now: 0, last: 0, total: 2 });
        });
    }
}
