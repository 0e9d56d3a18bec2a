//! The threads that carry shadow traffic, apart from those that serve clients.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    rc::Rc,
    sync::{Arc, Weak},
    time::Duration,
};

use actix::{Actor, Addr, Arbiter};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    backend::{
        Caller, Client, Found,
        transport::{PoolLimits, Room, Secure},
    },
    compare::Desk,
    endpoint::{self, Baseline, Compared, ShadowLink},
    model::Descriptors,
    plan::{EndpointPlan, Heritage, Inherited, Plan, ServicePlan, ShadowPlan, TargetId},
    shadow::{
        Control, Gate, MemoryBudget, ShadowActor,
        control::{Moment, Seat},
    },
    stats::{BackendId, Names, Recorder, Registry, StatsActor, recorder::flush_every},
    telemetry::{Outlet, Probe},
};

use super::{comparing::Comparing, tree::REPORT_PERIOD};

/// Stop looking whether mirrors have ended this often.
const DRAIN_STEP: Duration = Duration::from_millis(10);
/// How long after the drain limit the threads are waited for.
const JOIN_TIME: Duration = Duration::from_secs(1);

/// How often to look whether the shadows of a former plan are still in use.
const LEAVE_STEP: Duration = Duration::from_secs(1);

/// Every shadow of the service with the threads they live on.
pub struct Shadows {
    arbiters: Vec<Arbiter>,
    memory: Arc<MemoryBudget>,
    control: Arc<Control>,
    /// Those of the present plan.
    housed: HashMap<BackendId, Housed>,
    links: Arc<Vec<Vec<ShadowLink>>>,
    /// For idle connections, apart from that of the live path.
    room: Room,
    /// Gates of former plans, some of which may still be in use.
    former: Vec<Weak<Gate>>,
    /// Where the next new shadow goes.
    turn: usize,
    /// Where answers are compared, once any are.
    desk: Option<Desk>,
    /// Where spans and figures of copies go, if anywhere.
    outlet: Option<Outlet>,
}

/// A shadow of the present plan.
struct Housed {
    gate: Arc<Gate>,
    /// The place of its thread.
    thread: usize,
    comparing: Option<Comparing>,
}

impl Housed {
    /// Its gate, and that of second live calls.
    fn gates(self) -> impl Iterator<Item = Arc<Gate>> {
        [Some(self.gate), self.comparing.and_then(|comparing| comparing.baseline)].into_iter().flatten()
    }
}

/// Names, and where a thread counts under them.
type Counting = (Arc<Names>, Rc<RefCell<Recorder>>);

thread_local! {
    /// Where this shadow thread counts, for the newest names.
    static RECORDER: RefCell<Option<Counting>> = const { RefCell::new(None) };
    /// What it records spans with, for the newest plan.
    static PROBE: RefCell<Option<Rc<Probe>>> = const { RefCell::new(None) };
    /// The connections of this thread's shadows, which their next actors go on with.
    static CLIENTS: RefCell<HashMap<TargetId, Client>> = RefCell::default();
}

impl Default for Shadows {
    fn default() -> Self {
        Self {
            arbiters: Vec::new(),
            memory: Arc::new(MemoryBudget::new(0)),
            control: Arc::default(),
            housed: HashMap::new(),
            links: Arc::default(),
            room: Room::default(),
            former: Vec::new(),
            turn: 0,
            desk: None,
            outlet: None,
        }
    }
}

impl Shadows {
    /// No shadows yet, and what is recorded of them goes there.
    #[must_use]
    pub fn recording(outlet: Option<Outlet>) -> Self {
        Self { outlet, ..Self::default() }
    }

    /// Houses the shadows of a plan: threads as far as they are missing, an actor each, and a gate, which is that of the
    /// former plan or goes on with its books where the plan says so. Gives the registry of their books.
    pub fn settle(
        &mut self,
        plan: &Arc<Plan>,
        heritage: &Heritage,
        (secure, found): (&Secure, &Found),
        stats: &Addr<StatsActor>,
    ) -> Arc<Registry> {
        self.memory.resize(plan.service.shadow_memory_bytes);
        self.room = self.room.sized(Descriptors::of_process().idle_copies(plan.service.idle_connections));
        let count = plan.endpoints.iter().map(|endpoint| endpoint.shadows.len()).sum::<usize>();
        while self.arbiters.len() < plan.service.shadow_threads.min(count) {
            self.arbiters.push(Arbiter::new());
        }
        self.forget_connections(plan);
        let registry = Arc::new(Registry::default());
        let mut housed = HashMap::with_capacity(count);
        let mut links = Vec::with_capacity(plan.endpoints.len());
        let mut seats = Vec::with_capacity(count);
        for endpoint in &plan.endpoints {
            let mut of_endpoint = Vec::with_capacity(endpoint.shadows.len());
            for shadow in &endpoint.shadows {
                let house = self.house(endpoint, shadow, &plan.service, heritage);
                let Some(arbiter) = self.arbiters.get(house.thread) else { continue };
                let gate = Arc::clone(&house.gate);
                registry.shadows.insert(shadow.backend.id, Arc::clone(&gate) as _);
                let upstream = (secure, found, &self.room);
                let recipient =
                    start_actor(arbiter, shadow, plan, upstream, Some((stats, self.outlet.as_ref()))).recipient();
                let compared = self.compared(&house, shadow, plan, upstream);
                if let Some(compared) = &compared {
                    registry.comparisons.insert(shadow.backend.id, Arc::clone(&compared.experiment) as _);
                }
                seats.push(self.seat(plan, endpoint, shadow, &house, heritage));
                of_endpoint.push(ShadowLink { recipient, gate, plan: Arc::clone(shadow), compared });
                housed.insert(shadow.backend.id, house);
            }
            links.push(of_endpoint);
        }
        self.control.post().believe(secure.clone());
        self.control.settle(seats, plan.service.kill_file.clone(), Moment::now());
        self.links = Arc::new(links);
        let former = std::mem::replace(&mut self.housed, housed);
        self.former.extend(former.into_values().flat_map(Housed::gates).map(|gate| Arc::downgrade(&gate)));
        self.former.retain(|gate| gate.strong_count() > 0);
        registry
    }

    /// The gate and the thread for a shadow: those it had, as far as it is the same.
    fn house(
        &mut self,
        endpoint: &Arc<EndpointPlan>,
        shadow: &ShadowPlan,
        service: &ServicePlan,
        heritage: &Heritage,
    ) -> Housed {
        let comparing = self.comparing(endpoint, shadow, heritage);
        let sheds_load = service.overload_lag.is_some() && (shadow.policy.is_some() || service.overload_sheds_plain);
        let inherited = heritage.of(shadow.backend.id);
        let former = inherited.and_then(|inherited| self.housed.get(&inherited.former));
        match (inherited, former) {
            (Some(Inherited { unchanged: true, .. }), Some(former)) => {
                Housed { gate: Arc::clone(&former.gate), thread: former.thread, comparing }
            }
            (_, Some(former)) => {
                let gate = Arc::new(former.gate.successor(shadow, sheds_load));
                Housed { gate, thread: former.thread, comparing }
            }
            _ => {
                let thread = self.turn.checked_rem(self.arbiters.len()).unwrap_or(0);
                self.turn = self.turn.wrapping_add(1);
                let gate = Gate::of(shadow, Arc::clone(&self.memory), self.control.kill_switch(), sheds_load);
                Housed { gate: Arc::new(gate), thread, comparing }
            }
        }
    }

    /// The comparison of its answers: the one it had if neither the shadow nor what it is compared with has changed.
    fn comparing(
        &mut self,
        endpoint: &Arc<EndpointPlan>,
        shadow: &ShadowPlan,
        heritage: &Heritage,
    ) -> Option<Comparing> {
        let is_unchanged = |id| heritage.of(id).is_some_and(|inherited| inherited.unchanged);
        let mut ids = endpoint.live.iter().map(|backend| backend.id).chain([shadow.backend.id]);
        let former = heritage.of(shadow.backend.id).and_then(|inherited| self.housed.get(&inherited.former));
        if let Some(former) = former.filter(|_| ids.all(is_unchanged)) {
            if let Some(comparing) = &former.comparing {
                comparing.experiment.set_merging(endpoint::whole::merging(endpoint));
            }
            return former.comparing.clone();
        }
        let (memory, kill) = (Arc::clone(&self.memory), self.control.kill_switch());
        let desk = || self.desk.get_or_insert_with(|| Desk::start(cores())).clone();
        Comparing::new(endpoint, shadow, (&memory, kill), desk)
    }

    /// The way from a shadow's copies to the comparison of their answers.
    fn compared(
        &self,
        house: &Housed,
        shadow: &ShadowPlan,
        plan: &Arc<Plan>,
        upstream: (&Secure, &Found, &Room),
    ) -> Option<Compared> {
        let comparing = house.comparing.as_ref()?;
        let baseline = comparing.baseline.as_ref().zip(shadow.baseline.as_ref()).and_then(|(gate, of_live)| {
            // On a thread of its own if there is one, so that both calls leave at the same moment.
            let thread = (house.thread + 1).checked_rem(self.arbiters.len()).unwrap_or(0);
            let recipient = start_actor(self.arbiters.get(thread)?, of_live, plan, upstream, None).recipient();
            Some(Baseline { recipient, gate: Arc::clone(gate) })
        });
        Some(Compared { experiment: Arc::clone(&comparing.experiment), baseline })
    }

    /// The place of a shadow among those that can be controlled.
    fn seat(
        &self,
        plan: &Plan,
        endpoint: &EndpointPlan,
        shadow: &Arc<ShadowPlan>,
        house: &Housed,
        heritage: &Heritage,
    ) -> Seat {
        let former = heritage.of(shadow.backend.id).and_then(|inherited| self.housed.get(&inherited.former));
        let place = usize::try_from(shadow.backend.id.0).unwrap_or(usize::MAX);
        let (backend, hosts) = plan
            .names
            .backends
            .get(place)
            .map_or_else(Default::default, |name| (name.label.clone(), name.hosts.clone()));
        Seat {
            method: endpoint.method.to_string(),
            path: endpoint.path.clone(),
            backend,
            hosts,
            summary: shadow.policy.as_ref().map(|policy| policy.summary(&endpoint.params)),
            plan: Arc::clone(shadow),
            gate: Arc::clone(&house.gate),
            former: former.map(|house| Arc::clone(&house.gate)),
            comparison: house.comparing.as_ref().map(|comparing| Arc::clone(&comparing.experiment) as _),
        }
    }

    /// Where its shadows are controlled.
    #[must_use]
    pub fn control(&self) -> Arc<Control> {
        Arc::clone(&self.control)
    }

    /// Closes the idle connections of shadows that a plan does not have.
    fn forget_connections(&self, plan: &Plan) {
        let shadows = plan.endpoints.iter().flat_map(|endpoint| &endpoint.shadows);
        let called = shadows.flat_map(|shadow| [Some(shadow), shadow.baseline.as_ref()]).flatten();
        let kept: HashSet<TargetId> = called.filter_map(|shadow| plan.targets.of(shadow.backend.id)).collect();
        let kept = Arc::new(kept);
        for arbiter in &self.arbiters {
            let kept = Arc::clone(&kept);
            arbiter
                .spawn_fn(move || CLIENTS.with_borrow_mut(|clients| clients.retain(|target, _| kept.contains(target))));
        }
    }

    /// The ways to the shadows, by endpoint.
    #[must_use]
    pub fn links(&self) -> Arc<Vec<Vec<ShadowLink>>> {
        Arc::clone(&self.links)
    }

    /// Lets no new mirror in, waits until those under way have ended or `limit` has passed, then stops the threads;
    /// what is left is abandoned, and booked so. A thread that doesn't stop is left behind a second later.
    pub async fn drain(self, limit: Duration) {
        let former = self.former.iter().filter_map(Weak::upgrade);
        let gates: Vec<Arc<Gate>> = self.housed.into_values().flat_map(Housed::gates).chain(former).collect();
        gates.iter().for_each(|gate| gate.close());
        let deadline = Instant::now() + limit;
        while gates.iter().any(|gate| gate.concurrent() > 0) && Instant::now() < deadline {
            sleep(DRAIN_STEP).await;
        }
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        // Joining waits for the threads to drop their tasks, which drops their tickets.
        if timeout_at(deadline + JOIN_TIME, joined(self.arbiters)).await.is_err() {
            tracing::warn!("a shadow thread does not end, going on without it");
        }
    }
}

/// Keeps the ways to the shadows of a former plan until no thread uses them any more, and a little longer: a copy that was
/// handed over last must be taken in before its actor hears that nobody knows it.
pub async fn leave(links: Arc<Vec<Vec<ShadowLink>>>) {
    loop {
        let is_left = Arc::strong_count(&links) == 1;
        sleep(LEAVE_STEP).await;
        if is_left {
            return;
        }
    }
}

/// Ends when all threads have. They are waited for on a thread that nobody joins: a look-up of a name that is stuck in
/// the system holds its thread, and a task for blocking work would hold the end of the program with it.
async fn joined(arbiters: Vec<Arbiter>) {
    let (ended, end) = oneshot::channel();
    let join = move || {
        for arbiter in arbiters {
            let _it_panicked = arbiter.join();
        }
        let _nobody_waits = ended.send(());
    };
    // When no thread can be had the sender is dropped, and nothing is waited for.
    let _detached = std::thread::Builder::new().name("shadow-end".into()).spawn(join);
    let _ended = end.await;
}

fn start_actor(
    arbiter: &Arbiter,
    shadow: &Arc<ShadowPlan>,
    plan: &Arc<Plan>,
    (secure, found, room): (&Secure, &Found, &Room),
    counting: Option<(&Addr<StatsActor>, Option<&Outlet>)>,
) -> Addr<ShadowActor> {
    let (shadow, plan) = (Arc::clone(shadow), Arc::clone(plan));
    let (stats, outlet) = counting.map(|(stats, outlet)| (stats.clone(), outlet.cloned())).unzip();
    let (secure, found, room) = (secure.clone(), found.clone(), room.clone());
    ShadowActor::start_in_arbiter(&arbiter.handle(), move |_ctx| {
        let recorder = stats.map(|stats| recorder_of_this_thread(&plan, stats));
        let hosts = shadow.backend.discovered.as_ref().and_then(|name| found.hosts(name));
        let probe = outlet.flatten().and_then(|outlet| probe_of_this_thread(&plan, &outlet));
        let client = client_of_this_thread(&shadow, &plan, secure, room);
        let caller = Caller::new(client, 0).finding(hosts).recording(probe);
        ShadowActor::new(shadow, caller, recorder)
    })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn client_of_this_thread(shadow: &ShadowPlan, plan: &Plan, secure: Secure, room: Room) -> Client {
    let new = || Client::sharing(pool_limits(shadow, plan.service.pool), secure, room);
    let Some(target) = plan.targets.of(shadow.backend.id) else { return new() };
    CLIENTS.with_borrow_mut(|clients| clients.entry(target).or_insert_with(new).clone())
}

/// As many idle connections as calls, and in policy mode times of its own.
fn pool_limits(shadow: &ShadowPlan, of_service: PoolLimits) -> PoolLimits {
    let limits = PoolLimits { idle_per_host: shadow.bounds.concurrent_max, ..of_service };
    match &shadow.policy {
        None => limits,
        Some(policy) => PoolLimits {
            idle_time: Some(policy.network.idle_timeout),
            dial_time: Some(policy.network.connect_timeout),
            ..limits
        },
    }
}

/// Actors of a former plan go on counting under its names, in the recorder they have.
fn recorder_of_this_thread(plan: &Plan, stats: Addr<StatsActor>) -> Rc<RefCell<Recorder>> {
    RECORDER.with_borrow_mut(|held| match held {
        Some((names, recorder)) if Arc::ptr_eq(names, &plan.names) => Rc::clone(recorder),
        _ => {
            let recorder = Rc::new(RefCell::new(plan.recorder()));
            actix::spawn(flush_every(Rc::clone(&recorder), stats, REPORT_PERIOD));
            *held = Some((Arc::clone(&plan.names), Rc::clone(&recorder)));
            recorder
        }
    })
}

/// What this thread records with; that of a former plan goes on with its actors.
fn probe_of_this_thread(plan: &Plan, outlet: &Outlet) -> Option<Rc<Probe>> {
    let settings = &plan.service.telemetry.as_ref()?.settings;
    PROBE.with_borrow_mut(|held| match held {
        Some(probe) if Arc::ptr_eq(&probe.settings, settings) => Some(Rc::clone(probe)),
        _ => Some(Rc::clone(held.insert(Probe::start(settings, outlet)))),
    })
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use actix::{Arbiter, System};

    use super::Shadows;

    #[test]
    fn a_stuck_thread_is_left_behind() {
        let (release, stuck) = mpsc::channel::<()>();
        let (enter, entered) = mpsc::channel();
        System::new().block_on(async {
            let arbiter = Arbiter::new();
            arbiter.spawn_fn(move || {
                enter.send(()).unwrap();
                let _released = stuck.recv();
            });
            entered.recv().unwrap();
            let shadows = Shadows { arbiters: vec![arbiter], ..Shadows::default() };
            shadows.drain(Duration::ZERO).await;
        });
        // The thread was still stuck when the drain ended, and the system as well.
        release.send(()).unwrap();
    }
}
