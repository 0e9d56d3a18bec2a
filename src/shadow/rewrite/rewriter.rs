//! The changes of one policy, compiled, and their application to one copy.

use std::{sync::Arc, time::SystemTime};

use http::{
    HeaderName, HeaderValue,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, REFERER, USER_AGENT},
};

use crate::{
    backend::LastTouch,
    config::shadow::{Credentials, IdempotencyKey, Policy, Rewrite, TraceContext},
    model::{Body, Headers, Outbound, Request, body::Held, query, trace::linked_traceparent},
    shadow::{DropReason, Marker, Ticket},
};

use super::merge_patch;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACE_STATE: HeaderName = HeaderName::from_static("tracestate");

/// What a policy changes about its copies.
#[derive(Debug)]
pub struct Rewriter {
    changes: Rewrite,
    marker: Option<Marker>,
}

impl Rewriter {
    /// The changes of a policy.
    #[must_use]
    pub fn new(policy: &Policy) -> Self {
        Self { changes: policy.rewrite.clone(), marker: Marker::new(policy) }
    }

    /// The request without the client's credentials, as components of the shadow may see it.
    #[must_use]
    pub fn without_credentials(&self, request: Arc<Request>) -> Arc<Request> {
        let strips = match self.changes.credentials {
            Credentials::Strip | Credentials::Replace => true,
            Credentials::Forward => false,
        };
        if !strips {
            return request;
        }
        let is_credential = |name: &HeaderName| self.changes.credential_headers.contains(name);
        let query = query::without(&request.query, &self.changes.credential_query);
        let is_clean = |(name, _): &(HeaderName, HeaderValue)| !is_credential(name) && *name != REFERER;
        if query.is_none() && request.headers.iter().all(is_clean) {
            return request;
        }
        let mut headers = request.headers.clone();
        headers.retain(|name| !is_credential(name));
        cut_referer(&mut headers);
        Arc::new(Request {
            method: request.method.clone(),
            headers,
            trace_number: request.trace_number,
            query: query.unwrap_or_else(|| request.query.clone()),
            params: request.params.clone(),
            claims: request.claims.clone(),
            origin: request.origin.clone(),
            trace: request.trace.clone(),
        })
    }

    /// The body with the policy's patch on it. What the patched body takes besides is reserved.
    ///
    /// # Errors
    /// With the reason when the body is not JSON in the clear, or there is no room for another: a copy that was meant
    /// to be patched is not sent without its patch.
    pub fn patched(&self, request: &Request, body: Body, ticket: &mut Ticket) -> Result<Body, DropReason> {
        let Some(patch) = &self.changes.body_patch else { return Ok(body) };
        let Body::Held(held) = &body else { return Ok(body) };
        if held.is_empty() {
            return Ok(body);
        }
        let is_coded = request.headers.contains(&CONTENT_ENCODING);
        let is_json = request.headers.get(&CONTENT_TYPE).is_none_or(is_json);
        if is_coded || !is_json {
            return Err(DropReason::BodyPatch);
        }
        let text = merge_patch(&held.to_bytes(), patch).map_err(|_not_json| DropReason::BodyPatch)?;
        ticket.keep(text.len())?;
        Ok(Body::Held(Held::new(vec![bytes::Bytes::from(text)])))
    }

    fn rewrite(&self, headers: &mut Headers, request: &Request) {
        let changes = &self.changes;
        if let Some(allowed) = &changes.allow {
            // What the client sent there is off already: this is the token that the shadow was given in its place.
            let is_its_own = |name: &HeaderName| changes.credentials == Credentials::Replace && *name == AUTHORIZATION;
            headers.retain(|name| allowed.contains(name) || is_of_transport(name) || is_its_own(name));
        }
        headers.retain(|name| !changes.remove.contains(name));
        self.trace(headers, request);
        self.idempotency_key(headers);
        for (name, value) in &changes.set {
            headers.insert(name.clone(), value.clone());
        }
        if let Some(host) = &changes.host {
            headers.insert(HOST, host.clone());
        }
        if let (Some(marker), Some(origin)) = (&self.marker, &request.origin) {
            marker.mark(headers, origin, SystemTime::now());
        }
    }

    fn trace(&self, headers: &mut Headers, request: &Request) {
        match self.changes.trace {
            TraceContext::Inherit => {}
            // The copy has a span of its own already, which is recorded.
            TraceContext::Link if request.trace.is_some() => {}
            TraceContext::Off => headers.retain(|name| *name != TRACE_PARENT && *name != TRACE_STATE),
            TraceContext::Link => {
                let Some(parent) = headers.get(&TRACE_PARENT) else { return };
                match linked_traceparent(parent, fastrand::u64(..)) {
                    Some(linked) => headers.insert(TRACE_PARENT, linked),
                    None => headers.remove(&TRACE_PARENT),
                }
            }
        }
    }

    fn idempotency_key(&self, headers: &mut Headers) {
        match self.changes.idempotency_key {
            IdempotencyKey::Keep => {}
            IdempotencyKey::Strip => headers.remove(&IDEMPOTENCY_KEY),
            IdempotencyKey::Suffix => {
                let Some(key) = headers.get(&IDEMPOTENCY_KEY) else { return };
                match HeaderValue::from_bytes(&[key.as_bytes(), b"-shadow"].concat()) {
                    Ok(other) => headers.insert(IDEMPOTENCY_KEY, other),
                    Err(_impossible) => headers.remove(&IDEMPOTENCY_KEY),
                }
            }
        }
    }
}

/// Takes the query off the page that a client came from: what is in a query here was in one there.
fn cut_referer(headers: &mut Headers) {
    let Some(page) = headers.get(&REFERER) else { return };
    let without_query = page.as_bytes().split(|byte| *byte == b'?').next().unwrap_or_default();
    match HeaderValue::from_bytes(without_query) {
        Ok(page) => headers.insert(REFERER, page),
        Err(_impossible) => headers.remove(&REFERER),
    }
}

/// Headers that say how the message itself is to be read; `allow` does not take them off.
fn is_of_transport(name: &HeaderName) -> bool {
    [&ACCEPT_ENCODING, &CONTENT_ENCODING, &CONTENT_TYPE, &HOST, &USER_AGENT].contains(&name)
}

fn is_json(content_type: &HeaderValue) -> bool {
    let kind = content_type.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let kind = kind.to_ascii_lowercase();
    kind == b"application/json" || kind.ends_with(b"+json")
}

/// The last change of one copy.
#[derive(Debug)]
pub struct Finish<'a> {
    /// What to change.
    pub rewriter: &'a Rewriter,
    /// The request that is copied.
    pub request: &'a Request,
}

impl LastTouch for Finish<'_> {
    fn touch(&self, outbound: &mut Outbound) {
        self.rewriter.rewrite(&mut outbound.headers, self.request);
    }
}
