//! Everything about shadows at a moment, as the admin listener hands it out.

use std::time::SystemTime;

use serde::Serialize;
use tokio::time::Instant;

use crate::{
    config::shadow::Share,
    control::{Moment, audit::text_of, held::HeldStatus, schedule::step_at},
    plan::ShadowBounds,
    stats::{Books, ComparisonFigures, Ledgered, Overhead},
};

use super::{
    Climb, Measure, Stopped,
    desk::Killed,
    rules::Progress,
    target::{Target, held_by},
};

/// All shadows.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Whether all are switched off, and by whom.
    pub killed: Option<KilledStatus>,
    /// Each of them, in the order of the file.
    pub shadows: Vec<TargetStatus>,
}

/// Who switched all shadows off.
#[derive(Clone, Debug, Serialize)]
pub struct KilledStatus {
    /// In words.
    pub by: String,
    /// Since when.
    pub since: String,
    /// Whether the kill file is there, which must go before anything is copied.
    pub kill_file: bool,
}

/// One shadow.
#[derive(Clone, Debug, Serialize)]
pub struct TargetStatus {
    /// By which it is addressed.
    pub id: String,
    /// The method of its endpoint.
    pub method: String,
    /// The path of its endpoint.
    pub endpoint: String,
    /// Method and pattern of its call.
    pub backend: String,
    /// Its hosts.
    pub hosts: String,
    /// Its policy in one line; null in plain mode.
    pub policy: Option<String>,
    /// `running`, `dry_run`, `paused`, `expired`, `killed` or `closed`.
    pub state: &'static str,
    /// Why, in words.
    pub why: String,
    /// The share that is sampled now, 0 to 1.
    pub rate: f64,
    /// Copies per second now; null without a limit.
    pub max_rps: Option<f64>,
    /// Whether nothing is sent.
    pub dry_run: bool,
    /// What the file says.
    pub base: BaseStatus,
    /// What was asked for and has not ended.
    pub overrides: OverridesStatus,
    /// The share of the copies whose answers are compared now, 0 to 1; null where none are.
    pub compare_sample: Option<f64>,
    /// Whether its answers are compared.
    pub compared: bool,
    /// The rule that stopped it; null while none has.
    pub stopped: Option<Stopped>,
    /// Its stop rules, as they were measured last; empty without any.
    pub rules: Vec<Measure>,
    /// Where its ramp stands; null without one.
    pub ramp: Option<RampStatus>,
    /// What it may hold.
    pub limits: LimitsStatus,
    /// Its breaker; null without one.
    pub breaker: Option<BreakerStatus>,
    /// Where its requests went.
    pub books: Books,
    /// What it costs the clients; null without a hold-out.
    pub overhead: Option<Overhead>,
    /// What comparing its answers has come to; null where they are not compared.
    pub comparison: Option<ComparisonFigures>,
}

/// Where a ramp stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RampStatus {
    /// The step, from 1; 0 before it begins.
    pub step: usize,
    /// How many it has.
    pub steps: usize,
    /// Whether its next step is due and held back by stop rules.
    pub held: bool,
    /// By how many seconds it is behind the clock.
    pub behind_seconds: f64,
    /// Pairs that were compared in this step, if rules ask for some.
    pub pairs: Option<u64>,
    /// How many there must be before the next one, if rules ask for some.
    pub min_pairs: Option<u64>,
    /// When the next step is due; null on the last one.
    pub next_at: Option<String>,
}

/// What the file says about one shadow.
#[derive(Clone, Debug, Serialize)]
pub struct BaseStatus {
    /// The share, unless there is a ramp.
    pub rate: f64,
    /// Copies per second.
    pub max_rps: Option<f64>,
    /// Whether nothing is sent.
    pub dry_run: bool,
    /// The share of the copies whose answers are compared.
    pub compare_sample: Option<f64>,
    /// Whether a ramp says the rate.
    pub ramp: bool,
    /// When it ends.
    pub until: Option<String>,
}

/// What was asked for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OverridesStatus {
    /// Another share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<HeldStatus<f64>>,
    /// Another limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rps: Option<HeldStatus<Option<f64>>>,
    /// Whether nothing is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<HeldStatus<bool>>,
    /// Another share of the copies whose answers are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare_sample: Option<HeldStatus<f64>>,
    /// Who paused it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<HeldStatus<String>>,
}

/// What one shadow may hold.
#[derive(Clone, Debug, Serialize)]
pub struct LimitsStatus {
    /// Calls at once.
    pub max_concurrent: usize,
    /// Copies that may wait.
    pub queue: usize,
    /// Bytes of bodies.
    pub max_buffered_bytes: usize,
    /// The largest body that is copied.
    pub max_request: usize,
    /// How far an answer is read.
    pub max_response: usize,
}

/// The breaker of one shadow.
#[derive(Clone, Debug, Serialize)]
pub struct BreakerStatus {
    /// `closed`, `open` or `half_open`.
    pub state: &'static str,
    /// How often that changed.
    pub transitions: u64,
}

/// What there was at a moment, before it is put into words and figures.
pub(super) struct Snapshot<T> {
    pub(super) killed: Option<Killed>,
    pub(super) kill_file: bool,
    pub(super) targets: T,
}

impl Snapshot<Vec<Target>> {
    pub(super) fn status(&self, now: Moment) -> Status {
        let killed = self.killed.as_ref();
        Status {
            killed: killed.map(|killed| KilledStatus::new(killed, self.kill_file)),
            shadows: self.targets.iter().map(|target| TargetStatus::new(target, killed, now)).collect(),
        }
    }
}

impl Snapshot<Target> {
    pub(super) fn target(&self, now: Moment) -> TargetStatus {
        TargetStatus::new(&self.targets, self.killed.as_ref(), now)
    }
}

impl KilledStatus {
    pub(super) fn new(killed: &Killed, kill_file: bool) -> Self {
        Self { by: killed.who.to_string(), since: text_of(killed.at), kill_file }
    }
}

impl TargetStatus {
    fn new(target: &Target, killed: Option<&Killed>, now: Moment) -> Self {
        let (seat, gate) = (&target.seat, &target.seat.gate);
        let (books, standing) = (gate.books(), gate.standing());
        Self {
            id: target.id().to_owned(),
            method: seat.method.clone(),
            endpoint: seat.path.clone(),
            backend: seat.backend.clone(),
            hosts: seat.hosts.clone(),
            policy: seat.summary.clone(),
            state: books.state,
            why: why(target, killed, now.wall, books.state),
            rate: standing.rate,
            max_rps: standing.max_rps,
            dry_run: standing.dry_run,
            base: BaseStatus::new(target),
            overrides: OverridesStatus::new(target, now.steady),
            compare_sample: target.effective.compare_sample.map(Share::ratio),
            compared: seat.comparison.is_some(),
            stopped: target.overrides.stop,
            rules: target.watch.measures.clone(),
            ramp: RampStatus::new(target, now.wall),
            limits: LimitsStatus::new(seat.plan.bounds),
            breaker: standing.breaker.map(|state| BreakerStatus { state, transitions: standing.breaker_transitions }),
            books,
            overhead: standing.overhead,
            comparison: seat.comparison.as_ref().map(|comparison| comparison.comparison()),
        }
    }
}

fn why(target: &Target, killed: Option<&Killed>, now: SystemTime, state: &str) -> String {
    let schedule = &target.base.schedule;
    let overrides = &target.overrides;
    let begins = schedule.ramp.as_ref().map(|ramp| ramp.start).filter(|start| now < *start);
    if let ("paused", Some(stopped)) = (state, &overrides.stop) {
        return format!("stopped by a rule: {}", stopped.measure);
    }
    match (state, killed, &overrides.pause, begins) {
        ("closed", ..) => "the gateway is stopping".to_owned(),
        ("killed", Some(killed), ..) => format!("all shadows are switched off by {}", killed.who),
        ("killed", ..) => "all shadows are switched off".to_owned(),
        ("paused", _, Some(pause), _) => format!("paused by {}", pause.value),
        ("expired", _, _, Some(start)) => format!("its ramp begins at {}", text_of(start)),
        ("expired", ..) => "its time is over".to_owned(),
        ("dry_run", ..) if overrides.dry_run.is_some() => "a dry run was asked for".to_owned(),
        ("dry_run", ..) => "its policy is a dry run".to_owned(),
        _ if overrides.rate.is_some() || overrides.max_rps.is_some() => "with other limits than the file's".to_owned(),
        _ if target.climb.is_some_and(|climb| climb.is_held) => held(target),
        _ if schedule.ramp.is_some() => "at the step of its ramp".to_owned(),
        _ => "as the file says".to_owned(),
    }
}

/// Why a ramp does not climb.
fn held(target: &Target) -> String {
    let (Some(climb), Some(rules)) = (target.climb, target.rules()) else { return String::new() };
    let in_the_way = target.watch.measures.iter().find(|measure| measure.holds_back(rules));
    format!("its ramp is held: {}", held_by(target.watch.progress.since(climb.entry), in_the_way, rules))
}

impl RampStatus {
    /// `None` without a ramp.
    pub(super) fn new(target: &Target, now: SystemTime) -> Option<Self> {
        let ramp = target.base.schedule.ramp.as_ref()?;
        let by_clock = step_at(ramp, now);
        let climb = target.climb.or_else(|| Some(Climb::new(ramp, now, Progress::default())))?;
        let compared = target.seat.comparison.is_some() && target.climb.is_some();
        Some(Self {
            step: by_clock.map_or(0, |_begun| climb.step + 1),
            steps: ramp.steps.len(),
            held: climb.is_held,
            behind_seconds: climb.behind.as_secs_f64(),
            pairs: compared.then(|| target.watch.progress.since(climb.entry).compared),
            min_pairs: target.rules().filter(|_| compared).map(|rules| rules.min_pairs.max(1)),
            next_at: climb.next_at(ramp).map(text_of),
        })
    }
}

impl BaseStatus {
    fn new(target: &Target) -> Self {
        let base = &target.base;
        let lifetime_ends = base.schedule.ttl.and_then(|ttl| base.loaded.checked_add(ttl));
        Self {
            rate: base.rate.ratio(),
            max_rps: base.max_rps,
            dry_run: base.schedule.dry_run,
            compare_sample: base.compare_sample.map(Share::ratio),
            ramp: base.schedule.ramp.is_some(),
            until: [base.schedule.until, lifetime_ends].into_iter().flatten().min().map(text_of),
        }
    }
}

impl OverridesStatus {
    fn new(target: &Target, now: Instant) -> Self {
        let overrides = &target.overrides;
        Self {
            rate: overrides.rate.as_ref().map(|held| HeldStatus::new(held, held.value.ratio(), now)),
            max_rps: overrides.max_rps.as_ref().map(|held| HeldStatus::new(held, held.value, now)),
            dry_run: overrides.dry_run.as_ref().map(|held| HeldStatus::new(held, held.value, now)),
            compare_sample: (overrides.compare_sample.as_ref())
                .map(|held| HeldStatus::new(held, held.value.ratio(), now)),
            pause: overrides.pause.as_ref().map(|held| HeldStatus::new(held, held.value.to_string(), now)),
        }
    }
}

impl LimitsStatus {
    fn new(bounds: ShadowBounds) -> Self {
        Self {
            max_concurrent: bounds.concurrent_max,
            queue: bounds.queue_max,
            max_buffered_bytes: bounds.buffered_bytes_max,
            max_request: bounds.request_bytes_max,
            max_response: bounds.response_bytes_max,
        }
    }
}
