//! `telemetry/logging` and `telemetry/logstash`: every case has an upstream that fails, which is a warning in the log.

use std::os::unix::net::UnixDatagram;

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::PATIENCE,
    scene::Scene,
    walk::walk,
};
use crate::upstream::Reply;

/// What the warning says.
const WARNING: &str = "invalid status code 500";

pub(super) fn cases() -> Vec<Case> {
    let on = || json!({ "level": "INFO", "stdout": true });
    let failing = || Reply::new(500, "text/plain", b"");
    let part = |key, value| case(At::ServiceComponents, key, value).upstream(failing());
    let logged = |key, value| case(At::Logging, key, value).with(At::Logging, on()).upstream(failing());
    let filed = |key, value| {
        logged(key, value)
            .with(At::Logging, json!({ "stdout": false, "syslog": true }))
            .environment("GNOMON_SYSLOG", "{folder}/daemon")
    };
    vec![
        part("telemetry/logging", on()).sees(writes("▶ WARNING"), true),
        part("telemetry/logstash", json!({}))
            .with(At::ServiceComponents, json!({ "telemetry/logging": on() }))
            .sees(level_in_json, "WARNING"),
        logged("level", json!("CRITICAL")).otherwise(json!("WARNING")).sees(writes(WARNING), false),
        logged("stdout", json!(true)).sees(writes(WARNING), true),
        logged("prefix", json!("[KV]")).sees(writes("[KV] 20"), true),
        logged("format", json!("logstash")).sees(level_in_json, "WARNING"),
        logged("custom_format", json!("<%{level}> %{message}"))
            .otherwise(json!("%{message}"))
            .with(At::Logging, json!({ "format": "custom" }))
            .sees(writes("<WARNING> "), true),
        // The facility times 8 and the severity: local3 unless given, a warning.
        filed("syslog", json!(true)).sees(priority, "<156>"),
        filed("syslog_facility", json!("local5")).sees(priority, "<172>"),
    ]
}

/// Whether everything that is printed about one failing call and the end has this in it.
fn writes(part: &'static str) -> impl Fn(&Scene) -> Value {
    move |scene| {
        scene.get("/a");
        scene.ended().contains(part).into()
    }
}

/// The level of the warning if its line is JSON.
fn level_in_json(scene: &Scene) -> Value {
    scene.get("/a");
    let output = scene.ended();
    let line = output.lines().find(|line| line.contains(WARNING)).expect("the warning is written");
    serde_json::from_str::<Value>(line).map_or(Value::Null, |line| line["level"].clone())
}

/// With what priority a log daemon gets the warning; null if it doesn't.
fn priority(scene: &Scene) -> Value {
    let daemon = UnixDatagram::bind(scene.path("daemon")).expect("the folder is ours");
    daemon.set_read_timeout(Some(PATIENCE)).expect("a time above zero is allowed");
    scene.get("/a");
    let mut buffer = [0; 4096];
    let mut lines = std::iter::from_fn(|| {
        let length = daemon.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
    });
    let warning = lines.find(|line| line.contains(WARNING));
    warning.and_then(|line| line.split_inclusive('>').next().map(str::to_owned)).into()
}

#[test]
fn every_key_of_logging_counts() {
    walk(&cases());
}
