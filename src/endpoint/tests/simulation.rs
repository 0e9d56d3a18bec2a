//! Seeded schedules over the whole endpoint: what clients and live backends see is the same with shadows and without.
//!
//! A schedule says when each client comes, what it sends, when it hangs up, and what every backend and every shadow
//! does for it, under which policy, and when somebody reloads, kills, pauses or ramps. It is played three times on virtual
//! time: alone, with shadows, and with shadows whose answers are compared. Compared are replies, the milliseconds at which
//! they came, and the bodies that live backends read to their end; in between the books of copies, of second live calls and
//! of pairs are checked every millisecond.
//!
//! A seed that fails is printed; `SIMULATION_SEED=17 cargo test --lib simulation` plays it alone.
//!
//! Live events of one request never fall into one millisecond (they differ modulo [`GRID`]), because which of two
//! simultaneous events comes first is nobody's promise.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{
    stage::{Order, ShadowPart, Stage, Told, on_virtual_time, plan_under},
    stubs::{Ends, Fate, Reads, Script, Turn},
    upheavals::{self, Upheaval},
};
use crate::{
    compare::Results as _,
    endpoint::Compared,
    model::{Body, Kind, Request, body::Held, body::transit},
    plan::{EndpointPlan, ShadowBounds},
    shadow::overload,
    stats::{Compared as _, Ledgered},
};

/// Deadlines and uploads end on this grid; backends answer 1 to 3 ms beside it, clients hang up 5 ms beside it.
const GRID: u64 = 8;
/// How many schedules a test run plays.
const SEEDS: u64 = 40;
/// A shadow is given so long at most, in milliseconds; far beyond every reply.
const SLOWEST_SHADOW: u64 = 3000;

/// The last client comes before 1,600 ms and waits 800 at most.
const LAST_REPLY: u64 = 2400;

/// A small generator of reproducible chance (SplitMix64).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }

    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }
}

/// What one client sends.
#[derive(Clone, Debug)]
enum Sends {
    Nothing,
    /// A body at hand, in so many chunks.
    Held(u64),
    /// An upload in so many chunks, one every grid step, with or without its length; it may break off before the last.
    Upload {
        chunks: u64,
        told: bool,
        breaks_off: bool,
    },
}

#[derive(Clone, Debug)]
struct Client {
    arrives: u64,
    sends: Sends,
    /// Milliseconds after its arrival.
    hangs_up: Option<u64>,
    live: Vec<Turn>,
    shadows: Vec<(u64, Fate)>,
}

/// Who plays besides clients and live backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cast {
    Alone,
    Shadows,
    /// Shadows whose answers are compared.
    Compared,
}

/// Everything that happens, decided in advance.
#[derive(Clone, Debug)]
struct Schedule {
    seed: u64,
    live: usize,
    order: Order,
    clients: Vec<Client>,
    bounds: Vec<ShadowBounds>,
    /// A policy per shadow; `null` is plain mode.
    policies: Vec<Value>,
    /// What each shadow compares, when it does.
    comparisons: Vec<Value>,
    /// What copies and pairs may hold, in bytes.
    memory: usize,
    /// What operators, files and clocks do meanwhile, in order.
    upheavals: Vec<(u64, Upheaval)>,
    /// When the gates close for good, if they do.
    closes: Option<u64>,
}

impl Schedule {
    fn of(seed: u64) -> Self {
        let chance = &mut Chance(seed);
        let (live, order) = chance.one_of(&[
            (1, Order::AtOnce),
            (1, Order::AtOnce),
            (2, Order::AtOnce),
            (3, Order::AtOnce),
            (3, Order::InSequence),
        ]);
        let shadows = usize::try_from(1 + chance.below(3)).unwrap();
        let clients = (0..5 + chance.below(40)).map(|_| Client::of(chance, live, order, shadows)).collect();
        let bounds = (0..shadows).map(|_| bounds(chance)).collect();
        let policies = (0..shadows).map(|_| upheavals::policy(chance, order)).collect();
        let upheavals = upheavals::all(chance, shadows);
        let closes = chance.once_in(4).then(|| chance.below(1500));
        let comparisons = (0..shadows).map(|_| upheavals::comparison(chance, order)).collect();
        let memory = chance.one_of(&[200, 1 << 20]);
        Self { seed, live, order, clients, bounds, policies, comparisons, memory, upheavals, closes }
    }

    fn plan(&self, cast: Cast) -> Arc<EndpointPlan> {
        let compared = || self.policies.iter().zip(&self.comparisons).map(|(one, how)| upheavals::comparing(one, how));
        let policies = match cast {
            Cast::Alone => Vec::new(),
            Cast::Shadows => self.policies.clone(),
            Cast::Compared => compared().collect(),
        };
        // 800 ms and their 85 % both lie on the grid.
        plan_under("800ms", self.live, self.order, &policies)
    }
}

impl Client {
    fn of(chance: &mut Chance, live: usize, order: Order, shadows: usize) -> Self {
        let chunks = chance.below(12);
        let sends = match chance.below(4) {
            0 => Sends::Nothing,
            1 => Sends::Held(chunks),
            _ if live == 1 => Sends::Upload { chunks, told: chance.once_in(2), breaks_off: chance.once_in(5) },
            _ => Sends::Held(1),
        };
        Self {
            arrives: GRID * chance.below(200),
            sends,
            hangs_up: chance.once_in(6).then(|| GRID * chance.below(60) + 5),
            live: (0..live).map(|place| turn(chance, if order == Order::InSequence { 0 } else { place })).collect(),
            shadows: (0..shadows).map(|_| (chance.below(SLOWEST_SHADOW), fate(chance))).collect(),
        }
    }
}

fn turn(chance: &mut Chance, place: usize) -> Turn {
    let ends = match chance.below(12) {
        0 => Ends::Never,
        1 => Ends::Panics,
        2 => Ends::Fails(Kind::Status),
        3 => Ends::Incomplete(format!(r#"{{"id":{place},"late":true}}"#)),
        _ => Ends::Json(format!(r#"{{"id":{},"live{place}":true}}"#, chance.below(1000))),
    };
    let reads = chance.one_of(&[Reads::All, Reads::All, Reads::All, Reads::Chunks(2), Reads::Nothing]);
    Turn { reads, after: GRID * chance.below(120) + 1 + place as u64, ends }
}

fn fate(chance: &mut Chance) -> Fate {
    chance.one_of(&[
        Fate::Completes(200),
        Fate::Completes(404),
        Fate::Completes(503),
        Fate::Fails(Kind::Timeout),
        Fate::Fails(Kind::Io),
        Fate::Panics,
        Fate::Vanishes,
    ])
}

fn bounds(chance: &mut Chance) -> ShadowBounds {
    ShadowBounds {
        concurrent_max: chance.one_of(&[0, 1, 3, 10, 1000]),
        queue_max: chance.one_of(&[0, 0, 2]),
        buffered_bytes_max: chance.one_of(&[10, 40, 1000]),
        request_bytes_max: chance.one_of(&[8, 30, 1000]),
        response_bytes_max: 1,
    }
}

/// The script of one live backend: each request names its client.
fn live_script(clients: &Rc<Vec<Client>>, place: usize) -> Script<Turn> {
    let clients = Rc::clone(clients);
    Rc::new(move |request| clients[client(request)].live[place].clone())
}

fn client(request: &Request) -> usize {
    request.params[0].parse().unwrap()
}

/// What the world outside has seen of one play.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// Per client: when its reply came, and what it said; nothing if it hung up.
    replies: Vec<Option<(u64, Told)>>,
    /// What live backends were asked, and read to the end, in sorted order.
    live: Vec<(u64, String)>,
}

async fn play(schedule: &Schedule, cast: Cast) -> Seen {
    let with_shadows = cast != Cast::Alone;
    // Samples, delays and jitter are drawn from here.
    fastrand::seed(schedule.seed);
    // The last play on this thread may have left it so.
    overload::set_behind(false);
    let clients = Rc::new(schedule.clients.clone());
    let live = (0..schedule.live).map(|place| live_script(&clients, place)).collect();
    let parts = schedule.bounds.iter().enumerate().filter(|_| with_shadows).map(|(place, bounds)| {
        let clients = Rc::clone(&clients);
        let script: Script<(u64, Fate)> = Rc::new(move |request| clients[client(request)].shadows[place]);
        ShadowPart { bounds: *bounds, script: Some(script) }
    });
    let stage = Rc::new(Stage::new(&schedule.plan(cast), live, parts.collect()));
    assert_eq!(stage.compared().is_empty(), cast != Cast::Compared);
    stage.memory.resize(schedule.memory);
    let over = Rc::new(Cell::new(!with_shadows));
    if with_shadows {
        actix::spawn(upheavals::happen(Rc::clone(&stage), schedule.upheavals.clone()));
    }
    let auditor = actix::spawn(audit(Rc::clone(&stage), Rc::clone(&over), schedule.closes));
    let visits: Vec<_> = schedule
        .clients
        .iter()
        .enumerate()
        .map(|(id, client)| actix::spawn(visit(Rc::clone(&stage), id, client.clone())))
        .collect();
    let mut replies = Vec::with_capacity(visits.len());
    for visit in visits {
        replies.push(visit.await.expect("no client panics"));
    }
    stage.close().await;
    over.set(true);
    auditor.await.expect("the books balance at every step");
    let asked_or_read = |line: &str| line.contains(" asked") || line.ends_with(" whole");
    let mut live: Vec<_> = stage.log.with("live").into_iter().filter(|(_, line)| asked_or_read(line)).collect();
    live.sort();
    Seen { replies, live }
}

/// Looks into every book, every millisecond until the last reply and now and then while only shadows are at work.
async fn audit(stage: Rc<Stage>, over: Rc<Cell<bool>>, closes: Option<u64>) {
    while !over.get() {
        if closes.is_some_and(|at| stage.log.now() >= at) {
            stage.gates_now().iter().for_each(|gate| gate.close());
        }
        audit_pairs(&stage);
        for gate in stage.gates_now().into_iter().chain(stage.baselines()) {
            let books = gate.books();
            assert!(books.balanced(), "at {} ms: {books:?}", stage.log.now());
            // Copies that a former gate let in stand in the same books.
            assert!(books.waiting + books.in_flight >= gate.concurrent() as u64, "{books:?}");
            assert!(books.buffered_bytes <= books.buffered_bytes_max, "{books:?}");
            assert!(gate.concurrent() as u64 <= books.concurrent_max, "{books:?}");
        }
        sleep(Duration::from_millis(if stage.log.now() < LAST_REPLY { 1 } else { 50 })).await;
    }
}

/// The books of pairs, while the comparing thread, which has a lot to do, attends to one every other millisecond.
fn audit_pairs(stage: &Stage) {
    let now = stage.log.now();
    if now.is_multiple_of(2) {
        stage.desk.attend(!now.is_multiple_of(6));
    }
    assert!(stage.memory.held() <= stage.memory.limit());
    for Compared { experiment, .. } in stage.compared() {
        let figures = experiment.comparison();
        let judged: u64 = figures.verdicts.iter().chain(&figures.incomparable).map(|(_, count)| count).sum();
        assert_eq!(figures.begun, figures.void + figures.waiting + judged, "at {now} ms: {figures:?}");
        if now % 500 == 499 {
            experiment.forget(Instant::now());
        }
    }
}

/// One client from its arrival to its reply.
async fn visit(stage: Rc<Stage>, id: usize, client: Client) -> Option<(u64, Told)> {
    let arrival = Instant::now() + Duration::from_millis(client.arrives);
    sleep_until(arrival).await;
    let (body, uploading) = body(&client.sends);
    let answer = stage.call(id, body);
    let uploading = uploading.map(actix::spawn);
    let limit = Duration::from_millis(client.hangs_up.unwrap_or(60_000));
    let outcome = timeout(limit, answer).await;
    let told = outcome.ok().map(|reply| (stage.log.now(), Told::of(reply.expect("the endpoint always replies"))));
    if told.is_none() {
        // The connection is gone, and the upload with it.
        uploading.inspect(|task| task.abort());
    }
    told
}

/// The body of a request, and the work of uploading it.
fn body(sends: &Sends) -> (Body, Option<impl Future<Output = ()> + use<>>) {
    let chunk = || Bytes::from_static(b"abcd");
    match *sends {
        Sends::Nothing => (Body::Empty, None),
        Sends::Held(chunks) => (Body::Held(Held::new((0..chunks).map(|_| chunk()).collect())), None),
        Sends::Upload { chunks, told, breaks_off } => {
            let (sender, receiver) = transit(told.then_some(4 * chunks));
            let uploading = async move {
                for _ in 0..chunks {
                    sleep(Duration::from_millis(GRID)).await;
                    if sender.send(chunk()).await.is_err() {
                        return;
                    }
                }
                if !breaks_off {
                    sender.finish().await;
                }
            };
            (Body::Transit(receiver), Some(uploading))
        }
    }
}

/// Says which seed failed.
struct Naming(u64);

impl Drop for Naming {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {0} failed; alone: SIMULATION_SEED={0} cargo test --lib simulation", self.0);
        }
    }
}

fn check(seed: u64) {
    let _naming = Naming(seed);
    let schedule = Schedule::of(seed);
    let without = on_virtual_time(play(&schedule, Cast::Alone));
    for cast in [Cast::Shadows, Cast::Compared] {
        let with = on_virtual_time(play(&schedule, cast));
        for (id, (with, without)) in with.replies.iter().zip(&without.replies).enumerate() {
            assert_eq!(with, without, "the reply to client {id}, {cast:?} and without: {:?}", schedule.clients[id]);
        }
        assert_eq!(with.live, without.live, "what live backends saw, {cast:?} and without");
    }
}

#[test]
fn replies_their_times_and_what_live_backends_see_are_the_same_with_shadows() {
    match std::env::var("SIMULATION_SEED") {
        Ok(seed) => check(seed.parse().expect("SIMULATION_SEED is a number")),
        Err(_) => (0..SEEDS).for_each(check),
    }
}

#[test]
fn a_seed_plays_the_same_twice() {
    let schedule = Schedule::of(7);
    assert_eq!(format!("{schedule:?}"), format!("{:?}", Schedule::of(7)));
    assert_eq!(on_virtual_time(play(&schedule, Cast::Compared)), on_virtual_time(play(&schedule, Cast::Compared)));
}

#[test]
fn schedules_reach_every_kind_of_event() {
    let schedules: Vec<String> = (0..SEEDS).map(|seed| format!("{:?}", Schedule::of(seed))).collect();
    for event in
        ["Upload", "breaks_off: true", "hangs_up: Some", "Never", "Panics", "Vanishes", "InSequence", "closes: Some"]
            .into_iter()
            .chain([
                "Kill",
                "Revive",
                "Pause",
                "Resume",
                "Rate",
                "Reload",
                "after_primary",
                "breaker",
                "multiplier",
                "stream",
                "merged",
                "dual_primary",
                "Behind(true)",
                "Behind(false)",
            ])
    {
        assert!(schedules.iter().any(|schedule| schedule.contains(event)), "{event}");
    }
}
