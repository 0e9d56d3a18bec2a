//! What `telemetry/metrics` collects, and what it calls each endpoint and backend.

use std::sync::Arc;

use crate::{
    config::{Backend, Service, rules::paths},
    stats::{Layers, MetricsSettings},
};

use super::{MetricsPlan, template::go_form};

/// The plan; `None` when nobody could read what was collected.
pub(super) fn plan(config: &Service) -> Option<MetricsPlan> {
    let metrics = config.metrics.as_ref()?;
    let endpoints = &config.endpoints;
    let settings = MetricsSettings {
        period: metrics.collection_time,
        layers: Layers { router: metrics.router, proxy: metrics.proxy, backend: metrics.backend },
        endpoints: endpoints.iter().map(|endpoint| paths::router_form(&endpoint.path, &endpoint.params)).collect(),
        // In the order in which backends are numbered.
        backends: endpoints
            .iter()
            .flat_map(|endpoint| &endpoint.backends)
            .flat_map(Backend::with_variants)
            .map(|backend| go_form(&backend.url_pattern))
            .collect(),
    };
    Some(MetricsPlan { listen: metrics.listen?, settings: Arc::new(settings) })
}
