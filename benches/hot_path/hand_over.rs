//! The endpoint actor between backends that answer at once and shadows that end at once: what actors and copies cost.

use std::{sync::Arc, time::Duration};

use actix::Actor;
use bytes::Bytes;
use criterion::Criterion;
use gnomon::{
    endpoint::{Call, Dispatch, EndpointActor, ShadowLink},
    model::{Body, Budget, Data, body::Held, promise},
    plan::ShadowBounds,
    shadow::{Gate, MemoryBudget},
};
use tokio::time::Instant;

use super::{
    plans::{answer, endpoint, plan, request},
    stubs::{Done, Ready},
};

/// Bounds that no benchmark meets.
pub(crate) const ROOMY: ShadowBounds = ShadowBounds {
    queue_max: 0,
    concurrent_max: usize::MAX,
    buffered_bytes_max: usize::MAX,
    request_bytes_max: usize::MAX,
    response_bytes_max: usize::MAX,
};

pub(crate) fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("endpoint");
    for (live, shadows) in [(1, 0), (1, 1), (1, 2), (3, 0), (3, 1)] {
        group.bench_function(format!("{live} live, {shadows} shadows"), |bench| {
            bench.iter_custom(|times| serve(live, shadows, times, &Body::Empty));
        });
    }
    let body = Body::Held(Held::new(vec![Bytes::from(vec![b'x'; 2048])]));
    for shadows in [0, 1] {
        group.bench_function(format!("1 live, {shadows} shadows, 2 KB request body"), |bench| {
            bench.iter_custom(|times| serve(1, shadows, times, &body));
        });
    }
    group.finish();
}

fn serve(live: usize, shadows: usize, times: u64, body: &Body) -> Duration {
    actix::System::new().block_on(async {
        let plan = plan(&[endpoint("/user/{id}", live, shadows)]);
        let plan = plan.endpoints.first().expect("there is one");
        let data = Data::parse(&answer("a")).expect("it is JSON");
        let backends = (0..live).map(|_| Ready(data.clone()).start().recipient()).collect();
        let memory = Arc::new(MemoryBudget::new(usize::MAX));
        let links = plan.shadows.iter().map(|shadow| ShadowLink {
            recipient: Done.start().recipient(),
            gate: Arc::new(Gate::new(ROOMY, Arc::clone(&memory))),
            plan: Arc::clone(shadow),
            compared: None,
        });
        let endpoint = EndpointActor::new(Dispatch::new(Arc::clone(plan), backends, links.collect())).start();
        let began = Instant::now();
        for _ in 0..times {
            let (promise, answer) = promise();
            let call = Call {
                request: request(),
                body: body.share().unwrap_or_default(),
                budget: Budget { deadline: Instant::now() + plan.timeout },
                promise,
            };
            #[expect(clippy::disallowed_methods, reason = "as the edge does; one call at a time")]
            endpoint.do_send(call);
            std::hint::black_box(answer.await.expect("the endpoint answers"));
        }
        began.elapsed()
    })
}
