//! A whole policy from its groups, with the defaults of policy mode.

use std::time::{Duration, SystemTime};

use http::HeaderName;

use super::{
    Layers, breaker, compare, conditions, dispatch, limits, loop_guard, rewrite, rules::Shadow, sample, schedule, stop,
    store,
};
use crate::config::{
    Node,
    diagnostic::Findings,
    shadow::{Network, Policy, Share},
};

/// What the meaning of a policy depends on besides its keys.
#[derive(Clone, Debug)]
pub(super) struct Context<'a> {
    /// The service's `@shadow`, whose bounds are the defaults of a policy's.
    pub(super) service: Node<'a>,
    /// The service's name.
    pub(super) salt: &'a str,
    /// The shadow and its endpoint; `None` where a policy is read for no shadow.
    pub(super) shadow: Option<Shadow<'a>>,
    /// The header that the endpoint's `auth/validator` reads the token from.
    pub(super) token_header: Option<HeaderName>,
    /// The time of day, if it is to count.
    pub(super) now: Option<SystemTime>,
}

/// Reads the policy that the places make together.
pub(super) fn policy(layers: &Layers<'_>, context: &Context<'_>, findings: &mut Findings) -> Policy {
    let matches = layers.group("match");
    let when_status = dispatch::statuses(&layers.key("when_primary_status"), findings);
    let body = limits::body_mode(layers, findings);
    Policy {
        sample: sample::sample(&layers.group("sample"), context, findings),
        conditions: conditions::conditions(&matches, findings),
        writes: conditions::writes(&matches, findings),
        loop_guard: loop_guard::loop_guard(&layers.group("loop"), findings),
        limits: limits::limits(layers, context, body, findings),
        dispatch: dispatch::dispatch(&layers.key("dispatch"), when_status.is_some(), findings),
        when_status,
        body,
        rewrite: rewrite::rewrite(layers, context, findings),
        network: network(&layers.group("network"), findings),
        breaker: breaker::breaker(layers, findings),
        schedule: schedule::schedule(layers, context.now, findings),
        holdout: layers.key("holdout").strict_share(findings).or(Share::of_ratio(0.05)).unwrap_or(Share::NONE),
        compare: compare::compare(layers, context, findings).map(Box::new),
        stop_on: stop::stop_on(layers, findings),
        store: store::store(&layers.group("store"), context, findings),
    }
}

fn network(group: &Layers<'_>, findings: &mut Findings) -> Network {
    let connect_timeout = group.key("connect_timeout").strict_positive_time(findings);
    let idle_timeout = group.key("idle_timeout").strict_time(findings);
    Network {
        connect_timeout: connect_timeout.unwrap_or(Duration::from_secs(1)),
        idle_timeout: idle_timeout.unwrap_or(Duration::from_secs(30)),
    }
}
