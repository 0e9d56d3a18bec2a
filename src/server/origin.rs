//! What a client sent, taken down for the policies of shadows before anything is filtered.
//!
//! Runs once per request, and not at all where no shadow has a policy.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::SystemTime,
};

use actix_web::{HttpRequest, http::header::HeaderMap};

use crate::{
    model::{Headers, Origin},
    plan::{EndpointPlan, OriginNeeds, ServicePlan, origin::HOPS},
    shadow::marks::{Arrival, Provenance},
};

use super::{ingress::client_address, serve::decoded};

/// The origin of a request for `endpoint`; `None` where nobody looks at it.
#[must_use]
pub fn origin(client: &HttpRequest, endpoint: &EndpointPlan, service: &ServicePlan) -> Option<Arc<Origin>> {
    let needs = endpoint.origin.as_ref()?;
    let provenance = provenance(client.headers(), peer(client), needs);
    let mut headers = picked(client.headers(), needs);
    if let Some(carried) = provenance.carried {
        headers.append(HOPS, carried);
    }
    let path = client.uri().path();
    Some(Arc::new(Origin {
        path: if needs.path { decoded(path).map_or_else(|| path.to_owned(), Into::into) } else { String::new() },
        query: if needs.query { client.query_string().to_owned() } else { String::new() },
        address: client_address(client, service),
        headers,
        hops: provenance.hops,
    }))
}

fn picked(sent: &HeaderMap, needs: &OriginNeeds) -> Headers {
    let mut headers = Headers::with_capacity(needs.headers.len());
    for name in &needs.headers {
        for value in sent.get_all(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    headers
}

fn provenance(sent: &HeaderMap, peer: IpAddr, needs: &OriginNeeds) -> Provenance {
    let entries: Vec<&[u8]> = sent.get_all(HOPS).map(|value| value.as_bytes()).collect();
    let marked = needs.request_marks.iter().any(|name| sent.get(name).is_some_and(|value| value == "1"));
    Provenance::of(Arrival { entries: &entries, marked, peer }, needs, SystemTime::now())
}

/// Removes marks that nobody vouches for, so that neither live backends nor shadows take a client's word for them.
pub fn remove_false_marks(headers: &mut Headers, endpoint: &EndpointPlan, origin: Option<&Arc<Origin>>) {
    if let (Some(needs), Some(origin)) = (&endpoint.origin, origin)
        && origin.hops == 0
    {
        headers.retain(|name| !needs.marks.contains(name));
    }
}

/// Whose connection the request came over.
pub(super) fn peer(client: &HttpRequest) -> IpAddr {
    client.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |address| address.ip().to_canonical())
}
