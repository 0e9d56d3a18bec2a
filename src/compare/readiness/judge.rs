//! The judgement.

use serde::Serialize;

use crate::{
    compare::{Figures, Incomparable, counting::sums::share},
    stats::{
        anytime::{OF_VERDICTS, lower, lower_difference, upper, upper_difference},
        overhead::Difference,
    },
};

use super::{
    Code, Coverage, Evidence, Holding, Losses, ReadinessLimits, Reason, Situation,
    coverage::{coverage, covered, various},
};

/// How many names a reason has at most.
pub(super) const NAMES_MAX: usize = 10;

/// Whether a shadow can take the live backend's place, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Readiness {
    /// In a word.
    pub verdict: ReadinessVerdict,
    /// What speaks against it or can't be told yet, the worst first; empty when it is ready.
    pub reasons: Vec<Reason>,
    /// What speaks for it.
    pub holds: Vec<Reason>,
    /// What was measured against.
    pub limits: ReadinessLimits,
    /// The pairs it stands on.
    pub figures: Figures,
    /// How much of what can happen was seen.
    pub coverage: Coverage,
    /// The share of the copies that were wanted and not sent.
    pub dropped: f64,
    /// Of these, those that are the shadow's doing, as a share of all copies.
    pub dropped_by_shadow: f64,
}

/// The judgement in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessVerdict {
    /// Nothing speaks against it.
    Ready,
    /// Something does.
    NotReady,
    /// Nothing does, and something can't be told yet.
    NotEnoughData,
}

impl ReadinessVerdict {
    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not_ready",
            Self::NotEnoughData => "not_enough_data",
        }
    }
}

/// What comes of the evidence.
#[must_use]
pub fn readiness(evidence: &Evidence<'_>) -> Readiness {
    let [dropped_by_shadow, dropped] = dropped(evidence);
    let looked_at = [
        state(evidence),
        pairs(evidence),
        mismatches(evidence),
        fields(evidence),
        errors(evidence),
        latency(evidence),
        drops(evidence),
        comparable(evidence),
        covered(evidence),
        various(evidence),
        overhead(evidence),
    ];
    let (holds, mut reasons): (Vec<_>, Vec<_>) =
        looked_at.into_iter().partition(|reason| reason.holding == Holding::Holds);
    // A stable order: of equals the one that was looked at first.
    reasons.sort_by_key(|reason| reason.holding != Holding::Fails);
    Readiness {
        verdict: match reasons.first().map(|reason| reason.holding) {
            None | Some(Holding::Holds) => ReadinessVerdict::Ready,
            Some(Holding::Unknown) => ReadinessVerdict::NotEnoughData,
            Some(Holding::Fails) => ReadinessVerdict::NotReady,
        },
        reasons,
        holds,
        limits: evidence.outside.limits,
        figures: evidence.sums.figures(),
        coverage: coverage(evidence),
        dropped,
        dropped_by_shadow,
    }
}

fn state(evidence: &Evidence<'_>) -> Reason {
    let (holding, says) = match evidence.outside.situation {
        Situation::Running => (Holding::Holds, "it copies"),
        Situation::Expired => (Holding::Holds, "its time is over, or has not begun: what was seen counts"),
        Situation::Paused => (Holding::Unknown, "it is paused: nothing more is seen"),
        Situation::DryRun => (Holding::Unknown, "it is a dry run: nothing is sent"),
        Situation::NotCompared => (Holding::Unknown, "its answers are not compared"),
        Situation::Stopped => {
            (Holding::Fails, "a stop rule has stopped it: gnomon shadow status says which, resume ends it")
        }
        Situation::Killed => (Holding::Fails, "all shadows are switched off"),
    };
    Reason::new(Code::State, holding, says)
}

fn pairs(evidence: &Evidence<'_>) -> Reason {
    let (sums, wanted) = (evidence.sums, evidence.outside.limits.min_pairs);
    // That both sides fail alike says nothing about what they do when they don't.
    let healthy = sums.pairs().saturating_sub(sums.live_errors);
    let compared = sums.compared().min(healthy);
    let holding = if compared >= wanted { Holding::Holds } else { Holding::Unknown };
    let fell = if healthy < sums.compared() { " whose live answer is no error" } else { "" };
    let says = format!("{compared} pairs were compared{fell}, {wanted} are wanted");
    Reason::new(Code::Pairs, holding, says).measuring(float(compared), float(wanted))
}

/// The rate is surely low enough, surely too high, or there are too few pairs to tell.
fn mismatches(evidence: &Evidence<'_>) -> Reason {
    let (sums, limit) = (evidence.sums, evidence.outside.limits.mismatch_bound);
    let (differ, compared) = (sums.mismatches, sums.compared());
    let most = upper(differ, compared, OF_VERDICTS);
    let holding = if most <= limit {
        Holding::Holds
    } else if compared >= evidence.outside.limits.min_pairs && lower(differ, compared, OF_VERDICTS) > limit {
        Holding::Fails
    } else {
        Holding::Unknown
    };
    let seen = format!("{differ} of {compared} pairs differ");
    let says = match holding {
        Holding::Holds => format!("{seen}: at most {}, 95 times of 100", percent(most)),
        Holding::Fails => format!("{seen}: more than {}, 95 times of 100", percent(limit)),
        Holding::Unknown => format!(
            "{seen}: it may be up to {}, and {} is allowed; without another difference that takes {} pairs",
            percent(most),
            percent(limit),
            wanted_pairs(differ, compared, limit),
        ),
    };
    Reason::new(Code::Mismatches, holding, says).measuring(most, limit)
}

/// After how many pairs the bound would be low enough if no other differed; rounded up to two digits.
fn wanted_pairs(differ: u64, compared: u64, limit: f64) -> String {
    let (mut low, mut high) = (compared, compared.max(100));
    while upper(differ, high, OF_VERDICTS) > limit {
        low = high;
        match high.checked_mul(2) {
            Some(more) if more < 1 << 40 => high = more,
            _ => return "too many".to_owned(),
        }
    }
    while high - low > (high / 100).max(1) {
        let middle = u64::midpoint(low, high);
        if upper(differ, middle, OF_VERDICTS) > limit { low = middle } else { high = middle }
    }
    format!("about {high}")
}

fn fields(evidence: &Evidence<'_>) -> Reason {
    if evidence.different == 0 {
        let says = "no field is known to differ by more than noise";
        return Reason::new(Code::Fields, Holding::Holds, says).measuring(0.0, 0.0);
    }
    let names: Vec<String> = evidence.different_fields.iter().take(NAMES_MAX).cloned().collect();
    let says = match evidence.different {
        1 => "one field surely differs by more than noise".to_owned(),
        count => format!("{count} fields surely differ by more than noise"),
    };
    let says = if names.is_empty() { says } else { format!("{says}: {}", names.join(", ")) };
    Reason::new(Code::Fields, Holding::Fails, says).measuring(float(evidence.different), 0.0).naming(names)
}

/// It surely fails hardly more often, surely does, or there are too few pairs to tell.
fn errors(evidence: &Evidence<'_>) -> Reason {
    let (sums, limit) = (evidence.sums, evidence.outside.limits.error_delta);
    let (lone, pairs) = (sums.lone_errors(), sums.ended());
    let most = upper_difference(lone, pairs, OF_VERDICTS);
    let holding = if pairs < evidence.outside.limits.min_pairs {
        Holding::Unknown
    } else if most <= limit {
        Holding::Holds
    } else if lower_difference(lone, pairs, OF_VERDICTS) > limit {
        Holding::Fails
    } else {
        Holding::Unknown
    };
    let (failed, live) = (sums.shadow_errors, sums.live_errors);
    let bound = match holding {
        Holding::Fails => format!("more than {} more, 95 times of 100", percent(limit)),
        _ => format!("at most {} more, 95 times of 100; {} are allowed", percent(most), percent(limit)),
    };
    let says = format!("the shadow failed in {failed} of {pairs} pairs, the live side in {live}: {bound}");
    Reason::new(Code::Errors, holding, says).measuring(most, limit)
}

/// It surely is hardly slower, surely is slower, or there are too few answers to tell.
fn latency(evidence: &Evidence<'_>) -> Reason {
    let limit = evidence.outside.limits.p99_ratio;
    let reason = |holding, says: String| Reason::new(Code::Latency, holding, says);
    let Some(seen) = evidence.sums.p99_ratio(OF_VERDICTS) else {
        return reason(Holding::Unknown, "no pair has two answers to compare their times".to_owned());
    };
    let words = format!("its 99th percentile is {:.2} times the {} one", seen.ratio, seen.to.label());
    let enough = seen.interval.filter(|_| seen.answers >= evidence.outside.limits.min_pairs);
    let Some([low, high]) = enough else {
        let says = format!("{words}, of too few answers ({}) to be sure", seen.answers);
        return reason(Holding::Unknown, says).measuring(seen.ratio, limit);
    };
    let bound = format!("{words} ({low:.2} to {high:.2}, 95 times of 100); {limit} is allowed");
    let (holding, says) = if high <= limit {
        (Holding::Holds, bound)
    } else if low > limit {
        (Holding::Fails, bound)
    } else {
        (Holding::Unknown, format!("{bound}, and more answers will tell"))
    };
    reason(holding, says).measuring(seen.ratio, limit)
}

/// What the shadow has no room for speaks against it. What the gateway keeps back to protect itself does not; but what was
/// not sent was not compared, and those may well be the requests of the busiest hours.
fn drops(evidence: &Evidence<'_>) -> Reason {
    let limit = evidence.outside.limits.dropped;
    let ([by_shadow, part], [_, dropped]) = (dropped(evidence), evidence.outside.losses.counts());
    let all = dropped.saturating_add(evidence.outside.sent);
    let holding = match all {
        0 => Holding::Unknown,
        _ if by_shadow > limit => Holding::Fails,
        _ if part > limit => Holding::Unknown,
        _ => Holding::Holds,
    };
    let Losses { of_shadow, of_gateway } = evidence.outside.losses;
    let told = |whose: &str, reasons: &[(&str, u64)]| match reasons {
        [] => String::new(),
        _ => {
            let counts: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
            format!("; because of the {whose}: {}", counts.join(", "))
        }
    };
    let says = format!(
        "{dropped} of {all} copies were not sent ({}, {} is allowed): what was not sent was not compared{}{}",
        percent(part),
        percent(limit),
        told("shadow", of_shadow),
        told("gateway", of_gateway),
    );
    let names = of_shadow.iter().chain(of_gateway).map(|(reason, _)| (*reason).to_owned()).take(NAMES_MAX);
    Reason::new(Code::Drops, holding, says).measuring(part, limit).naming(names.collect())
}

/// The shares of the copies that were not sent: by the shadow's doing, and in all.
fn dropped(evidence: &Evidence<'_>) -> [f64; 2] {
    let [by_shadow, dropped] = evidence.outside.losses.counts();
    let all = dropped.saturating_add(evidence.outside.sent);
    [share(by_shadow, all), share(dropped, all)]
}

fn comparable(evidence: &Evidence<'_>) -> Reason {
    let (sums, limit) = (evidence.sums, evidence.outside.limits.incomparable);
    // Errors of either side are looked at elsewhere.
    let reasons = [
        Incomparable::TooLarge,
        Incomparable::Encoding,
        Incomparable::Memory,
        Incomparable::Budget,
        Incomparable::Panic,
    ];
    let counts = reasons.map(|reason| (reason.label(), sums.incomparable_for(reason)));
    let count: u64 = counts.iter().map(|(_, count)| count).sum();
    let part = share(count, sums.pairs());
    let holding = if part <= limit { Holding::Holds } else { Holding::Unknown };
    let names: Vec<String> =
        counts.iter().filter(|(_, count)| *count > 0).map(|(label, _)| (*label).to_owned()).collect();
    let why = if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
    let says = format!("{count} of {} pairs of answers could not be compared{why}", sums.pairs());
    Reason::new(Code::Comparable, holding, says).measuring(part, limit).naming(names)
}

/// It fails when live replies are surely slower; that they are not is seldom sure, and says nothing about the answers.
fn overhead(evidence: &Evidence<'_>) -> Reason {
    let reason = |holding, says: String| Reason::new(Code::Overhead, holding, says);
    let Some(overhead) = evidence.outside.overhead else {
        return reason(Holding::Holds, "without a hold-out nobody knows what it costs the clients".to_owned());
    };
    let (Some(Difference { difference, interval: Some([low, high]) }), Some([_, holdout])) =
        (overhead.p99, overhead.holdout_p99)
    else {
        return reason(Holding::Holds, "too few live replies to say what it costs the clients".to_owned());
    };
    // The share is one of a percentile that is not known better than this.
    let allowed = evidence.outside.limits.overhead_p99 * holdout;
    let holding = if low > allowed { Holding::Fails } else { Holding::Holds };
    let says = format!(
        "the 99th percentile of live replies is {difference:+.1} ms with it ({low:+.1} to {high:+.1}, 95 times of 100); \
         {allowed:.1} ms are allowed"
    );
    reason(holding, says).measuring(low, allowed)
}

/// A share for people: two digits after the point, four where it is small.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    format!("{}%", trimmed(percent, if percent < 1.0 { 4 } else { 2 }))
}

/// A number with at most so many digits after the point.
fn trimmed(number: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (number * scale).round() / scale
}

pub(super) fn float(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
    let count = count as f64;
    count
}
