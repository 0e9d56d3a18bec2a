//! Open-loop load: requests are due at fixed moments, and latency counts from when a request was due, so that a gateway
//! that stalls cannot hide it by being asked less.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc,
    time::Duration,
};

use tokio::time::Instant;

use super::gateway::Gateway;

/// Connections that share the load.
const CONNECTIONS: u64 = 16;

/// The figures of one cell.
pub(crate) struct Measured {
    pub(crate) asked: u64,
    pub(crate) answered: u64,
    pub(crate) p50: u64,
    pub(crate) p99: u64,
    pub(crate) p999: u64,
    pub(crate) cpu_us_per_request: u64,
    pub(crate) memory_mb: u64,
    pub(crate) sent: u64,
    pub(crate) dropped: u64,
}

/// GET without a body.
pub(crate) const GET: &[u8] = b"GET /user/42 HTTP/1.1\r\nHost: gateway\r\n\r\n";

/// Asks `rate` times a second for `time`, always the same.
pub(crate) fn run(gateway: &Gateway, request: &[u8], rate: u64, time: Duration) -> Measured {
    let asked = rate * u64::try_from(time.as_millis()).unwrap_or(0) / 1000;
    let (results, received) = mpsc::channel();
    let (cpu_before, before) = (gateway.cpu_us(), gateway.books());
    let start = Instant::now() + Duration::from_millis(20);
    let pause = Duration::from_secs(1) / u32::try_from(rate).unwrap_or(1).max(1);
    for connection in 0..CONNECTIONS {
        let (results, port, request) = (results.clone(), gateway.port, request.to_vec());
        let due = (connection..asked).step_by(CONNECTIONS as usize);
        let moments: Vec<Instant> = due.map(|place| start + pause * u32::try_from(place).unwrap_or(0)).collect();
        std::thread::spawn(move || ask_at(port, &request, &moments, &results));
    }
    drop(results);
    let mut latencies: Vec<u64> = received.iter().collect();
    latencies.sort_unstable();
    let after = gateway.books();
    let at = |quantile: f64| {
        let place = (latencies.len() as f64 * quantile) as usize;
        latencies.get(place.min(latencies.len().saturating_sub(1))).copied().unwrap_or(0)
    };
    Measured {
        asked,
        answered: latencies.len() as u64,
        p50: at(0.5),
        p99: at(0.99),
        p999: at(0.999),
        cpu_us_per_request: (gateway.cpu_us() - cpu_before) / asked.max(1),
        memory_mb: gateway.memory_mb(),
        sent: after.sent - before.sent,
        dropped: after.dropped - before.dropped,
    }
}

fn ask_at(port: u16, request: &[u8], moments: &[Instant], results: &mpsc::Sender<u64>) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let _slower_then = stream.set_nodelay(true);
    let _for_ever_then = stream.set_read_timeout(Some(Duration::from_secs(5)));
    for due in moments {
        let early = due.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            #[expect(clippy::disallowed_methods, reason = "a thread of its own for each connection of the load")]
            std::thread::sleep(early);
        }
        if !ask(&mut stream, request) {
            return;
        }
        let took = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        if results.send(took).is_err() {
            return;
        }
    }
}

/// Asks once; whether the whole answer came with status 200.
fn ask(stream: &mut TcpStream, request: &[u8]) -> bool {
    if stream.write_all(request).is_err() {
        return false;
    }
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(read @ 1..) = stream.read(&mut buffer) else { return false };
        answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
        if is_whole(&answer) {
            return answer.starts_with(b"HTTP/1.1 200");
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    length.is_some_and(|length| body.len() >= length)
}
