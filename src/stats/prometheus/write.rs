//! The numbers as Prometheus reads them, in either of its formats.
//!
//! Shadows have metrics of their own and are in none of the others, so that no alert on live traffic ever hears of
//! them. The number of series is fixed by the file: no label is ever made of something a client or an upstream sent.
//! Endpoints and backends appear with their first call, so that ten thousand idle ones cost a scrape nothing.

use std::collections::HashMap;

use super::{
    exposition::{Exposition, Label, Labelled, Traced},
    format::{Format, Kind},
    process, shadows, splits,
};
use crate::stats::{
    snapshot::{BackendSnapshot, EndpointSnapshot, Snapshot},
    steering::Steering,
};

/// Writes all numbers of a snapshot, and what is told beside it.
#[must_use]
pub fn write(snapshot: &Snapshot, steering: &Steering, format: Format) -> String {
    pieces(snapshot, steering, format).concat()
}

/// The same in pieces, for who hands them on one by one. They end where lines do.
#[must_use]
pub fn pieces(snapshot: &Snapshot, steering: &Steering, format: Format) -> Vec<String> {
    let mut text = Exposition::new(format);
    let endpoints: Vec<_> = snapshot.endpoints.iter().filter(|endpoint| endpoint.requests > 0).collect();
    let (of_shadows, live): (Vec<_>, Vec<_>) = backends(snapshot).into_iter().partition(|one| one.backend.shadow);
    let (live, idle): (Vec<_>, Vec<_>) = live.into_iter().partition(|one| one.backend.requests > 0);
    process::write(&mut text, snapshot, steering);
    write_endpoints(&mut text, &endpoints);
    write_live(&mut text, &live);
    // Those that nobody was sent to yet have a share to tell all the same.
    splits::write(&mut text, live.iter().chain(&idle));
    shadows::write(&mut text, of_shadows, steering);
    text.finish()
}

impl Labelled for &EndpointSnapshot {
    fn labels(&self) -> Vec<Label<'_>> {
        vec![("endpoint", &self.path), ("method", &self.method)]
    }
}

/// A backend with what it is called in labels.
pub(super) struct Named<'a> {
    pub(super) backend: &'a BackendSnapshot,
    pub(super) endpoint: &'a EndpointSnapshot,
    name: String,
}

impl Named<'_> {
    /// How long its calls took, with traced ones among them.
    pub(super) fn traced(&self) -> Traced<'_> {
        (&self.backend.latency, self.backend.exemplars.as_deref())
    }
}

impl Labelled for Named<'_> {
    /// Parts of a split may all be called alike, so they say which they are.
    fn labels(&self) -> Vec<Label<'_>> {
        let mut labels =
            vec![("endpoint", &*self.endpoint.path), ("method", &self.endpoint.method), ("backend", &self.name)];
        if let Some(split) = &self.backend.split {
            labels.extend([("split", split.id.as_str()), ("variant", &split.variant)]);
        }
        labels
    }
}

/// All backends. Those that one endpoint calls alike are told apart by a number, or their series would collide.
fn backends(snapshot: &Snapshot) -> Vec<Named<'_>> {
    let mut all = Vec::new();
    for endpoint in &snapshot.endpoints {
        let mut seen: HashMap<(&str, bool), usize> = HashMap::new();
        for backend in &endpoint.backends {
            let nth = seen.entry((&backend.label, backend.shadow)).or_default();
            *nth += 1;
            let name = if *nth == 1 { backend.label.clone() } else { format!("{} #{nth}", backend.label) };
            all.push(Named { backend, endpoint, name });
        }
    }
    all
}

fn write_endpoints(text: &mut Exposition, endpoints: &[&EndpointSnapshot]) {
    text.counts("gnomon_endpoint_requests_total", "Replies sent, by class of status.", "class", endpoints, |one| {
        one.statuses.iter().map(|(&class, &count)| (class, count)).collect()
    });
    let help = "From the request's arrival to the end of the reply.";
    text.histograms("gnomon_endpoint_duration_seconds", help, endpoints, |one| {
        (&one.latency, one.exemplars.as_deref())
    });
    let help = "Requests begun and not ended.";
    text.numbers("gnomon_endpoint_in_flight", Kind::Gauge, help, endpoints, |one| one.in_flight);
    let help = "Replies sent without some of their parts.";
    text.numbers("gnomon_endpoint_incomplete_total", Kind::Counter, help, endpoints, |one| one.incomplete);
    let help = "Requests whose client left before the reply.";
    text.numbers("gnomon_endpoint_abandoned_total", Kind::Counter, help, endpoints, |one| one.abandoned);
}

fn write_live(text: &mut Exposition, live: &[Named<'_>]) {
    let help = "Calls ended, by class of status or kind of failure.";
    text.counts("gnomon_backend_requests_total", help, "outcome", live, |one| {
        one.backend.outcomes.iter().map(|(&outcome, &count)| (outcome, count)).collect()
    });
    let help = "From the begin of a call to the end of its answer.";
    text.histograms("gnomon_backend_duration_seconds", help, live, Named::traced);
    let help = "Calls begun and not ended.";
    text.numbers("gnomon_backend_in_flight", Kind::Gauge, help, live, |one| one.backend.in_flight);
}
