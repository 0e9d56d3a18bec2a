//! One worker thread's actors, built from the plan when the thread starts.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix::{Actor, Addr};

use crate::{
    backend::{BackendActor, Caller, Client, transport::Secure},
    endpoint::{Call, Dispatch, EndpointActor, ShadowLink},
    plan::{EndpointPlan, Plan},
    shadow::overload,
    stats::{EndpointId, Recorder, StatsActor, recorder::flush_every},
};

/// How often a thread reports its numbers.
pub const REPORT_PERIOD: Duration = Duration::from_millis(250);

/// What all worker threads share.
#[derive(Clone)]
pub struct Shared {
    /// The plan.
    pub plan: Arc<Plan>,
    /// TLS towards upstreams.
    pub secure: Secure,
    /// The ways to the shadows, by endpoint.
    pub shadows: Arc<Vec<Vec<ShadowLink>>>,
    /// Where numbers go.
    pub stats: Addr<StatsActor>,
    /// When the gateway started.
    pub started: tokio::time::Instant,
}

/// The actors of one worker thread.
pub struct Tree {
    /// What all threads share.
    pub shared: Shared,
    /// This thread's counters.
    pub recorder: Rc<RefCell<Recorder>>,
    endpoints: Vec<Addr<EndpointActor>>,
}

thread_local! {
    /// The application factory runs once per worker and listening address; the tree is built once per worker.
    static TREE: RefCell<Option<Rc<Tree>>> = const { RefCell::new(None) };
    static TURN: Cell<usize> = const { Cell::new(0) };
}

impl Tree {
    /// This thread's tree.
    #[must_use]
    pub fn of_this_thread(shared: &Shared) -> Rc<Self> {
        TREE.with_borrow_mut(|held| Rc::clone(held.get_or_insert_with(|| Rc::new(Self::build(shared)))))
    }

    fn build(shared: &Shared) -> Self {
        let recorder = Rc::new(RefCell::new(Recorder::new(Arc::clone(&shared.plan.names))));
        let endpoints = shared.plan.endpoints.iter().enumerate().map(|(place, plan)| {
            let shadows = shared.shadows.get(place).cloned().unwrap_or_default();
            endpoint_actor(plan, shadows, shared, &recorder)
        });
        let endpoints = endpoints.collect();
        if let Some(limit) = shared.plan.service.overload_lag.filter(|_| sheds_load(&shared.plan)) {
            actix::spawn(overload::watch(limit));
        }
        actix::spawn(flush_every(Rc::clone(&recorder), shared.stats.clone(), REPORT_PERIOD));
        Self { shared: shared.clone(), recorder, endpoints }
    }

    /// Hands a call to an endpoint's actor.
    pub fn call(&self, endpoint: EndpointId, call: Call) {
        if let Some(endpoint) = self.endpoints.get(endpoint.0 as usize) {
            #[expect(clippy::disallowed_methods, reason = "bounded by the connections a worker accepts")]
            endpoint.do_send(call);
        }
    }
}

/// Whether any shadow stops when its worker is behind; without one nobody need watch.
fn sheds_load(plan: &Plan) -> bool {
    let mut shadows = plan.endpoints.iter().flat_map(|endpoint| &endpoint.shadows);
    shadows.any(|shadow| shadow.policy.is_some() || plan.service.overload_sheds_plain)
}

impl Drop for Tree {
    /// The last numbers of a thread that ends; its flushing task has ended before.
    fn drop(&mut self) {
        while let Some(report) = self.recorder.borrow_mut().take() {
            #[expect(clippy::disallowed_methods, reason = "the last reports of a thread, a bounded number of them")]
            self.shared.stats.do_send(report);
        }
    }
}

fn endpoint_actor(
    plan: &Arc<EndpointPlan>,
    shadows: Vec<ShadowLink>,
    shared: &Shared,
    recorder: &Rc<RefCell<Recorder>>,
) -> Addr<EndpointActor> {
    let live = plan.live.iter().map(|backend| {
        let turn = TURN.replace(TURN.get().wrapping_add(1));
        let caller = Caller::new(Client::new(shared.plan.service.pool, shared.secure.clone()), turn);
        BackendActor::new(Arc::clone(backend), caller, Rc::clone(recorder)).start().recipient()
    });
    EndpointActor::new(Dispatch::new(Arc::clone(plan), live.collect(), shadows)).start()
}
