//! What a policy is when backend, endpoint and service are put together.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::read;
use crate::config::{
    Service,
    shadow::{
        BodyMode, Breaker, CREDENTIAL_QUERY, Credentials, Criterion, Dispatch, IdempotencyKey, OnMissingKey, Peer,
        Policy, Ramp, RampStep, SampleKey, Secret, Share, StatusSet, TextPattern, TraceContext, Writes,
    },
};

/// A service with an endpoint and a shadow; `null` leaves a place out.
fn document(backend: &Value, endpoint: &Value, service: &Value) -> Value {
    json!({
        "version": 3, "name": "shop", "extra_config": {"@shadow": service},
        "endpoints": [{
            "endpoint": "/a/{id}/{item}",
            "extra_config": {"@shadow": endpoint, "auth/validator": {"auth_header_name": "X-Token"}},
            "backend": [
                {"host": ["live"]},
                {"host": ["shadow"], "extra_config": {
                    "auth/client-credentials": {}, "proxy": {"shadow": true, "@shadow_policy": backend},
                }},
            ],
        }],
    })
}

fn service_of(document: &Value) -> Service {
    let loaded = read("k.json", &document.to_string());
    loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
}

fn policy_of(document: &Value) -> Option<Arc<Policy>> {
    service_of(document).endpoints[0].backends[1].shadow.as_ref().and_then(|shadow| shadow.policy.clone())
}

fn policy(backend: &Value, endpoint: &Value, service: &Value) -> Arc<Policy> {
    policy_of(&document(backend, endpoint, service)).expect("policy mode")
}

const NOTHING: Value = Value::Null;

#[test]
fn an_object_anywhere_makes_policy_mode_and_bounds_do_not() {
    for (backend, endpoint, service, is_policy) in [
        (NOTHING, NOTHING, NOTHING, false),
        (NOTHING, NOTHING, json!({}), false),
        (NOTHING, NOTHING, json!({"max_concurrent": 1, "threads": 1, "overload": "off", "kill_file": "k"}), false),
        (NOTHING, NOTHING, json!({"sample": null}), false),
        (NOTHING, NOTHING, json!({"sample": {}}), true),
        (NOTHING, NOTHING, json!({"dry_run": false}), true),
        (NOTHING, json!({}), NOTHING, true),
        (json!({}), NOTHING, NOTHING, true),
    ] {
        let found = policy_of(&document(&backend, &endpoint, &service));
        assert_eq!(found.is_some(), is_policy, "{backend} {endpoint} {service}");
    }
}

#[test]
fn both_spellings_say_the_same() {
    let mut document = document(&NOTHING, &NOTHING, &NOTHING);
    document["endpoints"][0]["backend"][1]["extra_config"]["proxy"] =
        json!({"shadow": true, "shadow_policy": {"sample": {"rate": 0}}});
    assert_eq!(policy_of(&document).unwrap().sample.rate, Share::NONE);
}

#[test]
fn an_empty_policy_has_the_careful_defaults() {
    let policy = policy(&json!({}), &NOTHING, &NOTHING);
    assert_eq!(
        (policy.sample.rate, &policy.sample.key, policy.sample.salt.as_str()),
        (Share::ALL, &SampleKey::Random, "shop")
    );
    assert_eq!(policy.sample.on_missing_key, OnMissingKey::Skip);
    assert!(policy.conditions.0.is_empty() && policy.writes == Writes::Denied);
    assert!(policy.loop_guard.max_hops == 1 && policy.loop_guard.trusted.is_empty());
    let limits = policy.limits;
    assert_eq!((limits.concurrent_max, limits.queue_max, limits.multiplier), (64, 256, 1));
    assert_eq!((limits.per_second, limits.bytes_per_second), (None, None));
    assert_eq!((limits.request_bytes_max, limits.response_bytes_max), (1 << 20, 1 << 20));
    assert_eq!((policy.dispatch, &policy.when_status, policy.body), (Dispatch::Concurrent, &None, BodyMode::Buffer));
    let rewrite = &policy.rewrite;
    assert_eq!((rewrite.credentials, rewrite.trace), (Credentials::Strip, TraceContext::Link));
    assert_eq!(rewrite.idempotency_key, IdempotencyKey::Suffix);
    assert_eq!(rewrite.credential_headers[..4], ["authorization", "proxy-authorization", "cookie", "x-api-key"]);
    assert_eq!((rewrite.credential_headers.len(), &rewrite.credential_headers[10]), (11, &"x-token".parse().unwrap()));
    assert_eq!(rewrite.credential_query, CREDENTIAL_QUERY);
    assert!(rewrite.set.is_empty() && rewrite.remove.is_empty() && rewrite.allow.is_none() && rewrite.host.is_none());
    let marks = rewrite.marks.as_ref().unwrap();
    assert_eq!([&marks.request, &marks.id, &marks.sent_at], ["x-shadow-request", "x-shadow-id", "x-shadow-sent-at"]);
    assert_eq!(rewrite.body_patch, None);
    let seconds = Duration::from_secs;
    assert_eq!((policy.network.connect_timeout, policy.network.idle_timeout), (seconds(1), seconds(30)));
    let (window, open, open_max) = (seconds(10), seconds(5), seconds(60));
    assert_eq!(policy.breaker, Some(Breaker { consecutive: 10, ratio: 0.5, minimum: 20, window, open, open_max }));
    let schedule = &policy.schedule;
    assert!(schedule.ramp.is_none() && schedule.until.is_none() && schedule.ttl.is_none() && !schedule.dry_run);
    assert_eq!(Some(policy.holdout), Share::of_ratio(0.05));
}

#[test]
fn overload_is_on_unless_it_is_off_and_says_whether_it_was_written() {
    let overload = |service: Value| {
        let shadow = service_of(&document(&NOTHING, &NOTHING, &service)).shadow;
        (shadow.overload_lag.map(|lag| lag.as_millis()), shadow.overload_explicit)
    };
    assert_eq!(overload(json!({})), (Some(50), false));
    assert_eq!(overload(json!({"overload": {}})), (Some(50), true));
    assert_eq!(overload(json!({"overload": {"lag": "20ms"}})), (Some(20), true));
    assert_eq!(overload(json!({"overload": "off"})), (None, true));
    let shadow = service_of(&document(&NOTHING, &NOTHING, &json!({"kill_file": "/run/stop"}))).shadow;
    assert_eq!(shadow.kill_file.as_deref(), Some(std::path::Path::new("/run/stop")));
}

/// A policy with something of everything.
pub(in crate::config) fn rich() -> Value {
    json!({
        "sample": {"rate": "25%", "key": "param:item", "salt": "s", "on_missing_key": "random"},
        "match": {
            "methods": ["get"], "not_methods": ["HEAD"], "path": "/a/*", "not_path": ["/a/1", "~x$"],
            "headers": {"X-A": "*"}, "not_headers": {"x-b": ["1", "2*"]}, "query": {"q": "x"}, "not_query": {"r": "y"},
            "claims": {"sub": "u"}, "not_claims": {"iss": "v"}, "content_type": "Text/*",
            "not_content_type": "Text/Html", "max_content_length": "1KiB",
            "unsafe_methods": "allow", "unsafe_reason": " mine ", "idempotency_key": "keep",
        },
        "limits": {"max_concurrent": 1, "queue": 0, "max_rps": 0.5, "max_bytes_per_s": "1MiB", "multiplier": 1},
        "when_primary_status": ["2xx", "404", 409],
        "body": {"mode": "none", "max_request": 1, "max_response": 2},
        "headers": {
            "credentials": "replace", "credential_headers": ["X-Key", "X-Token"],
            "credential_query": ["SID", "token"], "set": {"X-Env": "shadow"},
            "remove": ["X-C"], "allow": ["X-A"], "host": "s.test:81", "mark": {"id": "X-Shadow-Pair"}, "trace": "off",
        },
        "network": {"connect_timeout": "2s", "idle_timeout": "0s"},
        "breaker": {"consecutive": 1, "ratio": "100%", "minimum": 2, "window": "1s", "open": "2s", "max_open": "2s"},
        "ramp": {"start": "2026-12-01T09:00:00+01:00", "steps": [{"rate": "1%", "for": "1h"}, {"rate": 1}]},
        "until": "1970-01-01T00:01:00.5Z", "ttl": "1h", "dry_run": true, "holdout": 0,
        "loop": {"max_hops": 2, "trusted_marks": ["10.0.0.0/8", "::1", {"key": "0123456789abcdef", "name": "east"}]},
        "compare": super::comparisons::rich(),
        "store": {"values": "shape", "ttl": "2h", "redact": ["IBAN", " pin "]},
        "stop_on": {
            "mismatch_rate": "1%", "error_delta": 0.02, "p99_ratio": 3, "min_pairs": 7, "window": "1m",
            "action": "kill", "webhook": "https://hooks.test/shadows",
        },
    })
}

#[test]
fn every_key_is_read() {
    let policy = policy(&rich(), &NOTHING, &NOTHING);
    assert_eq!((Some(policy.sample.rate), &policy.sample.key), (Share::of_ratio(0.25), &SampleKey::Param(1)));
    assert_eq!((policy.sample.salt.as_str(), policy.sample.on_missing_key), ("s", OnMissingKey::Random));
    assert_eq!(policy.writes, Writes::Allowed("mine".to_owned()));
    let limits = policy.limits;
    assert_eq!((limits.concurrent_max, limits.queue_max, limits.per_second), (1, 0, Some(0.5)));
    assert_eq!((limits.bytes_per_second, limits.request_bytes_max, limits.response_bytes_max), (Some(1 << 20), 1, 2));
    assert_eq!((policy.dispatch, policy.body), (Dispatch::AfterLive, BodyMode::None));
    assert_eq!(policy.when_status, Some(StatusSet { classes: vec![2], codes: vec![404, 409] }));
    let rewrite = &policy.rewrite;
    assert_eq!((rewrite.credentials, rewrite.trace), (Credentials::Replace, TraceContext::Off));
    assert_eq!(rewrite.credential_headers[10..], ["x-token", "x-key"]);
    assert_eq!(rewrite.credential_query[CREDENTIAL_QUERY.len()..], ["sid"]);
    assert_eq!(rewrite.set, [("x-env".parse().unwrap(), "shadow".parse().unwrap())]);
    assert_eq!(
        (rewrite.remove.as_slice(), rewrite.allow.as_deref()),
        (&["x-c".parse().unwrap()][..], Some(&["x-a".parse().unwrap()][..]))
    );
    assert_eq!(rewrite.host.as_ref().unwrap(), "s.test:81");
    let marks = rewrite.marks.as_ref().unwrap();
    assert_eq!([&marks.request, &marks.id, &marks.sent_at], ["x-shadow-request", "x-shadow-pair", "x-shadow-sent-at"]);
    assert_eq!(rewrite.idempotency_key, IdempotencyKey::Keep);
    let seconds = Duration::from_secs;
    assert_eq!((policy.network.connect_timeout, policy.network.idle_timeout), (seconds(2), seconds(0)));
    let (window, open, open_max) = (seconds(1), seconds(2), seconds(2));
    assert_eq!(policy.breaker, Some(Breaker { consecutive: 1, ratio: 1.0, minimum: 2, window, open, open_max }));
    let steps = vec![
        RampStep { rate: Share::of_ratio(0.01).unwrap(), lasts: Some(seconds(3600)) },
        RampStep { rate: Share::ALL, lasts: None },
    ];
    let start = SystemTime::UNIX_EPOCH + seconds(1_796_112_000);
    assert_eq!(policy.schedule.ramp, Some(Ramp { start, steps }));
    assert_eq!(policy.schedule.until, Some(SystemTime::UNIX_EPOCH + Duration::from_millis(60_500)));
    assert_eq!((policy.schedule.ttl, policy.schedule.dry_run), (Some(seconds(3600)), true));
    assert_eq!(policy.holdout, Share::NONE);
    let peers = ["10.0.0.0/8", "::1/128"].map(|network| Peer::Network(network.parse().unwrap()));
    assert_eq!(policy.loop_guard.trusted[..2], peers);
    assert_eq!(policy.loop_guard.trusted[2..], [Peer::Key(Secret::new("0123456789abcdef"))]);
    assert_eq!(policy.loop_guard.max_hops, 2);
}

#[test]
fn every_condition_is_read_and_the_cheapest_come_first() {
    let policy = policy(&rich(), &NOTHING, &NOTHING);
    let said: Vec<_> = policy.conditions.0.iter().map(condition).collect();
    assert_eq!(
        said,
        [
            "methods GET",
            "not_methods HEAD",
            "max_content_length 1024",
            "content_type text/…",
            "not_content_type text/html",
            "path /a/…",
            "not_path /a/1 ~x$",
            "header x-a *",
            "not_header x-b 1 2…",
            "query q x",
            "not_query r y",
            "claim sub u",
            "not_claim iss v",
        ]
    );
}

fn condition(condition: &Criterion) -> String {
    let all = |patterns: &[TextPattern]| patterns.iter().map(pattern).collect::<Vec<_>>().join(" ");
    match condition {
        Criterion::Methods(methods) => format!("methods {}", methods.join(" ")),
        Criterion::NotMethods(methods) => format!("not_methods {}", methods.join(" ")),
        Criterion::Path(patterns) => format!("path {}", all(patterns)),
        Criterion::NotPath(patterns) => format!("not_path {}", all(patterns)),
        Criterion::Header(name, patterns) => format!("header {name} {}", all(patterns)),
        Criterion::NotHeader(name, patterns) => format!("not_header {name} {}", all(patterns)),
        Criterion::Query(name, patterns) => format!("query {name} {}", all(patterns)),
        Criterion::NotQuery(name, patterns) => format!("not_query {name} {}", all(patterns)),
        Criterion::Claim(name, patterns) => format!("claim {name} {}", all(patterns)),
        Criterion::NotClaim(name, patterns) => format!("not_claim {name} {}", all(patterns)),
        Criterion::ContentType(patterns) => format!("content_type {}", all(patterns)),
        Criterion::NotContentType(patterns) => format!("not_content_type {}", all(patterns)),
        Criterion::MaxContentLength(bytes) => format!("max_content_length {bytes}"),
    }
}

fn pattern(pattern: &TextPattern) -> String {
    match pattern {
        TextPattern::Any => "*".to_owned(),
        TextPattern::Exact(text) => text.clone(),
        TextPattern::Prefix(text) => format!("{text}…"),
        TextPattern::Expression(expression) => format!("~{expression}"),
    }
}

#[test]
fn a_policy_reads_as_one_line() {
    let params = ["id".to_owned(), "item".to_owned()];
    assert_eq!(policy(&json!({}), &NOTHING, &NOTHING).summary(&params), "100%, holdout 5%");
    let jwt =
        json!({"sample": {"rate": "10%", "key": "jwt:sub"}, "match": {"methods": ["GET"]}, "limits": {"max_rps": 200}});
    assert_eq!(policy(&jwt, &NOTHING, &NOTHING).summary(&params), "10% by jwt:sub, GET only, ≤200/s, holdout 5%");
    let small =
        json!({"sample": {"rate": 1e-9}, "breaker": "off", "dispatch": {"delayed": ["1s", "2s"]}, "holdout": 0});
    assert_eq!(policy(&small, &NOTHING, &NOTHING).summary(&params), "<0.0001%, 1s to 2s later, no breaker");
    assert_eq!(
        policy(&rich(), &NOTHING, &NOTHING).summary(&params),
        "1% → 100% from 2026-12-01T08:00:00Z by param:item, GET only, not HEAD, up to 1024 B announced, if the content \
         type matches, unless the content type matches, if the path matches, unless the path matches, if header x-a \
         matches, unless header x-b matches, if query q matches, unless query r matches, if claim sub matches, unless \
         claim iss matches, writes allowed (mine), ≤0.5/s, ≤1048576 B/s, after a live 2xx or 404 or 409, without \
         bodies, credentials of its own, until 1970-01-01T00:01:00.500Z, for 3600s, dry run, 50% compared with \
         backend:0 and a second live answer at first, all killed on mismatches or errors or slowness"
    );
}

#[test]
fn lists_and_objects_of_names_are_replaced_and_groups_are_not() {
    let endpoint = json!({
        "match": {"headers": {"X-A": "1", "X-B": "2"}, "methods": ["GET", "HEAD"], "query": {"q": "*"}},
        "headers": {"set": {"X-A": "1"}, "remove": ["X-R"], "mark": {"id": "X-Shadow-I"}},
    });
    let backend = json!({
        "match": {"headers": {"X-C": "3"}, "methods": ["GET"]},
        "headers": {"set": {"X-B": "2"}, "mark": {"request": "X-Shadow-Q"}},
    });
    let policy = policy(&backend, &endpoint, &NOTHING);
    let said: Vec<_> = policy.conditions.0.iter().map(condition).collect();
    assert_eq!(said, ["methods GET", "header x-c 3", "query q *"]);
    assert_eq!(policy.rewrite.set, [("x-b".parse().unwrap(), "2".parse().unwrap())]);
    assert_eq!(policy.rewrite.remove, ["x-r"]);
    let marks = policy.rewrite.marks.as_ref().unwrap();
    assert_eq!([&marks.request, &marks.id], ["x-shadow-q", "x-shadow-id"]);
}

#[test]
fn a_nearer_place_takes_back_what_a_farther_one_says() {
    let endpoint = json!({
        "limits": {"max_rps": 1, "max_bytes_per_s": 1}, "breaker": {"consecutive": 3}, "until": "2030-01-01T00:00:00Z",
        "ttl": "1h", "ramp": {"start": "2026-12-01T00:00:00Z", "steps": [{"rate": 1}]}, "body_patch": {"a": 1},
        "when_primary_status": ["2xx"], "match": {"headers": {"X-A": "*"}}, "headers": {"set": {"X-A": "1"}},
    });
    let backend = json!({
        "limits": {"max_rps": "off", "max_bytes_per_s": "off"}, "breaker": "off", "until": "off", "ttl": "off",
        "ramp": "off", "body_patch": {}, "when_primary_status": "any", "match": {"headers": {}}, "headers": {"set": {}},
    });
    let policy = policy(&backend, &endpoint, &NOTHING);
    assert_eq!((policy.limits.per_second, policy.limits.bytes_per_second, policy.breaker), (None, None, None));
    assert!(policy.schedule.until.is_none() && policy.schedule.ttl.is_none() && policy.schedule.ramp.is_none());
    assert_eq!((policy.when_status.as_ref(), policy.dispatch), (None, Dispatch::Concurrent));
    assert!(policy.conditions.0.is_empty() && policy.rewrite.set.is_empty() && policy.rewrite.body_patch.is_none());
}

#[test]
fn a_breaker_above_one_that_is_off_begins_with_the_defaults() {
    let service = json!({"breaker": {"consecutive": 3}});
    let nearer = |backend: Value, endpoint: Value| policy(&backend, &endpoint, &service).breaker;
    let breaker = nearer(json!({"breaker": {"minimum": 7}}), json!({"breaker": "off"})).unwrap();
    assert_eq!((breaker.consecutive, breaker.minimum), (10, 7));
    let breaker = nearer(json!({"breaker": {"minimum": 7}}), json!({})).unwrap();
    assert_eq!((breaker.consecutive, breaker.minimum), (3, 7));
    assert_eq!(nearer(json!({}), json!({"breaker": "off"})), None);
}

#[test]
fn bounds_that_the_service_names_are_the_weakest_defaults() {
    let bounds = json!({"max_concurrent": 7, "max_request": "2MiB", "max_response": 9});
    let limits = policy(&json!({}), &NOTHING, &bounds).limits;
    assert_eq!((limits.concurrent_max, limits.request_bytes_max, limits.response_bytes_max), (7, 2 << 20, 9));
    let mut service = bounds;
    service["limits"] = json!({"max_concurrent": 8});
    assert_eq!(policy(&json!({}), &NOTHING, &service).limits.concurrent_max, 8);
}

/// Any choice of these keys, each with a value of its own.
fn any_policy() -> impl Strategy<Value = Value> {
    let flag = |key: &'static str, group: &'static str, value: BoxedStrategy<Value>| {
        prop::option::of(value).prop_map(move |value| (group, key, value))
    };
    let number = |low: u32, high: u32| (low..high).prop_map(Value::from).boxed();
    let word = |words: &'static [&'static str]| prop::sample::select(words).prop_map(Value::from).boxed();
    let share = || (0..=100u32).prop_map(|percent| Value::from(format!("{percent}%"))).boxed();
    let names = prop::collection::btree_map("x-[a-d]", "[a-z]{1,3}", 0..3).prop_map(|names| json!(names)).boxed();
    let keys = vec![
        flag("rate", "sample", share()),
        flag("salt", "sample", word(&["a", "b", ""])),
        flag("headers", "match", names.clone()),
        flag("queue", "limits", number(0, 9)),
        flag("max_rps", "limits", prop_oneof![number(1, 9), word(&["off"])].boxed()),
        flag("credentials", "headers", word(&["strip", "forward", "replace"])),
        flag("set", "headers", names),
        flag("remove", "headers", prop::collection::vec("x-[a-d]", 0..3).prop_map(Value::from).boxed()),
        flag("max_hops", "loop", number(1, 5)),
        flag("consecutive", "breaker", number(1, 5)),
        flag("dry_run", "", any::<bool>().prop_map(Value::from).boxed()),
        flag("holdout", "", share()),
        flag("ttl", "", word(&["off", "1h", "2h"])),
        flag("sample", "compare", share()),
        flag("status", "compare", word(&["exact", "class"])),
        flag("headers", "compare", prop_oneof![word(&["all"]), Just(json!(["x-a"])).boxed()].boxed()),
        flag("numbers", "compare", number(0, 3).prop_map(|abs| json!({"$.n": {"abs": abs}})).boxed()),
        flag("values", "store", word(&["redacted", "shape"])),
        flag("redact", "store", prop::collection::vec("[a-d]", 0..3).prop_map(Value::from).boxed()),
        flag("mismatch_rate", "stop_on", prop_oneof![share(), word(&["off"])].boxed()),
        flag("min_pairs", "stop_on", number(1, 9)),
    ];
    keys.prop_map(|keys| {
        let mut policy = Map::new();
        for (group, key, value) in keys.into_iter().filter_map(|(group, key, value)| Some((group, key, value?))) {
            let place = match group {
                "" => &mut policy,
                _ => policy.entry(group).or_insert_with(|| json!({})).as_object_mut().unwrap(),
            };
            place.insert(key.to_owned(), value);
        }
        // Mismatches are only counted where something is compared.
        policy.entry("compare").or_insert_with(|| json!({}));
        Value::Object(policy)
    })
}

const GROUPS: [&str; 9] = ["sample", "match", "limits", "headers", "loop", "breaker", "compare", "store", "stop_on"];

/// The keys of `nearer`, and of `farther` those that `nearer` does not have, group by group: the rule in its shortest
/// form, to check the program by.
fn over(nearer: &Value, farther: &Value) -> Value {
    let mut merged = farther.as_object().unwrap().clone();
    for (key, value) in nearer.as_object().unwrap() {
        let is_group = GROUPS.contains(&key.as_str());
        match merged.get_mut(key).and_then(Value::as_object_mut).filter(|_| is_group) {
            Some(group) => group.extend(value.as_object().unwrap().clone()),
            None => {
                merged.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(merged)
}

fn shown(backend: &Value, endpoint: &Value, service: &Value) -> String {
    format!("{:?}", policy(backend, endpoint, service))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn backend_wins_over_endpoint_over_service_key_by_key(
        backend in any_policy(), endpoint in any_policy(), service in any_policy(),
    ) {
        let merged = over(&backend, &over(&endpoint, &service));
        prop_assert_eq!(shown(&backend, &endpoint, &service), shown(&merged, &NOTHING, &NOTHING));
    }

    #[test]
    fn a_policy_means_the_same_wherever_it_stands(policy in any_policy()) {
        let empty = json!({});
        let alone = shown(&policy, &empty, &NOTHING);
        prop_assert_eq!(&alone, &shown(&empty, &policy, &NOTHING));
        prop_assert_eq!(&alone, &shown(&empty, &empty, &policy));
        prop_assert_eq!(&alone, &shown(&policy, &policy, &policy));
    }
}
