//! What a client waits for a copy, call by call: quantiles of an endpoint's calls without a shadow, with one that is not
//! selected and with one that is, on a thread that sleeps until it is woken.
//!
//! An average would hide the call that waits; the difference between the rows is the hand-over.

use std::{hint::black_box, sync::Arc, time::Duration};

use actix::{Actor, Arbiter};
use gnomon::{
    endpoint::{Dispatch, ShadowLink},
    model::{Body, Budget, Data},
    shadow::{Gate, KillSwitch, MemoryBudget},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    plans::{answer, endpoint, plan, request},
    stubs::{Done, Ready},
};

const WARM_UP: usize = 1000;
const CALLS: usize = 10_000;
/// Between calls: the thread of the shadow has fallen asleep by then.
const PAUSE: Duration = Duration::from_micros(150);

/// Prints the table.
#[expect(clippy::print_stdout, reason = "its output is a table")]
pub(crate) fn all() {
    println!("\n| a call of an endpoint | p50 µs | p99 µs |\n|---|---|---|");
    for (name, policy) in [
        ("no shadow", None),
        ("a shadow that is not selected", Some(json!({ "sample": { "rate": 0 } }))),
        ("a shadow that is selected", Some(json!({ "holdout": 0 }))),
    ] {
        let mut times = calls(policy);
        times.sort_unstable();
        let quantile = |percent: usize| times.get(times.len() * percent / 100).map_or(0, Duration::as_nanos);
        println!("| {name} | {:.1} | {:.1} |", quantile(50) as f64 / 1e3, quantile(99) as f64 / 1e3);
    }
}

fn calls(policy: Option<Value>) -> Vec<Duration> {
    actix::System::new().block_on(async {
        let mut file = endpoint("/user/{id}", 1, usize::from(policy.is_some()));
        if let (Some(policy), Some(Value::Object(proxy))) = (policy, file.pointer_mut("/backend/1/extra_config/proxy"))
        {
            proxy.insert("@shadow_policy".into(), policy);
        }
        let plan = plan(&[file]);
        let plan = plan.endpoints.first().expect("there is one");
        let thread = Arbiter::new();
        let links = plan.shadows.iter().map(|shadow| ShadowLink {
            recipient: Done::start_in_arbiter(&thread.handle(), |_ctx| Done).recipient(),
            gate: Arc::new(Gate::of(shadow, Arc::new(MemoryBudget::new(1 << 30)), KillSwitch::default(), false)),
            plan: Arc::clone(shadow),
            compared: None,
        });
        let links = links.collect();
        let data = Data::parse(&answer("a")).expect("it is JSON");
        let dispatch = Dispatch::new(Arc::clone(plan), vec![Ready(data).start().recipient()], links);
        let mut times = Vec::with_capacity(CALLS);
        for call in 0..WARM_UP + CALLS {
            let (request, began) = (request(), Instant::now());
            let budget = Budget { deadline: began + plan.timeout };
            black_box(dispatch.serve(request, Body::Empty, budget).await);
            if call >= WARM_UP {
                times.push(began.elapsed());
            }
            while began.elapsed() < PAUSE {
                std::hint::spin_loop();
            }
        }
        thread.stop();
        times
    })
}
