//! A client's request in our words: which headers and parameters go on, and what the gateway adds.
//!
//! Runs once per request: the header list is built once and shared by every backend.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use http::{
    HeaderName, HeaderValue,
    header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING, UPGRADE, USER_AGENT},
};

use crate::{
    model::{Headers, Request},
    plan::{EndpointPlan, HeaderPick, ServicePlan},
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_VIA: HeaderName = HeaderName::from_static("x-forwarded-via");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Builds the request the backends get to see.
#[must_use]
pub fn request(client: &HttpRequest, endpoint: &EndpointPlan, service: &ServicePlan, params: Vec<String>) -> Request {
    Request {
        method: client.method().clone(),
        headers: headers(client, endpoint, service),
        query: endpoint.query.filter(client.query_string()),
        params,
    }
}

fn headers(client: &HttpRequest, endpoint: &EndpointPlan, service: &ServicePlan) -> Headers {
    let mut headers = Headers::with_capacity(client.headers().len() + 3);
    match &endpoint.headers {
        HeaderPick::ContentTypeOnly => copy(client, &CONTENT_TYPE, &mut headers),
        HeaderPick::Only(names) => {
            for name in names.iter().filter(|name| !is_ours(name)) {
                copy(client, name, &mut headers);
            }
        }
        HeaderPick::All => {
            for (name, value) in client.headers().iter().filter(|(name, _)| !is_ours(name)) {
                headers.append(name.clone(), value.clone());
            }
        }
    }
    add_agent(client, endpoint, service, &mut headers);
    let address = client_address(client, service).to_string();
    if let Ok(value) = HeaderValue::from_str(&address) {
        headers.append(X_FORWARDED_FOR, value);
    }
    if let Some(host) = host(client) {
        headers.append(X_FORWARDED_HOST, host);
    }
    headers
}

/// Headers that say something about one connection, or that the gateway itself sets.
fn is_ours(name: &HeaderName) -> bool {
    [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE, KEEP_ALIVE, PROXY_CONNECTION, HOST].contains(name)
        || [USER_AGENT, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_VIA].contains(name)
}

fn copy(client: &HttpRequest, name: &HeaderName, into: &mut Headers) {
    for value in client.headers().get_all(name) {
        into.append(name.clone(), value.clone());
    }
}

/// The client's own agent where the file forwards it, marked as having come through us; ours otherwise.
fn add_agent(client: &HttpRequest, endpoint: &EndpointPlan, service: &ServicePlan, headers: &mut Headers) {
    let forwarded = match &endpoint.headers {
        HeaderPick::ContentTypeOnly => None,
        pick => client.headers().get(USER_AGENT).filter(|_| pick.lets_through(&USER_AGENT)),
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
    let peer = client.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical());
    service.client_address.find(peer, |name| client.headers().get_all(name))
}

fn host(client: &HttpRequest) -> Option<HeaderValue> {
    let header = client.headers().get(HOST).cloned();
    header.or_else(|| HeaderValue::from_str(client.uri().authority()?.as_str()).ok())
}
