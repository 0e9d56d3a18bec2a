//! Modifiers around an exchange that answers with what it was asked.

use bytes::Bytes;
use futures_util::{TryStreamExt, future::LocalBoxFuture};
use http::{HeaderValue, Method, StatusCode};
use proptest::prelude::{any, proptest};
use serde_json::{Value, json};

use super::make;
use crate::{
    component::{
        Layers,
        tables::{Wired, tests::at},
    },
    config::{Node, Severity, diagnostic::Findings},
    model::{Body, Headers, Outbound, WireAnswer, WireRequest},
};

fn layers(settings: &Value) -> (Layers<WireRequest, Wired>, Findings) {
    let mut findings = Findings::default();
    let layer = at(&json!({}), |place| make(&Node::root(settings), place, &mut findings));
    (Layers::new(layer.into_iter().collect()), findings)
}

fn request(uri: &str, headers: &[(&'static str, &'static str)]) -> WireRequest {
    let mut held = Headers::new();
    for (name, value) in headers {
        held.append(http::HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let outbound = Outbound { method: Method::GET, uri: uri.parse().unwrap(), headers: held, asked_for_gzip: false };
    WireRequest { outbound, body: Body::Empty }
}

/// Sends through the modifiers to an upstream that repeats the URL in its body and the headers in its headers.
async fn sent(settings: &Value, request: WireRequest) -> (WireAnswer, String) {
    let step = |request: WireRequest| -> LocalBoxFuture<'_, Wired> {
        let text = request.outbound.uri.to_string();
        Box::pin(async move { Ok(WireAnswer::whole(StatusCode::NOT_FOUND, request.outbound.headers, text.into())) })
    };
    let mut answer = layers(settings).0.run(request, &step).await.unwrap();
    let body = std::mem::replace(&mut answer.body, Box::pin(futures_util::stream::empty()));
    let body: Vec<Bytes> = body.try_collect().await.unwrap();
    (answer, String::from_utf8(body.concat()).unwrap())
}

fn header<'a>(answer: &'a WireAnswer, name: &'static str) -> Vec<&'a str> {
    let of_name = answer.headers.iter().filter(|(held, _)| held.as_str() == name);
    of_name.map(|(_, value)| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn of_equal_priorities_the_later_comes_first() {
    let set = |value: &str| json!({"header.Append": {"scope": ["request"], "name": "X-P", "value": value}});
    let of = |priority: i64, value: &str| json!({"priority": priority, "modifier": set(value)});
    let settings = json!({"priority.Group": {"modifiers": [of(1, "a"), of(9, "b"), of(1, "c"), of(9, "d")]}});
    let (answer, _) = sent(&settings, request("http://h/", &[])).await;
    assert_eq!(header(&answer, "x-p"), ["d", "b", "c", "a"]);
}

#[tokio::test]
async fn a_moved_call_keeps_its_host() {
    let settings = json!({"fifo.Group": {"modifiers": [
        {"url.Modifier": {"host": "other:81", "path": "/a b"}}, {"port.Modifier": {"port": 99}},
        {"querystring.Modifier": {"name": "k", "value": "x y"}}]}});
    let (answer, url) = sent(&settings, request("http://h:80/old?z=1&a=2", &[])).await;
    assert_eq!(url, "http://other:99/a%20b?a=2&k=x+y&z=1");
    assert_eq!(header(&answer, "host"), ["h:80"]);
}

#[tokio::test]
async fn filters_choose_and_regex_filters_look_at_the_request() {
    let set = |value: &str| json!({"header.Modifier": {"name": "X-R", "value": value, "scope": ["response"]}});
    let settings = json!({"fifo.Group": {"modifiers": [
        {"header.RegexFilter": {"header": "X-V", "regex": "^v[0-9]+$", "modifier":
            {"status.Modifier": {"statusCode": 201}}}},
        {"url.Filter": {"path": "/p q", "modifier": set("yes"), "else": set("no")}}]}});
    let (answer, _) = sent(&settings, request("http://h/p%20q", &[("x-v", "v12")])).await;
    assert_eq!((answer.status, header(&answer, "x-r")), (StatusCode::CREATED, vec!["yes"]));
    let (answer, _) = sent(&settings, request("http://h/p", &[("x-v", "w")])).await;
    assert_eq!((answer.status, header(&answer, "x-r")), (StatusCode::NOT_FOUND, vec!["no"]));
}

#[tokio::test]
async fn an_identity_is_made_only_where_there_is_none() {
    let settings = json!({"header.Id": {}});
    let (answer, _) = sent(&settings, request("http://h/", &[("x-krakend-id", "mine")])).await;
    assert_eq!(header(&answer, "x-krakend-id"), ["mine"]);
    let (answer, _) = sent(&settings, request("http://h/", &[])).await;
    let id = header(&answer, "x-krakend-id").concat();
    assert_eq!((id.len(), id.matches('-').count(), id.chars().nth(14)), (36, 4, Some('4')));
}

#[tokio::test]
async fn a_new_answer_has_its_own_length_and_no_old_coding() {
    let settings = json!({"body.Modifier": {"scope": ["response"], "contentType": "text/x", "body": "aGVsbG8="}});
    let (answer, body) = sent(&settings, request("http://h/", &[("content-encoding", "gzip")])).await;
    assert_eq!((body.as_str(), header(&answer, "content-length")), ("hello", vec!["5"]));
    assert!(header(&answer, "content-encoding").is_empty());
    let (answer, body) = sent(&settings, request("http://h/", &[("range", "bytes=1-2")])).await;
    assert_eq!((answer.status, body.as_str()), (StatusCode::PARTIAL_CONTENT, "el"));
}

#[test]
fn what_does_not_parse_is_dropped_and_told() {
    for bad in [
        json!({"@comment": "x", "header.Modifier": {}}),
        json!({"foo.Bar": {}}),
        json!({"status.Modifier": {"statusCode": 200, "scope": ["request"]}}),
        json!({"header.Modifier": {"name": 1}}),
        json!({"header.Filter": {"name": "a"}}),
        json!({"fifo.Group": {"modifiers": [{"method.Modifier": {}}]}}),
        json!([]),
    ] {
        let (layers, findings) = layers(&bad);
        assert!(layers.is_empty(), "{bad}");
        assert!(findings.into_list().iter().any(|finding| finding.severity == Severity::Mistake), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_tree_panics(name in "[a-z]{3,6}\\.(Modifier|Filter|Group)", key in "[a-z]{1,8}", number in any::<i64>()) {
        let settings = json!({name: {key: number, "modifiers": [{"priority": number}], "port": number}});
        let _read = layers(&settings);
    }
}
