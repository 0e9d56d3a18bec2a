//! One worker thread's actors, built from the plan when the thread starts, and anew when another plan is served.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix::{Actor, Addr, Recipient};
use tokio::{task::yield_now, time::sleep};

use crate::{
    backend::{
        BackendActor, Caller, Client, Fetch, Found,
        transport::{Room, Secure},
    },
    endpoint::{Call, Dispatch, EndpointActor, ShadowLink, SplitLink},
    plan::{BackendPlan, EndpointPlan, Plan, TargetId},
    shadow::overload::{Lookout, WorstLag},
    split::Splitter,
    stats::{EndpointId, Recorder, StatsActor, recorder::flush_every},
    telemetry::{Outlet, Probe},
};

use super::reload::{Announcer, generation::Follower};

/// How often a thread reports its numbers.
pub const REPORT_PERIOD: Duration = Duration::from_millis(250);

/// How many endpoints of the next tree are built before the requests of the present one have their turn.
const ENDPOINTS_PER_SLICE: usize = 32;

/// How often to look whether the last request of a former tree has ended.
const FELL_STEP: Duration = Duration::from_millis(500);

/// What all worker threads share.
#[derive(Clone)]
pub struct Shared {
    /// The plan.
    pub plan: Arc<Plan>,
    /// TLS towards upstreams.
    pub secure: Secure,
    /// For how many idle connections there is room.
    pub room: Room,
    /// Hosts that are found by name.
    pub found: Found,
    /// The ways to the shadows, by endpoint.
    pub shadows: Arc<Vec<Vec<ShadowLink>>>,
    /// Who says which variants take live calls, by endpoint.
    pub splits: Arc<Vec<Vec<Arc<Splitter>>>>,
    /// Where numbers go.
    pub stats: Addr<StatsActor>,
    /// When the gateway started.
    pub started: tokio::time::Instant,
    /// How late the threads that serve clients are.
    pub lag: WorstLag,
    /// Where spans and figures of `telemetry/opentelemetry` go, if anywhere.
    pub outlet: Option<Outlet>,
}

impl Shared {
    /// What a thread records with, if anything is recorded.
    pub(super) fn probe(&self) -> Option<Rc<Probe>> {
        let plan = self.plan.service.telemetry.as_ref()?;
        self.outlet.as_ref().map(|outlet| Probe::start(&plan.settings, outlet))
    }
}

/// The actors of one worker thread.
pub struct Tree {
    /// What all threads share.
    pub shared: Shared,
    /// This thread's counters.
    pub recorder: Rc<RefCell<Recorder>>,
    /// What it records spans with, if anything.
    pub probe: Option<Rc<Probe>>,
    endpoints: Vec<Addr<EndpointActor>>,
    /// Connections to upstreams, which the next tree goes on with where the target stays.
    clients: HashMap<TargetId, Client>,
}

/// The tree that a thread's next request is served by. Its clones are the same place.
#[derive(Clone)]
pub struct Standing(Rc<RefCell<Rc<Tree>>>);

thread_local! {
    /// The application factory runs once per worker and listening address; the tree is built once per worker.
    static STANDING: RefCell<Option<Standing>> = const { RefCell::new(None) };
    static TURN: Cell<usize> = const { Cell::new(0) };
}

impl Standing {
    /// This thread's. The first time, its tree is built, and from then on it follows what is announced.
    #[must_use]
    pub fn of_this_thread(announcer: &Announcer) -> Self {
        STANDING.with_borrow_mut(|held| held.get_or_insert_with(|| Self::first(announcer)).clone())
    }

    fn first(announcer: &Announcer) -> Self {
        let (generation, follower) = announcer.follow();
        let standing = Self(Rc::new(RefCell::new(Rc::new(Tree::build(&generation.shared)))));
        generation.adopt();
        let mut lookout = Lookout::noting(generation.shared.lag.clone());
        lookout.keep(overload_limit(&generation.shared.plan));
        actix::spawn(standing.clone().follow(follower, lookout));
        standing
    }

    /// The tree for one request, which keeps it to its end.
    #[must_use]
    pub fn tree(&self) -> Rc<Tree> {
        Rc::clone(&self.0.borrow())
    }

    /// Grows each new tree beside the old one and lets it take its place.
    async fn follow(self, mut follower: Follower, mut lookout: Lookout) {
        while let Some(generation) = follower.next().await {
            let tree = Tree::grow(&generation.shared, &self.tree()).await;
            let former = self.0.replace(Rc::new(tree));
            generation.adopt();
            lookout.keep(overload_limit(&generation.shared.plan));
            actix::spawn(fell(former));
        }
    }
}

impl Tree {
    /// A thread's first tree.
    fn build(shared: &Shared) -> Self {
        let mut tree = Self::bare(shared);
        for place in 0..shared.plan.endpoints.len() {
            tree.add(place, &HashMap::new());
        }
        tree
    }

    /// The tree after `former`, in slices that leave the thread to its requests in between.
    async fn grow(shared: &Shared, former: &Self) -> Self {
        let mut tree = Self::bare(shared);
        for place in 0..shared.plan.endpoints.len() {
            if place % ENDPOINTS_PER_SLICE == 0 {
                yield_now().await;
            }
            tree.add(place, &former.clients);
        }
        tree
    }

    fn bare(shared: &Shared) -> Self {
        let recorder = Rc::new(RefCell::new(shared.plan.recorder()));
        actix::spawn(flush_every(Rc::clone(&recorder), shared.stats.clone(), REPORT_PERIOD));
        let endpoints = Vec::with_capacity(shared.plan.endpoints.len());
        Self { shared: shared.clone(), recorder, probe: shared.probe(), endpoints, clients: HashMap::new() }
    }

    /// Starts the actors of the endpoint at `place`, which is the next one.
    fn add(&mut self, place: usize, clients: &HashMap<TargetId, Client>) {
        let plan = Arc::clone(&self.shared.plan);
        let Some(endpoint) = plan.endpoints.get(place) else { return };
        let shadows = self.shared.shadows.get(place).cloned().unwrap_or_default();
        let live = endpoint.live.iter().map(|backend| self.backend(backend, clients)).collect();
        let splits = self.splits(place, endpoint, clients);
        self.endpoints.push(endpoint_actor(endpoint, live, splits, shadows));
    }

    /// The actors of those that take a part of the live calls.
    fn splits(&mut self, place: usize, endpoint: &EndpointPlan, clients: &HashMap<TargetId, Client>) -> Vec<SplitLink> {
        let splitters = self.shared.splits.get(place).cloned().unwrap_or_default();
        let links = endpoint.splits.iter().zip(splitters).map(|(plan, splitter)| {
            let variants = plan.variants.iter().map(|variant| self.backend(&variant.backend, clients)).collect();
            SplitLink { splitter, plan: Arc::clone(plan), variants }
        });
        links.collect()
    }

    fn backend(&mut self, backend: &Arc<BackendPlan>, clients: &HashMap<TargetId, Client>) -> Recipient<Fetch> {
        let Shared { plan, secure, room, found, .. } = &self.shared;
        let target = plan.targets.of(backend.id);
        let kept = target.and_then(|target| clients.get(&target).cloned());
        let client = kept.unwrap_or_else(|| Client::sharing(plan.service.pool, secure.clone(), room.clone()));
        let hosts = backend.discovered.as_ref().and_then(|name| found.hosts(name));
        if let Some(target) = target {
            self.clients.insert(target, client.clone());
        }
        let turn = TURN.replace(TURN.get().wrapping_add(1));
        let caller = Caller::new(client, turn).finding(hosts).recording(self.probe.clone());
        BackendActor::new(Arc::clone(backend), caller, Rc::clone(&self.recorder)).start().recipient()
    }

    /// Hands a call to an endpoint's actor.
    pub fn call(&self, endpoint: EndpointId, call: Call) {
        if let Some(endpoint) = self.endpoints.get(endpoint.0 as usize) {
            #[expect(clippy::disallowed_methods, reason = "bounded by the connections a worker accepts")]
            endpoint.do_send(call);
        }
    }
}

/// How late a worker may be, if any shadow stops when it is later; without one nobody need watch.
pub(super) fn overload_limit(plan: &Plan) -> Option<Duration> {
    let mut shadows = plan.endpoints.iter().flat_map(|endpoint| &endpoint.shadows);
    let sheds_load = shadows.any(|shadow| shadow.policy.is_some() || plan.service.overload_sheds_plain);
    plan.service.overload_lag.filter(|_| sheds_load)
}

impl Drop for Tree {
    /// The last numbers of a thread that ends, or of a plan whose last request has ended.
    fn drop(&mut self) {
        while let Some(report) = self.recorder.borrow_mut().take() {
            #[expect(clippy::disallowed_methods, reason = "the last reports of a tree, a bounded number of them")]
            self.shared.stats.do_send(report);
        }
    }
}

/// Takes a former tree down when its last request has ended, in slices as it was grown: each actor that ends is a task
/// that must run once more, and thousands of them at once would stand in the way of requests.
async fn fell(mut former: Rc<Tree>) {
    let mut tree = loop {
        match Rc::try_unwrap(former) {
            Ok(tree) => break tree,
            Err(in_use) => former = in_use,
        }
        sleep(FELL_STEP).await;
    };
    while !tree.endpoints.is_empty() {
        tree.endpoints.truncate(tree.endpoints.len().saturating_sub(ENDPOINTS_PER_SLICE));
        yield_now().await;
    }
}

fn endpoint_actor(
    plan: &Arc<EndpointPlan>,
    live: Vec<Recipient<Fetch>>,
    splits: Vec<SplitLink>,
    shadows: Vec<ShadowLink>,
) -> Addr<EndpointActor> {
    EndpointActor::new(Dispatch::new(Arc::clone(plan), live, shadows).splitting(splits)).start()
}
