//! The compiled plan in outline, for people: one row an endpoint, with what it calls.
//!
//! Promises: nothing of it is a secret; hosts and patterns are what `/__stats` says as well.

use serde::Serialize;

use super::{BackendPlan, EndpointPlan, Flow, Plan};

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// How long a request may take, as in `150ms`.
    pub timeout: String,
    /// What it calls: `GET http://a:80/v1/{{.Id}}`.
    pub live: Vec<String>,
    /// What gets copies.
    pub shadows: Vec<String>,
    /// How answers are written.
    pub encoding: &'static str,
    /// `single`, `parallel` or `sequential`.
    pub flow: &'static str,
}

/// The endpoints, in the order of the file.
#[must_use]
pub fn outline(plan: &Plan) -> Vec<Route> {
    plan.endpoints.iter().map(|endpoint| route(endpoint)).collect()
}

fn route(endpoint: &EndpointPlan) -> Route {
    Route {
        method: endpoint.method.to_string(),
        path: endpoint.path.clone(),
        timeout: format!("{:?}", endpoint.timeout),
        live: endpoint.live.iter().map(|backend| call(backend)).collect(),
        shadows: endpoint.shadows.iter().map(|shadow| call(&shadow.backend)).collect(),
        encoding: if endpoint.no_op { "no-op" } else { endpoint.encoder.name() },
        flow: match endpoint.flow {
            Flow::Single => "single",
            Flow::Parallel => "parallel",
            Flow::Sequential => "sequential",
        },
    }
}

/// `GET http://a:80/v1/{{.Id}}`, with how many more addresses there are.
fn call(backend: &BackendPlan) -> String {
    let listed = || match backend.bases.split_first() {
        None => "(no host)".to_owned(),
        Some((first, rest)) => {
            let more = if rest.is_empty() { String::new() } else { format!("(+{})", rest.len()) };
            format!("{}://{}{}{more}", first.scheme, first.authority, first.prefix)
        }
    };
    let host = match &backend.discovered {
        Some(service) => format!("{}://(SRV {})", service.scheme, service.name),
        None => listed(),
    };
    format!("{} {host}{}", backend.method, backend.go_pattern)
}
