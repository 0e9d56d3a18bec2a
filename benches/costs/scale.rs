//! What may not grow with the number of endpoints, with ten thousand of them.

use std::{hint::black_box, sync::Arc, time::Duration};

use actix::Actor;
use gnomon::{
    plan::{
        Routes, Target,
        routes::{RouteRules, segments},
    },
    stats::{BackendId, BackendName, EndpointId, EndpointName, Names, Outcome, Read, Recorder, StatsActor},
};

use super::{pieces::find, scenes::Scene};

/// Endpoints of a large file.
pub(crate) const LARGE: usize = 10_000;

pub(crate) fn all() -> Vec<Scene> {
    vec![
        Scene::new("route, among 10000", |times| find(LARGE, "/api/v1/area7500/4711", times)),
        Scene::new("route, none among 10000", |times| find(LARGE, "/api/v2/nothing", times)),
        Scene::new("route, a near miss among 10000", |times| find(LARGE, "/api/v1/AREA7500/4711", times)),
        Scene::new("report of one endpoint, taken and booked", |times| report(1, 1, times)),
        Scene::new("report of one endpoint among 10000", |times| report(LARGE, 1, times)),
        Scene::new("report of 100 endpoints among 10000", |times| report(LARGE, 100, times)),
        Scene::new("read of the figures of 100 endpoints", |times| read(100, times)),
    ]
}

/// Routes as of a file with so many endpoints.
pub(crate) fn routes(count: usize) -> Routes {
    let mut routes = Routes::new(RouteRules::default());
    for place in 0..count {
        let path = format!("/api/v1/area{place}/{{id}}");
        routes.add("GET", &segments(&path, &["id".to_owned()]), Target::Endpoint(place));
    }
    routes
}

/// The names of such a file, with a backend each.
pub(crate) fn names(count: usize) -> Arc<Names> {
    let endpoint = |place: usize| EndpointName { method: "GET".into(), path: format!("/api/v1/area{place}/{{id}}") };
    let backend = |endpoint: usize| BackendName {
        endpoint,
        label: format!("GET /area{endpoint}/{{id}}"),
        hosts: "http://127.0.0.1:8081".into(),
        shadow: false,
    };
    Arc::new(Names { endpoints: (0..count).map(endpoint).collect(), backends: (0..count).map(backend).collect() })
}

/// One request to each of so many endpoints, spread over the file.
fn requests(recorder: &mut Recorder, count: usize, touched: usize) {
    let elapsed = Duration::from_micros(1234);
    for place in (0..count).step_by(count / touched) {
        let place = u32::try_from(place).expect("it is a number of the file");
        recorder.endpoint_started(EndpointId(place));
        recorder.backend_started(BackendId(place));
        recorder.backend_done(BackendId(place), Outcome::Status(200), elapsed);
        recorder.endpoint_done(EndpointId(place), 200, true, elapsed);
    }
}

/// What a thread counted since its last report goes to the stats actor.
fn report(count: usize, touched: usize, times: u64) {
    actix::System::new().block_on(async {
        let names = names(count);
        let mut recorder = Recorder::new(Arc::clone(&names));
        let stats = StatsActor::new(names, Arc::default()).start();
        for _ in 0..times {
            requests(&mut recorder, count, touched);
            let report = recorder.take().expect("there were requests");
            stats.send(black_box(report)).await.expect("the actor runs");
        }
    });
}

/// What the page, `/metrics` and `gnomon top` ask for, made anew each time: by a clock of its own, since a look is shared
/// for a moment, which is longer under valgrind.
fn read(count: usize, times: u64) {
    actix::System::new().block_on(async {
        let names = names(count);
        let mut recorder = Recorder::new(Arc::clone(&names));
        let stats = StatsActor::new(names, Arc::default()).start();
        tokio::time::pause();
        for _ in 0..times {
            tokio::time::advance(Duration::from_millis(10)).await;
            requests(&mut recorder, count, count);
            let report = recorder.take().expect("there were requests");
            stats.send(report).await.expect("the actor runs");
            black_box(stats.send(Read).await.expect("the actor runs"));
        }
    });
}
