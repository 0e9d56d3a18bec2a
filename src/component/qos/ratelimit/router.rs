//! `qos/ratelimit/router`: how often an endpoint may be asked, by everyone together and by each client.
//!
//! Promises: a client's own limit is looked at first and answers 429, the endpoint's answers 503; a client without a
//! key is always refused. Capacities that are not given follow KrakenD's rules, not its documentation.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::LocalBoxFuture;
use http::{HeaderName, StatusCode};
use tokio::time::Instant;

use crate::{
    component::{
        Layer, Next, Refusal, Visit,
        tables::{Guarded, Place},
    },
    config::{Node, diagnostic::Findings, duration::Nanoseconds},
};

use super::{
    Bucket, Rate,
    clients::{Clients, Keeping},
};

const SECOND_NANOSECONDS: i64 = 1_000_000_000;
const IDLE_NANOSECONDS_MIN: u64 = 600 * 1_000_000_000;
const SHARDS: f64 = 2048.0;
const SWEEP_NANOSECONDS: i64 = 60 * SECOND_NANOSECONDS;

/// The limits of one endpoint.
#[derive(Debug)]
struct Limits {
    started: Instant,
    everyone: Option<(Rate, Mutex<Bucket>)>,
    each: Option<(Strategy, Clients)>,
}

/// What makes a client.
#[derive(Debug)]
enum Strategy {
    /// Its address, as a header tells it if there is one.
    Address(Option<HeaderName>),
    /// A header's value.
    Header(Option<HeaderName>),
    /// A parameter of the path.
    Param(String),
}

/// The layer for these settings.
pub fn layer(node: &Node<'_>, place: Place<'_>, findings: &mut Findings) -> Option<Arc<dyn Layer<Visit, Guarded>>> {
    let mut own = Findings::default();
    let limits = node.exact_object(&mut own).then(|| Limits::new(node, place, &mut own));
    findings.append_as_mistakes(own);
    let limits = limits.filter(|limits| limits.everyone.is_some() || limits.each.is_some())?;
    Some(Arc::new(limits))
}

impl Limits {
    fn new(node: &Node<'_>, place: Place<'_>, findings: &mut Findings) -> Self {
        let every = duration(node, "every", SECOND_NANOSECONDS, findings).max(SECOND_NANOSECONDS);
        let seconds = every as f64 / SECOND_NANOSECONDS as f64;
        let mut number = |key: &str| node.member(key).exact_number(findings).unwrap_or(0.0);
        let per_second = number("max_rate") / seconds;
        let per_client = number("client_max_rate") / seconds;
        let capacity = given(number("capacity")).unwrap_or_else(|| Rate::default_capacity(per_second));
        // Also 1 when there is no limit for everyone at all: users of the original have come to know it so.
        let default_of_client = if per_second < 1.0 { 1 } else { per_client as u64 };
        let capacity_of_client = given(number("client_capacity")).unwrap_or(default_of_client);
        let everyone = (per_second > 0.0).then(|| Rate::new(per_second, capacity));
        let strategy = if per_client > 0.0 { Strategy::new(node, place, findings) } else { None };
        let keeping = keeping(node, every, findings);
        Self {
            started: Instant::now(),
            everyone: everyone.map(|rate| (rate, Mutex::new(Bucket::full(rate, 0)))),
            each: strategy.map(|strategy| (strategy, Clients::new(Rate::new(per_client, capacity_of_client), keeping))),
        }
    }

    /// The status to refuse a visit with, if it is one too many.
    fn refusal(&self, visit: &Visit) -> Option<StatusCode> {
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if let Some((strategy, clients)) = &self.each {
            let key = strategy.key(visit);
            if key.is_empty() || !clients.take(&key, now) {
                return Some(StatusCode::TOO_MANY_REQUESTS);
            }
        }
        let (rate, bucket) = self.everyone.as_ref()?;
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        (!bucket.take(*rate, now)).then_some(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl Layer<Visit, Guarded> for Limits {
    fn call<'a>(&'a self, visit: Visit, next: Next<'a, Visit, Guarded>) -> LocalBoxFuture<'a, Guarded> {
        match self.refusal(&visit) {
            Some(status) => Box::pin(std::future::ready(Err(Refusal::status(status)))),
            None => next.run(visit),
        }
    }
}

impl Strategy {
    fn new(node: &Node<'_>, place: Place<'_>, findings: &mut Findings) -> Option<Self> {
        let strategy = node.member("strategy");
        let name = strategy.exact_text(findings).unwrap_or_default();
        let place_of_key = node.member("key");
        let key = place_of_key.exact_text(findings).unwrap_or_default();
        match name.to_lowercase().as_str() {
            "ip" => Some(Self::Address(key.parse().ok())),
            "header" => {
                let header = key.parse().ok();
                if header.is_none() {
                    findings.warning(place_of_key.pointer(), "no header is named, so every request is refused");
                }
                Some(Self::Header(header))
            }
            "param" => {
                if !place.params.contains(&key) {
                    findings
                        .warning(place_of_key.pointer(), "the path has no such parameter, so every request is refused");
                }
                Some(Self::Param(key))
            }
            _ => {
                let message = format!("unknown strategy \"{name}\", so clients are NOT limited, as in KrakenD");
                findings.warning(strategy.pointer(), message);
                None
            }
        }
    }

    /// What the client is called; empty if it cannot be told.
    fn key(&self, visit: &Visit) -> Vec<u8> {
        match self {
            Self::Address(header) => {
                let told = header
                    .as_ref()
                    .and_then(|name| visit.headers.get(name))
                    .and_then(|value| told(value.to_str().ok()?));
                told.unwrap_or(visit.address).to_string().into_bytes()
            }
            Self::Header(name) => {
                let value = name.as_ref().and_then(|name| visit.headers.get(name));
                value.map(|value| value.as_bytes().to_vec()).unwrap_or_default()
            }
            Self::Param(wanted) => {
                let param = visit.params.iter().find(|(name, _)| name == wanted);
                param.map(|(_, value)| value.clone().into_bytes()).unwrap_or_default()
            }
        }
    }
}

/// How long clients are kept, and in how many shards.
fn keeping(node: &Node<'_>, every: i64, findings: &mut Findings) -> Keeping {
    let shards = node.member("num_shards").exact_number(findings).filter(|shards| *shards >= 1.0);
    let sweep = duration(node, "cleanup_period", SWEEP_NANOSECONDS, findings).max(SECOND_NANOSECONDS);
    Keeping {
        shards: shards.unwrap_or(SHARDS) as usize,
        idle_nanoseconds: IDLE_NANOSECONDS_MIN.max((every as u64).saturating_mul(5) / 4),
        sweep_nanoseconds: sweep.unsigned_abs(),
    }
}

/// The address a header tells first. As in the original it is cut at a colon, so that none of version 6 is found.
fn told(value: &str) -> Option<IpAddr> {
    value.split(',').next()?.split(':').next()?.parse().ok()
}

/// A capacity that is given and not zero.
fn given(number: f64) -> Option<u64> {
    (number as i64 != 0).then(|| (number as i64).try_into().unwrap_or(1))
}

/// A duration in nanoseconds; what is none counts as the default.
fn duration(node: &Node<'_>, key: &str, default: i64, findings: &mut Findings) -> i64 {
    let member = node.member(key);
    let Some(text) = member.exact_text(findings) else { return default };
    Nanoseconds::parse(&text).or_else(|| member.ignored(findings, "a duration")).map_or(default, |duration| duration.0)
}

#[cfg(test)]
mod tests {
    use http::Method;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        component::tables::tests::at,
        config::Severity,
        model::{Body, Headers},
    };

    fn limits(settings: &Value) -> (Limits, Findings) {
        let mut findings = Findings::default();
        let limits = at(&json!({}), |place| Limits::new(&Node::root(settings), place, &mut findings));
        (limits, findings)
    }

    fn visit(address: [u8; 4], header: Option<&'static str>) -> Visit {
        let mut headers = Headers::new();
        if let Some(value) = header {
            headers.append(HeaderName::from_static("x-client"), http::HeaderValue::from_static(value));
        }
        Visit {
            method: Method::GET,
            path: "/".into(),
            query: String::new(),
            headers,
            params: vec![("id".into(), "7".into())],
            address: address.into(),
            body: Body::Empty,
            claims: None,
        }
    }

    fn capacities(settings: &Value) -> Option<u64> {
        limits(settings).0.everyone.map(|(rate, _)| rate.capacity)
    }

    #[test]
    fn a_capacity_that_is_not_given_is_what_a_second_brings_and_at_least_one() {
        assert_eq!(capacities(&json!({"max_rate": 4})), Some(4));
        assert_eq!(capacities(&json!({"max_rate": 3, "every": "10s"})), Some(1));
        assert_eq!(capacities(&json!({"max_rate": 3, "every": "10ms"})), Some(3));
        assert_eq!(capacities(&json!({"max_rate": 3, "every": 10})), Some(3));
        assert_eq!(capacities(&json!({"max_rate": 0})), None);
        assert_eq!(capacities(&json!({"max_rate": 2, "capacity": 9})), Some(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_may_burst_one_request_when_nothing_limits_everyone() {
        let (limits, _) = limits(&json!({"client_max_rate": 100, "strategy": "IP"}));
        assert_eq!(limits.refusal(&visit([1, 1, 1, 1], None)), None);
        assert_eq!(limits.refusal(&visit([1, 1, 1, 1], None)), Some(StatusCode::TOO_MANY_REQUESTS));
        assert_eq!(limits.refusal(&visit([2, 1, 1, 1], None)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_is_refused_before_the_endpoint_is_asked() {
        let settings =
            json!({"max_rate": 1, "every": "1h", "client_max_rate": 1, "strategy": "header", "key": "X-Client"});
        let (limits, _) = limits(&settings);
        assert_eq!(limits.refusal(&visit([1, 1, 1, 1], Some("a"))), None);
        assert_eq!(limits.refusal(&visit([1, 1, 1, 1], Some("a"))), Some(StatusCode::TOO_MANY_REQUESTS));
        assert_eq!(limits.refusal(&visit([1, 1, 1, 1], Some("b"))), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(limits.refusal(&visit([1, 1, 1, 1], None)), Some(StatusCode::TOO_MANY_REQUESTS));
    }

    #[test]
    fn clients_are_kept_as_the_file_says_and_never_less_than_ten_minutes() {
        let kept = |settings: Value, every| keeping(&Node::root(&settings), every, &mut Findings::default());
        let hour = 3600 * SECOND_NANOSECONDS;
        for (settings, every, shards, idle_seconds, sweep_seconds) in [
            (json!({}), SECOND_NANOSECONDS, 2048, 600, 60),
            (json!({"num_shards": 3, "cleanup_period": "5s"}), hour, 3, 4500, 5),
            (json!({"num_shards": 0, "cleanup_period": "1ms"}), SECOND_NANOSECONDS, 2048, 600, 1),
        ] {
            let kept = kept(settings, every);
            let seconds = [kept.idle_nanoseconds, kept.sweep_nanoseconds].map(|time| time / 1_000_000_000);
            assert_eq!((kept.shards, seconds), (shards, [idle_seconds, sweep_seconds]));
        }
    }

    #[test]
    fn an_address_may_be_told_by_a_header() {
        let strategy = Strategy::Address(Some(HeaderName::from_static("x-client")));
        for (header, key) in [("9.8.7.6:80, 1.1.1.1", "9.8.7.6"), ("::1", "1.2.3.4"), ("no", "1.2.3.4")] {
            assert_eq!(strategy.key(&visit([1, 2, 3, 4], Some(header))), key.as_bytes(), "{header}");
        }
        assert_eq!(Strategy::Param("id".into()).key(&visit([1, 2, 3, 4], None)), b"7");
    }

    #[test]
    fn a_strategy_nobody_knows_limits_no_client_and_fails_the_check() {
        for settings in [json!({"client_max_rate": 1, "strategy": "moon"}), json!({"client_max_rate": 1})] {
            let mut findings = Findings::default();
            assert!(at(&json!({}), |place| layer(&Node::root(&settings), place, &mut findings)).is_none());
            assert_eq!(findings.into_list()[0].severity, Severity::Mistake);
        }
    }
}
