//! Nobody can feel a shadow: not by answers, not by time, not by what the gateway holds.

use std::thread;

use serde_json::{Value, json};

use super::{
    questions::{ask_all, count},
    shadows::Shadows,
};
use crate::{
    bodies::LONGEST,
    client::Answer,
    files::without_shadows,
    footprint::Footprint,
    gnomon::Gnomon,
    patience::wait_for,
    stats::{Books, Pairs, Stats},
    upstream::Upstream,
};

/// What all shadows together may hold, in bytes.
const BUDGET: u64 = 48 * 1024 * 1024;
/// What one may hold: one of the largest bodies and some of the others.
const OF_ONE: u64 = 14 * 1024 * 1024;
/// Copies of one shadow at a time.
const CONCURRENT: u64 = 8;
/// What live traffic and the allocator may take on top, in bytes: far less than the copies that are refused.
const MARGIN: u64 = 64 * 1024 * 1024;
/// What may stay when all is over, in bytes: far less than what the shadows held.
const LEFT: u64 = 24 * 1024 * 1024;
/// The system's allocator keeps what is freed for itself, each thread apart, unless it is told to give it back: so what
/// is seen is what the gateway holds.
const GIVES_BACK: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "16384");

fn limits() -> Value {
    json!({ "memory_budget": BUDGET, "max_buffered_bytes": OF_ONE, "max_concurrent": CONCURRENT, "overload": "off" })
}

/// A gateway with every hostile shadow and one without any shadow, before the same live upstream.
struct Pair {
    shadows: Shadows,
    mirrored: Gnomon,
    plain: Gnomon,
    idle: Footprint,
    _live: Upstream,
}

impl Pair {
    /// Every shadow has these settings.
    fn start(proxy: &Value) -> Self {
        let (shadows, live) = (Shadows::start(), Upstream::weighs().forgetting_bodies());
        let file = shadows.file(&live, proxy, &limits());
        let environment = [shadows.environment(), (GIVES_BACK.0, GIVES_BACK.1.to_owned())];
        let mirrored = Gnomon::run_in(&file, &environment);
        let plain = Gnomon::run(&without_shadows(file));
        let idle = mirrored.footprint();
        Self { shadows, mirrored, plain, idle, _live: live }
    }

    /// Asks everything of both gateways, all endpoints at the same time, and looks at the first one meanwhile.
    fn compare(&self) {
        let answers = |gnomon: &Gnomon, after: &(dyn Fn() + Sync)| -> Vec<Vec<Answer>> {
            thread::scope(|scope| {
                let ask = |path: String| scope.spawn(move || ask_all(gnomon, &path, after));
                let asking: Vec<_> = self.shadows.kinds.iter().map(|kind| ask(kind.path())).collect();
                asking.into_iter().map(|one| one.join().expect("every request is answered")).collect()
            })
        };
        let with = answers(&self.mirrored, &|| self.within_limits());
        let without = answers(&self.plain, &|| {});
        for ((kind, with), without) in self.shadows.kinds.iter().zip(with).zip(without) {
            assert!(without.iter().all(|answer| answer.json()["intact"] == true), "{}: {without:#?}", kind.name);
            assert_eq!(with, without, "{}", kind.name);
        }
    }

    /// What is held now is within its limits, and the books balance.
    fn within_limits(&self) {
        let stats = self.mirrored.stats();
        let books = stats.books();
        let held: u64 = books.iter().map(|books| books.buffered_bytes).sum();
        assert!(held <= BUDGET, "{held} bytes are held");
        for books in &books {
            assert!(books.in_flight + books.waiting <= CONCURRENT, "{books:#?}");
            assert!(books.buffered_bytes <= OF_ONE, "{books:#?}");
        }
        let now = self.mirrored.footprint();
        assert!(now.memory_bytes <= self.idle.memory_bytes + BUDGET + MARGIN, "{now:?}, idle {:?}", self.idle);
        // Each endpoint: its copies, its clients, and a connection to the live upstream for each worker thread.
        let workers = thread::available_parallelism().map_or(1, usize::from) as u64;
        let descriptors = self.shadows.kinds.len() as u64 * (CONCURRENT + 4 + workers) + 16;
        assert!(now.descriptors <= self.idle.descriptors + descriptors, "{now:?}, idle {:?}", self.idle);
    }
}

/// Every kind was offered all requests so often, and lost copies only for want of room.
fn nothing_is_missing(shadows: &Shadows, stats: &Stats, times: u64) {
    for kind in &shadows.kinds {
        let books = kind.books(stats);
        assert_eq!(books.offered, times * count(), "{}: {books:#?}", kind.name);
        let lost: u64 =
            ["concurrency", "memory", "memory_budget", "body_lag"].map(|reason| books.dropped_for(reason)).iter().sum();
        assert_eq!(lost + books.sent, books.offered, "{}: {books:#?}", kind.name);
    }
}

#[test]
fn no_hostile_shadow_is_felt_while_it_holds_its_copies() {
    // Far longer than any client of these tests waits: that there are answers proves that they wait for no shadow.
    let pair = Pair::start(&json!({ "shadow_timeout": "30m" }));
    pair.compare();
    let ends = || pair.shadows.kinds.iter().filter(|kind| !kind.holds);
    let stats = pair
        .mirrored
        .wait_until("what does not hold its copies has ended", |stats| ends().all(|kind| kind.books(stats).settled()));
    for kind in ends() {
        let books = kind.books(&stats);
        assert!(kind.explains(&books, &[]), "{}: {books:#?}", kind.name);
    }
    nothing_is_missing(&pair.shadows, &stats, 1);
    let held: Vec<Books> = pair.shadows.kinds.iter().filter(|kind| kind.holds).map(|kind| kind.books(&stats)).collect();
    for books in &held {
        assert_eq!((books.in_flight, books.sent), (CONCURRENT, CONCURRENT), "{books:#?}");
    }
    // Too little would prove nothing.
    assert!(held.iter().map(|books| books.buffered_bytes).sum::<u64>() > LONGEST as u64, "{held:#?}");
    for reason in ["memory", "concurrency"] {
        assert!(held.iter().any(|books| books.dropped_for(reason) > 0), "nothing was dropped for {reason}: {held:#?}");
    }
}

#[test]
fn no_hostile_shadow_is_felt_when_bodies_are_streamed_to_it() {
    let policy = json!({
        "holdout": 0,
        "breaker": "off",
        "match": { "unsafe_methods": "allow", "unsafe_reason": "they are hostile anyway" },
        "limits": { "max_concurrent": CONCURRENT, "queue": 0 },
        "body": { "mode": "stream", "stream_window": "128KiB" },
    });
    let pair = Pair::start(&json!({ "shadow_timeout": "1s", "@shadow_policy": policy }));
    pair.compare();
    let stats = pair.mirrored.settle();
    nothing_is_missing(&pair.shadows, &stats, 1);
    for kind in &pair.shadows.kinds {
        let books = kind.books(&stats);
        assert!(kind.explains(&books, &["timeout", "lag", "connect"]), "{}: {books:#?}", kind.name);
        assert_eq!(books.dropped_for("memory"), 0, "a window is small: {books:#?}");
    }
    let lagged =
        |books: &Books| books.dropped_for("body_lag") > 0 || books.failed.iter().any(|(name, _)| name == "lag");
    assert!(stats.books().iter().any(lagged), "{:#?}", stats.books());
}

#[test]
fn no_hostile_shadow_is_felt_when_its_answers_are_compared() {
    let policy = json!({
        "holdout": 0,
        "breaker": "off",
        "match": { "unsafe_methods": "allow", "unsafe_reason": "they are hostile anyway" },
        "limits": { "max_concurrent": CONCURRENT, "queue": 0 },
        "body": { "max_request": "10MiB" },
        "compare": {},
    });
    let pair = Pair::start(&json!({ "shadow_timeout": "1s", "@shadow_policy": policy }));
    for times in 1..=2 {
        pair.compare();
        pair.mirrored.settle();
        let stats = pair.mirrored.wait_until("all pairs are judged", |stats| {
            assert!(stats.pairs().iter().all(Pairs::balanced), "{:#?}", stats.pairs());
            stats.pairs().iter().all(|pairs| pairs.waiting == 0)
        });
        nothing_is_missing(&pair.shadows, &stats, times);
        assert_eq!(stats.pairs().len(), pair.shadows.kinds.len());
        for (kind, pairs) in pair.shadows.kinds.iter().zip(stats.pairs()) {
            assert!(pairs.begun > 0 && pairs.compared() == 0, "{}: {pairs:#?}", kind.name);
        }
        let now = pair.mirrored.footprint();
        assert!(now.memory_bytes <= pair.idle.memory_bytes + LEFT, "{now:?}, idle {:?}", pair.idle);
    }
    let left = pair.idle.descriptors + 2;
    let gone = wait_for(|| (pair.mirrored.footprint().descriptors <= left).then_some(()));
    assert!(gone.is_some(), "{:?}, idle {:?}", pair.mirrored.footprint(), pair.idle);
}

#[test]
fn what_hostile_shadows_held_comes_back() {
    let pair = Pair::start(&json!({ "shadow_timeout": "1s" }));
    let mut memory_bytes = Vec::new();
    for times in 1..=3 {
        pair.compare();
        let stats = pair.mirrored.settle();
        nothing_is_missing(&pair.shadows, &stats, times);
        for kind in &pair.shadows.kinds {
            let books = kind.books(&stats);
            // On a busy machine any copy may take too long.
            assert!(kind.explains(&books, &["timeout"]), "{}: {books:#?}", kind.name);
        }
        memory_bytes.push(pair.mirrored.footprint().memory_bytes);
    }
    // Connections to the live upstream are kept for a while, those of clients until they are seen to have gone.
    let left = pair.idle.descriptors + 2;
    let gone = wait_for(|| (pair.mirrored.footprint().descriptors <= left).then_some(()));
    assert!(gone.is_some(), "{:?}, idle {:?}", pair.mirrored.footprint(), pair.idle);
    let most = pair.idle.memory_bytes + LEFT;
    assert!(memory_bytes.iter().all(|bytes| *bytes <= most), "{memory_bytes:?}, idle {:?}", pair.idle);
}
