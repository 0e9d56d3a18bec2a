//! The numbers as Prometheus reads them: text exposition format 0.0.4.
//!
//! Shadows have metrics of their own and are in none of the others, so that no alert on live traffic ever hears of
//! them. The number of series is fixed by the file: no label is ever made of something a client or an upstream sent.
//! Endpoints and backends appear with their first call, so that ten thousand idle ones cost a scrape nothing.

use std::collections::HashMap;

use super::{
    comparison,
    exposition::{Exposition, Label, Labelled},
};
use crate::stats::{
    arms::Arm,
    books::Books,
    portion::PortionStanding,
    reloads::ReloadResult,
    snapshot::{BackendSnapshot, EndpointSnapshot, LatencySnapshot, Snapshot},
    standing::{BREAKER_STATES, PAUSES, Standing},
};

/// The `Content-Type` of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes all numbers of a snapshot.
#[must_use]
pub fn write(snapshot: &Snapshot) -> String {
    let mut text = Exposition::default();
    let endpoints: Vec<_> = snapshot.endpoints.iter().filter(|endpoint| endpoint.requests > 0).collect();
    let (shadows, live): (Vec<_>, Vec<_>) = backends(snapshot).into_iter().partition(|one| one.backend.shadow);
    let (live, idle): (Vec<_>, Vec<_>) = live.into_iter().partition(|one| one.backend.requests > 0);
    let shadows: Vec<_> = shadows.into_iter().filter_map(Shadow::new).collect();
    write_process(&mut text, snapshot);
    write_reloads(&mut text, snapshot);
    write_endpoints(&mut text, &endpoints);
    write_live(&mut text, &live);
    // Those that nobody was sent to yet have a share to tell all the same.
    write_splits(&mut text, &live.iter().chain(&idle).filter_map(Part::new).collect::<Vec<_>>());
    write_shadows(&mut text, &shadows);
    text.finish()
}

impl Labelled for &EndpointSnapshot {
    fn labels(&self) -> Vec<Label<'_>> {
        vec![("endpoint", &self.path), ("method", &self.method)]
    }
}

/// A backend with what it is called in labels.
pub(super) struct Named<'a> {
    backend: &'a BackendSnapshot,
    endpoint: &'a EndpointSnapshot,
    name: String,
}

impl Labelled for Named<'_> {
    fn labels(&self) -> Vec<Label<'_>> {
        vec![("endpoint", &self.endpoint.path), ("method", &self.endpoint.method), ("backend", &self.name)]
    }
}

/// A backend that takes a part of a split.
struct Part<'a> {
    named: &'a Named<'a>,
    split: &'a PortionStanding,
}

impl<'a> Part<'a> {
    fn new(named: &'a Named<'a>) -> Option<Self> {
        Some(Self { named, split: named.backend.split.as_ref()? })
    }
}

impl Labelled for Part<'_> {
    fn labels(&self) -> Vec<Label<'_>> {
        let mut labels = self.named.labels();
        labels.extend([("split", self.split.id.as_str()), ("variant", &self.split.variant)]);
        labels
    }
}

/// A shadow with its books.
pub(super) struct Shadow<'a> {
    named: Named<'a>,
    books: &'a Books,
    standing: &'a Standing,
}

impl<'a> Shadow<'a> {
    fn new(named: Named<'a>) -> Option<Self> {
        let (books, standing) = (&named.backend.books.as_ref()?.books, named.backend.standing.as_ref()?);
        Some(Self { named, books, standing })
    }
}

/// One group of live replies of a shadow with a hold-out.
struct Group<'a> {
    shadow: &'a Shadow<'a>,
    arm: Arm,
    latency: &'a LatencySnapshot,
}

impl Labelled for Group<'_> {
    fn labels(&self) -> Vec<Label<'_>> {
        let mut labels = self.shadow.labels();
        labels.push(("arm", self.arm.label()));
        labels
    }
}

impl Labelled for Shadow<'_> {
    fn labels(&self) -> Vec<Label<'_>> {
        self.named.labels()
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

fn write_process(text: &mut Exposition, snapshot: &Snapshot) {
    let facts = &snapshot.process;
    text.family("gnomon_build_info", "gauge", "The version that runs; always 1.");
    text.sample("gnomon_build_info", &[("version", snapshot.version)], None, 1);
    text.single("process_resident_memory_bytes", "gauge", "Memory in use.", facts.resident_bytes);
    text.single("process_open_fds", "gauge", "Files and sockets open.", facts.open_files);
    text.single("process_threads", "gauge", "Threads running.", facts.threads);
    text.single("process_cpu_seconds_total", "counter", "Processor time used.", facts.cpu_seconds);
    text.single("process_start_time_seconds", "gauge", "When the numbers began, since 1970.", facts.started_at);
    let name = "gnomon_unrouted_requests_total";
    text.family(name, "counter", "Replies to requests that no endpoint wanted, by status.");
    for (status, count) in &snapshot.unrouted {
        text.sample(name, &[], Some(("status", &status.to_string())), count);
    }
}

fn write_reloads(text: &mut Exposition, snapshot: &Snapshot) {
    let reloads = &snapshot.reloads;
    let name = "gnomon_reloads_total";
    text.family(name, "counter", "How often the configuration was loaded again, by result.");
    for result in ReloadResult::ALL {
        text.sample(name, &[], Some(("result", result.label())), reloads.count(result));
    }
    let help = "The number of the configuration that is served, from 1.";
    text.single("gnomon_config_generation", "gauge", help, reloads.generation);
    let help = "When the configuration was last loaded again, whatever came of it; seconds since 1970, 0 before.";
    text.single("gnomon_config_last_reload_timestamp_seconds", "gauge", help, reloads.last_at.unwrap_or(0.0));
}

fn write_endpoints(text: &mut Exposition, endpoints: &[&EndpointSnapshot]) {
    text.counts("gnomon_endpoint_requests_total", "Replies sent, by class of status.", "class", endpoints, |one| {
        one.statuses.iter().map(|(&class, &count)| (class, count)).collect()
    });
    let help = "From the request's arrival to the end of the reply.";
    text.histograms("gnomon_endpoint_duration_seconds", help, endpoints, |one| &one.latency);
    let help = "Requests begun and not ended.";
    text.numbers("gnomon_endpoint_in_flight", "gauge", help, endpoints, |one| one.in_flight);
    let help = "Replies sent without some of their parts.";
    text.numbers("gnomon_endpoint_incomplete_total", "counter", help, endpoints, |one| one.incomplete);
    let help = "Requests whose client left before the reply.";
    text.numbers("gnomon_endpoint_abandoned_total", "counter", help, endpoints, |one| one.abandoned);
}

fn write_live(text: &mut Exposition, live: &[Named<'_>]) {
    let help = "Calls ended, by class of status or kind of failure.";
    text.counts("gnomon_backend_requests_total", help, "outcome", live, |one| {
        one.backend.outcomes.iter().map(|(&outcome, &count)| (outcome, count)).collect()
    });
    let help = "From the begin of a call to the end of its answer.";
    text.histograms("gnomon_backend_duration_seconds", help, live, |one| &one.backend.latency);
    let help = "Calls begun and not ended.";
    text.numbers("gnomon_backend_in_flight", "gauge", help, live, |one| one.backend.in_flight);
}

fn write_splits(text: &mut Exposition, parts: &[Part<'_>]) {
    let name = "gnomon_split_rate";
    text.family(name, "gauge", "The share of the calls that a part of a split takes now.");
    for part in parts {
        text.sample(name, &part.labels(), None, part.split.rate);
    }
    let help = "Calls begun, by the part of the split that took them.";
    text.numbers("gnomon_split_requests_total", "counter", help, parts, |part| part.named.backend.requests);
}

fn write_shadows(text: &mut Exposition, shadows: &[Shadow<'_>]) {
    for (name, kind, help, number) in SHADOW_NUMBERS {
        text.numbers(name, kind, help, shadows, |one| number(one.books));
    }
    let help = "Not mirrored on purpose, by reason.";
    text.counts("gnomon_shadow_skipped_total", help, "reason", shadows, |one| one.books.skipped.clone());
    let help = "Not mirrored because a limit forbade it, by reason.";
    text.counts("gnomon_shadow_dropped_total", help, "reason", shadows, |one| one.books.dropped.clone());
    write_finished(text, shadows);
    let help = "From the begin of a mirrored call to the end of its answer.";
    text.histograms("gnomon_shadow_duration_seconds", help, shadows, |one| &one.named.backend.latency);
    write_standing(text, shadows);
    write_groups(text, shadows);
    let compared = shadows.iter().filter_map(|one| Some((one, one.standing.comparison.as_ref()?)));
    comparison::write(text, &compared.collect::<Vec<_>>());
}

fn write_standing(text: &mut Exposition, shadows: &[Shadow<'_>]) {
    let name = "gnomon_shadow_sample_rate";
    text.family(name, "gauge", "The share of requests that is sampled now.");
    for one in shadows {
        text.sample(name, &one.labels(), None, one.standing.rate);
    }
    let help = "Whether everything is decided and nothing is sent.";
    text.numbers("gnomon_shadow_dry_run", "gauge", help, shadows, |one| u64::from(one.standing.dry_run));
    let help = "Whether all shadows are switched off.";
    text.numbers("gnomon_shadow_killed", "gauge", help, shadows, |one| u64::from(one.standing.killed));
    let name = "gnomon_shadow_paused";
    text.family(name, "gauge", "Whether nothing is copied, by cause.");
    for (one, cause) in shadows.iter().flat_map(|one| PAUSES.map(|cause| (one, cause))) {
        let is_paused = one.standing.paused == Some(cause);
        text.sample(name, &one.labels(), Some(("cause", cause)), u8::from(is_paused));
    }
    let guarded: Vec<_> = shadows.iter().filter_map(|one| Some((one, one.standing.breaker?))).collect();
    let name = "gnomon_shadow_breaker_state";
    text.family(name, "gauge", "The state of the breaker: 0 closed, 1 open, 2 half open.");
    for (one, state) in &guarded {
        text.sample(name, &one.labels(), None, BREAKER_STATES.iter().position(|known| known == state).unwrap_or(0));
    }
    let name = "gnomon_shadow_breaker_transitions_total";
    text.family(name, "counter", "How often the state of the breaker changed.");
    for (one, _) in &guarded {
        text.sample(name, &one.labels(), None, one.standing.breaker_transitions);
    }
}

fn write_groups(text: &mut Exposition, shadows: &[Shadow<'_>]) {
    let measured = shadows.iter().filter_map(|shadow| Some((shadow, shadow.standing.overhead.as_ref()?)));
    let groups: Vec<_> = measured
        .flat_map(|(shadow, overhead)| {
            [(Arm::Shadowed, &overhead.shadowed), (Arm::Holdout, &overhead.holdout)].map(|(arm, latency)| Group {
                shadow,
                arm,
                latency,
            })
        })
        .collect();
    let help = "Live replies to requests that the shadow was offered, and to those held out from it.";
    text.histograms("gnomon_shadow_live_duration_seconds", help, &groups, |group| group.latency);
}

/// Completed calls have a class of status, failed ones the kind of their failure.
fn write_finished(text: &mut Exposition, shadows: &[Shadow<'_>]) {
    let name = "gnomon_shadow_finished_total";
    text.family(name, "counter", "Mirrored calls ended, by outcome and class of status or kind of failure.");
    for shadow in shadows {
        for (outcome, classes) in [("completed", &shadow.books.completed), ("failed", &shadow.books.failed)] {
            let mut labels = shadow.labels();
            labels.push(("outcome", outcome));
            for (class, count) in classes {
                text.sample(name, &labels, Some(("class", class)), count);
            }
        }
    }
}

/// (name, kind, help, the number)
type BooksNumber = (&'static str, &'static str, &'static str, fn(&Books) -> u64);

const SHADOW_NUMBERS: [BooksNumber; 8] = [
    ("gnomon_shadow_offered_total", "counter", "Requests that could have been mirrored.", |books| books.offered),
    ("gnomon_shadow_sent_total", "counter", "Requests handed to the shadow.", |books| books.sent),
    ("gnomon_shadow_abandoned_total", "counter", "Mirrored calls given up by the gateway.", |books| books.abandoned),
    ("gnomon_shadow_in_flight", "gauge", "Mirrored calls begun and not ended.", |books| books.in_flight),
    ("gnomon_shadow_waiting", "gauge", "Copies admitted and not sent yet.", |books| books.waiting),
    ("gnomon_shadow_buffered_bytes", "gauge", "Bytes of bodies and heads held now.", |books| books.buffered_bytes),
    ("gnomon_shadow_memory_budget_bytes", "gauge", "The most bytes of bodies that may be held.", |books| {
        books.buffered_bytes_max
    }),
    ("gnomon_shadow_concurrent_limit", "gauge", "The most calls that may be in flight.", |books| books.concurrent_max),
];
