//! Where the components around everything meet actix-web's requests and answers.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};

use crate::{
    component::{Asked, EdgeLayer},
    model::Headers,
    plan::ServicePlan,
};

use super::{egress, ingress};

/// The answer of the first component that answers instead of the gateway, with what those before it add.
pub(super) fn turned_away(
    layers: &[Arc<dyn EdgeLayer>],
    client: &HttpRequest,
    service: &ServicePlan,
) -> Option<HttpResponse> {
    asked(client, service, |asked| {
        let refused = |(place, layer): (usize, &Arc<dyn EdgeLayer>)| Some((place, layer.before(asked)?));
        let (place, mut refusal) = layers.iter().enumerate().find_map(refused)?;
        let mut added = Headers::new();
        layers.iter().take(place).for_each(|layer| layer.after(asked, &mut added));
        refusal.headers.extend(added);
        Some(egress::refused(&refusal))
    })
}

/// The same for a request that no endpoint gets.
pub(super) fn turned_away_unrouted(
    layers: &[Arc<dyn EdgeLayer>],
    client: &HttpRequest,
    service: &ServicePlan,
) -> Option<HttpResponse> {
    asked(client, service, |asked| layers.iter().find_map(|layer| layer.before_unrouted(asked)))
        .map(|refusal| egress::refused(&refusal))
}

/// The answer with what components add to it.
pub(super) fn added_to(
    mut response: HttpResponse,
    layers: &[Arc<dyn EdgeLayer>],
    client: &HttpRequest,
    service: &ServicePlan,
) -> HttpResponse {
    let mut added = Headers::new();
    asked(client, service, |asked| layers.iter().for_each(|layer| layer.after(asked, &mut added)));
    for (name, value) in added {
        response.headers_mut().append(name, value);
    }
    response
}

fn asked<T>(client: &HttpRequest, service: &ServicePlan, look: impl FnOnce(&Asked<'_>) -> T) -> T {
    let target = client.uri().path_and_query().map_or("/", |target| target.as_str());
    look(&Asked {
        method: client.method(),
        target,
        headers: &ingress::ClientHeaders(client.headers()),
        host: ingress::host(client),
        address: ingress::client_address(client, service),
        is_tls: service.tls.is_some(),
    })
}
