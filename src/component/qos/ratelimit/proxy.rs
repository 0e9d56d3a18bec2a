//! `qos/ratelimit/proxy`: how often a backend may be called.
//!
//! Promises: a call too many fails like any other, with KrakenD's text, and counts as a failure for a breaker around. Calls
//! beside live ones get what these leave over: no live call is ever refused for them, nor is the rate exceeded.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::LocalBoxFuture;
use tokio::time::Instant;

use crate::{
    component::{
        BackendCall, Layer, Next,
        tables::{Called, Place},
    },
    config::{Node, diagnostic::Findings, duration::Nanoseconds},
    model::{Failure, Kind},
};

use super::{Bucket, Rate};

/// The limit of one backend.
#[derive(Debug)]
struct Limit {
    started: Instant,
    rate: Rate,
    bucket: Mutex<Bucket>,
}

/// The layer for these settings.
pub fn layer(
    node: &Node<'_>,
    _place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<BackendCall, Called>>> {
    let mut own = Findings::default();
    let rate = if node.exact_object(&mut own) { rate(node, &mut own) } else { None };
    findings.append_as_mistakes(own);
    let rate = rate?;
    Some(Arc::new(Limit { started: Instant::now(), rate, bucket: Mutex::new(Bucket::full(rate, 0)) }))
}

fn rate(node: &Node<'_>, findings: &mut Findings) -> Option<Rate> {
    let every = node.member("every");
    let parsed = every.exact_text(findings).map(|text| Nanoseconds::parse(&text).filter(|every| every.0 > 0));
    let seconds = match parsed {
        None => 1.0,
        Some(Some(every)) => every.0 as f64 / 1e9,
        Some(None) => {
            every.ignored::<()>(findings, "a duration above zero");
            1.0
        }
    };
    let mut number = |key: &str| node.member(key).exact_number(findings).unwrap_or(0.0);
    let per_second = number("max_rate") / seconds;
    let capacity = number("capacity") as u64;
    let capacity = if capacity == 0 { Rate::default_capacity(per_second) } else { capacity };
    (per_second > 0.0).then(|| Rate::new(per_second, capacity))
}

/// The same limit for calls beside live ones.
#[derive(Debug)]
struct Spare(Arc<Limit>);

impl Limit {
    /// Takes a token in this way.
    fn lets_through(&self, take: impl FnOnce(&mut Bucket, Rate, u64) -> bool) -> bool {
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        take(&mut self.bucket.lock().unwrap_or_else(PoisonError::into_inner), self.rate, now)
    }
}

impl Layer<BackendCall, Called> for Limit {
    fn call<'a>(&'a self, call: BackendCall, next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        if self.lets_through(Bucket::take) { next.run(call) } else { refused() }
    }

    fn beside_live(self: Arc<Self>) -> Option<Arc<dyn Layer<BackendCall, Called>>> {
        Some(Arc::new(Spare(self)))
    }
}

impl Layer<BackendCall, Called> for Spare {
    fn call<'a>(&'a self, call: BackendCall, next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        if self.0.lets_through(Bucket::take_spare) { next.run(call) } else { refused() }
    }
}

fn refused() -> LocalBoxFuture<'static, Called> {
    Box::pin(std::future::ready(Err(Failure::new(Kind::Refused, "rate limit exceded"))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_below_a_second_counts_as_it_is() {
        let rate_of = |settings: serde_json::Value| rate(&Node::root(&settings), &mut Findings::default());
        assert_eq!(rate_of(json!({"max_rate": 2, "every": "100ms"})), Some(Rate::new(20.0, 20)));
        assert_eq!(rate_of(json!({"max_rate": 2, "every": "10s"})), Some(Rate::new(0.2, 1)));
        assert_eq!(rate_of(json!({"max_rate": 2, "every": "soon", "capacity": 5})), Some(Rate::new(2.0, 5)));
        assert_eq!(rate_of(json!({"max_rate": 0})), None);
    }
}
