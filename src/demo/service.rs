//! The demo's HTTP service, in two versions: v1 is what runs today, v2 is the rewrite that wants to replace it.
//!
//! Promises: listens where it is told and nowhere else; v1 always answers at once; v2 is slow and fails as often as
//! `planted.rs` says, in the same order in every run, until its faults are taken out with `POST /planted/off`.

use std::{
    io,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::Server,
    web::{Data, Path, Query, ServiceConfig, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    catalogue,
    chance::mixed,
    planted::{ERROR_PER_MILLE, SLOW_MS_MAX, SLOW_MS_MIN, SLOW_PER_MILLE},
};

/// Longer than any client keeps a connection, so that the client closes it and never meets a closing one.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Which of the two a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// What runs today, under `/v1`.
    One,
    /// The rewrite, under `/v2`.
    Two,
}

/// Serves `version` on `listener` with one worker and no signal handling, until the returned server is stopped or
/// its future dropped. `planted` says whether v2 has its faults.
///
/// # Errors
/// When the listener can't be registered.
pub fn start(version: Version, planted: bool, listener: TcpListener) -> io::Result<Server> {
    let (requests, planted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(planted)));
    let server = HttpServer::new(move || {
        let shop = Data::new(Shop { version, planted: Arc::clone(&planted), requests: Arc::clone(&requests) });
        App::new().app_data(shop).configure(|config| routes(version, config))
    });
    Ok(server
        .workers(1)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(1)
        .disable_signals()
        .server_hostname("localhost")
        .listen(listener)?
        .run())
}

/// What the handlers share.
struct Shop {
    version: Version,
    /// Whether v2 has its faults.
    planted: Arc<AtomicBool>,
    /// How many requests came so far, the other half of what chance is made of.
    requests: Arc<AtomicU64>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    q: String,
}

fn routes(version: Version, config: &mut ServiceConfig) {
    let prefix = match version {
        Version::One => "/v1",
        Version::Two => "/v2",
    };
    config
        .route(&format!("{prefix}/user/{{id}}"), get().to(user))
        .route(&format!("{prefix}/orders/{{id}}"), get().to(orders))
        .route(&format!("{prefix}/search"), get().to(search))
        .route("/planted/{switch}", post().to(switch));
}

/// Takes the faults out, or puts them back.
async fn switch(shop: Data<Shop>, switch: Path<String>) -> HttpResponse {
    let planted = match switch.as_str() {
        "on" => true,
        "off" => false,
        _ => return HttpResponse::NotFound().finish(),
    };
    shop.planted.store(planted, Ordering::Relaxed);
    HttpResponse::Ok().json(json!({ "planted": planted }))
}

async fn user(shop: Data<Shop>, request: HttpRequest, id: Path<u64>) -> HttpResponse {
    shop.answer(&request, |version| catalogue::user(version, *id)).await
}

async fn orders(shop: Data<Shop>, request: HttpRequest, id: Path<u64>) -> HttpResponse {
    shop.answer(&request, |version| catalogue::order(version, *id)).await
}

async fn search(shop: Data<Shop>, request: HttpRequest, wanted: Query<Wanted>) -> HttpResponse {
    shop.answer(&request, |version| catalogue::search(version, &wanted.q)).await
}

impl Shop {
    /// The answer to one request, unless chance has other plans for it.
    async fn answer(&self, request: &HttpRequest, tell: impl FnOnce(Version) -> Value) -> HttpResponse {
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        // Without its faults the rewrite does as v1 does.
        let version = if self.planted.load(Ordering::Relaxed) { self.version } else { Version::One };
        match mishap(version, request.path(), count) {
            Mishap::None => {}
            Mishap::Slow(delay) => actix_web::rt::time::sleep(delay).await,
            Mishap::Error => {
                return HttpResponse::InternalServerError().json(json!({ "error": "the rewrite stumbled" }));
            }
        }
        let mut answer = tell(version);
        catalogue::add_noise(&mut answer, mixed(request.path(), count));
        HttpResponse::Ok().json(answer)
    }
}

/// What goes wrong with a request.
#[derive(Debug, PartialEq, Eq)]
enum Mishap {
    None,
    Slow(Duration),
    Error,
}

/// Decides what goes wrong with the `count`th request, which asks for `path`.
fn mishap(version: Version, path: &str, count: u64) -> Mishap {
    let number = mixed(path, count);
    let thousandth = number % 1_000;
    if version == Version::One {
        Mishap::None
    } else if thousandth < ERROR_PER_MILLE {
        Mishap::Error
    } else if thousandth < ERROR_PER_MILLE + SLOW_PER_MILLE {
        Mishap::Slow(Duration::from_millis(SLOW_MS_MIN + (number >> 32) % (SLOW_MS_MAX - SLOW_MS_MIN + 1)))
    } else {
        Mishap::None
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{rt::System, test};

    use super::*;

    async fn ask(version: Version, target: &str) -> (u16, Value) {
        let planted = Arc::new(AtomicBool::new(true));
        let shop = Data::new(Shop { version, planted, requests: Arc::default() });
        let app = test::init_service(App::new().app_data(shop).configure(|config| routes(version, config))).await;
        let response = test::call_service(&app, test::TestRequest::get().uri(target).to_request()).await;
        let status = response.status().as_u16();
        let mut body: Value = serde_json::from_slice(&test::read_body(response).await).unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            members.retain(|name, _| !["served_by", "eta_minutes"].contains(&name.as_str()));
        }
        (status, body)
    }

    #[test]
    fn each_version_answers_under_its_own_prefix() {
        System::new().block_on(async {
            assert_eq!(ask(Version::One, "/v1/user/5").await, (200, catalogue::user(Version::One, 5)));
            assert_eq!(ask(Version::One, "/v1/orders/5").await, (200, catalogue::order(Version::One, 5)));
            assert_eq!(ask(Version::One, "/v1/search?q=desk").await, (200, catalogue::search(Version::One, "desk")));
            assert_eq!(ask(Version::One, "/v2/user/5").await.0, 404);
            assert_eq!(ask(Version::Two, "/v2/search").await.0, 200);
        });
    }

    #[test]
    fn an_id_that_is_no_number_is_not_found() {
        System::new().block_on(async {
            assert_eq!(ask(Version::One, "/v1/user/nobody").await.0, 404);
        });
    }

    #[test]
    fn a_started_service_answers_on_its_listener_until_it_is_stopped() {
        System::new().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = start(Version::One, true, listener).unwrap();
            let handle = server.handle();
            let served = actix_web::rt::spawn(server);
            let mut answer = awc::Client::default().get(format!("http://{address}/v1/user/9")).send().await.unwrap();
            let mut body: Value = serde_json::from_slice(&answer.body().await.unwrap()).unwrap();
            assert!(body.as_object_mut().unwrap().remove("served_by").is_some());
            assert_eq!(body, catalogue::user(Version::One, 9));
            handle.stop(true).await;
            served.await.unwrap().unwrap();
        });
    }

    #[test]
    fn the_rewrite_is_slow_and_fails_as_often_as_it_says() {
        let mishaps: Vec<Mishap> = (0..100_000).map(|count| mishap(Version::Two, "/v2/user/1", count)).collect();
        let errors = mishaps.iter().filter(|mishap| **mishap == Mishap::Error).count();
        let slow: Vec<u128> = mishaps
            .iter()
            .filter_map(|mishap| if let Mishap::Slow(delay) = mishap { Some(delay.as_millis()) } else { None })
            .collect();
        assert!((800..1_200).contains(&errors), "{errors} errors");
        assert!((1_700..2_300).contains(&slow.len()), "{} slow", slow.len());
        assert!(slow.iter().all(|delay| (80..=200).contains(delay)));
    }

    #[test]
    fn nothing_goes_wrong_with_what_runs_today() {
        assert!((0..10_000).all(|count| mishap(Version::One, "/v1/user/1", count) == Mishap::None));
    }
}
