//! How much of what can happen was seen: statuses, paths, queries, places in answers, and what the policy keeps out.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::compare::{
    counting::{StatusCount, sums::share},
    variety::{AskedFor, KNOWN_MAX},
};

use super::{
    Code, Evidence, Holding, Reason,
    judge::{NAMES_MAX, float, percent},
};

/// How much of what can happen was seen.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// The share of the live answers whose status was compared at least once; 0 without any.
    pub answers: f64,
    /// Statuses of live answers.
    pub statuses_seen: usize,
    /// Of those, the ones that were compared at least once.
    pub statuses_compared: usize,
    /// Different places that were seen in answers.
    pub field_patterns: u64,
    /// Different paths that were asked for in compared pairs, 1024 for as many or more.
    pub paths: u64,
    /// Different queries, none among them; in the same way.
    pub queries: u64,
    /// Requests to the endpoint since the comparison began.
    pub requests: u64,
    /// Of those, the ones that the policy keeps out, by reason: nothing is known of such.
    pub kept_out: BTreeMap<&'static str, u64>,
}

/// Whether some pair was compared of each status that live answers have.
pub(super) fn covered(evidence: &Evidence<'_>) -> Reason {
    let (coverage, limit) = (coverage(evidence), evidence.outside.limits.coverage);
    let holding = if coverage.answers >= limit { Holding::Holds } else { Holding::Unknown };
    let left = evidence.sums.statuses.told_apart().iter().filter(|count| count.compared == 0);
    let names: Vec<String> = left.map(|count| count.status.to_string()).take(NAMES_MAX).collect();
    let never = if names.is_empty() { String::new() } else { format!("; never compared: {}", names.join(", ")) };
    let says = format!(
        "{} of {} live statuses were compared, which {} of the live answers had{never}",
        coverage.statuses_compared,
        coverage.statuses_seen,
        percent(coverage.answers)
    );
    Reason::new(Code::Coverage, holding, says).measuring(coverage.answers, limit).naming(names)
}

pub(super) fn coverage(evidence: &Evidence<'_>) -> Coverage {
    let statuses = &evidence.sums.statuses;
    let compared = |count: &&StatusCount| count.compared > 0;
    let answers = statuses.told_apart().iter().filter(compared).map(|count| count.pairs).sum();
    Coverage {
        answers: share(answers, statuses.pairs()),
        statuses_seen: statuses.told_apart().len(),
        statuses_compared: statuses.told_apart().iter().filter(compared).count(),
        field_patterns: evidence.field_patterns,
        paths: evidence.asked_for.paths,
        queries: evidence.asked_for.queries,
        requests: evidence.outside.offered,
        kept_out: evidence.outside.kept_out.iter().copied().collect(),
    }
}

/// Who asked for one thing only has seen nothing of the others. What the policy keeps out is kept out on purpose, and told.
pub(super) fn various(evidence: &Evidence<'_>) -> Reason {
    let (path, AskedFor { paths, queries }) = (evidence.outside.path, evidence.asked_for);
    let has_many = path.contains(['{', '*']);
    let wanted = if has_many { 2 } else { 1 };
    let holding = if paths >= wanted { Holding::Holds } else { Holding::Unknown };
    let told = |count: u64, what: &str| match count {
        1 => format!("one {what}"),
        count if count >= KNOWN_MAX as u64 => format!("{count} or more {}", plural(what)),
        count => format!("{count} {}", plural(what)),
    };
    let only = if has_many && paths == 1 { format!(", and {path} has more of them") } else { String::new() };
    let kept_out: Vec<String> =
        evidence.outside.kept_out.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
    let rest = match kept_out.as_slice() {
        [] => String::new(),
        _ => format!("; of {} requests the policy keeps out: {}", evidence.outside.offered, kept_out.join(", ")),
    };
    let says = format!("{} and {} were asked for{only}{rest}", told(paths, "path"), told(queries, "query"));
    let names = evidence.outside.kept_out.iter().map(|(reason, _)| (*reason).to_owned()).take(NAMES_MAX);
    Reason::new(Code::Variety, holding, says).measuring(float(paths), float(wanted)).naming(names.collect())
}

fn plural(of: &str) -> &'static str {
    if of == "path" { "paths" } else { "queries" }
}
