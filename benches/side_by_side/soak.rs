//! Hours in minutes: one gateway whose shadow hangs, under load for a long time, beside one without a shadow.
//!
//! The load goes to one and the other in turns, so that whatever the machine does meets both. What the first one holds
//! is printed at the start, in the middle, at the end, and once nothing is asked any more. It is an error (and the
//! program ends with one) when the books don't balance or a request is not answered, and when anything is still held
//! after the last copy.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    books::Books,
    gateway::Gateway,
    load::{self, Measured},
    upstream::Upstream,
};

/// The body of each request, in bytes: copies of a shadow that hangs hold it.
const BODY_BYTES: usize = 16 * 1024;
/// How long copies may take to end after the last request: the endpoint gives them two seconds.
const SETTLE: Duration = Duration::from_secs(30);

/// Asks `rate` times a second for `time`, in windows of `window`.
pub(crate) fn run(rate: u64, time: Duration, window: Duration) {
    let (live, hanging) = (Upstream::answering(Duration::ZERO), Upstream::hanging());
    let plain = Gateway::start("POST", live.port, None);
    let mirrored = Gateway::start("POST", live.port, Some((hanging.port, serde_json::Value::Null)));
    let request = request();
    println!(
        "{rate} requests of {BODY_BYTES} bytes a second, {} s in turns of {} s\n",
        time.as_secs(),
        window.as_secs()
    );
    println!(
        "| when | memory MB | descriptors | offered | sent | dropped | failed | in flight | held bytes | balance |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut sound = state("idle", &mirrored);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    let (begin, mut is_past_middle) = (Instant::now(), false);
    while begin.elapsed() < time {
        without.push(load::run(&plain, &request, rate, window));
        with.push(load::run(&mirrored, &request, rate, window));
        if with.len() == 1 {
            sound &= state("start", &mirrored);
        } else if !is_past_middle && begin.elapsed() >= time / 2 {
            is_past_middle = true;
            sound &= state("middle", &mirrored);
        }
    }
    sound &= state("end", &mirrored);
    let settled = settle(&mirrored);
    sound &= state("after", &mirrored) && settled.in_flight == 0 && settled.buffered_bytes == 0;
    println!("\n| µs, medians of {} windows | p50 | p99 | worst p99 | answered |", with.len());
    println!("|---|---|---|---|---|");
    sound &= latencies("no shadow", &without) & latencies("hanging", &with);
    assert!(sound, "a request was not answered, the books don't balance, or something is still held");
}

fn request() -> Vec<u8> {
    let head = format!("POST /user/42 HTTP/1.1\r\nHost: gateway\r\nContent-Length: {BODY_BYTES}\r\n\r\n");
    [head.as_bytes(), &[b'x'; BODY_BYTES]].concat()
}

/// Prints what a gateway holds; whether its books balance.
fn state(when: &str, gateway: &Gateway) -> bool {
    let books = gateway.books();
    let Books { offered, sent, dropped, failed, in_flight, buffered_bytes, .. } = books;
    let (memory, descriptors, balance) = (gateway.memory_mb(), gateway.descriptors(), books.balance());
    println!(
        "| {when} | {memory} | {descriptors} | {offered} | {sent} | {dropped} | {failed} | {in_flight} \
         | {buffered_bytes} | {balance} |"
    );
    balance
}

/// Waits until no copy is under way any more, or long enough.
fn settle(gateway: &Gateway) -> Books {
    let begin = Instant::now();
    loop {
        let books = gateway.books();
        if books.in_flight == 0 && books.waiting == 0 || begin.elapsed() > SETTLE {
            return books;
        }
        #[expect(clippy::disallowed_methods, reason = "waits for another program; nothing else runs here")]
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Prints a row of latencies; whether every request was answered.
fn latencies(name: &str, windows: &[Measured]) -> bool {
    let of = |figure: fn(&Measured) -> u64| {
        let mut figures: Vec<u64> = windows.iter().map(figure).collect();
        figures.sort_unstable();
        figures
    };
    let middle = |figures: &[u64]| figures.get(figures.len() / 2).copied().unwrap_or(0);
    let (p50, p99) = (of(|window| window.p50), of(|window| window.p99));
    let (answered, asked): (u64, u64) =
        (windows.iter().map(|window| window.answered).sum(), windows.iter().map(|window| window.asked).sum());
    let worst = p99.last().copied().unwrap_or(0);
    println!("| {name} | {} | {} | {worst} | {answered}/{asked} |", middle(&p50), middle(&p99));
    answered == asked
}
