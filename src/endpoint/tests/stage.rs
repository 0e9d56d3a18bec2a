//! A stage: the real endpoint actor and real gates between stubs.

use std::{cell::RefCell, future::Future, sync::Arc, time::Duration};

use actix::{Actor, Addr, Recipient};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::stubs::{DeafShadow, Fate, Log, Script, StubBackend, StubShadow, Turn};
use crate::{
    backend::Fetch,
    compare::{Experiment, desk::tests::IdleDesk, experiment::Setup},
    config::{Environment, Source, load},
    endpoint::{Baseline, Call, Compared, Dispatch, EndpointActor, ShadowLink, whole::merging},
    model::{Answer, Body, Budget, Headers, Payload, Reply, Request, body::Held, promise},
    plan::{EndpointPlan, ShadowBounds, ShadowPlan, compile},
    shadow::{Gate, KillSwitch, MemoryBudget},
    stats::{Compared as _, Ledgered},
};

/// Plays on a clock that stands still while there is something to do.
pub(super) fn on_virtual_time<T>(play: impl Future<Output = T>) -> T {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    actix::System::with_tokio_rt(runtime).block_on(play)
}

/// How an endpoint of the file calls its live backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    AtOnce,
    InSequence,
}

/// The plan of an endpoint with a `timeout`, so many live backends and so many shadows. In sequences, every backend
/// after the first wants `id` of the answer before it.
pub(super) fn plan(timeout: &str, live: usize, order: Order, shadows: usize) -> Arc<EndpointPlan> {
    plan_under(timeout, live, order, &vec![Value::Null; shadows])
}

/// The same with a policy per shadow; `null` leaves it in plain mode.
pub(super) fn plan_under(timeout: &str, live: usize, order: Order, policies: &[Value]) -> Arc<EndpointPlan> {
    let pattern = |place: usize| match (order, place) {
        (Order::InSequence, 1..) => format!("/live{place}/{{resp{}_id}}", place - 1),
        _ => format!("/live{place}"),
    };
    let mut backends: Vec<Value> = (0..live).map(|place| json!({"url_pattern": pattern(place)})).collect();
    backends.extend(policies.iter().enumerate().map(|(place, policy)| {
        let mut proxy = json!({"shadow": true});
        if !policy.is_null() {
            proxy["@shadow_policy"] = policy.clone();
        }
        json!({"url_pattern": format!("/shadow{place}"), "extra_config": {"proxy": proxy}})
    }));
    plan_of(&json!({
        "endpoint": "/x/{id}",
        "timeout": timeout,
        "backend": backends,
        "extra_config": {"proxy": {"sequential": order == Order::InSequence}}
    }))
}

/// The plan of an endpoint as a file gives it.
pub(super) fn plan_of(endpoint: &Value) -> Arc<EndpointPlan> {
    let text = json!({"version": 3, "host": ["http://127.0.0.1:80"], "endpoints": [endpoint]}).to_string();
    let loaded = load(&Source::Text { name: "krakend.json".into(), text }, &Environment::default());
    let service = loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    Arc::clone(&compile(&service).0.endpoints[0])
}

/// What a shadow of the stage is like.
#[derive(Clone)]
pub(super) struct ShadowPart {
    pub(super) bounds: ShadowBounds,
    /// None never opens its mailbox.
    pub(super) script: Option<Script<(u64, Fate)>>,
}

/// Bounds that are not met.
pub(super) const ROOMY: ShadowBounds = ShadowBounds {
    concurrent_max: 1000,
    queue_max: 0,
    buffered_bytes_max: 1 << 20,
    request_bytes_max: 1 << 20,
    response_bytes_max: 1 << 20,
};

impl ShadowPart {
    /// A shadow that answers 200 at once.
    pub(super) fn quick() -> Self {
        Self::that(ROOMY, 0, Fate::Completes(200))
    }

    pub(super) fn that(bounds: ShadowBounds, after: u64, fate: Fate) -> Self {
        Self { bounds, script: Some(super::stubs::always((after, fate))) }
    }

    pub(super) fn deaf() -> Self {
        Self { bounds: ROOMY, script: None }
    }
}

/// The endpoint with everything around it.
pub(super) struct Stage {
    pub(super) log: Log,
    pub(super) gates: Vec<Arc<Gate>>,
    pub(super) memory: Arc<MemoryBudget>,
    pub(super) kill: KillSwitch,
    /// Compares when it is told to.
    pub(super) desk: IdleDesk,
    plan: Arc<EndpointPlan>,
    live: Vec<Recipient<Fetch>>,
    links: RefCell<Vec<ShadowLink>>,
    /// Replaced by a reload; requests under way stay with the one they came to.
    endpoint: RefCell<Addr<EndpointActor>>,
}

impl Stage {
    /// Raises the curtain: a script per live backend, a part per shadow of the plan.
    pub(super) fn new(plan: &Arc<EndpointPlan>, live: Vec<Script<Turn>>, shadows: Vec<ShadowPart>) -> Self {
        assert_eq!((live.len(), shadows.len()), (plan.live.len(), plan.shadows.len()), "one script each");
        let log = Log::new();
        let memory = Arc::new(MemoryBudget::new(1 << 20));
        let kill = KillSwitch::default();
        let desk = IdleDesk::new(3);
        let live: Vec<Recipient<Fetch>> = live
            .into_iter()
            .enumerate()
            .map(|(place, script)| {
                StubBackend { name: format!("live{place}"), log: log.clone(), script }.start().recipient()
            })
            .collect();
        let links: Vec<ShadowLink> = shadows
            .into_iter()
            .enumerate()
            .map(|(place, part)| {
                let compared = compared(plan, place, &part, (&log, &memory, &kill, &desk));
                let plan = Arc::new(bounded(&plan.shadows[place], part.bounds));
                ShadowLink {
                    recipient: match part.script {
                        None => DeafShadow.start().recipient(),
                        Some(script) => {
                            StubShadow { name: format!("shadow{place}"), log: log.clone(), script }.start().recipient()
                        }
                    },
                    gate: Arc::new(Gate::of(&plan, Arc::clone(&memory), kill.clone(), true)),
                    plan,
                    compared,
                }
            })
            .collect();
        let gates = links.iter().map(|link| Arc::clone(&link.gate)).collect();
        let endpoint = EndpointActor::new(Dispatch::new(Arc::clone(plan), live.clone(), links.clone())).start();
        Self {
            log,
            gates,
            memory,
            kill,
            desk,
            plan: Arc::clone(plan),
            live,
            links: RefCell::new(links),
            endpoint: RefCell::new(endpoint),
        }
    }

    /// The gates that new requests meet.
    pub(super) fn gates_now(&self) -> Vec<Arc<Gate>> {
        self.links.borrow().iter().map(|link| Arc::clone(&link.gate)).collect()
    }

    /// What is compared.
    pub(super) fn compared(&self) -> Vec<Compared> {
        self.links.borrow().iter().filter_map(|link| link.compared.clone()).collect()
    }

    /// The gates of second live calls.
    pub(super) fn baselines(&self) -> Vec<Arc<Gate>> {
        self.compared().into_iter().filter_map(|compared| Some(compared.baseline?.gate)).collect()
    }

    /// A reload that changes the shadow at `place`: a new endpoint actor, and a gate that goes on with the books.
    pub(super) fn reload(&self, place: usize) {
        if let Some(link) = self.links.borrow_mut().get_mut(place) {
            link.gate = Arc::new(link.gate.successor(&link.plan, true));
        }
        let dispatch = Dispatch::new(Arc::clone(&self.plan), self.live.clone(), self.links.borrow().clone());
        self.endpoint.replace(EndpointActor::new(dispatch).start());
    }

    /// Sends a request whose `{id}` is `id`.
    pub(super) fn call(&self, id: usize, body: Body) -> Answer<Reply> {
        let request = Request {
            method: http::Method::GET,
            headers: Headers::new(),
            trace_number: None,
            query: String::new(),
            params: vec![id.to_string()],
            claims: None,
            origin: None,
            trace: None,
        };
        let (promise, answer) = promise();
        let budget = Budget { deadline: Instant::now() + self.plan.timeout };
        #[expect(clippy::disallowed_methods, reason = "as the edge does")]
        self.endpoint.borrow().do_send(Call { request, body, budget, promise });
        answer
    }

    /// The reply to a request without a body, and the millisecond of the log at which it came.
    pub(super) async fn reply(&self) -> (u64, Told) {
        let reply = self.call(0, Body::Empty).await.expect("the endpoint answers");
        (self.log.now(), Told::of(reply))
    }

    /// Waits until nothing can be under way any more, and says that every book is closed.
    pub(super) async fn close(&self) {
        tokio::time::sleep(Duration::from_secs(20)).await;
        while self.desk.attend(true) {}
        for Compared { experiment, .. } in self.compared() {
            assert_eq!(experiment.comparison().waiting, 0, "{:?}", experiment.comparison());
        }
        for gate in self.gates.iter().chain(&self.gates_now()).chain(&self.baselines()) {
            let books = gate.books();
            assert!(books.balanced(), "{books:?}");
            assert_eq!((books.waiting, books.in_flight, books.buffered_bytes), (0, 0, 0), "{books:?}");
            assert_eq!(gate.concurrent(), 0);
        }
        assert_eq!(self.memory.held(), 0);
    }

    /// Why copies for a shadow were not sent, and how often.
    pub(super) fn dropped(&self, shadow: usize) -> Vec<(&'static str, u64)> {
        self.gates[shadow].books().dropped
    }
}

/// What comparing the answers of a shadow takes, if its policy compares. A second live call is played as the shadow's.
fn compared(
    endpoint: &Arc<EndpointPlan>,
    place: usize,
    part: &ShadowPart,
    (log, memory, kill, desk): (&Log, &Arc<MemoryBudget>, &KillSwitch, &IdleDesk),
) -> Option<Compared> {
    let shadow = &endpoint.shadows[place];
    let policy = shadow.policy.clone().filter(|policy| policy.compare.is_some())?;
    let setup = Setup {
        key: shadow.key.clone(),
        policy,
        live_is_safe: true,
        memory: Arc::clone(memory),
        desk: desk.desk.clone(),
    };
    let baseline = shadow.baseline.as_ref().zip(part.script.clone()).map(|(plan, script)| Baseline {
        recipient: StubShadow { name: format!("second{place}"), log: log.clone(), script }.start().recipient(),
        gate: Arc::new(Gate::of(&bounded(plan, part.bounds), Arc::clone(memory), kill.clone(), true)),
    });
    Some(Compared { experiment: Arc::new(Experiment::new(setup, merging(endpoint), Instant::now())?), baseline })
}

/// The plan of a shadow with other bounds.
fn bounded(plan: &ShadowPlan, bounds: ShadowBounds) -> ShadowPlan {
    ShadowPlan {
        backend: Arc::clone(&plan.backend),
        key: plan.key.clone(),
        timeout: plan.timeout,
        bounds,
        policy: plan.policy.clone(),
        baseline: None,
    }
}

/// A reply in comparable form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Its data as text, byte for byte.
    pub(super) text: Option<String>,
    pub(super) complete: bool,
    /// The texts of its failures, in order.
    pub(super) failures: Vec<String>,
}

impl Told {
    pub(super) fn of(reply: Reply) -> Self {
        let complete = reply.response.as_ref().is_some_and(|response| response.complete);
        let text = reply.response.map(|response| match response.payload {
            Payload::Data(data) => String::from_utf8(data.to_bytes().to_vec()).unwrap(),
            other => panic!("stubs answer with data, not {other:?}"),
        });
        Self { text, complete, failures: reply.failures.into_iter().map(|failure| failure.message).collect() }
    }

    /// A complete answer.
    pub(super) fn whole(text: &str) -> Self {
        Self { text: Some(text.to_owned()), complete: true, failures: Vec::new() }
    }

    /// What is there when something is missing.
    pub(super) fn part(text: &str, failures: &[&str]) -> Self {
        Self { text: Some(text.to_owned()), complete: false, failures: owned(failures) }
    }

    pub(super) fn failed(failures: &[&str]) -> Self {
        Self { text: None, complete: false, failures: owned(failures) }
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A body in memory.
pub(super) fn held(text: &'static str) -> Body {
    Body::Held(Held::new(vec![bytes::Bytes::from_static(text.as_bytes())]))
}
