//! What holds for one shadow: what its policy says, what was asked for meanwhile, and what comes of both at a moment.
//!
//! Pure: the same policy, wishes and moment give the same result.

use std::time::SystemTime;

use serde::Serialize;
use tokio::time::Instant;

use crate::{
    config::shadow::{Policy, Schedule, Share},
    control::{Held, Position, Who, held::percent, position},
    shadow::Running,
};

use super::{Climb, decision::Stopped};

/// One thing that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Whether it copies.
    State,
    /// Which share.
    Rate,
    /// How many a second.
    MaxRps,
    /// Whether nothing is sent.
    DryRun,
    /// Which share of the answers is compared.
    CompareSample,
    /// What comparing its answers has come to.
    Comparison,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::State, Self::Rate, Self::MaxRps, Self::DryRun, Self::CompareSample];

    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Rate => "rate",
            Self::MaxRps => "max_rps",
            Self::DryRun => "dry_run",
            Self::CompareSample => "compare_sample",
            Self::Comparison => "comparison",
        }
    }
}

/// What was asked for and has not ended.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Another share.
    pub rate: Option<Held<Share>>,
    /// Another limit of copies per second; a wish for `None` lifts it.
    pub max_rps: Option<Held<Option<f64>>>,
    /// Whether nothing is sent.
    pub dry_run: Option<Held<bool>>,
    /// Another share of the copies whose answers are compared.
    pub compare_sample: Option<Held<Share>>,
    /// No copies, and who wanted that.
    pub pause: Option<Held<Who>>,
    /// The rule that stopped it. It stays until somebody resumes or resets the shadow, whatever else is asked for.
    pub stop: Option<Stopped>,
}

impl Overrides {
    /// Drops what has ended; gives what that was about.
    pub fn expire(&mut self, now: Instant) -> Vec<Setting> {
        let ended = [
            (Setting::State, Held::expire(&mut self.pause, now)),
            (Setting::Rate, Held::expire(&mut self.rate, now)),
            (Setting::MaxRps, Held::expire(&mut self.max_rps, now)),
            (Setting::DryRun, Held::expire(&mut self.dry_run, now)),
            (Setting::CompareSample, Held::expire(&mut self.compare_sample, now)),
        ];
        ended.into_iter().filter_map(|(setting, has_ended)| has_ended.then_some(setting)).collect()
    }

    /// Drops everything; gives what that was about.
    pub fn clear(&mut self) -> Vec<Setting> {
        let Self { rate, max_rps, dry_run, compare_sample, pause, stop } = std::mem::take(self);
        let held = [
            (Setting::State, pause.is_some() || stop.is_some()),
            (Setting::Rate, rate.is_some()),
            (Setting::MaxRps, max_rps.is_some()),
            (Setting::DryRun, dry_run.is_some()),
            (Setting::CompareSample, compare_sample.is_some()),
        ];
        held.into_iter().filter_map(|(setting, was_held)| was_held.then_some(setting)).collect()
    }
}

/// What the file says.
#[derive(Clone, Debug)]
pub struct Base {
    /// The share copied, unless there is a ramp.
    pub rate: Share,
    /// Copies per second.
    pub max_rps: Option<f64>,
    /// The share of the copies whose answers are compared; `None` where nothing is.
    pub compare_sample: Option<Share>,
    /// Ramp, ends, and whether it is a dry run.
    pub schedule: Schedule,
    /// When that was loaded.
    pub loaded: SystemTime,
}

impl Base {
    /// What a policy says that was loaded then; without one everything is copied.
    #[must_use]
    pub fn new(policy: Option<&Policy>, loaded: SystemTime) -> Self {
        Self {
            rate: policy.map_or(Share::ALL, |policy| policy.sample.rate),
            max_rps: policy.and_then(|policy| policy.limits.per_second),
            compare_sample: policy.and_then(|policy| Some(policy.compare.as_ref()?.sample)),
            schedule: policy.map_or_else(Schedule::default, |policy| policy.schedule.clone()),
            loaded,
        }
    }
}

/// What holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effective {
    /// Whether it copies, the switch over all shadows aside.
    pub running: Running,
    /// The share.
    pub rate: Share,
    /// Copies per second.
    pub max_rps: Option<f64>,
    /// Whether nothing is sent.
    pub dry_run: bool,
    /// The share of the copies whose answers are compared; `None` where nothing is.
    pub compare_sample: Option<Share>,
}

impl Effective {
    /// What comes of the file and the wishes at a moment; `climb` is where a ramp stands that rules hold back.
    #[must_use]
    pub fn at(base: &Base, overrides: &Overrides, climb: Option<&Climb>, now: SystemTime) -> Self {
        let position = position(&base.schedule, base.loaded, now);
        let of_climb = climb.zip(base.schedule.ramp.as_ref()).and_then(|(climb, ramp)| climb.rate(ramp));
        let of_ramp = match position {
            Position::Running(rate) => of_climb.or(rate),
            Position::Expired => None,
        };
        Self {
            running: match position {
                _ if overrides.stop.is_some() => Running::Stopped,
                _ if overrides.pause.is_some() => Running::Paused,
                Position::Expired => Running::Expired,
                Position::Running(_) => Running::On,
            },
            rate: overrides.rate.as_ref().map(|held| held.value).or(of_ramp).unwrap_or(base.rate),
            max_rps: overrides.max_rps.as_ref().map_or(base.max_rps, |held| held.value),
            dry_run: overrides.dry_run.as_ref().map_or(base.schedule.dry_run, |held| held.value),
            compare_sample: overrides.compare_sample.as_ref().map(|held| held.value).or(base.compare_sample),
        }
    }

    /// One setting as a word, for the audit.
    #[must_use]
    pub fn word(&self, setting: Setting) -> String {
        match setting {
            Setting::State => self.running.label().to_owned(),
            Setting::Rate => percent(self.rate),
            Setting::MaxRps => self.max_rps.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string()),
            Setting::DryRun => if self.dry_run { "on" } else { "off" }.to_owned(),
            Setting::CompareSample => self.compare_sample.map_or_else(|| "none".to_owned(), percent),
            // Of what it has come to nothing is set.
            Setting::Comparison => String::new(),
        }
    }
}
