//! A policy in one line, for people.

use std::{fmt::Write, time::SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};

use crate::config::{Split, Variant};

use super::{
    Against, BaselineMode, BodyMode, Compare, Credentials, Criterion, Dispatch, Limits, Policy, Ramp, Rewrite,
    SampleKey, Schedule, Share, StatusSet, StopAction, StopOn, Writes,
};

impl Policy {
    /// The policy in one line, `10% by jwt:sub, GET only, ≤200/s, holdout 5%`; `params` are those of the endpoint.
    #[must_use]
    pub fn summary(&self, params: &[String]) -> String {
        let mut parts = vec![share_by(self.sample.rate, &self.sample.key, self.schedule.ramp.as_ref(), params)];
        parts.extend(self.conditions.0.iter().map(condition));
        if let Writes::Allowed(reason) = &self.writes {
            parts.push(format!("writes allowed ({reason})"));
        }
        limits(&self.limits, &mut parts);
        parts.extend(dispatch(self.dispatch, self.when_status.as_ref()));
        match self.body {
            BodyMode::Buffer => {}
            BodyMode::Stream(_) => parts.push("bodies streamed".to_owned()),
            BodyMode::None => parts.push("without bodies".to_owned()),
        }
        rewrite(&self.rewrite, &mut parts);
        if self.breaker.is_none() {
            parts.push("no breaker".to_owned());
        }
        schedule(&self.schedule, &mut parts);
        if self.holdout != Share::NONE {
            parts.push(format!("holdout {}", percent(self.holdout)));
        }
        parts.extend(self.compare.as_deref().map(comparison));
        parts.extend(self.stop_on.as_ref().map(stop));
        parts.join(", ")
    }
}

impl Split {
    /// The part of a variant in one line, `5% by cookie:sid`; `params` are those of the endpoint.
    #[must_use]
    pub fn share_of(&self, variant: &Variant, params: &[String]) -> String {
        share_by(variant.rate, &self.key, self.ramp.as_ref(), params)
    }
}

fn share_by(rate: Share, key: &SampleKey, ramp: Option<&Ramp>, params: &[String]) -> String {
    let mut text = match ramp {
        Some(ramp) => {
            let rates: Vec<_> = ramp.steps.iter().map(|step| percent(step.rate)).collect();
            format!("{} from {}", rates.join(" → "), time(ramp.start))
        }
        None => percent(rate),
    };
    let key = match key {
        SampleKey::Random => return text,
        SampleKey::Header(name) => format!("header:{name}"),
        SampleKey::Cookie(name) => format!("cookie:{name}"),
        SampleKey::Claim(name) => format!("jwt:{name}"),
        SampleKey::Query(name) => format!("query:{name}"),
        SampleKey::Param(place) => format!("param:{}", params.get(*place).map_or("?", String::as_str)),
        SampleKey::Path => "path".to_owned(),
        SampleKey::Address => "ip".to_owned(),
        SampleKey::TraceId => "trace_id".to_owned(),
    };
    // Writing to a string cannot fail.
    let _ = write!(text, " by {key}");
    text
}

fn condition(condition: &Criterion) -> String {
    match condition {
        Criterion::Methods(methods) => format!("{} only", methods.join(" ")),
        Criterion::NotMethods(methods) => format!("not {}", methods.join(" ")),
        Criterion::Path(_) => "if the path matches".to_owned(),
        Criterion::NotPath(_) => "unless the path matches".to_owned(),
        Criterion::Header(name, _) => format!("if header {name} matches"),
        Criterion::NotHeader(name, _) => format!("unless header {name} matches"),
        Criterion::Query(name, _) => format!("if query {name} matches"),
        Criterion::NotQuery(name, _) => format!("unless query {name} matches"),
        Criterion::Claim(name, _) => format!("if claim {name} matches"),
        Criterion::NotClaim(name, _) => format!("unless claim {name} matches"),
        Criterion::ContentType(_) => "if the content type matches".to_owned(),
        Criterion::NotContentType(_) => "unless the content type matches".to_owned(),
        Criterion::MaxContentLength(bytes) => format!("up to {bytes} B announced"),
    }
}

fn limits(limits: &Limits, parts: &mut Vec<String>) {
    parts.extend(limits.per_second.map(|rate| format!("≤{rate}/s")));
    parts.extend(limits.bytes_per_second.map(|bytes| format!("≤{bytes} B/s")));
    if limits.multiplier > 1 {
        parts.push(format!("×{}", limits.multiplier));
    }
}

fn dispatch(dispatch: Dispatch, when: Option<&StatusSet>) -> Option<String> {
    if let Some(set) = when {
        let classes = set.classes.iter().map(|class| format!("{class}xx"));
        let names: Vec<_> = classes.chain(set.codes.iter().map(u16::to_string)).collect();
        return Some(format!("after a live {}", names.join(" or ")));
    }
    match dispatch {
        Dispatch::Concurrent => None,
        Dispatch::AfterLive => Some("after the live answer".to_owned()),
        Dispatch::Delayed(shortest, longest) => Some(format!("{shortest:?} to {longest:?} later")),
    }
}

fn rewrite(rewrite: &Rewrite, parts: &mut Vec<String>) {
    match rewrite.credentials {
        Credentials::Strip => {}
        Credentials::Forward => parts.push("credentials forwarded".to_owned()),
        Credentials::Replace => parts.push("credentials of its own".to_owned()),
    }
    if rewrite.marks.is_none() {
        parts.push("unmarked".to_owned());
    }
}

fn schedule(schedule: &Schedule, parts: &mut Vec<String>) {
    parts.extend(schedule.until.map(|until| format!("until {}", time(until))));
    parts.extend(schedule.ttl.map(|ttl| format!("for {ttl:?}")));
    if schedule.dry_run {
        parts.push("dry run".to_owned());
    }
}

fn comparison(compare: &Compare) -> String {
    let against = match compare.against {
        Against::Backend(place) => format!("backend:{place}"),
        Against::Merged(place) => format!("merged:{place}"),
    };
    let share = if compare.sample == Share::ALL { String::new() } else { format!("{} ", percent(compare.sample)) };
    let baseline = match compare.baseline.mode {
        BaselineMode::Off => "",
        BaselineMode::DualPrimary => " and a second live answer",
        BaselineMode::Learned { .. } => " and a second live answer at first",
        BaselineMode::Diffy => " and a second live answer as Diffy does",
    };
    format!("{share}compared with {against}{baseline}")
}

fn stop(rules: &StopOn) -> String {
    let name = |rule: Option<f64>, name| rule.map(|_| name);
    let names = [
        name(rules.mismatch_rate, "mismatches"),
        name(rules.error_delta, "errors"),
        name(rules.p99_ratio, "slowness"),
        name(rules.overhead_p99, "overhead"),
    ];
    let names: Vec<_> = names.into_iter().flatten().collect();
    let action = if rules.action == StopAction::Kill { "all killed" } else { "paused" };
    format!("{action} on {}", names.join(" or "))
}

fn time(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// `12.5%`, with four decimals at most; what is less than those is still not nothing.
fn percent(share: Share) -> String {
    let rounded = (share.ratio() * 1_000_000.0).round() / 10_000.0;
    if rounded == 0.0 && share != Share::NONE { "<0.0001%".to_owned() } else { format!("{rounded}%") }
}
