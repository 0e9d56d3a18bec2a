//! The threads that carry shadow traffic, apart from those that serve clients.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use actix::{Actor, Addr, Arbiter};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    backend::{
        Caller, Client,
        transport::{PoolLimits, Secure},
    },
    endpoint::ShadowLink,
    plan::{Plan, ShadowPlan},
    shadow::{Gate, KillSwitch, MemoryBudget, ShadowActor},
    stats::{Recorder, Registry, StatsActor, recorder::flush_every},
};

use super::tree::REPORT_PERIOD;

/// Stop looking whether mirrors have ended this often.
const DRAIN_STEP: Duration = Duration::from_millis(10);
/// How long after the drain limit the threads are waited for.
const JOIN_TIME: Duration = Duration::from_secs(1);

/// Every shadow of the service with the threads they live on.
pub struct Shadows {
    arbiters: Vec<Arbiter>,
    gates: Vec<Arc<Gate>>,
    links: Arc<Vec<Vec<ShadowLink>>>,
}

thread_local! {
    static RECORDER: RefCell<Option<Rc<RefCell<Recorder>>>> = const { RefCell::new(None) };
}

impl Shadows {
    /// Starts the threads and an actor per shadow, spread over them, and enters their books in the registry.
    #[must_use]
    pub fn start(
        plan: &Arc<Plan>,
        secure: &Secure,
        kill: &KillSwitch,
        stats: &Addr<StatsActor>,
        registry: &Registry,
    ) -> Self {
        let memory = Arc::new(MemoryBudget::new(plan.service.shadow_memory_bytes));
        let count = plan.endpoints.iter().map(|endpoint| endpoint.shadows.len()).sum::<usize>();
        let threads = plan.service.shadow_threads.min(count);
        let arbiters: Vec<Arbiter> = (0..threads).map(|_| Arbiter::new()).collect();
        let mut gates = Vec::with_capacity(count);
        let mut links = Vec::with_capacity(plan.endpoints.len());
        for endpoint in &plan.endpoints {
            let mut of_endpoint = Vec::with_capacity(endpoint.shadows.len());
            for shadow in &endpoint.shadows {
                let service = &plan.service;
                let sheds_load =
                    service.overload_lag.is_some() && (shadow.policy.is_some() || service.overload_sheds_plain);
                let gate = Arc::new(Gate::of(shadow, Arc::clone(&memory), kill.clone(), sheds_load));
                registry.shadows.insert(shadow.backend.id, Arc::clone(&gate) as _);
                let Some(arbiter) = arbiters.get(gates.len().checked_rem(threads).unwrap_or(0)) else { continue };
                let recipient = start_actor(arbiter, shadow, plan, secure, stats).recipient();
                of_endpoint.push(ShadowLink { recipient, gate: Arc::clone(&gate), plan: Arc::clone(shadow) });
                gates.push(gate);
            }
            links.push(of_endpoint);
        }
        Self { arbiters, gates, links: Arc::new(links) }
    }

    /// The ways to the shadows, by endpoint.
    #[must_use]
    pub fn links(&self) -> Arc<Vec<Vec<ShadowLink>>> {
        Arc::clone(&self.links)
    }

    /// Lets no new mirror in, waits until those under way have ended or `limit` has passed, then stops the threads;
    /// what is left is abandoned, and booked so. A thread that doesn't stop is left behind a second later.
    pub async fn drain(self, limit: Duration) {
        self.gates.iter().for_each(|gate| gate.close());
        let deadline = Instant::now() + limit;
        while self.gates.iter().any(|gate| gate.concurrent() > 0) && Instant::now() < deadline {
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
    secure: &Secure,
    stats: &Addr<StatsActor>,
) -> Addr<ShadowActor> {
    let (shadow, plan, secure, stats) = (Arc::clone(shadow), Arc::clone(plan), secure.clone(), stats.clone());
    ShadowActor::start_in_arbiter(&arbiter.handle(), move |_ctx| {
        let recorder = recorder_of_this_thread(&plan, stats);
        let pool = pool_limits(&shadow, plan.service.pool);
        ShadowActor::new(shadow, Caller::new(Client::new(pool, secure), 0), recorder)
    })
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

fn recorder_of_this_thread(plan: &Plan, stats: Addr<StatsActor>) -> Rc<RefCell<Recorder>> {
    RECORDER.with_borrow_mut(|held| {
        let recorder = held.get_or_insert_with(|| {
            let recorder = Rc::new(RefCell::new(Recorder::new(Arc::clone(&plan.names))));
            actix::spawn(flush_every(Rc::clone(&recorder), stats, REPORT_PERIOD));
            recorder
        });
        Rc::clone(recorder)
    })
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, mpsc},
        time::Duration,
    };

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
            let shadows = Shadows { arbiters: vec![arbiter], gates: Vec::new(), links: Arc::default() };
            shadows.drain(Duration::ZERO).await;
        });
        // The thread was still stuck when the drain ended, and the system as well.
        release.send(()).unwrap();
    }
}
