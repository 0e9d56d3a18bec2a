//! The listener of `telemetry/metrics`: `/__stats` in the original's shape, for whoever collects it.
//!
//! It has a thread and a port of its own and only reads. As in the original nothing guards it: who listens on a public
//! address has chosen to be read. Promises: without it nothing is collected; a port that is taken stops nothing else.

use actix::Addr;
use actix_web::{
    HttpResponse,
    dev::ServerHandle,
    http::header::CONTENT_TYPE,
    web::{self, Data, ServiceConfig},
};

use crate::{
    plan::MetricsPlan,
    stats::{ReadMetrics, StatsActor},
};

use super::reading::listen;

/// Starts the listener, if the file wants one; a port that can't be had is told, as the original does.
pub(super) fn start(metrics: Option<&MetricsPlan>, stats: &Addr<StatsActor>) -> Option<ServerHandle> {
    let address = metrics?.listen;
    let listening = listen(address, configure(stats.clone()));
    listening.inspect_err(|error| tracing::error!("[SERVICE: Stats] cannot listen on {address}: {error}")).ok()
}

/// The routes. The original redirects one form of the path to the other, which collectors don't always follow.
fn configure(stats: Addr<StatsActor>) -> impl Fn(&mut ServiceConfig) + Clone + Send {
    move |config| {
        config
            .app_data(Data::new(stats.clone()))
            .route("/__stats", web::get().to(read))
            .route("/__stats/", web::get().to(read))
            .default_service(web::to(not_found));
    }
}

async fn read(stats: Data<Addr<StatsActor>>) -> HttpResponse {
    match stats.send(ReadMetrics).await {
        Ok(Some(text)) => {
            HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json; charset=utf-8")).body(text)
        }
        Ok(None) | Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().insert_header((CONTENT_TYPE, "text/plain")).body("404 page not found")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::stats::{Layers, MetricsSettings, Names, Registry};
    use actix::{Actor, System};
    use actix_web::{
        App,
        test::{TestRequest, call_service, init_service, read_body},
    };

    #[test]
    fn both_forms_of_the_path_are_read_and_no_other() {
        System::new().block_on(async {
            let layers = Layers { router: true, ..Layers::default() };
            let settings = MetricsSettings { layers, endpoints: vec!["/a".into()], ..MetricsSettings::default() };
            let actor = StatsActor::new(Arc::new(Names::default()), Arc::new(Registry::default()));
            let stats = actor.collecting(Some(Arc::new(settings))).start();
            let app = init_service(App::new().configure(configure(stats))).await;
            for (path, status, part) in [
                ("/__stats", 200, "\"krakend.router.response./a.status\": 0"),
                ("/__stats/", 200, "\"krakend.router.connected\": 0"),
                ("/metrics", 404, "404 page not found"),
            ] {
                let response = call_service(&app, TestRequest::with_uri(path).to_request()).await;
                assert_eq!(response.status().as_u16(), status, "{path}");
                let body = read_body(response).await;
                assert!(String::from_utf8_lossy(&body).contains(part), "{path}: {body:?}");
            }
        });
    }
}
