//! The listener of `telemetry/metrics`: `/__stats` in the original's shape, for whoever collects it.
//!
//! It has a thread and a port of its own and only reads. As in the original nothing guards it: who listens on a public
//! address has chosen to be read. Promises: without it nothing is collected; a port that is taken stops nothing else.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use actix::Addr;
use actix_web::{
    App, HttpResponse, HttpServer,
    dev::{Server, ServerHandle},
    http::header::CONTENT_TYPE,
    web::{self, Data, ServiceConfig},
};

use crate::{
    plan::MetricsPlan,
    stats::{ReadMetrics, StatsActor},
};

/// How many connections may be open at once.
pub(super) const CONNECTIONS_MAX: usize = 256;

/// How long a stop waits for replies under way, in seconds.
pub(super) const SHUTDOWN_TIMEOUT_SECONDS: u64 = 1;

/// Starts the listener, if the file wants one; a port that can't be had is told, as the original does.
pub(super) fn start(metrics: Option<&MetricsPlan>, stats: &Addr<StatsActor>) -> Option<ServerHandle> {
    let metrics = metrics?;
    match serve(metrics.listen, stats.clone()) {
        Ok(server) => {
            let handle = server.handle();
            actix::spawn(server);
            Some(handle)
        }
        Err(error) => {
            tracing::error!("[SERVICE: Stats] cannot listen on {}: {error}", metrics.listen);
            None
        }
    }
}

fn serve(address: SocketAddr, stats: Addr<StatsActor>) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().configure(configure(stats.clone())))
        .workers(1)
        .max_connections(CONNECTIONS_MAX)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .disable_signals()
        .listen(listener(address)?)?;
    Ok(server.run())
}

/// A machine without IPv6 still has every IPv4 address.
pub(super) fn listener(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    std::net::TcpListener::bind(address).or_else(|error| {
        let everywhere = address.is_ipv6() && address.ip().is_unspecified() && error.kind() != io::ErrorKind::AddrInUse;
        if everywhere { std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())) } else { Err(error) }
    })
}

/// The routes. The original redirects one form of the path to the other, which collectors don't always follow.
fn configure(stats: Addr<StatsActor>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .app_data(Data::new(stats))
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
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

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
