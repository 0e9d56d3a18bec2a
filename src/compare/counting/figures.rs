//! What pairs add up to, as figures for pages, programs and the judgement of readiness.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    compare::Incomparable,
    stats::{
        anytime::{self, OF_VERDICTS},
        latency::Latencies,
        overhead::quantile_interval,
        snapshot::LatencySnapshot,
    },
};

use super::{OUTCOMES, StatusCount, Sums};

/// The figures of some pairs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Pairs that were looked at.
    pub pairs: u64,
    /// Of those, the ones that could be compared.
    pub compared: u64,
    /// Compared and the same.
    #[serde(rename = "match")]
    pub matches: u64,
    /// Compared, and only what the rules ignore differs.
    pub ignored: u64,
    /// Compared, and only noise differs.
    pub noise: u64,
    /// Compared and different.
    pub mismatch: u64,
    /// Not compared, by reason; reasons without a pair are absent.
    pub incomparable: BTreeMap<&'static str, u64>,
    /// The share of the compared pairs that differ.
    pub mismatch_rate: f64,
    /// The true share is at most this, 95 times of 100 for however often somebody looks; 1 while nothing was compared.
    pub mismatch_bound: f64,
    /// Pairs whose live call gave no answer, or a 5xx one.
    pub live_errors: u64,
    /// Pairs whose shadow call did.
    pub shadow_errors: u64,
    /// The share of pairs by which the shadow fails more often than the live side.
    pub error_delta: f64,
    /// The true one is at most this, in the same sense.
    pub error_bound: f64,
    /// Second live calls that the live backend's own limit or breaker left no room for.
    pub second_calls_refused: u64,
    /// How both calls ended; combinations without a pair are absent.
    pub matrix: Vec<MatrixCell>,
    /// Pairs by the status of the live answer.
    pub statuses: Vec<StatusCount>,
    /// Pairs with statuses beyond those that are told apart.
    pub other_statuses: u64,
    /// How long answers took.
    pub latency: LatencyFigures,
    /// How much slower the shadow is; null until both sides have an answer.
    pub p99_ratio: Option<Ratio>,
}

/// How often a pair ended like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixCell {
    /// The live call, one of [`OUTCOMES`].
    pub live: &'static str,
    /// The shadow's.
    pub shadow: &'static str,
    /// So often.
    pub pairs: u64,
}

/// How long the answers of pairs took, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LatencyFigures {
    /// Live ones.
    pub live: LatencySnapshot,
    /// The shadow's.
    pub shadow: LatencySnapshot,
    /// Second live ones.
    pub baseline: LatencySnapshot,
    /// The shadow's in pairs that have a second live answer.
    pub shadow_beside_baseline: LatencySnapshot,
}

/// The shadow's 99th percentile by that of another side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// Which side.
    pub to: Reference,
    /// The ratio that was seen.
    pub ratio: f64,
    /// Between these the true one lies, 95 times of 100 for however often somebody looks; null while there are too few
    /// answers to say.
    pub interval: Option<[f64; 2]>,
    /// Answers of the side that has fewer.
    pub answers: u64,
}

/// What the shadow's latency is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The live answer, which came first and may have warmed what both use: it flatters the shadow.
    Live,
    /// The second live answer, which was asked for at the same moment as the shadow's.
    Baseline,
}

impl Reference {
    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Baseline => "baseline",
        }
    }
}

impl Sums {
    /// How much slower the shadow is than the second live answer, if enough of those came to say how sure that is; else
    /// than the first. With an interval that does not hold, ever, so often: see [`anytime`].
    #[must_use]
    pub fn p99_ratio(&self, missed: f64) -> Option<Ratio> {
        let fair = ratio((&self.shadow_beside_baseline, &self.baseline), Reference::Baseline, missed);
        let fair = fair.filter(|ratio| ratio.interval.is_some());
        fair.or_else(|| ratio((&self.shadow, &self.live), Reference::Live, missed))
    }

    /// All there is to tell.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let incomparable = Incomparable::ALL.iter().map(|reason| (reason.label(), self.incomparable_for(*reason)));
        Figures {
            pairs: self.pairs(),
            compared: self.compared(),
            matches: self.matches,
            ignored: self.ignored,
            noise: self.noise,
            mismatch: self.mismatches,
            incomparable: incomparable.filter(|(_, count)| *count > 0).collect(),
            mismatch_rate: self.mismatch_rate(),
            mismatch_bound: anytime::upper(self.mismatches, self.compared(), OF_VERDICTS),
            live_errors: self.live_errors,
            shadow_errors: self.shadow_errors,
            error_delta: self.error_delta(),
            error_bound: anytime::upper_difference(self.lone_errors(), self.ended(), OF_VERDICTS),
            second_calls_refused: self.baseline_refused,
            matrix: self.cells(),
            statuses: self.statuses.told_apart().to_vec(),
            other_statuses: self.statuses.others(),
            latency: LatencyFigures {
                live: LatencySnapshot::new(&self.live),
                shadow: LatencySnapshot::new(&self.shadow),
                baseline: LatencySnapshot::new(&self.baseline),
                shadow_beside_baseline: LatencySnapshot::new(&self.shadow_beside_baseline),
            },
            p99_ratio: self.p99_ratio(OF_VERDICTS),
        }
    }

    /// The matrix, cell by cell, without empty ones.
    #[must_use]
    pub fn cells(&self) -> Vec<MatrixCell> {
        let rows = OUTCOMES.iter().zip(&self.matrix);
        let cells = rows.flat_map(|(live, row)| {
            OUTCOMES.iter().zip(row).map(|(shadow, pairs)| MatrixCell { live, shadow, pairs: *pairs })
        });
        cells.filter(|cell| cell.pairs > 0).collect()
    }
}

/// The ratio of both 99th percentiles. Its interval is made of those of both, each of which may fail half as often.
fn ratio((shadow, reference): (&Latencies, &Latencies), to: Reference, missed: f64) -> Option<Ratio> {
    // Nothing is faster than the clock can tell.
    let milliseconds = |of: &Latencies| f64::from(of.quantile_us(0.99).max(1)) / 1e3;
    let answers = shadow.count().min(reference.count());
    if answers == 0 {
        return None;
    }
    let lies = |of: &Latencies| quantile_interval(of, 0.99, missed / 2.0).map(|ends| ends.map(|end| end.max(1e-3)));
    let interval = lies(shadow)
        .zip(lies(reference))
        .map(|([one_low, one_high], [other_low, other_high])| [one_low / other_high, one_high / other_low]);
    Some(Ratio { to, ratio: milliseconds(shadow) / milliseconds(reference), interval, answers })
}
