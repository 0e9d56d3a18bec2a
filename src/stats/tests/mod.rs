//! Tests of the numbers as a whole, from the recorders to the text.

mod actor;
mod open_metrics;
mod pieces;
mod prometheus;
mod recorder;

use std::sync::Arc;

use super::{BackendName, EndpointName, Names};

/// Names of `endpoints` endpoints, each with one live backend and one shadow.
fn names(endpoints: usize) -> Arc<Names> {
    let endpoint = |number| EndpointName { method: "GET".into(), path: format!("/endpoint/{number}") };
    let backend = |number: usize| BackendName {
        endpoint: number / 2,
        label: format!("GET /backend/{}", number / 2),
        hosts: "http://one:8080".into(),
        shadow: number % 2 == 1,
    };
    Arc::new(Names {
        endpoints: (0..endpoints).map(endpoint).collect(),
        backends: (0..2 * endpoints).map(backend).collect(),
    })
}
