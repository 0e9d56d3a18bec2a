//! A backend that gets copies and whose answers nobody sees.

use std::{sync::Arc, time::Duration};

use super::BackendPlan;

/// A compiled shadow backend.
#[derive(Debug)]
pub struct ShadowPlan {
    /// The call to make.
    pub backend: Arc<BackendPlan>,
    /// What identifies it across reloads: endpoint, method and place among the endpoint's shadows.
    pub key: String,
    /// Its own deadline, counted from the moment it is sent; never capped by the endpoint's.
    pub timeout: Duration,
    /// Its bounds.
    pub bounds: ShadowBounds,
}

/// How much a shadow may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShadowBounds {
    /// Copies held at once, from admission to the end of the answer.
    pub concurrent_max: usize,
    /// Bytes of request bodies held at once.
    pub buffered_bytes_max: usize,
    /// A larger request body is not mirrored.
    pub request_bytes_max: usize,
    /// An answer is read up to here, then its connection is closed.
    pub response_bytes_max: usize,
}
