//! `security/bot-detector`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::status,
    scene::Scene,
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    let at = |key, value| case(At::BotDetector, key, value);
    vec![
        at("allow", json!(["good bot"]))
            .with(At::BotDetector, json!({ "patterns": ["bot"] }))
            .sees(of_two, json!([200, 403])),
        at("deny", json!(["bad bot"])).sees(of_two, json!([200, 403])),
        at("patterns", json!(["b.d"])).sees(of_two, json!([200, 403])),
        at("empty_user_agent_is_bot", json!(true)).sees(status, 403),
    ]
}

/// The statuses that two clients get.
fn of_two(scene: &Scene) -> Value {
    let status = |agent| scene.ask("GET", "/a", &[("User-Agent", agent)], b"").status;
    json!([status("good bot"), status("bad bot")])
}

#[test]
fn every_key_of_the_bot_detector_counts() {
    walk(&cases());
}
