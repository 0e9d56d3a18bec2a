//! The pieces of a request's way, each alone: route, URL, head out, head in, counters.

use std::{hint::black_box, time::Duration};

use awc::http::{
    Method, Uri,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use bytes::BytesMut;
use gnomon::{
    backend::{
        request::outbound,
        transport::head::{self, BodyLength},
    },
    plan::BackendPlan,
    stats::{BackendId, EndpointId, Outcome, Recorder},
};

use super::{
    plans::{endpoint, plan, request},
    scale::{LARGE, names, routes},
    scenes::Scene,
};

/// What an upstream says before a body of 200 bytes.
const ANSWER_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 10:00:00 GMT\r\nServer: upstream\r\n\
    Content-Type: application/json\r\nContent-Length: 200\r\nConnection: keep-alive\r\n\r\n";

pub(crate) fn all() -> Vec<Scene> {
    vec![
        Scene::new("route, among 200", |times| find(200, "/api/v1/area150/4711", times)),
        Scene::new("route, none among 200", |times| find(200, "/api/v2/nothing", times)),
        Scene::new("url, from its template", url),
        Scene::new("whole outbound request", whole_outbound),
        Scene::new("head of a request, written", head_written),
        Scene::new("head of an answer, read", head_read),
        Scene::new("recorder, one request with one backend", |times| record(1, times)),
        Scene::new("recorder, the same among 10000 endpoints", |times| record(LARGE, times)),
    ]
}

/// Also for routes among many.
pub(crate) fn find(count: usize, path: &str, times: u64) {
    let routes = routes(count);
    for _ in 0..times {
        black_box(routes.find("GET", black_box(path)));
    }
}

fn with_backend(play: impl FnOnce(&BackendPlan)) {
    let plan = plan(&[endpoint("/user/{id}", 1, 0)]);
    play(plan.endpoints.first().and_then(|endpoint| endpoint.live.first()).expect("there is one"));
}

fn url(times: u64) {
    with_backend(|backend| {
        let request = request();
        for _ in 0..times {
            black_box(backend.template.render(black_box(&request), &[], "")).expect("it is a path");
        }
    });
}

fn whole_outbound(times: u64) {
    with_backend(|backend| {
        let (request, base) = (request(), backend.bases.first().expect("there is one"));
        for _ in 0..times {
            black_box(outbound(backend, base, black_box(&request), &[])).expect("it is a URL");
        }
    });
}

fn head_written(times: u64) {
    let uri = Uri::from_static("http://127.0.0.1:8081/live0/4711");
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("user-agent", "Gnomon"), ("x-forwarded-for", "127.0.0.1"), ("accept", "*/*"), ("accept-encoding", "gzip")]
    {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let mut out = Vec::with_capacity(1024);
    for _ in 0..times {
        out.clear();
        head::write(&mut out, &Method::GET, black_box(&uri), black_box(&headers), BodyLength::None);
        black_box(&out);
    }
}

/// The bytes are copied in as a read would put them there.
fn head_read(times: u64) {
    for _ in 0..times {
        let mut buffer = BytesMut::from(black_box(ANSWER_HEAD));
        black_box(head::read(&mut buffer).expect("it is an answer"));
    }
}

/// Always the same endpoint, the last of the file.
fn record(count: usize, times: u64) {
    let mut recorder = Recorder::new(names(count));
    let last = u32::try_from(count - 1).expect("it is a number of the file");
    let elapsed = Duration::from_micros(1234);
    for _ in 0..times {
        recorder.endpoint_started(EndpointId(last));
        recorder.backend_started(BackendId(last));
        recorder.backend_done(BackendId(last), Outcome::Status(200), black_box(elapsed));
        recorder.endpoint_done(EndpointId(last), 200, true, black_box(elapsed));
    }
}
