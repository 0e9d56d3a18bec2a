//! A service with noise, and a shadow that may have a regression, played from a seed.
//!
//! Each of ten fields has a value that is the right one or, with the same chance in every answer, another one that no
//! other answer has. So the pairs of A and B differ at the rate that is asked for, and as in life a wrong A makes both B
//! and C differ. With a regression, C has in the first field a wrong value for another reason in that share of the pairs.
//! `benches/noise` plays the same.

use std::time::{Duration, SystemTime};

use super::{Baseline, BaselineMode, Decision, DifferenceKind, Fields, Share};

const PATHS: [&str; 10] = ["$.a", "$.b", "$.c", "$.d", "$.e", "$.f", "$.g", "$.h", "$.i", "$.j"];

/// So often somebody looks at all decisions, in pairs.
const WATCHED_EVERY: u64 = 50;

/// What is played.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    /// The rate at which A and B differ in a field.
    pub(crate) noise: f64,
    /// The additional rate at which C is wrong in the first field.
    pub(crate) regression: f64,
    pub(crate) pairs: u64,
}

/// What was decided.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// A field without a regression was called different when somebody looked.
    pub(crate) alarm_ever: bool,
    /// The same, at the end.
    pub(crate) alarm_at_end: bool,
    /// The field with the regression was called different when somebody looked.
    pub(crate) found_ever: bool,
    /// The same, at the end.
    pub(crate) found_at_end: bool,
}

/// Plays a scene once, before the eyes of each mode.
pub(crate) fn play(scene: Scene, modes: &[BaselineMode], seed: u64) -> Vec<Outcome> {
    let mut chance = fastrand::Rng::with_seed(seed);
    // One draw for the three answers, 21 bits for each.
    let wrong = ((1.0 - (1.0 - scene.noise).sqrt()) * f64::from(1_u32 << 21)).round() as u64;
    let mut all: Vec<(Fields, Outcome)> = modes.iter().map(|mode| (fields(*mode), Outcome::default())).collect();
    let (mut shadow, mut baseline) = (Vec::new(), Vec::new());
    for pair in 1..=scene.pairs {
        shadow.clear();
        baseline.clear();
        for (place, path) in PATHS.into_iter().enumerate() {
            let draw = chance.u64(..);
            let [a, b, c] = [0, 21, 42].map(|bits| (draw >> bits) & ((1 << 21) - 1) < wrong);
            let is_regressed = place == 0 && chance.f64() < scene.regression;
            shadow.extend((a || c || is_regressed).then_some((path, DifferenceKind::Value)));
            baseline.extend((a || b).then_some((path, DifferenceKind::Value)));
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(pair);
        for (fields, outcome) in &mut all {
            let second = fields.wants_baseline(now).then(|| baseline.iter().copied());
            fields.record(shadow.iter().copied(), second, now);
            if pair % WATCHED_EVERY == 0 {
                watch(fields, scene.regression > 0.0, outcome);
            }
        }
    }
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

fn watch(fields: &Fields, has_regression: bool, outcome: &mut Outcome) {
    let is_different = |path: &&str| fields.decision(path, DifferenceKind::Value) == Some(Decision::Different);
    let (regressed, sound) = PATHS.split_at(usize::from(has_regression));
    outcome.alarm_at_end = sound.iter().any(is_different);
    outcome.found_at_end = regressed.iter().any(is_different);
    outcome.alarm_ever |= outcome.alarm_at_end;
    outcome.found_ever |= outcome.found_at_end;
}

fn fields(mode: BaselineMode) -> Fields {
    Fields::new(&Baseline { mode, sample: Share::ALL })
}
