//! A client's request in our words: which headers and parameters go on, and what the gateway adds.
//!
//! Runs once per request: the header list is built once and shared by every backend.

use std::{net::IpAddr, sync::Arc};

use actix_web::{HttpRequest, http::header::HeaderMap};
use http::{
    HeaderName, HeaderValue,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING, UPGRADE, USER_AGENT},
};

use crate::{
    component::{HeaderSource, Visit},
    model::{Body, Headers, Origin, Request},
    plan::{EndpointPlan, HeaderPick, ServicePlan},
};

use super::origin::{origin, peer, remove_false_marks};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_VIA: HeaderName = HeaderName::from_static("x-forwarded-via");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Builds the request the backends get to see.
#[must_use]
pub fn request(client: &HttpRequest, endpoint: &EndpointPlan, service: &ServicePlan, params: Vec<String>) -> Request {
    let sent = ClientHeaders(client.headers());
    let origin = origin(client, endpoint, service);
    let mut headers = headers(&sent, client_address(client, service), host(client), endpoint, service);
    remove_false_marks(&mut headers, endpoint, origin.as_ref());
    Request {
        method: client.method().clone(),
        headers,
        trace_number: None,
        query: endpoint.query.filter(client.query_string()),
        params,
        claims: None,
        origin,
        trace: None,
    }
}

/// Bytes of a request's head as HTTP/1.1 writes it.
pub(super) fn head_bytes(client: &HttpRequest) -> u64 {
    let target = client.uri().path_and_query().map_or(1, |target| target.as_str().len());
    let line = client.method().as_str().len() + target + " HTTP/1.1\r\n".len() + 1;
    let headers = client.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    (line + headers.sum::<usize>() + "\r\n".len()) as u64
}

/// The client as guards see it.
#[must_use]
pub fn visit(
    client: &HttpRequest,
    endpoint: &EndpointPlan,
    service: &ServicePlan,
    params: &[String],
    body: Body,
) -> Visit {
    let names = endpoint.params.iter().cloned();
    Visit {
        method: client.method().clone(),
        path: client.uri().path().to_owned(),
        query: client.query_string().to_owned(),
        headers: ClientHeaders(client.headers()).all(),
        params: names.zip(params.iter().cloned()).collect(),
        address: client_address(client, service),
        body,
        claims: None,
    }
}

/// Builds the request the backends get to see of what guards have left; gives its body apart. `origin` is what the
/// client sent before.
#[must_use]
pub fn request_of_visit(
    visit: Visit,
    host: Option<HeaderValue>,
    origin: Option<Arc<Origin>>,
    endpoint: &EndpointPlan,
    service: &ServicePlan,
) -> (Request, Body) {
    let mut headers = headers(&visit.headers, visit.address, host, endpoint, service);
    remove_false_marks(&mut headers, endpoint, origin.as_ref());
    let request = Request {
        headers,
        trace_number: None,
        query: endpoint.query.filter(&visit.query),
        params: visit.params.into_iter().map(|(_, value)| value).collect(),
        method: visit.method,
        claims: visit.claims,
        origin,
        trace: None,
    };
    (request, visit.body)
}

fn headers(
    sent: &dyn HeaderSource,
    address: IpAddr,
    host: Option<HeaderValue>,
    endpoint: &EndpointPlan,
    service: &ServicePlan,
) -> Headers {
    let mut headers = match &endpoint.headers {
        HeaderPick::ContentTypeOnly => picked(sent, std::slice::from_ref(&CONTENT_TYPE)),
        HeaderPick::Only(names) => picked(sent, names),
        HeaderPick::All => sent.all(),
    };
    headers.retain(|name| !is_ours(name));
    add_agent(sent, endpoint, service, &mut headers);
    if let Some(value) = written(address) {
        headers.append(X_FORWARDED_FOR, value);
    }
    if let Some(host) = host {
        headers.append(X_FORWARDED_HOST, host);
    }
    headers
}

/// An address as a header has it. Those that nearly all have are written without the machinery of formatting.
fn written(address: IpAddr) -> Option<HeaderValue> {
    let IpAddr::V4(address) = address else { return HeaderValue::from_str(&address.to_string()).ok() };
    let mut text = Vec::with_capacity("255.255.255.255".len());
    for octet in address.octets() {
        if !text.is_empty() {
            text.push(b'.');
        }
        if octet >= 100 {
            text.push(b'0' + octet / 100);
        }
        if octet >= 10 {
            text.push(b'0' + octet / 10 % 10);
        }
        text.push(b'0' + octet % 10);
    }
    HeaderValue::from_bytes(&text).ok()
}

fn picked(sent: &dyn HeaderSource, names: &[HeaderName]) -> Headers {
    let mut headers = Headers::with_capacity(names.len() + 3);
    for name in names {
        for value in sent.every(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

/// The headers of a client's request.
pub struct ClientHeaders<'a>(pub &'a HeaderMap);

impl HeaderSource for ClientHeaders<'_> {
    fn first(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.0.get(name)
    }

    fn every(&self, name: &HeaderName) -> Vec<&HeaderValue> {
        self.0.get_all(name).collect()
    }

    fn all(&self) -> Headers {
        let mut headers = Headers::with_capacity(self.0.len() + 3);
        for (name, value) in self.0 {
            headers.append(name.clone(), value.clone());
        }
        headers
    }
}

/// Headers that say something about one connection, or that the gateway itself sets.
fn is_ours(name: &HeaderName) -> bool {
    [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE, KEEP_ALIVE, PROXY_CONNECTION, HOST].contains(name)
        || [USER_AGENT, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_VIA].contains(name)
}

/// The client's own agent where the file forwards it, marked as having come through us; ours otherwise.
fn add_agent(sent: &dyn HeaderSource, endpoint: &EndpointPlan, service: &ServicePlan, headers: &mut Headers) {
    let forwarded = match &endpoint.headers {
        HeaderPick::ContentTypeOnly => None,
        pick => sent.first(&USER_AGENT).filter(|_| pick.lets_through(&USER_AGENT)),
    };
    match forwarded {
        None => headers.append(USER_AGENT, service.identity.agent.clone()),
        Some(agent) => {
            // A forwarded empty agent removes the header, as in KrakenD.
            if !agent.is_empty() {
                headers.append(USER_AGENT, agent.clone());
            }
            headers.append(X_FORWARDED_VIA, service.identity.agent.clone());
        }
    }
}

/// The client's address by the router's rules.
#[must_use]
pub fn client_address(client: &HttpRequest, service: &ServicePlan) -> IpAddr {
    service.client_address.find(peer(client), |name| client.headers().get_all(name))
}

/// What the client called the gateway: in the request's target, which counts for more, or in its `Host`.
#[must_use]
pub fn host(client: &HttpRequest) -> Option<HeaderValue> {
    let target = client.uri().authority().map(|authority| authority.as_str());
    let named = target.map(|target| target.rsplit_once('@').map_or(target, |(_user, host)| host));
    let named = named.and_then(|host| HeaderValue::from_str(host).ok());
    named.or_else(|| client.headers().get(HOST).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn addresses_are_written_as_they_always_are(address: IpAddr) {
            let value = written(address).unwrap();
            proptest::prop_assert_eq!(value.to_str().unwrap(), address.to_string());
        }
    }
}
