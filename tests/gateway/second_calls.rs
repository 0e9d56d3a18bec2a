//! Second calls of live backends, whose answers tell what is noise: they go through the backend's own limiter, and cost
//! no live call its place.

use serde_json::{Value, json};

use crate::{
    comparison::{counted, read, wait_for_pairs},
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    selection::shadow_under,
    upstream::Upstream,
};

const ID: &str = "GET:/user/{id}:0";

/// A gateway that asks the live backend twice for every copy, as far as its limiter permits.
fn gateway(limit: &Value, v1: &Upstream, v2: &Upstream) -> Gnomon {
    let policy = json!({ "holdout": 0, "compare": { "baseline": { "mode": "dual_primary", "sample": 1 } } });
    let limited = with(live(v1, "/v1/{id}"), &json!({ "extra_config": { "qos/ratelimit/proxy": limit } }));
    let file = service(&[endpoint("/user/{id}", &[limited, shadow_under(&policy, v2, "/v2/{id}")])]);
    Gnomon::run(&with(file, &json!({ "extra_config": { "@shadow": { "overload": "off" } } })))
}

/// So many pairs that match, and of their second calls those that were refused.
fn wait_for_refused(gnomon: &Gnomon, pairs: u64) -> u64 {
    wait_for_pairs(gnomon, "all pairs", |figures| counted(figures, "verdicts", "match") == pairs);
    let told = read(gnomon, ID, "comparison");
    let refused = told["total"]["second_calls_refused"].as_u64().expect("a count");
    assert_eq!(told["noise"]["baseline_pairs"], pairs - refused, "{told:#}");
    refused
}

#[test]
fn a_second_call_never_takes_the_place_of_a_live_one() {
    let (v1, v2) = (Upstream::answers(json!({ "n": 1 })), Upstream::answers(json!({ "n": 1 })));
    let gnomon = gateway(&json!({ "max_rate": 1, "every": "1h", "capacity": 5 }), &v1, &v2);
    for user in 0..5 {
        assert_eq!(gnomon.get(&format!("/user/{user}")).status, 200, "all of the limit is for live calls");
        // Whatever the second call took, it has taken before the next live one.
        wait_for_refused(&gnomon, user + 1);
    }
    assert_eq!(wait_for_refused(&gnomon, 5), 5);
    assert_ne!(gnomon.get("/user/5").status, 200, "the limit is what the file says");
    assert_eq!(v1.seen().len(), 5);
    gnomon.finish();
}

#[test]
fn a_second_call_goes_where_there_is_room_for_it() {
    let (v1, v2) = (Upstream::answers(json!({ "n": 1 })), Upstream::answers(json!({ "n": 1 })));
    let gnomon = gateway(&json!({ "max_rate": 1000, "capacity": 5 }), &v1, &v2);
    (0..10).for_each(|user| assert_eq!(gnomon.get(&format!("/user/{user}")).status, 200));
    let refused = wait_for_refused(&gnomon, 10);
    // A limiter that nobody has used for so long overflows.
    assert!(refused < 10, "{refused}");
    assert_eq!(v1.seen().len() as u64, 10 + 10 - refused, "each second call that was not refused came");
    gnomon.finish();
}
