//! An endpoint with its backends: live ones, parts of splits, shadows.

use std::sync::Arc;

use http::HeaderValue;

use crate::{
    component::tables::{self, Place},
    config::{Backend, Endpoint, FlatmapOp, Service, diagnostic::Findings},
    encoding::Encoder,
    endpoint::static_data::StaticData,
    plan::{
        EndpointPlan, Flow, HeaderPick, Intake, OriginNeeds, QueryPick, ShadowPlan, SplitPlan, exposure, telemetry,
    },
    shape::{Shape, ShapeSpec},
    stats::{EndpointId, EndpointName, Names},
};

use super::{
    backend::{backend_plan, method, ops},
    baseline::baseline_plan,
    whole::Kept,
};

/// The plan of an endpoint; it and its backends get the next names.
pub(super) fn endpoint_plan(
    endpoint: &Endpoint,
    config: &Service,
    kept: &Kept,
    names: &mut Names,
    findings: &mut Findings,
) -> EndpointPlan {
    let route = format!("{} {}", endpoint.method, endpoint.path);
    let place = Place {
        endpoint: &route,
        params: &endpoint.params,
        service: &config.extra,
        extra: &endpoint.extra,
        key_hosts: &kept.key_hosts,
        shared: &kept.live,
    };
    let guards = tables::guards(&endpoint.extra, place, findings);
    let exchanges = tables::exchanges(&endpoint.extra, place, findings);
    let id = EndpointId(u32::try_from(names.endpoints.len()).unwrap_or(u32::MAX));
    names.endpoints.push(EndpointName { method: endpoint.method.clone(), path: endpoint.path.clone() });
    let (mut live, mut shadows, mut splits) = (Vec::new(), Vec::new(), Vec::new());
    for backend in &endpoint.backends {
        let shared = if backend.shadow.is_some() { &kept.shadow } else { &kept.live };
        let place = Place { shared, ..place };
        let mut compiled = |backend: &Backend, variant: Option<&str>| {
            exposure::tell(backend, endpoint, findings);
            Arc::new(backend_plan((backend, variant), endpoint, config, place, names, findings))
        };
        let plan = compiled(backend, None);
        match &backend.shadow {
            None => {
                if let Some(split) = &backend.split {
                    let id = format!("{}:{}:{}", endpoint.method, endpoint.path, live.len());
                    splits.push(Arc::new(SplitPlan::new(split, id, (live.len(), plan.id), compiled)));
                }
                live.push(plan);
            }
            Some(shadow) => shadows.push(Arc::new(ShadowPlan::new(plan, shadow, endpoint, config, shadows.len()))),
        }
    }
    for (shadow, described) in shadows.iter_mut().zip(endpoint.backends.iter().filter(|one| one.shadow.is_some())) {
        let baseline = baseline_plan(described, endpoint, config, Place { shared: &kept.shadow, ..place }, &live);
        if let Some(shadow) = Arc::get_mut(shadow) {
            shadow.baseline = baseline.map(Arc::new);
            shadow.share_with(&live);
        }
    }
    let flow = match live.len() {
        0 | 1 => Flow::Single,
        _ if endpoint.sequential => Flow::Sequential,
        _ => Flow::Parallel,
    };
    // KrakenD counts shadows here as well, but a shadow must not change how an answer is written.
    let mut answering = endpoint.backends.iter().filter(|backend| backend.shadow.is_none());
    let single_encoding = match (answering.next(), answering.next()) {
        (Some(only), None) => Some(only.encoding.as_str()),
        _ => None,
    };
    EndpointPlan {
        id,
        method: method(&endpoint.method),
        path: endpoint.path.clone(),
        params: endpoint.params.clone(),
        timeout: endpoint.timeout,
        headers: HeaderPick::new(&endpoint.input_headers),
        query: QueryPick::new(&endpoint.input_query_strings),
        origin: OriginNeeds::with_keys(
            OriginNeeds::of(endpoint.backends.iter().filter_map(|backend| backend.shadow.as_ref()?.policy.as_deref())),
            splits.iter().map(|split: &Arc<SplitPlan>| &split.key),
        ),
        intake: if guards.read_body()
            || exchanges.read_body()
            || live.iter().any(|backend| backend.resends_body || backend.calls > 1)
            || splits.iter().any(|split| split.variants.iter().any(|variant| variant.backend.resends_body))
            || live.len() > 1
        {
            Intake::Held
        } else {
            Intake::Streamed
        },
        flow,
        guards,
        exchanges,
        shape: (live.len() > 1).then(|| flatmap(&endpoint.flatmap)).filter(|shape| !shape.is_identity()),
        static_data: endpoint.static_data.as_ref().map(|data| StaticData::new(&data.data, data.strategy)),
        encoder: Encoder::from_names(&endpoint.output_encoding, single_encoding),
        no_op: endpoint.output_encoding == "no-op",
        telemetry: telemetry::endpoint(config, endpoint),
        cache_control: endpoint
            .cache_seconds
            .and_then(|seconds| HeaderValue::from_str(&format!("public, max-age={seconds}")).ok()),
        live,
        splits,
        shadows_in_sequence: endpoint.sequential && shadows.len() > 1,
        shadows,
    }
}

fn flatmap(filter: &[FlatmapOp]) -> Shape {
    Shape::new(ShapeSpec { flatmap: ops(filter), ..ShapeSpec::default() })
}
