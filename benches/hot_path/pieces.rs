//! Pure pieces: routing, URLs, data, tickets, counters.

use std::{hint::black_box, sync::Arc, time::Duration};

use criterion::{Criterion, Throughput};
use gnomon::{
    encoding::{Decoder, Encoder},
    endpoint::merge::Merge,
    model::{Payload, Reply, Request, Response},
    plan::ShadowBounds,
    shadow::{Gate, MemoryBudget, Offered, Size},
    stats::{BackendId, EndpointId, Outcome, Recorder},
};

use super::{
    hand_over::ROOMY,
    plans::{answer, endpoint, plan, request},
};

pub(crate) fn all(criterion: &mut Criterion) {
    routing(criterion);
    url(criterion);
    data(criterion);
    gate(criterion);
    recorder(criterion);
}

fn routing(criterion: &mut Criterion) {
    let endpoints: Vec<_> = (0..200).map(|place| endpoint(&format!("/api/v1/area{place}/{{id}}"), 1, 0)).collect();
    let plan = plan(&endpoints);
    let mut group = criterion.benchmark_group("route");
    group.bench_function("hit of 200", |bench| {
        bench.iter(|| plan.routes.find("GET", black_box("/api/v1/area150/4711")))
    });
    group.bench_function("miss of 200", |bench| bench.iter(|| plan.routes.find("GET", black_box("/api/v2/nothing"))));
    group.finish();
}

fn url(criterion: &mut Criterion) {
    let plan = plan(&[endpoint("/user/{id}", 1, 0)]);
    let backend = plan.endpoints.first().and_then(|endpoint| endpoint.live.first()).expect("there is one");
    let plain = request();
    let escaped = Request { params: vec!["a b/c".to_owned()], ..request() };
    let mut group = criterion.benchmark_group("url");
    group.bench_function("plain", |bench| bench.iter(|| backend.template.render(black_box(&plain), &[], "")));
    group.bench_function("escaped", |bench| bench.iter(|| backend.template.render(black_box(&escaped), &[], "a=1")));
    let base = backend.bases.first().expect("there is one");
    group.bench_function("whole outbound request", |bench| {
        bench.iter(|| gnomon::backend::request::outbound(backend, base, black_box(&plain), &[]));
    });
    group.finish();
}

fn data(criterion: &mut Criterion) {
    let texts = ["a", "b", "c"].map(answer);
    let bytes: usize = texts.iter().map(bytes::Bytes::len).sum();
    let mut group = criterion.benchmark_group("data");
    group.throughput(Throughput::Bytes(bytes as u64 / 3));
    let [first, ..] = &texts;
    group.bench_function("pass 2 KB through", |bench| {
        bench.iter(|| {
            let mut data = Decoder::Json.decode(black_box(first).clone()).expect("it is JSON");
            Encoder::Json.encode(Some(&mut data), None)
        });
    });
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("merge 3 of 2 KB", |bench| {
        bench.iter(|| {
            let mut merge = Merge::new(texts.len());
            for text in black_box(&texts) {
                let data = Decoder::Json.decode(text.clone()).expect("it is JSON");
                merge.add(Reply::ok(Response::data(data, true)));
            }
            let payload = merge.finish().response.expect("there are parts").payload;
            let Payload::Data(mut data) = payload else { return None };
            Some(Encoder::Json.encode(Some(&mut data), None))
        });
    });
    group.finish();
}

fn gate(criterion: &mut Criterion) {
    let gate = |bounds| Arc::new(Gate::new(bounds, Arc::new(MemoryBudget::new(usize::MAX))));
    let (open, full) = (gate(ROOMY), gate(ShadowBounds { concurrent_max: 0, ..ROOMY }));
    let mut group = criterion.benchmark_group("gate");
    group.bench_function("offer and drop, admitted", |bench| {
        bench.iter(|| drop(open.admit_more(black_box(Size::default()))))
    });
    group.bench_function("offer and drop, admitted with a body", |bench| {
        bench.iter(|| drop(open.admit_more(black_box(Size { body: 2048, head: 500, ..Size::default() }))));
    });
    group.bench_function("offer, refused", |bench| bench.iter(|| drop(full.admit_more(black_box(Size::default())))));
    group.bench_function("offer, send, complete", |bench| {
        bench.iter(|| {
            let Offered::Admitted(mut ticket) = open.admit_more(black_box(Size::default())) else {
                panic!("it is open")
            };
            ticket.send();
            ticket.complete(200);
        });
    });
    group.finish();
}

fn recorder(criterion: &mut Criterion) {
    let plan = plan(&[endpoint("/user/{id}", 1, 1)]);
    let mut recorder = Recorder::new(Arc::clone(&plan.names));
    let elapsed = Duration::from_micros(1234);
    criterion.bench_function("recorder, one request with one backend", |bench| {
        bench.iter(|| {
            recorder.endpoint_started(EndpointId(0));
            recorder.backend_started(BackendId(0));
            recorder.backend_done(BackendId(0), Outcome::Status(200), black_box(elapsed));
            recorder.endpoint_done(EndpointId(0), 200, true, black_box(elapsed));
        });
    });
}
