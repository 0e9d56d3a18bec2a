//! The cache around a backend that is a script.

use std::sync::Mutex;

use bytes::Bytes;
use futures_util::{StreamExt, future::LocalBoxFuture};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    component::{
        Layers,
        tables::{Wired, tests::at},
    },
    config::{Node, Severity, diagnostic::Findings},
    model::{Body, Failure, Headers, Kind, Outbound, WireAnswer, WireRequest},
};

use super::layer;

/// A backend that gives these answers in turn and notes the headers it was asked with.
struct Backend {
    layers: Layers<WireRequest, Wired>,
    answers: Mutex<Vec<Option<(u16, Headers)>>>,
    asked: Mutex<Vec<Headers>>,
}

fn headers(pairs: &[(&'static str, &str)]) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn now() -> String {
    httpdate::fmt_http_date(std::time::SystemTime::now())
}

fn cached(settings: &Value, answers: Vec<Option<(u16, Headers)>>) -> Backend {
    let made = at(&json!({}), |place| layer(&Node::root(settings), place, &mut Findings::default()));
    Backend { layers: Layers::new(made.into_iter().collect()), answers: Mutex::new(answers), asked: Mutex::default() }
}

impl Backend {
    async fn get(&self, with: &[(&'static str, &str)]) -> Option<(StatusCode, String)> {
        let mut answer = self.ask(with).await.ok()?;
        let mut text = String::new();
        while let Some(chunk) = answer.body.next().await {
            text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
        Some((answer.status, text))
    }

    /// The names of the headers of an answer that is read to its end.
    async fn headers_of_an_answer(&self) -> Vec<String> {
        let mut answer = self.ask(&[]).await.unwrap();
        while answer.body.next().await.is_some() {}
        answer.headers.iter().map(|(name, _)| name.to_string()).collect()
    }

    async fn ask(&self, with: &[(&'static str, &str)]) -> Wired {
        let uri = "http://b/x".parse().unwrap();
        let outbound = Outbound { method: Method::GET, uri, headers: headers(with), asked_for_gzip: false };
        let step = |request: WireRequest| -> LocalBoxFuture<'_, Wired> {
            self.asked.lock().unwrap().push(request.outbound.headers);
            let answer = self.answers.lock().unwrap().remove(0);
            let body = Bytes::from(format!("answer {}", self.asked.lock().unwrap().len()));
            let answer = answer.ok_or_else(|| Failure::new(Kind::Connect, "refused"));
            let whole = |(status, headers)| WireAnswer::whole(StatusCode::from_u16(status).unwrap(), headers, body);
            Box::pin(std::future::ready(answer.map(whole)))
        };
        self.layers.run(WireRequest { outbound, body: Body::Empty }, &step).await
    }

    fn calls(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

#[tokio::test]
async fn a_fresh_answer_is_given_again_whoever_asks() {
    let fresh = headers(&[("cache-control", "max-age=60"), ("date", &now())]);
    let backend = cached(&json!({}), vec![Some((500, fresh))]);
    let first = backend.get(&[("authorization", "a")]).await;
    assert_eq!(backend.get(&[("authorization", "b")]).await, first);
    assert_eq!(backend.calls(), 1);
}

#[tokio::test]
async fn an_answer_that_varies_is_given_only_to_the_like() {
    let fresh = headers(&[("cache-control", "max-age=60"), ("date", &now()), ("vary", "X-A, x-b")]);
    let backend = cached(&json!({}), vec![Some((200, fresh.clone())), Some((200, fresh))]);
    for (value, calls) in [("1", 1), ("1", 1), ("2", 2), ("2", 2)] {
        assert!(backend.get(&[("x-a", value)]).await.is_some());
        assert_eq!(backend.calls(), calls);
    }
}

#[tokio::test]
async fn what_varies_with_everything_is_given_to_nobody_else() {
    let fresh = headers(&[("cache-control", "max-age=60"), ("date", &now()), ("vary", "*")]);
    let backend = cached(&json!({}), vec![Some((200, fresh.clone())), Some((200, fresh))]);
    assert!(backend.get(&[]).await.is_some() && backend.get(&[]).await.is_some());
    assert_eq!(backend.calls(), 2);
}

#[tokio::test]
async fn every_value_of_a_header_makes_a_difference() {
    let fresh = headers(&[("cache-control", "max-age=60"), ("date", &now()), ("vary", "x-a")]);
    let backend = cached(&json!({}), vec![Some((200, fresh.clone())), Some((200, fresh))]);
    assert!(backend.get(&[("x-a", "1"), ("x-a", "2")]).await.is_some());
    assert!(backend.get(&[("x-a", "1"), ("x-a", "3")]).await.is_some());
    assert_eq!(backend.calls(), 2);
}

#[tokio::test]
async fn another_ones_answer_stands_in_neither_for_a_304_nor_for_an_error() {
    let lasting = headers(&[("cache-control", "stale-if-error=60"), ("date", &now()), ("vary", "x-a")]);
    let answers = vec![Some((200, lasting)), Some((304, Headers::new())), Some((503, Headers::new())), None];
    let backend = cached(&json!({}), answers);
    assert!(backend.get(&[("x-a", "1")]).await.is_some());
    let conditional = [("x-a", "2"), ("if-none-match", "\"mine\"")];
    assert_eq!(backend.get(&conditional).await, Some((StatusCode::NOT_MODIFIED, "answer 2".to_owned())));
    let failed = backend.get(&[("x-a", "2")]).await;
    assert_eq!(failed, Some((StatusCode::SERVICE_UNAVAILABLE, "answer 3".to_owned())));
    assert!(backend.get(&[("x-a", "1")]).await.is_none(), "the last answer replaced the first");
}

#[tokio::test]
async fn an_answer_to_a_clients_own_condition_is_kept_for_nobody() {
    let fresh = || headers(&[("cache-control", "max-age=60"), ("date", &now())]);
    for status in [206, 304, 412, 416] {
        let backend = cached(&json!({}), vec![Some((status, fresh())), Some((200, fresh()))]);
        assert!(backend.get(&[("if-none-match", "\"mine\"")]).await.is_some());
        assert_eq!(backend.get(&[]).await, Some((StatusCode::OK, "answer 2".to_owned())), "{status}");
    }
}

#[tokio::test]
async fn a_304_that_was_asked_for_by_the_client_goes_to_the_client() {
    let plain = headers(&[("date", &now())]);
    let backend = cached(&json!({}), vec![Some((200, plain)), Some((304, Headers::new()))]);
    assert!(backend.get(&[]).await.is_some());
    let answer = backend.get(&[("if-none-match", "\"mine\"")]).await;
    assert_eq!(answer, Some((StatusCode::NOT_MODIFIED, "answer 2".to_owned())));
}

#[tokio::test]
async fn what_is_private_is_kept_only_where_nobody_was_named() {
    let private = || headers(&[("cache-control", "private, max-age=60"), ("date", &now())]);
    for (asked, calls) in [("authorization", 2), ("cookie", 2), ("x-a", 1)] {
        let backend = cached(&json!({}), vec![Some((200, private())), Some((200, private()))]);
        assert!(backend.get(&[(asked, "a")]).await.is_some() && backend.get(&[(asked, "b")]).await.is_some());
        assert_eq!(backend.calls(), calls, "{asked}");
    }
}

#[tokio::test]
async fn a_cookie_reaches_only_who_it_was_set_for() {
    let fresh = headers(&[("cache-control", "max-age=60"), ("date", &now()), ("set-cookie", "s=1"), ("x-b", "1")]);
    let backend = cached(&json!({}), vec![Some((200, fresh))]);
    assert_eq!(backend.headers_of_an_answer().await, ["cache-control", "date", "set-cookie", "x-b"]);
    assert_eq!(backend.headers_of_an_answer().await, ["cache-control", "date", "x-b"]);
}

#[tokio::test]
async fn a_stale_answer_is_asked_about_and_a_304_gives_it_again() {
    let stale = headers(&[("etag", "\"v1\""), ("cache-control", "no-cache"), ("date", &now())]);
    let backend = cached(&json!({}), vec![Some((200, stale)), Some((304, headers(&[("x-new", "1")])))]);
    assert!(backend.get(&[]).await.is_some());
    assert_eq!(backend.get(&[]).await, Some((StatusCode::OK, "answer 1".to_owned())));
    let asked = backend.asked.lock().unwrap();
    assert_eq!(asked[1].get(&http::header::IF_NONE_MATCH).unwrap(), "\"v1\"");
}

#[tokio::test]
async fn a_failing_backend_is_stood_in_for_only_where_the_answer_says_so() {
    let lasting = headers(&[("cache-control", "stale-if-error=60"), ("date", &now())]);
    let backend = cached(&json!({}), vec![Some((200, lasting)), None, Some((503, Headers::new()))]);
    for _ in 0..3 {
        assert_eq!(backend.get(&[]).await, Some((StatusCode::OK, "answer 1".to_owned())));
    }
    let backend = cached(&json!({}), vec![Some((200, Headers::new())), None]);
    assert!(backend.get(&[]).await.is_some());
    assert!(backend.get(&[]).await.is_none());
}

#[tokio::test]
async fn nothing_is_kept_that_either_side_forbids() {
    let fresh = headers(&[("cache-control", "max-age=60"), ("date", &now())]);
    let backend = cached(&json!({}), vec![Some((200, fresh.clone())), Some((200, fresh))]);
    assert!(backend.get(&[("cache-control", "no-store")]).await.is_some());
    assert!(backend.get(&[]).await.is_some());
    assert_eq!(backend.calls(), 2);
}

#[tokio::test]
async fn only_if_cached_never_asks_the_backend() {
    let backend = cached(&json!({}), Vec::new());
    let answer = backend.get(&[("cache-control", "only-if-cached")]).await;
    assert_eq!(answer, Some((StatusCode::GATEWAY_TIMEOUT, String::new())));
}

#[test]
fn one_limit_without_the_other_limits_nothing_and_fails_the_check() {
    let mut findings = Findings::default();
    assert!(at(&json!({}), |place| layer(&Node::root(&json!({"max_items": 5})), place, &mut findings)).is_some());
    assert_eq!(findings.into_list()[0].severity, Severity::Mistake);
}
