//! One upstream call over a warm loopback connection: head written, head parsed, body read, connection kept.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use criterion::Criterion;
use gnomon::{
    backend::{
        Client,
        request::outbound,
        transport::{PoolLimits, Secure},
    },
    model::{Body, wire::Outbound},
};
use tokio::time::Instant;

use super::plans::{answer, endpoint, plan, request};

pub(crate) fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("upstream call over loopback");
    let answers = [("empty answer", String::new()), ("2 KB answer", text(&answer("a")))];
    for (name, body) in answers {
        let length = body.len();
        let wire =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        let address = serve(wire.into_bytes());
        group.bench_function(name, |bench| bench.iter_custom(|times| call(address, times)));
    }
    group.finish();
}

fn text(bytes: &bytes::Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server on a thread of its own that answers whatever it reads; it lives as long as the program.
fn serve(wire: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        while let Ok((mut stream, _from)) = listener.accept() {
            let wire = wire.clone();
            std::thread::spawn(move || {
                let _latency_only = stream.set_nodelay(true);
                let mut buffer = [0; 4096];
                // A request without a body is one small packet on loopback.
                while stream.read(&mut buffer).is_ok_and(|read| read > 0) && stream.write_all(&wire).is_ok() {}
            });
        }
    });
    address
}

fn call(address: SocketAddr, times: u64) -> Duration {
    actix::System::new().block_on(async {
        let plan = plan(&[endpoint("/user/{id}", 1, 0)]);
        let backend = plan.endpoints.first().and_then(|endpoint| endpoint.live.first()).expect("there is one");
        let mut base = backend.bases.first().expect("there is one").clone();
        base.authority = address.to_string().parse().expect("an address is an authority");
        let client = Client::new(PoolLimits { idle_per_host: 8, ..PoolLimits::default() }, Secure::new(None));
        let request = request();
        let outbound = || -> Outbound { outbound(backend, &base, &request, &[]).expect("the URL is legal") };
        let began = Instant::now();
        for _ in 0..times {
            let inbound = client.send(&outbound(), Body::Empty).await.expect("the server answers");
            std::hint::black_box(inbound.read_whole(1 << 20).await.expect("the body is whole"));
        }
        began.elapsed()
    })
}
