//! The types of the keys of shadow policies.

use super::kind::Kind;
use crate::config::known::Scope;

const DISPATCHES: &[&str] = &["concurrent", "after_primary"];

/// The type of a key of a policy or of one of its groups.
pub(super) fn kind(scope: Scope, key: &str) -> Kind {
    match scope {
        Scope::Policy => policy(key),
        Scope::PolicySample => sample(key),
        Scope::PolicyMatch => conditions(key),
        Scope::PolicyLimits => limits(key),
        Scope::PolicyBody => body(key),
        Scope::PolicyHeaders => headers(key),
        Scope::PolicyBreaker => breaker(key),
        Scope::PolicyDispatch => Kind::Durations,
        Scope::PolicyRamp if key == "steps" => Kind::List(Scope::PolicyStep),
        Scope::PolicyStep if key == "rate" => Kind::Share,
        Scope::PolicyLoop if key == "max_hops" => Kind::Count,
        Scope::PolicyLoop => Kind::TextsOr(Scope::PolicyPeer),
        Scope::PolicyCompare => compare(key),
        Scope::PolicyBaseline => baseline(key),
        Scope::PolicyStop => stop(key),
        Scope::PolicyStore => store(key),
        Scope::PolicyNumbers if key == "abs" => Kind::Amount,
        Scope::PolicyText if key == "whitespace" => Kind::Choice(&["keep", "normalize"]),
        Scope::PolicyNumbers | Scope::PolicyText => Kind::Share,
        Scope::PolicyTimes => Kind::Duration,
        Scope::PolicyArrays => Kind::Text,
        Scope::PolicyMarks | Scope::PolicyRamp | Scope::PolicyPeer => Kind::Text,
        Scope::Overload | Scope::PolicyStep | Scope::PolicyNetwork => Kind::Duration,
        _ => Kind::Any,
    }
}

fn policy(key: &str) -> Kind {
    match key {
        "sample" => Kind::Scope(Scope::PolicySample),
        "match" => Kind::Scope(Scope::PolicyMatch),
        "limits" => Kind::Scope(Scope::PolicyLimits),
        "dispatch" => Kind::WordOr(DISPATCHES, Scope::PolicyDispatch),
        "when_primary_status" => Kind::Statuses,
        "body" => Kind::Scope(Scope::PolicyBody),
        "headers" => Kind::Scope(Scope::PolicyHeaders),
        "body_patch" => Kind::Object,
        "network" => Kind::Scope(Scope::PolicyNetwork),
        "breaker" => Kind::WordOr(&["off"], Scope::PolicyBreaker),
        "ramp" => Kind::WordOr(&["off"], Scope::PolicyRamp),
        "until" => Kind::Text,
        "ttl" => Kind::DurationOrOff,
        "dry_run" => Kind::Flag,
        "holdout" => Kind::Share,
        "loop" => Kind::Scope(Scope::PolicyLoop),
        "compare" => Kind::WordOr(&["off"], Scope::PolicyCompare),
        "store" => Kind::Scope(Scope::PolicyStore),
        "stop_on" => Kind::WordOr(&["off"], Scope::PolicyStop),
        _ => Kind::Any,
    }
}

fn sample(key: &str) -> Kind {
    match key {
        "rate" => Kind::Share,
        "key" => Kind::SampleKey,
        "on_missing_key" => Kind::Choice(&["skip", "random"]),
        _ => Kind::Text,
    }
}

fn conditions(key: &str) -> Kind {
    match key.trim_start_matches("not_") {
        "methods" => Kind::Texts,
        "path" | "content_type" => Kind::TextOrTexts,
        "headers" | "query" | "claims" => Kind::TextsMap,
        "max_content_length" => Kind::Size,
        "unsafe_methods" => Kind::Choice(&["deny", "allow"]),
        "idempotency_key" => Kind::Choice(&["suffix", "strip", "keep"]),
        _ => Kind::Text,
    }
}

fn limits(key: &str) -> Kind {
    match key {
        "max_rps" => Kind::Rate,
        "max_bytes_per_s" => Kind::SizeOrOff,
        "constant_rps" => Kind::Any,
        _ => Kind::Count,
    }
}

fn body(key: &str) -> Kind {
    match key {
        "mode" => Kind::Choice(&["buffer", "stream", "none"]),
        _ => Kind::Size,
    }
}

fn headers(key: &str) -> Kind {
    match key {
        "credentials" => Kind::Choice(&["strip", "forward", "replace"]),
        "trace" => Kind::Choice(&["link", "inherit", "off"]),
        "set" => Kind::TextMap,
        "mark" => Kind::FlagOr(Scope::PolicyMarks),
        "host" => Kind::Text,
        _ => Kind::Texts,
    }
}

fn breaker(key: &str) -> Kind {
    match key {
        "ratio" => Kind::Share,
        "consecutive" | "minimum" => Kind::Count,
        _ => Kind::Duration,
    }
}

fn compare(key: &str) -> Kind {
    match key {
        "sample" => Kind::Share,
        "against" => Kind::Against,
        "stage" => Kind::Choice(&["raw", "processed"]),
        "status" => Kind::StatusRule,
        "headers" => Kind::TextsOrAll,
        "body" => Kind::Choice(&["auto", "json", "text", "bytes", "hash", "none"]),
        "ignore" | "only" => Kind::Paths,
        "arrays" => Kind::MapOfWordOr(&["ordered", "set"], Scope::PolicyArrays),
        "numbers" => Kind::MapOf(Scope::PolicyNumbers),
        "times" => Kind::MapOf(Scope::PolicyTimes),
        "shapes" => Kind::Shapes,
        "strings" => Kind::StringRules,
        "null_is_missing" => Kind::Flag,
        "text" => Kind::Scope(Scope::PolicyText),
        "max_body" => Kind::Size,
        "max_values" => Kind::Count,
        "baseline" => Kind::WordOr(&["off"], Scope::PolicyBaseline),
        _ => Kind::Texts,
    }
}

fn baseline(key: &str) -> Kind {
    match key {
        "mode" => Kind::Choice(&["off", "dual_primary", "learned", "diffy"]),
        "sample" => Kind::Share,
        "learn_for" => Kind::Duration,
        _ => Kind::Count,
    }
}

fn store(key: &str) -> Kind {
    match key {
        "values" => Kind::Choice(&["redacted", "shape", "raw"]),
        "ttl" => Kind::Duration,
        _ => Kind::Texts,
    }
}

fn stop(key: &str) -> Kind {
    match key {
        "p99_ratio" => Kind::Rate,
        "min_pairs" => Kind::Count,
        "window" => Kind::Duration,
        "action" => Kind::Choice(&["pause", "kill"]),
        "webhook" => Kind::Text,
        _ => Kind::ShareOrOff,
    }
}
