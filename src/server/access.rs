//! The access log: one line a request, as KrakenD writes it.

use std::net::IpAddr;

use actix_web::{HttpRequest, HttpResponse};
use tokio::time::Instant;

use crate::plan::ServicePlan;

use super::ingress;

/// What a line needs to know before the request is gone.
pub(super) struct Line {
    started: Instant,
    address: IpAddr,
    method: String,
    target: String,
}

impl Line {
    /// Takes note of a request that is to be logged.
    pub(super) fn begin(request: &HttpRequest, service: &ServicePlan) -> Option<Self> {
        let silent = !service.logs_access || !tracing::enabled!(tracing::Level::INFO);
        if silent || service.unlogged_paths.iter().any(|path| path == request.uri().path()) {
            return None;
        }
        Some(Self {
            started: Instant::now(),
            address: ingress::client_address(request, service),
            method: request.method().to_string(),
            target: request.uri().path_and_query().map_or_else(String::new, ToString::to_string),
        })
    }

    /// Writes the line. What came from the client is quoted, so that nobody can write lines of their own.
    pub(super) fn end(&self, response: &HttpResponse) {
        let (status, took, address) = (response.status().as_u16(), self.started.elapsed(), self.address.to_string());
        tracing::info!("| {status} | {took:>10.1?} | {address:>15} | {:<8} {:?}", self.method, self.target);
    }
}
