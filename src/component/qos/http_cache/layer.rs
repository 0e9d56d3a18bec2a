//! The cache around a backend's exchanges.
//!
//! Promises: keeps an answer only when its body was read to its end; a body is never held back while it is kept.
//! Like the original, a key is the URL alone: who asks makes a difference only where the backend says `Vary`. Unlike
//! it, an answer is never kept for others that its backend calls `private` and that was asked for in somebody's name,
//! nor is anybody's cookie, nor an answer to a condition of one client.
//! Answers packed for the gateway and those packed for a client are kept apart, so that each gets what it can read.

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use futures_util::{StreamExt, future::LocalBoxFuture, stream};
use http::{
    HeaderName, Method, StatusCode,
    header::{
        CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderValue, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, LAST_MODIFIED, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, RANGE, SET_COOKIE, TE, TRAILER,
        TRANSFER_ENCODING, UPGRADE, VARY,
    },
};

use crate::{
    component::{
        Layer, Next,
        tables::{Place, Wired},
    },
    config::{Node, diagnostic::Findings},
    model::{Headers, Outbound, WireAnswer, WireRequest},
};

use super::{
    Bounds, Entry, Store,
    control::{Control, names},
    freshness::{Freshness, freshness, may_be_kept, stands_in_for_errors},
};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// The cache of one backend, or its part in a shared one.
#[derive(Debug)]
struct HttpCache {
    store: Arc<Store>,
}

/// The layer for these settings.
pub fn layer(node: &Node<'_>, place: Place<'_>, findings: &mut Findings) -> Option<Arc<dyn Layer<WireRequest, Wired>>> {
    let mut own = Findings::default();
    let settings = Settings::read(node, &mut own);
    // What the original cannot decode gives a cache of its own without limits.
    let settings = if own.is_empty() { settings } else { Settings::default() };
    findings.append_as_mistakes(own);
    let store = match settings {
        Settings { shared: true, limits } => place.shared.get(limits),
        Settings { limits, .. } => Arc::new(Store::new(limits.unwrap_or_default())),
    };
    Some(Arc::new(HttpCache { store }))
}

#[derive(Debug, Default)]
struct Settings {
    shared: bool,
    limits: Option<Bounds>,
}

impl Settings {
    fn read(node: &Node<'_>, findings: &mut Findings) -> Self {
        if !node.exact_object(findings) {
            return Self::default();
        }
        let shared = node.field("shared").exact_flag(findings).unwrap_or(false);
        let mut count = |key: &str| {
            let count = node.field(key).exact_number(findings).unwrap_or(0.0);
            // What is below zero is no limit; the cast saturates.
            count as usize
        };
        let limits = match (count("max_items"), count("max_size")) {
            (0, 0) => None,
            (items_max, bytes_max) if items_max > 0 && bytes_max > 0 => {
                Some(Bounds { items_max, bytes_max, body_bytes_max: bytes_max })
            }
            _ => {
                findings.warning(node.pointer(), "max_items and max_size limit the cache only together");
                None
            }
        };
        Self { shared, limits }
    }
}

impl Layer<WireRequest, Wired> for HttpCache {
    fn call<'a>(&'a self, request: WireRequest, next: Next<'a, WireRequest, Wired>) -> LocalBoxFuture<'a, Wired> {
        let key = key(&request.outbound);
        let cacheable = matches!(request.outbound.method, Method::GET | Method::HEAD)
            && request.outbound.headers.get(&RANGE).is_none_or(HeaderValue::is_empty);
        if !cacheable {
            self.store.remove(&key);
            return next.run(request);
        }
        Box::pin(async move {
            let kept = self.store.get(&key);
            // What varies otherwise is somebody else's: nothing of it may reach this client, whatever the backend says.
            match kept.filter(|entry| varies_alike(entry, &request.outbound.headers)) {
                Some(entry) => self.answer_again(entry, key, request, next).await,
                None if Control::of(&request.outbound.headers).has("only-if-cached") => {
                    Ok(WireAnswer::whole(StatusCode::GATEWAY_TIMEOUT, Headers::new(), Bytes::new()))
                }
                None => {
                    let asked = request.outbound.clone();
                    let answer = next.run(request).await?;
                    Ok(self.keep(key, &asked, answer))
                }
            }
        })
    }
}

impl HttpCache {
    /// Gives the kept answer if it may be given, or asks for a better one.
    async fn answer_again(
        &self,
        entry: Arc<Entry>,
        key: String,
        mut request: WireRequest,
        next: Next<'_, WireRequest, Wired>,
    ) -> Wired {
        let asks_about_it = match freshness(&entry.headers, &request.outbound.headers, SystemTime::now()) {
            Freshness::Fresh => return Ok(replay(&entry)),
            Freshness::Stale => add_validators(&entry, &mut request.outbound.headers),
            Freshness::Unwanted => false,
        };
        let asked = request.outbound.clone();
        let is_get = asked.method == Method::GET;
        let outcome = next.run(request).await;
        match &outcome {
            Ok(answer) if answer.status == StatusCode::NOT_MODIFIED => {
                // Without conditions of ours it answers those of the client, who has what it is about.
                if !asks_about_it || !is_get {
                    return outcome;
                }
                return Ok(self.refresh(&key, &asked, &entry, &answer.headers));
            }
            Ok(answer) if answer.status == StatusCode::OK => {}
            Ok(answer) if answer.status.as_u16() < 500 => self.store.remove(&key),
            _ if is_get && stands_in_for_errors(&entry.headers, &asked.headers, SystemTime::now()) => {
                return Ok(replay(&entry));
            }
            _ => self.store.remove(&key),
        }
        Ok(self.keep(key, &asked, outcome?))
    }

    /// The kept answer with the news of a 304.
    fn refresh(&self, key: &str, asked: &Outbound, entry: &Entry, news: &Headers) -> WireAnswer {
        let mut entry = entry.clone();
        let fresh: Vec<HeaderName> = news.iter().map(|(name, _)| name.clone()).filter(is_news).collect();
        entry.headers.retain(|name| !fresh.contains(name));
        for (name, value) in news.iter().filter(|(name, _)| is_news(name)) {
            entry.headers.append(name.clone(), value.clone());
        }
        entry.varied = varied(&entry.headers, &asked.headers);
        let answer = replay(&entry);
        entry.headers.remove(&SET_COOKIE);
        if may_be_kept(&entry.headers, &asked.headers) {
            self.store.put(key, Arc::new(entry));
        } else {
            self.store.remove(key);
        }
        answer
    }

    /// The answer, kept when its body has been read.
    fn keep(&self, key: String, asked: &Outbound, answer: WireAnswer) -> WireAnswer {
        if !may_be_kept(&answer.headers, &asked.headers) {
            self.store.remove(&key);
            return answer;
        }
        if is_for_its_asker(answer.status) {
            return answer;
        }
        let varied = varied(&answer.headers, &asked.headers);
        let mut headers = answer.headers.clone();
        headers.remove(&SET_COOKIE);
        let entry = Entry { status: answer.status, headers, body: Bytes::new(), varied };
        if asked.method == Method::HEAD || answer.status == StatusCode::NO_CONTENT {
            self.store.put(&key, Arc::new(entry));
            return answer;
        }
        let read = Read { store: Arc::clone(&self.store), key, entry, chunks: Some(Vec::new()), bytes: 0 };
        let body = stream::unfold((answer.body, read), async |(mut body, mut read)| {
            let chunk = body.next().await;
            match &chunk {
                Some(Ok(bytes)) => read.add(bytes),
                Some(Err(_broken)) => read.give_up(),
                None => read.end(),
            }
            chunk.map(|chunk| (chunk, (body, read)))
        });
        WireAnswer { body: Box::pin(body), ..answer }
    }
}

/// A body that is being read, and what becomes of it at its end.
struct Read {
    store: Arc<Store>,
    key: String,
    entry: Entry,
    chunks: Option<Vec<Bytes>>,
    bytes: usize,
}

impl Read {
    fn add(&mut self, chunk: &Bytes) {
        let fits = self.bytes + chunk.len() < self.store.bounds().body_bytes_max;
        if self.chunks.is_some() && (!fits || !self.store.reserve(chunk.len())) {
            self.give_up();
        }
        if let Some(chunks) = &mut self.chunks {
            chunks.push(chunk.clone());
            self.bytes += chunk.len();
        }
    }

    fn give_up(&mut self) {
        self.chunks = None;
        self.store.give_back(std::mem::take(&mut self.bytes));
    }

    fn end(&mut self) {
        let Some(chunks) = self.chunks.take() else { return };
        // Copied even when it is one chunk, which may be a small part of a large buffer of its connection.
        let body = Bytes::from(chunks.concat());
        self.store.put(&self.key, Arc::new(Entry { body, ..self.entry.clone() }));
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        self.store.give_back(self.bytes);
    }
}

/// The name an answer is kept under.
fn key(outbound: &Outbound) -> String {
    let packing = if outbound.asked_for_gzip { "gzip " } else { "" };
    match outbound.method {
        Method::GET => format!("{packing}{}", outbound.uri),
        _ => format!("{packing}{} {}", outbound.method, outbound.uri),
    }
}

fn replay(entry: &Entry) -> WireAnswer {
    WireAnswer::whole(entry.status, entry.headers.clone(), entry.body.clone())
}

fn varied(answer: &Headers, request: &Headers) -> Vec<(HeaderName, Vec<HeaderValue>)> {
    names(answer, &VARY)
        .into_iter()
        .map(|name| {
            let values = values_of(request, &name);
            (name, values)
        })
        .collect()
}

/// Whether a request is like the one of the entry in all that the answer varies with; `*` is like nothing.
fn varies_alike(entry: &Entry, request: &Headers) -> bool {
    entry.varied.iter().all(|(name, values)| name.as_str() != "*" && *values == values_of(request, name))
}

/// The values of a header; an empty one is like none.
fn values_of(headers: &Headers, name: &HeaderName) -> Vec<HeaderValue> {
    headers.get_all(name).filter(|value| !value.is_empty()).cloned().collect()
}

/// Asks whether the entry still holds, in place of what the client may have asked; tells whether that can be asked.
fn add_validators(entry: &Entry, request: &mut Headers) -> bool {
    let pairs = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
    let known =
        pairs.map(|(validator, condition)| (condition, values_of(&entry.headers, &validator).into_iter().next()));
    if known.iter().all(|(_, value)| value.is_none()) {
        return false;
    }
    for (condition, value) in known {
        request.remove(&condition);
        if let Some(value) = value {
            request.insert(condition, value);
        }
    }
    true
}

/// Whether a status answers a condition or a range of one client.
fn is_for_its_asker(status: StatusCode) -> bool {
    [
        StatusCode::PARTIAL_CONTENT,
        StatusCode::NOT_MODIFIED,
        StatusCode::PRECONDITION_FAILED,
        StatusCode::RANGE_NOT_SATISFIABLE,
    ]
    .contains(&status)
}

/// Whether a header of a 304 says something new about the answer that is kept.
fn is_news(name: &HeaderName) -> bool {
    is_end_to_end(name) && ![CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_RANGE].contains(name)
}

/// Whether a header says something about the answer, not about one connection.
fn is_end_to_end(name: &HeaderName) -> bool {
    ![CONNECTION, KEEP_ALIVE, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE]
        .contains(name)
}
