//! Copies from the offer to the live answer, with real gates of policies.

use std::{rc::Rc, sync::Arc};

use actix::Actor;
use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    super::{
        ShadowLink,
        copies::{Copies, shown_status},
        dispatch::Way,
    },
    stage::{held, on_virtual_time, plan_of},
    stubs::DeafShadow,
};
use crate::{
    model::{Body, Data, Failure, Headers, Kind, Reply, Request, Response, failure::UpstreamAnswer},
    shadow::{Gate, KillSwitch, MemoryBudget},
    stats::Ledgered,
};

/// The ways to shadows with these policies.
struct Links {
    ways: Vec<Rc<Way>>,
    memory: Arc<MemoryBudget>,
    kill: KillSwitch,
}

impl Links {
    fn new(policies: &[Value]) -> Self {
        let shadow = |policy| json!({"url_pattern": "/s", "extra_config": {"proxy": {"shadow": true, "@shadow_policy": policy}}});
        let mut backends = vec![json!({"url_pattern": "/live"})];
        backends.extend(policies.iter().map(shadow));
        let plan = plan_of(&json!({"endpoint": "/x", "backend": backends}));
        let (memory, kill) = (Arc::new(MemoryBudget::new(1 << 20)), KillSwitch::default());
        let link = |plan: &Arc<crate::plan::ShadowPlan>| ShadowLink {
            recipient: DeafShadow.start().recipient(),
            gate: Arc::new(Gate::of(plan, Arc::clone(&memory), kill.clone(), false)),
            plan: Arc::clone(plan),
            compared: None,
        };
        Self { ways: plan.shadows.iter().map(link).map(Way::of).collect(), memory, kill }
    }

    fn offer(&self, in_sequence: bool, request: &Request, body: Body) -> Copies {
        Copies::offer(&self.ways, in_sequence, request, body).1
    }

    fn dropped(&self, place: usize) -> Vec<(&'static str, u64)> {
        let books = self.ways[place].link.gate.books();
        assert!(books.balanced(), "{books:?}");
        books.dropped
    }
}

fn request(header: &str) -> Request {
    let mut headers = Headers::new();
    headers.append("x-a".parse().unwrap(), header.parse().unwrap());
    Request {
        method: http::Method::GET,
        headers,
        trace_number: None,
        query: String::new(),
        params: Vec::new(),
        claims: None,
        origin: None,
        trace: None,
    }
}

#[test]
fn an_offer_that_nobody_takes_costs_no_allocation() {
    on_virtual_time(async {
        let links = Links::new(&[json!({"sample": {"rate": 0}}), json!({"sample": {"rate": 0}})]);
        let request = request("a");
        let allocated = allocation_counter::measure(|| drop(links.offer(false, &request, Body::Empty)));
        assert_eq!(allocated.count_total, 0);
        let all = Links::new(&[json!({"holdout": 0})]);
        let allocated = allocation_counter::measure(|| drop(all.offer(false, &request, Body::Empty)));
        assert!(allocated.count_total > 0, "copies would be seen");
    });
}

#[test]
fn heads_of_copies_are_held_within_the_budget() {
    on_virtual_time(async {
        let links = Links::new(&[json!({"holdout": 0, "limits": {"multiplier": 2}})]);
        let request = request(&"v".repeat(300_000));
        let first = links.offer(false, &request, held("12345"));
        assert_eq!(links.memory.held(), 2 * (300_003 + 5));
        let second = links.offer(false, &request, Body::Empty);
        assert_eq!(links.dropped(0), [("memory_budget", 1)]);
        assert_eq!(links.ways[0].link.gate.books().buffered_bytes, 3 * 300_003 + 2 * 5);
        drop((first, second));
        assert_eq!(links.memory.held(), 0);
    });
}

#[test]
fn a_kill_ends_copies_that_wait_for_the_live_answer_and_a_revival_brings_none_back() {
    on_virtual_time(async {
        let links = Links::new(&[json!({"holdout": 0, "dispatch": "after_primary"})]);
        let request = Arc::new(request("a"));
        let answer = links.offer(false, &request, held("12345")).hand_over(&request);
        assert!(links.memory.held() > 0);
        links.kill.set(true);
        links.kill.set(false);
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        assert_eq!((links.memory.held(), links.dropped(0)), (0, vec![("killed", 1)]));
        answer.tell(200);
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        let books = links.ways[0].link.gate.books();
        assert_eq!((books.waiting, books.sent), (0, 0));
    });
}

#[test]
fn what_a_broken_chain_keeps_back_is_in_no_group() {
    on_virtual_time(async {
        let links = Links::new(&[json!({"holdout": "50%"}), json!({"holdout": "50%"})]);
        let timed = |place: usize| links.ways[place].link.gate.arms().map(|arms| arms.overhead());
        let nothing = timed(1);
        links.ways[0].link.gate.close();
        let request = Arc::new(request("a"));
        for _ in 0..50 {
            links.offer(true, &request, Body::Empty).hand_over(&request).tell(200);
        }
        assert!(links.dropped(1).iter().any(|(reason, _)| *reason == "chain_broken"));
        assert_eq!(timed(1), nothing);
        assert_ne!(timed(0), nothing, "the one that breaks it is in one");
    });
}

#[test]
fn the_status_of_a_merge_is_the_one_the_client_is_shown() {
    let passed_on = |status: u16| Failure {
        answer: Some(Box::new(UpstreamAnswer {
            status: http::StatusCode::from_u16(status).unwrap(),
            content_type: None,
            body: Bytes::new(),
        })),
        ..Failure::new(Kind::Status, "x")
    };
    let part = Reply { failures: vec![passed_on(404)], ..Reply::ok(Response::data(Data::empty_object(), false)) };
    assert_eq!(shown_status(&part), 200);
    assert_eq!(shown_status(&Reply::failed(passed_on(404))), 404);
    assert_eq!(shown_status(&Reply::failed(Failure::timeout())), 500);
    assert_eq!(shown_status(&Reply { response: None, failures: vec![passed_on(404), passed_on(404)] }), 500);
}
