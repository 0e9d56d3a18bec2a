//! A backend that gets copies and whose answers nobody sees.

use std::{sync::Arc, time::Duration};

use crate::config::shadow::Policy;

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
    /// The live backend once more, with nothing in common with it but its settings: called to learn how much its own
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
