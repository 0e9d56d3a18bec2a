//! What a policy makes of a copy's headers and body.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::*;
use crate::{
    backend::LastTouch,
    config::shadow::Credentials,
    model::{Body, Headers, Origin, Outbound, Request, body::Held},
    shadow::{DropReason, Gate, KillSwitch, MemoryBudget, Offered, Size, Ticket, fixture::plan},
};

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in pairs {
        headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn request(pairs: &[(&str, &str)]) -> Arc<Request> {
    let origin = Origin {
        path: String::new(),
        query: String::new(),
        address: [192, 0, 2, 1].into(),
        headers: Headers::new(),
        hops: 0,
        pair: 7,
    };
    Arc::new(Request {
        method: Method::GET,
        headers: headers(pairs),
        trace_number: None,
        query: String::new(),
        params: Vec::new(),
        claims: None,
        origin: Some(Arc::new(origin)),
        trace: None,
    })
}

/// The headers with which a copy goes out, in order, as text.
fn sent(policy: &Value, pairs: &[(&str, &str)]) -> Vec<String> {
    let plan = plan(policy);
    let rewriter = Rewriter::new(plan.policy.as_deref().unwrap());
    let request = rewriter.without_credentials(request(pairs));
    let uri = "http://new/x".parse().unwrap();
    let mut outbound = Outbound { method: Method::GET, uri, headers: request.headers.clone(), asked_for_gzip: false };
    Finish { rewriter: &rewriter, request: &request }.touch(&mut outbound);
    outbound.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

#[test]
fn credentials_stay_here_unless_the_policy_sends_them_on() {
    let client = [
        ("authorization", "Bearer canary"),
        ("proxy-authorization", "canary"),
        ("cookie", "session=canary"),
        ("x-api-key", "canary"),
        ("x-tenant-secret", "canary"),
        ("accept", "text/plain"),
    ];
    let own = json!({"headers": {"mark": false, "credential_headers": ["X-Tenant-Secret"]}});
    assert_eq!(sent(&own, &client), ["accept: text/plain"]);
    let forwarded = sent(&json!({"headers": {"mark": false, "credentials": "forward"}}), &client);
    assert_eq!(forwarded.len(), client.len());
}

#[test]
fn headers_are_allowed_then_removed_then_set() {
    let client = [("x-a", "1"), ("x-b", "2"), ("x-c", "3"), ("content-type", "text/plain"), ("user-agent", "curl")];
    let policy = json!({"headers": {
        "mark": false, "allow": ["X-A", "X-B"], "remove": ["x-b"], "set": {"X-Env": "shadow", "x-a": "other"}, "host": "new.example"
    }});
    let mut got = sent(&policy, &client);
    got.sort();
    assert_eq!(
        got,
        ["content-type: text/plain", "host: new.example", "user-agent: curl", "x-a: other", "x-env: shadow"]
    );
}

#[test]
fn secrets_of_the_query_stay_here_with_the_headers() {
    let query = |credentials: &str, own: Value| {
        let policy = json!({"headers": {"credentials": credentials, "credential_query": own}});
        let plan = plan(&policy);
        let mut asked = request(&[("referer", "https://a.example/p?q=canary&token=x?y")]);
        Arc::get_mut(&mut asked).unwrap().query =
            "Access_Token=canary&a%20b=1&page=2&api%5Fkey=canary&sid=canary&token".to_owned();
        let copied = Rewriter::new(plan.policy.as_deref().unwrap()).without_credentials(asked);
        let referer = copied.headers.get(&http::header::REFERER).unwrap().to_str().unwrap().to_owned();
        (copied.query.clone(), referer)
    };
    let stripped = query("strip", json!(["SID"]));
    assert_eq!(stripped, ("a%20b=1&page=2".to_owned(), "https://a.example/p".to_owned()));
    let (forwarded, referer) = query("forward", json!(["sid"]));
    assert!(forwarded.contains("Access_Token=canary") && referer.ends_with("?y"));
}

#[test]
fn a_token_of_the_shadows_own_outlives_the_list_of_what_is_allowed() {
    for (credentials, own) in [(Credentials::Replace, true), (Credentials::Strip, false)] {
        let plan = plan(&json!({"headers": {"mark": false, "allow": ["x-a"]}}));
        let mut policy = plan.policy.as_deref().unwrap().clone();
        policy.rewrite.credentials = credentials;
        let (rewriter, request) = (Rewriter::new(&policy), request(&[]));
        let headers = headers(&[("authorization", "Bearer own"), ("x-b", "1")]);
        let uri = "http://new/x".parse().unwrap();
        let mut outbound = Outbound { method: Method::GET, uri, headers, asked_for_gzip: false };
        Finish { rewriter: &rewriter, request: &request }.touch(&mut outbound);
        let names: Vec<&str> = outbound.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["authorization"][..usize::from(own)], "{credentials:?}");
    }
}

#[test]
fn a_copy_carries_marks_that_a_client_cannot_put_there() {
    let got = sent(&json!({}), &[("x-shadow-request", "0"), ("x-shadow-id", "forged")]);
    let value = |name: &str| {
        let found: Vec<_> = got.iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect();
        assert_eq!(found.len(), 1, "{name} in {got:?}");
        found[0]
    };
    assert_eq!((value("x-shadow-request"), value("x-shadow-id")), ("1", "0000000000000007"));
    assert!(value("x-shadow-sent-at").parse::<u64>().unwrap() > 1_700_000_000_000);
}

#[test]
fn the_trace_goes_on_in_a_span_of_its_own() {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let client = [("traceparent", parent), ("tracestate", "a=b")];
    let of = |trace: &str| sent(&json!({"headers": {"mark": false, "trace": trace}}), &client);
    assert_eq!(of("inherit"), [format!("traceparent: {parent}"), "tracestate: a=b".into()]);
    assert!(of("off").is_empty());
    let linked = of("link").into_iter().find_map(|line| Some(line.strip_prefix("traceparent: ")?.to_owned())).unwrap();
    assert!(linked.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && linked.ends_with("-01") && linked != parent);
}

#[test]
fn a_shared_store_never_sees_the_live_idempotency_key() {
    let of = |mode: &str| {
        let policy = json!({
            "match": {"unsafe_methods": "allow", "unsafe_reason": "a test", "idempotency_key": mode},
            "headers": {"mark": false}
        });
        sent(&policy, &[("idempotency-key", "k1")])
    };
    assert_eq!(of("suffix"), ["idempotency-key: k1-shadow"]);
    assert!(of("strip").is_empty());
    assert_eq!(of("keep"), ["idempotency-key: k1"]);
}

/// What becomes of a body under a patch, and what is reserved for it.
fn patched(content_type: &str, body: &'static [u8]) -> (Result<String, DropReason>, u64) {
    let plan = plan(&json!({"body_patch": {"model": "new", "debug": null}}));
    let gate = Arc::new(Gate::of(&plan, Arc::new(MemoryBudget::new(1000)), KillSwitch::default(), false));
    let Offered::Admitted(mut ticket) = gate.admit_more(Size { body: body.len(), ..Size::default() }) else {
        panic!("there is room")
    };
    let rewriter = Rewriter::new(plan.policy.as_deref().unwrap());
    let request = request(&[("content-type", content_type)]);
    let outcome = patch(&rewriter, &request, body, &mut ticket);
    (outcome, crate::stats::Ledgered::books(&*gate).buffered_bytes)
}

fn patch(
    rewriter: &Rewriter,
    request: &Request,
    body: &'static [u8],
    ticket: &mut Ticket,
) -> Result<String, DropReason> {
    let body = Body::Held(Held::new(vec![bytes::Bytes::from_static(body)]));
    let Body::Held(held) = rewriter.patched(request, body, ticket)? else { panic!("it was held") };
    Ok(String::from_utf8(held.to_bytes().to_vec()).unwrap())
}

#[test]
fn a_patch_changes_json_and_nothing_goes_out_without_it() {
    let (text, held) =
        patched("application/json; charset=utf-8", br#"{"model":"old","debug":1,"n":12345678901234567890}"#);
    assert_eq!(text.unwrap(), r#"{"model":"new","n":12345678901234567890}"#);
    assert_eq!(held, 50 + 40, "both bodies are accounted for");
    assert_eq!(patched("application/problem+json", b"{}").0.unwrap(), r#"{"model":"new"}"#);
    assert_eq!(patched("text/plain", b"{}").0, Err(DropReason::BodyPatch));
    assert_eq!(patched("application/json", b"{").0, Err(DropReason::BodyPatch));
}
