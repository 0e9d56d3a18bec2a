//! Gentle traffic for the demo: a steady trickle of requests over all endpoints, like a few people clicking around.
//!
//! Promises: never more than a bounded number of requests at once, whatever the gateway does; failures are ignored,
//! for the dashboard shows them; ends soon after it is told to.

use std::{cell::Cell, net::SocketAddr, rc::Rc, time::Duration};

use awc::Client;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::chance::{mixed, pick};

/// Requests under way at once; at the limit a tick passes without one.
const UNDER_WAY_MAX: usize = 64;
/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// People that the traffic asks for have the ids 1 to this.
const IDS: u64 = 500;
const QUERIES: &[&str] = &["desk", "lamp", "pen", "book", "chair", "unicorn"];

/// Sends `rate_per_second` requests a second to `gateway` until `stop` is cancelled; 0 sends nothing.
///
/// Runs on the calling thread, which must be one of actix's.
pub async fn run(gateway: SocketAddr, rate_per_second: u32, stop: CancellationToken) {
    let Some(pause) = Duration::from_secs(1).checked_div(rate_per_second) else {
        return stop.cancelled().await;
    };
    let client = Client::builder().timeout(REQUEST_TIMEOUT).disable_redirects().finish();
    let under_way = Rc::new(Cell::new(0));
    // The clock refuses a period of zero, which is what is left of a second beyond a billion requests.
    let mut ticks = interval(pause.max(Duration::from_micros(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut count = 0;
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Some(place) = Place::take(&under_way) {
            let url = format!("http://{gateway}{}", target(count));
            actix_web::rt::spawn(send(client.clone(), url, place, stop.clone()));
        }
        count += 1;
    }
}

async fn send(client: Client, url: String, place: Place, stop: CancellationToken) {
    let exchange = async {
        // Reading the body to its end is what lets the connection be used again.
        if let Ok(mut answer) = client.get(url).send().await {
            answer.body().await.ok();
        }
    };
    stop.run_until_cancelled(exchange).await;
    drop(place);
}

/// One of the places for requests under way; dropping it gives it back.
struct Place(Rc<Cell<usize>>);

impl Place {
    fn take(under_way: &Rc<Cell<usize>>) -> Option<Self> {
        if under_way.get() >= UNDER_WAY_MAX {
            return None;
        }
        under_way.set(under_way.get() + 1);
        Some(Self(Rc::clone(under_way)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// What the `count`th request asks for: half of them profiles, then orders, home pages and searches.
fn target(count: u64) -> String {
    let number = mixed("traffic", count);
    let id = 1 + (number >> 16) % IDS;
    match number % 10 {
        0..5 => format!("/user/{id}"),
        5..7 => format!("/orders/{id}"),
        7..9 => format!("/home/{id}"),
        _ => format!("/search?q={}", pick(QUERIES, number >> 16).unwrap_or("desk")),
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, sync::mpsc};

    use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt::System, web};

    use super::*;

    #[test]
    fn every_endpoint_of_the_demo_file_is_asked_for() {
        let targets: Vec<String> = (0..1_000).map(target).collect();
        for prefix in ["/user/", "/orders/", "/home/", "/search?q="] {
            assert!(targets.iter().filter(|target| target.starts_with(prefix)).count() > 50, "{prefix}");
        }
    }

    #[test]
    fn places_run_out_and_come_back() {
        let under_way = Rc::new(Cell::new(0));
        let taken: Vec<Place> = std::iter::from_fn(|| Place::take(&under_way)).collect();
        assert_eq!(taken.len(), UNDER_WAY_MAX);
        drop(taken);
        assert_eq!(under_way.get(), 0);
    }

    #[test]
    fn traffic_without_a_rate_waits_to_be_stopped() {
        System::new().block_on(async {
            let stop = CancellationToken::new();
            stop.cancel();
            run(([127, 0, 0, 1], 9).into(), 0, stop).await;
        });
    }

    #[test]
    fn traffic_arrives_and_ends_when_it_is_stopped() {
        System::new().block_on(async {
            let (seen, came) = mpsc::channel();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let stop = CancellationToken::new();
            let (enough, counted) = (stop.clone(), std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0)));
            let server = HttpServer::new(move || {
                let (seen, enough, counted) = (seen.clone(), enough.clone(), counted.clone());
                App::new().default_service(web::to(move |request: HttpRequest| {
                    seen.send(request.uri().to_string()).ok();
                    if counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 9 {
                        enough.cancel();
                    }
                    std::future::ready(HttpResponse::Ok().finish())
                }))
            });
            let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
            let handle = server.handle();
            actix_web::rt::spawn(server);
            run(address, 200, stop).await;
            handle.stop(true).await;
            let arrived: Vec<String> = came.try_iter().collect();
            let known: Vec<String> = (0..1_000).map(target).collect();
            assert!(arrived.len() >= 10);
            assert!(arrived.iter().all(|target| known.contains(target)), "{arrived:?}");
        });
    }
}
