//! The actor under paused time: what arrives, when, and what a reload keeps.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, System};
use tokio::time::{advance, pause};

use super::names;
use crate::stats::recorder::{flush_every, flush_now};
use crate::stats::{
    BackendId, Books, EndpointId, Ledgered, Names, Outcome, Read, Recorder, Registry, Rename, Snapshot, Standing,
    StatsActor,
};

const PERIOD: Duration = Duration::from_millis(500);

struct Ledger(Books);

impl Ledgered for Ledger {
    fn books(&self) -> Books {
        self.0.clone()
    }

    fn standing(&self) -> Standing {
        Standing::default()
    }
}

fn start(names: &Arc<Names>) -> (Addr<StatsActor>, Rc<RefCell<Recorder>>, Arc<Registry>) {
    pause();
    let registry = Arc::new(Registry::default());
    let stats = StatsActor::new(Arc::clone(names), Arc::clone(&registry)).start();
    (stats, Rc::new(RefCell::new(Recorder::new(Arc::clone(names)))), registry)
}

async fn read(stats: &Addr<StatsActor>) -> Arc<Snapshot> {
    stats.send(Read).await.unwrap()
}

fn serve(recorder: &RefCell<Recorder>, id: u32, ms: u64) {
    let mut recorder = recorder.borrow_mut();
    recorder.endpoint_started(EndpointId(id));
    recorder.backend_started(BackendId(2 * id));
    recorder.backend_done(BackendId(2 * id), Outcome::Status(200), Duration::from_millis(ms));
    recorder.endpoint_done(EndpointId(id), 200, true, Duration::from_millis(ms));
}

#[test]
fn reports_arrive_with_the_beat_and_rates_follow() {
    System::new().block_on(async {
        let (stats, recorder, _) = start(&names(2));
        actix::spawn(flush_every(Rc::clone(&recorder), stats.clone(), PERIOD));
        for _ in 0..20 {
            (0..5).for_each(|_| serve(&recorder, 1, 20));
            tokio::time::sleep(PERIOD).await;
        }
        tokio::time::sleep(PERIOD).await;
        let snapshot = read(&stats).await;
        let endpoint = &snapshot.endpoints[1];
        assert_eq!((endpoint.requests, endpoint.in_flight, endpoint.statuses["2xx"]), (100, 0, 100));
        assert!((endpoint.recent.rate - 10.0).abs() < 1.01, "the rate is {}", endpoint.recent.rate);
        assert!((endpoint.latency.p99 - 20.0).abs() < 0.2);
        assert_eq!((endpoint.backends[0].requests, endpoint.backends[1].requests), (100, 0));
        assert_eq!(snapshot.endpoints[0].requests, 0);

        tokio::time::sleep(Duration::from_secs(120)).await;
        let later = read(&stats).await;
        assert_eq!(later.endpoints[1].requests, 100);
        assert!(later.endpoints[1].recent.rate.abs() < f64::EPSILON);
        assert!(later.endpoints[1].recent.history.is_none());
    });
}

#[test]
fn the_beat_ends_with_the_actor() {
    System::new().block_on(async {
        let (_, recorder, _) = start(&names(1));
        let arbiter = actix::Arbiter::new();
        let gone = StatsActor::start_in_arbiter(&arbiter.handle(), |_| StatsActor::new(names(1), Arc::default()));
        arbiter.stop();
        arbiter.join().unwrap();
        serve(&recorder, 0, 1);
        assert!(!flush_now(&recorder, &gone).await);
        flush_every(recorder, gone, Duration::ZERO).await;
    });
}

#[test]
fn the_beat_ends_with_the_last_request_and_its_numbers_arrive() {
    System::new().block_on(async {
        let (stats, recorder, _) = start(&names(1));
        let beat = actix::spawn(flush_every(Rc::clone(&recorder), stats.clone(), PERIOD));
        tokio::time::sleep(PERIOD * 4).await;
        assert!(!beat.is_finished());
        serve(&recorder, 0, 1);
        drop(recorder);
        beat.await.unwrap();
        assert_eq!(read(&stats).await.endpoints[0].requests, 1);
    });
}

#[test]
fn requests_are_in_flight_until_they_end_or_are_abandoned() {
    System::new().block_on(async {
        let (stats, recorder, _) = start(&names(1));
        (0..3).for_each(|_| recorder.borrow_mut().endpoint_started(EndpointId(0)));
        assert!(flush_now(&recorder, &stats).await);
        assert_eq!(read(&stats).await.endpoints[0].in_flight, 3);
        recorder.borrow_mut().endpoint_abandoned(EndpointId(0));
        recorder.borrow_mut().endpoint_done(EndpointId(0), 503, false, PERIOD);
        recorder.borrow_mut().unrouted(404);
        assert!(flush_now(&recorder, &stats).await);
        advance(Duration::from_secs(1)).await;
        let snapshot = read(&stats).await;
        let endpoint = &snapshot.endpoints[0];
        assert_eq!((endpoint.in_flight, endpoint.abandoned, endpoint.incomplete), (1, 1, 1));
        assert_eq!((endpoint.latency.count, snapshot.unrouted[&404]), (1, 1));
        assert!((endpoint.recent.errors - 0.5).abs() < f64::EPSILON);
    });
}

#[test]
fn readers_at_the_same_moment_share_a_snapshot() {
    System::new().block_on(async {
        let (stats, ..) = start(&names(1));
        let first = read(&stats).await;
        assert!(Arc::ptr_eq(&first, &read(&stats).await));
        advance(Duration::from_millis(250)).await;
        assert!(!Arc::ptr_eq(&first, &read(&stats).await));
    });
}

#[test]
fn books_are_read_when_asked() {
    System::new().block_on(async {
        let (stats, _, registry) = start(&names(1));
        assert!(read(&stats).await.endpoints[0].backends[1].books.is_none());
        let books = Books { offered: 2, sent: 2, in_flight: 2, state: "mirroring", ..Books::default() };
        registry.shadows.insert(BackendId(1), Arc::new(Ledger(books)));
        advance(Duration::from_secs(1)).await;
        let snapshot = read(&stats).await;
        let books = snapshot.endpoints[0].backends[1].books.as_ref().unwrap();
        assert!(books.balanced);
        assert_eq!(books.books.offered, 2);
    });
}

#[test]
fn a_reload_keeps_the_numbers_of_what_it_keeps() {
    System::new().block_on(async {
        let old = names(2);
        let (stats, recorder, _) = start(&old);
        serve(&recorder, 0, 1);
        (0..3).for_each(|_| serve(&recorder, 1, 1));
        recorder.borrow_mut().endpoint_started(EndpointId(1));
        flush_now(&recorder, &stats).await;

        let mut new = Names::clone(&old);
        new.endpoints.remove(0);
        new.backends.drain(0..2);
        new.backends.iter_mut().for_each(|backend| backend.endpoint = 0);
        let new = Arc::new(new);
        stats.send(Rename { names: Arc::clone(&new), registry: Arc::default(), metrics: None }).await.unwrap();

        // The old tree ends its last requests under the old names, the new one has begun under the new.
        recorder.borrow_mut().endpoint_done(EndpointId(1), 200, true, PERIOD);
        serve(&recorder, 0, 1);
        flush_now(&recorder, &stats).await;
        let renewed = RefCell::new(Recorder::new(new));
        serve(&renewed, 0, 1);
        flush_now(&renewed, &stats).await;

        advance(Duration::from_secs(1)).await;
        let snapshot = read(&stats).await;
        assert_eq!(snapshot.endpoints.len(), 1);
        let endpoint = &snapshot.endpoints[0];
        assert_eq!((endpoint.path.as_str(), endpoint.requests, endpoint.in_flight), ("/endpoint/1", 5, 0));
        assert_eq!(endpoint.backends[0].requests, 4);
        assert!(endpoint.recent.history.is_some());
    });
}

#[test]
fn a_snapshot_is_json_with_numbers_where_numbers_belong() {
    System::new().block_on(async {
        let (stats, recorder, registry) = start(&names(1));
        serve(&recorder, 0, 4);
        registry.shadows.insert(BackendId(1), Arc::new(Ledger(Books::default())));
        flush_now(&recorder, &stats).await;
        advance(Duration::from_secs(1)).await;
        let json = serde_json::to_value(&*read(&stats).await).unwrap();
        let endpoint = &json["endpoints"][0];
        assert_eq!(endpoint["statuses"]["2xx"], 1);
        assert_eq!(endpoint["latency"]["max"], 4.0);
        assert_eq!(endpoint["recent"]["rate"], 1.0);
        assert_eq!(endpoint["recent"]["history"]["rate"].as_array().unwrap().len(), 60);
        assert_eq!(endpoint["backends"][1]["books"]["balanced"], true);
        assert_eq!(endpoint["backends"][0].get("books"), None);
        assert_eq!((&json["totals"]["replies"], &json["totals"]["recent_rate"]), (&1.into(), &1.0.into()));
        assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    });
}
