//! Whether a shadow wants a request: what it costs to say no, and yes.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::Criterion as Criterions;
use gnomon::{
    config::shadow::{
        BodyMode, Conditions, Credentials, Criterion, Dispatch, IdempotencyKey, Limits, LoopGuard, Network,
        OnMissingKey, Policy, Rewrite, Sample, SampleKey, Schedule, Share, Store, TextPattern, TraceContext, Writes,
    },
    model::{Headers, Origin, Request},
    shadow::{Dialed, Recipient, Selector},
    split::Splitter,
};
use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::plans::{plan, request};

const USER: HeaderName = HeaderName::from_static("x-user");

pub(crate) fn all(criterions: &mut Criterions) {
    let request = asked();
    let everything = Dialed { rate: Share::ALL, holdout: share(0.05) };
    let nothing = Dialed { rate: Share::NONE, holdout: share(0.05) };
    let conditions = vec![
        Criterion::Methods(vec!["GET".into()]),
        Criterion::Path(vec![TextPattern::Prefix("/user/".into())]),
        Criterion::NotHeader(HeaderName::from_static("x-synthetic"), vec![TextPattern::Any]),
    ];
    let mut group = criterions.benchmark_group("choose");
    let recipient = Recipient { id: "GET:/user/{id}:0", method: &http::Method::GET };
    for (name, key, conditions, dialed) in [
        ("random, not sampled", SampleKey::Random, vec![], nothing),
        ("by header, not sampled", SampleKey::Header(USER), vec![], nothing),
        ("by header, sampled", SampleKey::Header(USER), vec![], everything),
        ("by header under three conditions, not sampled", SampleKey::Header(USER), conditions, nothing),
        ("by cookie, not sampled", SampleKey::Cookie("session".into()), vec![], nothing),
        ("by query, not sampled", SampleKey::Query("tenant".into()), vec![], nothing),
        ("by address, not sampled", SampleKey::Address, vec![], nothing),
    ] {
        let selector = Selector::new(&policy(key, conditions), recipient);
        group.bench_function(name, |bench| bench.iter(|| selector.choose(black_box(&request), dialed, black_box(7))));
    }
    group.finish();
    splits(criterions, &request);
}

/// Who takes a call: nobody but the base, by chance, by key.
fn splits(criterions: &mut Criterions, request: &Request) {
    let mut group = criterions.benchmark_group("split");
    for (name, split) in [
        ("idle", json!({ "key": "cookie:session", "to": [{ "rate": 0 }] })),
        ("by chance", json!({ "to": [{ "rate": 0.05 }] })),
        ("by cookie", json!({ "key": "cookie:session", "to": [{ "rate": 0.05 }] })),
        (
            "by cookie among three",
            json!({ "key": "cookie:session", "to": [{ "rate": 0.05 }, { "rate": 0.1 }, { "rate": 0.2 }] }),
        ),
    ] {
        let backend = json!({ "url_pattern": "/v1", "extra_config": { "proxy": { "@split": split } } });
        let endpoint = json!({ "endpoint": "/user/{id}", "backend": [backend] });
        let plan = plan(&[endpoint]);
        let split = plan.endpoints.first().and_then(|endpoint| endpoint.splits.first()).expect("the file has a split");
        let splitter = Splitter::new(Arc::clone(split));
        group.bench_function(name, |bench| bench.iter(|| splitter.choose(black_box(request), black_box(7))));
    }
    group.finish();
}

fn share(ratio: f64) -> Share {
    Share::of_ratio(ratio).expect("it is a share")
}

/// A request with what the keys name.
fn asked() -> Request {
    let mut headers = Headers::new();
    headers.append(USER, HeaderValue::from_static("3f2b8c1e-9a40-4f57-8d0e-5b1d0a6c7e21"));
    headers.append(http::header::COOKIE, HeaderValue::from_static("theme=dark; consent=yes; session=8d0e5b1d0a6c7e21"));
    let origin = Origin {
        path: "/user/4711".into(),
        query: "page=3&tenant=acme&sort=name".into(),
        address: [10, 0, 0, 1].into(),
        headers,
        hops: 0,
        pair: 0,
    };
    Request { origin: Some(Arc::new(origin)), ..request() }
}

fn policy(key: SampleKey, conditions: Vec<Criterion>) -> Policy {
    let second = Duration::from_secs(1);
    Policy {
        sample: Sample { rate: Share::ALL, key, salt: "bench".into(), on_missing_key: OnMissingKey::Skip },
        conditions: Conditions(conditions),
        writes: Writes::Denied,
        loop_guard: LoopGuard { max_hops: 1, trusted: Vec::new() },
        limits: Limits {
            concurrent_max: 64,
            queue_max: 256,
            per_second: None,
            bytes_per_second: None,
            multiplier: 1,
            request_bytes_max: 1 << 20,
            response_bytes_max: 1 << 20,
        },
        dispatch: Dispatch::Concurrent,
        when_status: None,
        body: BodyMode::Buffer,
        rewrite: Rewrite {
            credentials: Credentials::Strip,
            credential_headers: Vec::new(),
            credential_query: Vec::new(),
            set: Vec::new(),
            remove: Vec::new(),
            allow: None,
            host: None,
            marks: None,
            trace: TraceContext::Link,
            idempotency_key: IdempotencyKey::Suffix,
            body_patch: None,
        },
        network: Network { connect_timeout: second, idle_timeout: second },
        breaker: None,
        schedule: Schedule::default(),
        holdout: share(0.05),
        compare: None,
        stop_on: None,
        store: Store::default(),
    }
}
