//! What is counted: ways an answer can take, and what a shadow adds to the live path.

use std::{hint::black_box, sync::Arc};

use actix::Actor;
use gnomon::{
    compare::{Desk, Experiment, experiment::Setup},
    encoding::{Decoder, Encoder},
    endpoint::{Call, Compared, Dispatch, EndpointActor, ShadowLink, merge::Merge, whole::merging},
    model::{Body, Budget, Data, Payload, Reply, Response, promise},
    plan::{EndpointPlan, Plan, ShadowPlan},
    shadow::{Asked, Gate, KillSwitch, MemoryBudget, Size},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    compare::{pairs, warm},
    plans::{answer, endpoint, plan, request},
    stubs::{Done, Ready},
};

/// Something that can be done over and over.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) play: fn(u64),
    /// Whether other threads have a part in it: then it scatters, and says by [`super::count::begin`] when it is ready.
    pub(crate) is_threaded: bool,
}

impl Scene {
    /// One that a single thread plays.
    pub(crate) const fn new(name: &'static str, play: fn(u64)) -> Self {
        Self { name, play, is_threaded: false }
    }

    /// One that is played by several.
    pub(crate) const fn threaded(name: &'static str, play: fn(u64)) -> Self {
        Self { name, play, is_threaded: true }
    }
}

pub(crate) fn all() -> Vec<Scene> {
    vec![
        Scene::new("2 KB answer, as it is", as_it_is),
        Scene::new("2 KB answer, through a tree", through_a_tree),
        Scene::new("three 2 KB answers, spliced", spliced),
        Scene::new("three 2 KB answers, through trees", through_trees),
        Scene::new("request, no shadow", without_shadow),
        Scene::new("request, a shadow that is not selected", with_unselected_shadow),
        Scene::new("request, a shadow that is selected", with_selected_shadow),
        Scene::new("request, a shadow that is selected and compared", with_compared_shadow),
        Scene::new("request, three backends merged", merging_three),
        Scene::new("gate, not selected", gate_says_no),
        Scene::new("gate, selected and given back", gate_says_yes),
        Scene::new("compare 10 KB, the same bytes", |times| compared(0, times)),
        Scene::new("compare 10 KB, members in another order", |times| compared(1, times)),
        Scene::new("compare 10 KB, ten differences", |times| compared(2, times)),
    ]
}

fn as_it_is(times: u64) {
    let text = answer("a");
    for _ in 0..times {
        let mut data = Decoder::Json.decode(black_box(&text).clone()).expect("it is JSON");
        black_box(Encoder::Json.encode(Some(&mut data), None));
    }
}

/// What a gateway without lazy data does.
fn through_a_tree(times: u64) {
    let text = answer("a");
    for _ in 0..times {
        let tree: Value = serde_json::from_slice(black_box(&text)).expect("it is JSON");
        black_box(serde_json::to_vec(&tree).expect("a tree can be written"));
    }
}

fn spliced(times: u64) {
    let texts = ["a", "b", "c"].map(answer);
    for _ in 0..times {
        let mut merge = Merge::new(texts.len());
        for text in black_box(&texts) {
            let data = Decoder::Json.decode(text.clone()).expect("it is JSON");
            merge.add(Reply::ok(Response::data(data, true)));
        }
        let Some(Payload::Data(mut data)) = merge.finish().response.map(|response| response.payload) else { continue };
        black_box(Encoder::Json.encode(Some(&mut data), None));
    }
}

fn through_trees(times: u64) {
    let texts = ["a", "b", "c"].map(answer);
    for _ in 0..times {
        let mut merged = serde_json::Map::new();
        for text in black_box(&texts) {
            let Ok(Value::Object(members)) = serde_json::from_slice(text) else { continue };
            merged.extend(members);
        }
        black_box(serde_json::to_vec(&Value::Object(merged)).expect("a tree can be written"));
    }
}

/// An endpoint whose shadow has this policy.
fn policed(policy: &Value) -> Plan {
    let mut file = endpoint("/user/{id}", 1, 1);
    let proxy = file.pointer_mut("/backend/1/extra_config/proxy").and_then(Value::as_object_mut);
    proxy.expect("the shadow has one").insert("@shadow_policy".into(), policy.clone());
    plan(&[file])
}

fn gate_of(plan: &Plan) -> Arc<Gate> {
    let shadow = plan.endpoints.first().and_then(|endpoint| endpoint.shadows.first()).expect("there is one");
    Arc::new(Gate::of(shadow, Arc::new(MemoryBudget::new(1 << 30)), KillSwitch::default(), false))
}

fn without_shadow(times: u64) {
    serve(&plan(&[endpoint("/user/{id}", 1, 0)]), times);
}

fn merging_three(times: u64) {
    serve(&plan(&[endpoint("/user/{id}", 3, 0)]), times);
}

fn with_unselected_shadow(times: u64) {
    serve(&policed(&json!({"sample": {"rate": 0}})), times);
}

fn with_selected_shadow(times: u64) {
    serve(&policed(&json!({"holdout": 0})), times);
}

/// All but the handing in to the thread that compares, which works beside: its shadow's answer is not seen.
fn with_compared_shadow(times: u64) {
    serve(&policed(&json!({"holdout": 0, "compare": {"baseline": "off"}})), times);
}

/// What comparing takes, if the policy compares.
fn compared_by(endpoint: &Arc<EndpointPlan>, shadow: &ShadowPlan) -> Option<Compared> {
    let policy = shadow.policy.clone()?;
    policy.compare.as_ref()?;
    let setup = Setup {
        key: shadow.key.clone(),
        policy,
        live_is_safe: true,
        memory: Arc::new(MemoryBudget::new(1 << 30)),
        desk: Desk::start(1),
    };
    let experiment = Arc::new(Experiment::new(setup, merging(endpoint), Instant::now())?);
    Some(Compared { experiment, baseline: None })
}

fn serve(plan: &Plan, times: u64) {
    actix::System::new().block_on(async {
        let endpoint = plan.endpoints.first().expect("there is one");
        let data = Data::parse(&answer("a")).expect("it is JSON");
        let links = endpoint.shadows.iter().map(|shadow| ShadowLink {
            recipient: Done.start().recipient(),
            gate: gate_of(plan),
            plan: Arc::clone(shadow),
            compared: compared_by(endpoint, shadow),
        });
        let links = links.collect();
        let backends = endpoint.live.iter().map(|_| Ready(data.clone()).start().recipient()).collect();
        let dispatch = Dispatch::new(Arc::clone(endpoint), backends, links);
        let actor = EndpointActor::new(dispatch).start();
        for _ in 0..times {
            let (promise, answer) = promise();
            let budget = Budget { deadline: Instant::now() + endpoint.timeout };
            #[expect(clippy::disallowed_methods, reason = "as the edge does; one call at a time")]
            actor.do_send(Call { request: request(), body: Body::Empty, budget, promise });
            black_box(answer.await.expect("the endpoint answers"));
        }
    });
}

fn gate_says_no(times: u64) {
    offer(&policed(&json!({"sample": {"rate": 0}})), times);
}

fn gate_says_yes(times: u64) {
    offer(&policed(&json!({"holdout": 0})), times);
}

fn offer(plan: &Plan, times: u64) {
    let (gate, request) = (gate_of(plan), request());
    for time in 0..times {
        drop(black_box(gate.offer(Asked { request: black_box(&request), drawn: time, size: Size::default() })));
    }
}

fn compared(which: usize, times: u64) {
    let Some((_name, comparator, live, shadow)) = pairs().into_iter().nth(which) else { return };
    let mut names = warm(&comparator, &live, &shadow);
    for _ in 0..times {
        black_box(comparator.compare(black_box(&live), black_box(&shadow), &mut names));
    }
}
