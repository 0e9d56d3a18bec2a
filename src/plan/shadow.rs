//! A backend that gets copies and whose answers nobody sees.

use std::{sync::Arc, time::Duration};

use crate::config::{Endpoint, Service, Shadow, ShadowDefaults, shadow::Policy};

use super::BackendPlan;

/// A compiled shadow backend.
#[derive(Debug)]
pub struct ShadowPlan {
    /// The call to make.
    pub backend: Arc<BackendPlan>,
    /// By which people address it: method, path and place among the endpoint's shadows, `GET:/user/{id}:0`.
    pub key: String,
    /// Its own deadline, counted from the moment it is sent; never capped by the endpoint's.
    pub timeout: Duration,
    /// Its bounds.
    pub bounds: ShadowBounds,
    /// What is copied and how, in policy mode; `None` copies everything as it is.
    pub policy: Option<Arc<Policy>>,
    /// The live backend once more, with nothing in common with it but its settings, its limit and its breaker: called to learn how much its own
    /// answers differ.
    pub baseline: Option<Arc<Self>>,
}

/// How much a shadow may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShadowBounds {
    /// Calls under way at once.
    pub concurrent_max: usize,
    /// Copies that may wait besides: for their turn, for the end of the client's body, or for the live answer. Without
    /// any, such copies count as calls.
    pub queue_max: usize,
    /// Bytes of request bodies and heads, and of answers kept in sequences, held at once.
    pub buffered_bytes_max: usize,
    /// A larger request body is not mirrored.
    pub request_bytes_max: usize,
    /// An answer is read up to here, then its connection is closed.
    pub response_bytes_max: usize,
}

impl ShadowPlan {
    /// Lets its second live calls go through what stands around these live backends, whose numbers they have.
    pub(super) fn share_with(&mut self, live: &[Arc<BackendPlan>]) {
        let Some(second) = self.baseline.as_mut().and_then(Arc::get_mut) else { return };
        let Some(of_live) = live.iter().find(|backend| backend.id == second.backend.id) else { return };
        if let Some(backend) = Arc::get_mut(&mut second.backend) {
            backend.calls_through = std::mem::take(&mut backend.calls_through).beside(&of_live.calls_through);
        }
    }

    /// The shadow in this place among those of its endpoint, without a second live backend.
    #[must_use]
    pub fn new(
        backend: Arc<BackendPlan>,
        shadow: &Shadow,
        endpoint: &Endpoint,
        config: &Service,
        place: usize,
    ) -> Self {
        Self {
            key: format!("{}:{}:{place}", endpoint.method, endpoint.path),
            timeout: shadow.timeout,
            bounds: ShadowBounds::new(shadow, &config.shadow),
            policy: shadow.policy.clone(),
            baseline: None,
            backend,
        }
    }
}

impl ShadowBounds {
    /// Those of a shadow where its policy gives them, else those of all shadows.
    #[must_use]
    pub fn new(shadow: &Shadow, of_all: &ShadowDefaults) -> Self {
        let limits = shadow.policy.as_ref().map(|policy| &policy.limits);
        Self {
            concurrent_max: limits.map_or(of_all.max_concurrent, |limits| limits.concurrent_max),
            queue_max: limits.map_or(0, |limits| limits.queue_max),
            buffered_bytes_max: of_all.max_buffered_bytes,
            request_bytes_max: limits.map_or(of_all.max_request_bytes, |limits| limits.request_bytes_max),
            response_bytes_max: limits.map_or(of_all.max_response_bytes, |limits| limits.response_bytes_max),
        }
    }
}
