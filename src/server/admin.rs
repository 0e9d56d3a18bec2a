//! The admin listener: the numbers as JSON, as Prometheus text, and as a page; and where changes are asked for.
//!
//! It has a thread and a port of its own and never touches the live path; what changes something stands in
//! [`super::changes`]. Promises: nothing it serves is
//! stored by browsers or framed by other sites, the page loads nothing from elsewhere, and a listener on a loopback
//! address answers only to loopback names, so that no web page can reach it by pointing its own name here.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

use actix::Addr;
use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HOST};
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Error, HttpResponse, HttpResponseBuilder, HttpServer, Resource, Route, guard};

use crate::stats::StatsActor;

use super::{
    admin_assets::ASSETS,
    admin_events::{self, Events},
    admin_metrics::metrics,
    admin_overview::{self, OVERVIEW},
    admin_stats,
    changes::Changes,
};

/// How many connections may be open at once.
const CONNECTIONS_MAX: usize = 256;

/// How long a stop waits for replies under way, in seconds.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 1;

/// What every reply says to browsers.
const SECURITY_HEADERS: [(&str, &str); 6] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
];

/// The names by which the listener may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Every name: whoever listens on a public address has chosen to be reached.
    Any,
    /// `localhost` and loopback addresses.
    Loopback,
}

impl Hosts {
    /// The names fit for a listener on this address.
    #[must_use]
    pub fn fit_for(address: IpAddr) -> Self {
        if address.to_canonical().is_loopback() { Self::Loopback } else { Self::Any }
    }

    /// Whether a request whose `Host` header is `host` may be answered.
    #[must_use]
    pub fn allow(self, host: &str) -> bool {
        self == Self::Any || is_loopback(host)
    }
}

/// Takes the address, so that its port is known before anything is served.
///
/// # Errors
/// When the address is taken or not ours.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// Serves the numbers until the returned server is stopped; it does not listen to signals.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    stats: Addr<StatsActor>,
    changes: impl Into<Option<Changes>>,
) -> io::Result<Server> {
    let hosts = Hosts::fit_for(listener.local_addr()?.ip());
    let changes = changes.into();
    let server = HttpServer::new(move || App::new().configure(configure(stats.clone(), hosts, changes.clone())))
        .workers(1)
        .on_connect(admin_events::remember)
        .max_connections(CONNECTIONS_MAX)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// The routes, for a server or a test.
pub fn configure(stats: Addr<StatsActor>, hosts: Hosts, changes: Option<Changes>) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        let mut scope = web::scope("")
            .app_data(Data::new(Events::new(stats.clone(), changes.clone())))
            .app_data(Data::new(stats))
            .service(readable("/__stats").route(read_only().to(admin_stats::stats)))
            .service(readable("/metrics").route(read_only().to(metrics)))
            .service(readable("/__health").route(read_only().to(health)))
            .service(readable(OVERVIEW).route(read_only().to(admin_overview::overview)))
            .service(
                readable("/__events")
                    .route(web::get().to(admin_events::listen))
                    .route(web::head().to(admin_events::look)),
            );
        for &(path, kind, content) in ASSETS {
            let asset = move || async move { HttpResponse::Ok().insert_header((CONTENT_TYPE, kind)).body(content) };
            scope = scope.service(readable(path).route(read_only().to(asset)));
        }
        if let Some(changes) = changes {
            scope = changes.offer(scope);
        }
        let mut headers = DefaultHeaders::new();
        for header in SECURITY_HEADERS {
            headers = headers.add(header);
        }
        let scope = scope
            .default_service(web::to(not_found))
            .wrap(from_fn(move |request, next| refuse_foreign_hosts(hosts, request, next)))
            .wrap(headers);
        config.service(scope);
    }
}

fn readable(path: &str) -> Resource {
    let refuse = || async { HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, HEAD")).finish() };
    web::resource(path).default_service(web::to(refuse))
}

fn read_only() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

pub(super) fn unavailable() -> HttpResponse {
    text(HttpResponse::ServiceUnavailable(), "the numbers are not available")
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(r#"{"status":"ok"}"#)
}

async fn not_found() -> HttpResponse {
    text(
        HttpResponse::NotFound(),
        "there are: / /__stats /__overview /__events /__shadow /__split /__plan /__health /metrics, and POST /__reload",
    )
}

async fn refuse_foreign_hosts(
    hosts: Hosts,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut named = request.headers().get_all(HOST);
    let allowed = match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().is_ok_and(|host| hosts.allow(host)),
        _ => hosts == Hosts::Any,
    };
    if allowed {
        return next.call(request).await;
    }
    let why = "this listener is bound to a loopback address and answers only to localhost, 127.0.0.1 and [::1]; \
               bind it to another address to reach it by another name";
    Ok(request.into_response(text(HttpResponse::Forbidden(), why)))
}

pub(super) fn text(mut response: HttpResponseBuilder, line: &str) -> HttpResponse {
    response.insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(format!("{line}\n"))
}

/// A loopback address cannot be some site's name, whatever its resolver says; `localhost` is resolved by the browser.
fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, port),
        _ => (host, ""),
    };
    if !port.bytes().all(|digit| digit.is_ascii_digit()) {
        return false;
    }
    let inside = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let address: Option<IpAddr> = match inside {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    };
    name.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::stats::{EndpointName, Names, Registry};
    use actix::{Actor, System};
    use actix_web::http::{Method, StatusCode};
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    fn stats() -> Addr<StatsActor> {
        let endpoint = EndpointName { method: "GET".into(), path: "/users/{id}".into() };
        let names = Arc::new(Names { endpoints: vec![endpoint], backends: Vec::new() });
        StatsActor::new(names, Arc::new(Registry::default())).start()
    }

    /// Status, headers as text, and body of one request to a loopback listener.
    fn ask(method: Method, path: &str, host: &str) -> (StatusCode, String, String) {
        System::new().block_on(async {
            let app = init_service(App::new().configure(configure(stats(), Hosts::Loopback, None))).await;
            let request = TestRequest::with_uri(path).method(method).insert_header((HOST, host)).to_request();
            let response = call_service(&app, request).await;
            let (status, headers) = (response.status(), format!("{:?}", response.headers()));
            (status, headers, String::from_utf8(read_body(response).await.to_vec()).unwrap())
        })
    }

    /// Nothing but the page's own files, no text that becomes a script, and nobody else's frame.
    const POLICY: &str = "\"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
        img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
        require-trusted-types-for 'script'; trusted-types 'none'\"";

    #[test]
    fn every_route_answers_with_its_type_and_the_security_headers() {
        for (path, kind, part) in [
            ("/", "text/html", "<!doctype html>"),
            ("/page/main.js", "text/javascript", "import"),
            ("/page/looks.css", "text/css", "prefers-color-scheme"),
            ("/page/vendor/uPlot.iife.min.js", "text/javascript", "uPlot"),
            ("/__stats", "application/json", "/users/{id}"),
            ("/metrics", "version=0.0.4", "gnomon_build_info{"),
            ("/__health", "application/json", "ok"),
        ] {
            let (status, headers, body) = ask(Method::GET, path, "localhost:8090");
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(body.contains(part), "{path} says {body}");
            for wanted in [kind, POLICY, "nosniff", "no-store"] {
                assert!(headers.contains(wanted), "{path} lacks {wanted}: {headers}");
            }
        }
    }

    #[test]
    fn a_reader_may_ask_for_fewer_endpoints() {
        for (query, found, shown) in
            [("", 1, 1), ("?find=USERS", 1, 1), ("?find=orders&limit=9", 0, 0), ("?limit=0", 1, 0)]
        {
            let (_, _, body) = ask(Method::GET, &format!("/__stats{query}"), "localhost");
            let json: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(
                (&json["found"], json["endpoints"].as_array().unwrap().len()),
                (&found.into(), shown),
                "{query}"
            );
            assert_eq!(json["totals"]["endpoints"], 1);
        }
    }

    #[test]
    fn other_paths_and_methods_are_refused_with_the_security_headers() {
        for (method, path, wanted) in [
            (Method::GET, "/nothing", StatusCode::NOT_FOUND),
            (Method::GET, "/__stats/", StatusCode::NOT_FOUND),
            (Method::GET, "/__stats?limit=many", StatusCode::BAD_REQUEST),
            (Method::POST, "/__stats", StatusCode::METHOD_NOT_ALLOWED),
            (Method::DELETE, "/", StatusCode::METHOD_NOT_ALLOWED),
            (Method::HEAD, "/metrics", StatusCode::OK),
        ] {
            let (status, headers, _) = ask(method, path, "127.0.0.1");
            assert_eq!(status, wanted, "{path}");
            assert!(headers.contains("nosniff"), "{headers}");
        }
    }

    #[test]
    fn a_loopback_listener_refuses_foreign_names() {
        for host in
            ["evil.example", "evil.example:8090", "localhost.evil.example", "127.0.0.1.evil.example", "", "[::1"]
        {
            let (status, _, body) = ask(Method::GET, "/__stats", host);
            assert_eq!(status, StatusCode::FORBIDDEN, "{host}");
            assert!(body.contains("loopback"), "{body}");
        }
    }

    #[test]
    fn loopback_names_are_known_with_and_without_a_port() {
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1:8090", "127.0.0.2", "[::1]", "[::1]:8090", "localhost:"] {
            assert!(Hosts::Loopback.allow(host), "{host}");
        }
        for host in
            ["::1", "10.0.0.1", "[::2]:1", "localhost:80x", "localhost:1@evil", "127.1", "0.0.0.0", "[127.0.0.1]"]
        {
            assert!(!Hosts::Loopback.allow(host), "{host}");
            assert!(Hosts::Any.allow(host), "{host}");
        }
        assert_eq!(Hosts::fit_for([127, 0, 0, 1].into()), Hosts::Loopback);
        assert_eq!(Hosts::fit_for([0, 0, 0, 0].into()), Hosts::Any);
    }

    #[test]
    fn it_serves_on_a_port_of_its_choice() {
        System::new().block_on(async {
            let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
            let address = listener.local_addr().unwrap();
            let server = serve(listener, stats(), None).unwrap();
            let handle = server.handle();
            let running = actix::spawn(server);
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET /__health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
            handle.stop(true).await;
            running.await.unwrap().unwrap();
        });
    }
}
