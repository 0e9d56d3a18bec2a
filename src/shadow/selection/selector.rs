//! Whether a shadow wants a request, and if not, why.
//!
//! Runs on the live path once per shadow and request: no lock, no clock, no random number of its own.

use http::Method;

use crate::{
    config::shadow::{Criterion, Policy, Share, Writes},
    model::Request,
    sample::Subject,
    shadow::SkipReason,
};

use super::{conditions, sampler::Sampler};

/// The values of this moment, which a ramp or an operator may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialed {
    /// The share of the requests that is selected.
    pub rate: Share,
    /// The share of the selected that is held out.
    pub holdout: Share,
}

/// The shadow that a policy is for, as far as that matters for what it gets.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// By which it is addressed, unlike any other shadow of the gateway.
    pub id: &'a str,
    /// With which its copies are sent, whatever the client's method was.
    pub method: &'a Method,
}

/// The part of a policy that says which requests, compiled once.
#[derive(Clone, Debug)]
pub struct Selector {
    methods: Vec<MethodRule>,
    /// Whether the client's method may be one that changes something.
    takes_writes: bool,
    /// Whether what is sent changes something, and may not.
    sends_forbidden_writes: bool,
    conditions: Vec<Criterion>,
    hops_max: u32,
    sampler: Sampler,
}

#[derive(Clone, Debug)]
enum MethodRule {
    OneOf(Vec<Method>),
    NoneOf(Vec<Method>),
}

impl Selector {
    /// Compiles a policy for its shadow.
    #[must_use]
    pub fn new(policy: &Policy, recipient: Recipient<'_>) -> Self {
        let (mut rules, mut others) = (Vec::new(), Vec::new());
        for criterion in &policy.conditions.0 {
            match criterion {
                Criterion::Methods(names) => rules.push(MethodRule::OneOf(methods(names))),
                Criterion::NotMethods(names) => rules.push(MethodRule::NoneOf(methods(names))),
                other => others.push(other.clone()),
            }
        }
        let takes_writes = matches!(policy.writes, Writes::Allowed(_));
        Self {
            methods: rules,
            takes_writes,
            sends_forbidden_writes: !recipient.method.is_safe() && (!takes_writes || policy.limits.multiplier > 1),
            conditions: others,
            hops_max: policy.loop_guard.max_hops,
            sampler: Sampler::new(&policy.sample, recipient.id),
        }
    }

    /// Whether the shadow gets this request. `drawn` is the one random number of the request, the same for all its
    /// shadows.
    ///
    /// # Errors
    /// With the first reason why not, in the order of [`SkipReason::ALL`].
    pub fn choose(&self, request: &Request, dialed: Dialed, drawn: u64) -> Result<(), SkipReason> {
        if !self.methods.iter().all(|rule| rule.allows(&request.method)) {
            return Err(SkipReason::Method);
        }
        if self.sends_forbidden_writes || (!self.takes_writes && !request.method.is_safe()) {
            return Err(SkipReason::WriteDenied);
        }
        let subject = Subject::new(request);
        if !self.conditions.iter().all(|criterion| conditions::holds(criterion, subject)) {
            return Err(SkipReason::Unmatched);
        }
        if subject.hops() >= self.hops_max {
            return Err(SkipReason::Loop);
        }
        self.sampler.take(request, dialed, drawn)
    }
}

impl MethodRule {
    fn allows(&self, method: &Method) -> bool {
        match self {
            Self::OneOf(methods) => methods.contains(method),
            Self::NoneOf(methods) => !methods.contains(method),
        }
    }
}

/// Names that can't be methods are nobody's method.
fn methods(names: &[String]) -> Vec<Method> {
    names.iter().filter_map(|name| Method::from_bytes(name.as_bytes()).ok()).collect()
}
