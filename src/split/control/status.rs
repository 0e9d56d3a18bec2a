//! Everything about splits at a moment, as the admin listener hands it out.

use serde::Serialize;

use crate::{
    config::split::BASE,
    control::{Moment, audit::text_of, held::HeldStatus, schedule::step_at},
    split::{Arm, Figures},
    stats::Portion as _,
};

use super::{progress::Progress, target::Target};

/// All splits.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Each of them, in the order of the file.
    pub splits: Vec<SplitStatus>,
}

/// One split.
#[derive(Clone, Debug, Serialize)]
pub struct SplitStatus {
    /// By which it is addressed.
    pub id: String,
    /// The method of its endpoint.
    pub method: String,
    /// The path of its endpoint.
    pub endpoint: String,
    /// The base, then the variants.
    pub parts: Vec<PartStatus>,
}

/// One part of a split.
#[derive(Clone, Debug, Serialize)]
pub struct PartStatus {
    /// The name of the variant, or `base`.
    pub variant: String,
    /// Method, pattern and hosts of its call.
    pub backend: String,
    /// The share it takes now, 0 to 1.
    pub rate: f64,
    /// The share that the file says, unless there is a ramp; null for the base.
    pub base_rate: Option<f64>,
    /// `base`, `running` or `stopped`.
    pub state: &'static str,
    /// Why, in words.
    pub why: String,
    /// The share that was asked for, if that has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wish: Option<HeldStatus<f64>>,
    /// Where its ramp stands, if rules may hold that back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ramp: Option<RampStatus>,
    /// What it did lately.
    pub recent: RecentStatus,
}

/// Where a ramp stands that rules may hold back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RampStatus {
    /// The number of its step, from 1; 0 before its start.
    pub step: usize,
    /// How many there are.
    pub steps: usize,
    /// Whether its next step is due and held back.
    pub held: bool,
    /// By how much it is behind the clock, in seconds.
    pub behind_seconds: f64,
    /// Calls of the variant that ended in this step.
    pub requests: u64,
    /// Calls of the base that did.
    pub base_requests: u64,
    /// How many of either the next step waits for.
    pub min_requests: u64,
    /// When the next step is due, as RFC 3339 writes it; null on the last one.
    pub next_at: Option<String>,
}

impl RampStatus {
    fn new(target: &Target, now: Moment) -> Option<Self> {
        let (splitter, climb) = (&target.seat.splitter, target.climb.as_ref()?);
        let ramp = splitter.plan().ramp.as_ref()?;
        let in_step = Progress::of(splitter).since(climb.entry);
        Some(Self {
            step: step_at(ramp, now.wall).map_or(0, |_begun| climb.step + 1),
            steps: ramp.steps.len(),
            held: climb.is_held,
            behind_seconds: climb.behind.as_secs_f64(),
            requests: in_step.variant.requests,
            base_requests: in_step.base.requests,
            min_requests: target.rules()?.min_requests.max(1),
            next_at: climb.next_at(ramp).map(text_of),
        })
    }
}

/// What one part did in the window of the rules, or in the last ten minutes.
#[derive(Clone, Debug, Serialize)]
pub struct RecentStatus {
    /// Calls that ended.
    pub requests: u64,
    /// Of those, the failed ones.
    pub failed: u64,
    /// Their share, 0 to 1.
    pub failed_share: f64,
    /// The median of their durations, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile, in milliseconds.
    pub p99_ms: f64,
}

impl RecentStatus {
    fn new(figures: &Figures) -> Self {
        Self {
            requests: figures.requests,
            failed: figures.failed,
            failed_share: figures.failed_share(),
            p50_ms: f64::from(figures.latency.quantile_us(0.5)) / 1e3,
            p99_ms: figures.p99_ms(),
        }
    }
}

impl SplitStatus {
    pub(super) fn new(target: &Target, now: Moment) -> Self {
        let (seat, splitter) = (&target.seat, &target.seat.splitter);
        let recent = |arm: &Arm| RecentStatus::new(&arm.figures(None, now.steady));
        let backend = |place: usize| seat.backends.get(place).cloned().unwrap_or_default();
        let base = PartStatus {
            variant: BASE.to_owned(),
            backend: backend(0),
            rate: splitter.base().share().rate,
            base_rate: None,
            state: "base",
            why: "what no variant takes".to_owned(),
            wish: None,
            ramp: None,
            recent: recent(splitter.base()),
        };
        let variants = splitter.plan().variants.iter().zip(splitter.arms()).enumerate();
        let variants = variants.map(|(place, (variant, arm))| {
            let wish = target.wishes.get(place).and_then(Option::as_ref);
            let is_stopped = wish.is_some_and(|held| held.value.stopped_by.is_some());
            PartStatus {
                variant: variant.name.clone(),
                backend: backend(place + 1),
                rate: arm.share().rate,
                base_rate: splitter.plan().ramp.is_none().then(|| variant.rate.ratio()),
                state: if is_stopped { "stopped" } else { "running" },
                why: why(target, place, now),
                wish: wish.map(|held| HeldStatus::new(held, held.value.rate.ratio(), now.steady)),
                ramp: RampStatus::new(target, now),
                recent: recent(arm),
            }
        });
        Self {
            id: target.id().to_owned(),
            method: seat.method.clone(),
            endpoint: seat.path.clone(),
            parts: std::iter::once(base).chain(variants).collect(),
        }
    }
}

fn why(target: &Target, place: usize, now: Moment) -> String {
    let ramp = &target.seat.splitter.plan().ramp;
    let wish = target.wishes.get(place).and_then(Option::as_ref).map(|held| &held.value);
    let reason = wish.and_then(|wish| wish.why.as_ref()).map(|why| format!(": {why}")).unwrap_or_default();
    match (wish.map(|wish| wish.stopped_by), ramp) {
        (Some(Some(who)), _) => format!("stopped by {who}{reason}"),
        (Some(None), _) => "another rate was asked for".to_owned(),
        (None, Some(ramp)) if now.wall < ramp.start => format!("its ramp begins at {}", text_of(ramp.start)),
        (None, Some(_)) => match &target.held_by {
            Some(why) => format!("its ramp is held: {why}"),
            None => "at the step of its ramp".to_owned(),
        },
        (None, None) => "as the file says".to_owned(),
    }
}
