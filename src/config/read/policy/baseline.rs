//! `compare.baseline`: where the noise of a field is known from.

use std::time::Duration;

use super::Layers;
use crate::config::{
    diagnostic::Findings,
    shadow::{Baseline, BaselineMode, Share},
};

const LEARN_FOR: Duration = Duration::from_secs(3600);
/// From which a regression of 1 % is found beside 1 % of noise; see `benches/noise`.
const LEARN_PAIRS: u64 = 6400;
const LEARN_PAIRS_MAX: usize = 1_000_000_000;

/// Reads the group of a `compare`.
pub(super) fn baseline(compare: &Layers<'_>, findings: &mut Findings) -> Baseline {
    let group = compare.group("baseline");
    let lasts = group.key("learn_for").strict_positive_time(findings).unwrap_or(LEARN_FOR);
    let pairs = group.key("learn_pairs").strict_count(findings, 1..=LEARN_PAIRS_MAX);
    let pairs = pairs.and_then(|pairs| u64::try_from(pairs).ok()).unwrap_or(LEARN_PAIRS);
    let modes = [
        ("off", BaselineMode::Off),
        ("dual_primary", BaselineMode::DualPrimary),
        ("learned", BaselineMode::Learned { lasts, pairs }),
        ("diffy", BaselineMode::Diffy),
    ];
    let mode = group.key("mode").strict_choice(findings, &modes).unwrap_or(BaselineMode::Off);
    let sample = group.key("sample").strict_share(findings).or(Share::of_ratio(0.2)).unwrap_or(Share::ALL);
    let is_off = compare.key("baseline").is_off();
    Baseline { mode: if is_off { BaselineMode::Off } else { mode }, sample }
}
