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
        pair: fastrand::u64(..),
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use actix_web::test::TestRequest;
    use http::HeaderName;
    use serde_json::json;

    use super::*;
    use crate::{
        config::{
            Environment, Source, load,
            shadow::{Conditions, Criterion, Peer, Policy, SampleKey, TextPattern},
        },
        model::{Body, Request},
        plan::{Plan, compile},
        server::ingress,
        shadow::{Marker, fixture::policy},
    };

    /// An endpoint that forwards everything, with shadows of these policies.
    fn plan(policies: &[Policy]) -> Plan {
        let file = json!({"version": 3, "host": ["http://127.0.0.1:8081"], "endpoints": [{"endpoint": "/user/{id}",
            "input_headers": ["*"], "backend": [{"url_pattern": "/"}]}]});
        let source = Source::Text { name: "krakend.json".into(), text: file.to_string() };
        let loaded = load(&source, &Environment::default());
        let mut plan = compile(&loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))).0;
        let mut endpoint = Arc::into_inner(plan.endpoints.remove(0)).unwrap();
        endpoint.origin = OriginNeeds::of(policies);
        plan.endpoints.push(Arc::new(endpoint));
        plan
    }

    fn client(headers: &[(&str, &str)]) -> HttpRequest {
        let peer: SocketAddr = "203.0.113.9:1".parse().unwrap();
        let request = TestRequest::with_uri("/user/a%20b?q=1&r=2").peer_addr(peer);
        headers.iter().fold(request, |request, header| request.append_header(*header)).to_http_request()
    }

    fn request(plan: &Plan, client: &HttpRequest) -> Request {
        ingress::request(client, &plan.endpoints[0], &plan.service, vec!["a b".into()])
    }

    fn has(request: &Request, name: &'static str) -> bool {
        request.headers.contains(&HeaderName::from_static(name))
    }

    const MARKS: [(&str, &str); 4] =
        [("x-shadow-request", "1"), ("x-shadow-id", "1"), ("x-shadow-sent-at", "1"), ("x-shadow-hops", "1;2;3;4")];

    #[test]
    fn without_a_policy_nothing_is_taken_down_and_nothing_removed() {
        let request = request(&plan(&[]), &client(&MARKS));
        assert!(request.origin.is_none());
        assert!(MARKS.iter().all(|(name, _)| has(&request, name)));
    }

    #[test]
    fn what_policies_look_at_is_taken_down_as_it_was_sent() {
        let mut by_header = policy();
        by_header.sample.key = SampleKey::Header(HeaderName::from_static("x-user"));
        let mut by_path = policy();
        by_path.sample.key = SampleKey::Path;
        by_path.conditions = Conditions(vec![Criterion::Query("q".into(), vec![TextPattern::Any])]);
        let sent = client(&[("x-user", "ada"), ("x-user", "grace"), ("x-other", "1")]);
        let origin = request(&plan(&[by_header.clone(), by_path]), &sent).origin.unwrap();
        assert_eq!((origin.path.as_str(), origin.query.as_str(), origin.hops), ("/user/a b", "q=1&r=2", 0));
        assert_eq!(origin.address, IpAddr::from([203, 0, 113, 9]));
        let headers: Vec<&str> = origin.headers.iter().map(|(_, value)| value.to_str().unwrap()).collect();
        assert_eq!(headers, ["ada", "grace"]);
        let origin = request(&plan(&[by_header]), &sent).origin.unwrap();
        assert_eq!((origin.path.as_str(), origin.query.as_str()), ("", ""));
    }

    #[test]
    fn marks_that_nobody_vouches_for_reach_no_backend() {
        let request = request(&plan(&[policy()]), &client(&MARKS));
        assert_eq!(request.origin.as_ref().unwrap().hops, 0);
        assert!(MARKS.iter().all(|(name, _)| !has(&request, name)));
    }

    #[test]
    fn marks_of_a_gateway_that_is_believed_go_on() {
        let mut policy = policy();
        policy.loop_guard.trusted = vec![Peer::Network("203.0.113.0/24".parse().unwrap())];
        let request = request(&plan(&[policy]), &client(&MARKS));
        assert_eq!(request.origin.as_ref().unwrap().hops, 1);
        assert!(MARKS.iter().all(|(name, _)| has(&request, name)));
    }

    #[test]
    fn a_copy_of_this_process_is_known_when_it_comes_back() {
        let policy = policy();
        let plan = plan(std::slice::from_ref(&policy));
        let mut marks = Headers::new();
        let first = request(&plan, &client(&[])).origin.unwrap();
        Marker::new(&policy).unwrap().mark(&mut marks, &first, SystemTime::now());
        let entry = marks.get(&HOPS).unwrap().to_str().unwrap();
        let back = request(&plan, &client(&[("x-shadow-hops", entry)]));
        let origin = back.origin.unwrap();
        assert_ne!(origin.pair, first.pair, "each request has a number of its own");
        assert_eq!((origin.hops, origin.headers.get(&HOPS).unwrap().to_str().unwrap()), (1, entry));
    }

    #[test]
    fn what_guards_change_is_not_what_the_client_sent() {
        let mut by_header = policy();
        by_header.sample.key = SampleKey::Header(HeaderName::from_static("x-user"));
        let plan = plan(&[by_header]);
        let endpoint = &plan.endpoints[0];
        let sent = client(&[("x-user", "ada"), ("x-shadow-request", "1")]);
        let mut visit = ingress::visit(&sent, endpoint, &plan.service, &["a b".into()], Body::Empty);
        visit.headers.insert(HeaderName::from_static("x-user"), http::HeaderValue::from_static("eve"));
        let origin = origin(&sent, endpoint, &plan.service);
        let (request, _body) = ingress::request_of_visit(visit, None, origin, endpoint, &plan.service);
        let user = HeaderName::from_static("x-user");
        assert_eq!(request.headers.get(&user).unwrap(), "eve");
        assert_eq!(request.origin.as_ref().unwrap().headers.get(&user).unwrap(), "ada");
        assert!(!has(&request, "x-shadow-request"));
    }
}
