//! Variants beside a base: alone, in a merge, in a sequence.

use std::sync::Arc;

use actix::Actor;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    stage::{Told, on_virtual_time, plan_of},
    stubs::{Ends, Log, Script, StubBackend, Turn, answers, ends},
};
use crate::{
    endpoint::{Dispatch, SplitLink},
    model::{Body, Budget, Headers, Kind, Request},
    split::Splitter,
};

fn split(to: &Value) -> Value {
    json!({ "proxy": { "@split": { "key": "param:id", "to": to } } })
}

/// An endpoint of these backends; of `live` and `variants` each has a script.
struct Play {
    dispatch: Dispatch,
    log: Log,
}

impl Play {
    fn new(backends: &Value, sequential: bool, live: Vec<Script<Turn>>, variants: Vec<Script<Turn>>) -> Self {
        let plan = plan_of(&json!({
            "endpoint": "/x/{id}", "timeout": "1s", "backend": backends,
            "extra_config": { "proxy": { "sequential": sequential } },
        }));
        let log = Log::new();
        let start = |name: String, script| StubBackend { name, log: log.clone(), script }.start().recipient();
        let live: Vec<_> =
            live.into_iter().enumerate().map(|(place, script)| start(format!("live{place}"), script)).collect();
        let mut scripts = variants.into_iter();
        let splits = plan.splits.iter().map(|split| SplitLink {
            splitter: Arc::new(Splitter::new(Arc::clone(split))),
            plan: Arc::clone(split),
            variants: (split.variants.iter().zip(scripts.by_ref()))
                .map(|(variant, script)| start(format!("{}{}", variant.name, split.place), script))
                .collect(),
        });
        let splits = splits.collect();
        Self { dispatch: Dispatch::new(plan, live, Vec::new()).splitting(splits), log }
    }

    async fn ask(&self) -> Told {
        let request = Request {
            method: http::Method::GET,
            headers: Headers::new(),
            trace_number: None,
            query: String::new(),
            params: vec!["7".into()],
            claims: None,
            origin: None,
            trace: None,
        };
        let budget = Budget { deadline: Instant::now() + std::time::Duration::from_secs(1) };
        Told::of(self.dispatch.serve(request, Body::Empty, budget).await)
    }

    fn asked(&self) -> Vec<String> {
        self.log.lines().into_iter().map(|(_, line)| line).collect()
    }
}

#[test]
fn a_variant_answers_for_its_base() {
    on_virtual_time(async {
        let backends = json!([{ "url_pattern": "/v1", "extra_config": split(&json!([{ "rate": 1 }])) }]);
        let play = Play::new(&backends, false, vec![answers(1, r#"{"v":1}"#)], vec![answers(1, r#"{"v":2}"#)]);
        assert_eq!(play.ask().await, Told::whole(r#"{"v":2}"#));
        assert_eq!(play.asked(), ["canary0 asked"]);
    });
}

#[test]
fn what_a_variant_fails_at_is_not_tried_again_at_the_base() {
    on_virtual_time(async {
        let backends = json!([{ "url_pattern": "/v1", "extra_config": split(&json!([{ "rate": 1 }])) }]);
        let play = Play::new(&backends, false, vec![answers(1, "{}")], vec![ends(1, Ends::Fails(Kind::Connect))]);
        assert_eq!(play.ask().await, Told::failed(&["canary0 failed"]));
        assert_eq!(play.asked(), ["canary0 asked"]);
    });
}

#[test]
fn in_a_merge_each_backend_is_split_for_itself() {
    on_virtual_time(async {
        let backends = json!([
            { "url_pattern": "/a", "extra_config": split(&json!([{ "rate": 0 }])) },
            { "url_pattern": "/b", "extra_config": split(&json!([{ "rate": 0 }, { "rate": 1 }])) },
            { "url_pattern": "/c" },
        ]);
        let live = vec![answers(1, r#"{"a":1}"#), answers(1, r#"{"b":1}"#), answers(1, r#"{"c":1}"#)];
        let variants = vec![answers(1, r#"{"a":2}"#), answers(1, r#"{"b":2}"#), answers(1, r#"{"b":3}"#)];
        let play = Play::new(&backends, false, live, variants);
        assert_eq!(play.ask().await, Told::whole(r#"{"a":1,"b":3,"c":1}"#));
        let mut asked = play.asked();
        asked.sort();
        assert_eq!(asked, ["canary-21 asked", "live0 asked", "live2 asked"]);
    });
}

#[test]
fn in_a_sequence_a_variant_gets_the_values_that_its_own_pattern_names() {
    on_virtual_time(async {
        let second = json!([{ "rate": 1, "url_pattern": "/new/{resp0_name}" }]);
        let backends = json!([
            { "url_pattern": "/a" },
            { "url_pattern": "/old/{resp0_id}", "extra_config": split(&second) },
        ]);
        let live = vec![answers(1, r#"{"id":7,"name":"ada"}"#), answers(1, "{}")];
        let play = Play::new(&backends, true, live, vec![answers(1, r#"{"new":true}"#)]);
        assert_eq!(play.ask().await, Told::whole(r#"{"id":7,"name":"ada","new":true}"#));
        assert_eq!(play.asked(), ["live0 asked", "canary1 asked ada"]);
    });
}
