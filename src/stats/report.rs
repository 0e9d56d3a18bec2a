//! One thread's batch of numbers on its way to the stats actor.

use std::sync::Arc;

use super::names::{BackendId, EndpointId, Names};
use super::tally::Tally;

/// What one thread counted since its last report: only the series that were touched.
#[derive(Clone, Debug)]
pub struct Report {
    /// The names that the numbers below refer to.
    pub names: Arc<Names>,
    /// Endpoints.
    pub endpoints: Vec<(EndpointId, Tally)>,
    /// Backends, live and shadow.
    pub backends: Vec<(BackendId, Tally)>,
    /// Replies to requests that no endpoint wanted: (status, count).
    pub unrouted: Vec<(u16, u64)>,
}

impl actix::Message for Report {
    type Result = ();
}
