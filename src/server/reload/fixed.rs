//! What only a restart changes: it keeps its value, and that is said.

use std::{fmt::Debug, sync::Arc};

use crate::plan::{MetricsPlan, ServicePlan};

/// Gives `next` the values that `running` was started with, and says which of them the file has otherwise.
pub(super) fn keep(next: &mut ServicePlan, running: &ServicePlan) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut keep = Keep(&mut warnings);
    keep.value("the address to listen on", &mut next.listen, &running.listen);
    keep.quietly("use_h2c", &mut next.speaks_h2c, &running.speaks_h2c);
    keep.quietly("tls", &mut next.tls, &running.tls);
    keep.quietly("the time for a request's head (read_header_timeout)", &mut next.head_time, &running.head_time);
    keep.quietly("the time of an idle client (idle_timeout)", &mut next.idle_time, &running.idle_time);
    keep.quietly("the time for an answer (write_timeout)", &mut next.write_time, &running.write_time);
    keep.quietly("max_header_bytes", &mut next.head_bytes, &running.head_bytes);
    keep.quietly("max_shutdown_wait_time", &mut next.shutdown_time, &running.shutdown_time);
    keep.value("the admin address", &mut next.admin, &running.admin);
    next.admin_is_explicit = running.admin_is_explicit;
    keep.quietly("the log (telemetry/logging)", &mut next.logging, &running.logging);
    keep_metrics_listener(next, running, &mut keep);
    keep_exporters(next, running, &mut keep);
    if next.shadow_threads < running.shadow_threads {
        warnings.push("fewer threads for shadows need a restart".to_owned());
        next.shadow_threads = running.shadow_threads;
    }
    warnings
}

/// Figures are collected as the file says, and read where they were read at the start.
fn keep_metrics_listener(next: &mut ServicePlan, running: &ServicePlan, keep: &mut Keep<'_>) {
    match (&mut next.metrics, &running.metrics) {
        (None, None) => {}
        (Some(next), Some(running)) => {
            keep.value("the address of telemetry/metrics", &mut next.listen, &running.listen);
        }
        (metrics @ Some(_), None) => {
            *metrics = None;
            keep.0.push("telemetry/metrics has no listener until a restart".to_owned());
        }
        (metrics @ None, Some(running)) => {
            *metrics = Some(MetricsPlan { listen: running.listen, settings: Arc::default() });
            keep.0
                .push(format!("{} stays open for telemetry/metrics, without figures, until a restart", running.listen));
        }
    }
}

/// What is recorded is as the file says; who gets it is who got it at the start.
fn keep_exporters(next: &mut ServicePlan, running: &ServicePlan, keep: &mut Keep<'_>) {
    match (&mut next.telemetry, &running.telemetry) {
        (None, None) => {}
        (Some(next), Some(running)) => {
            keep.quietly("who gets what telemetry/opentelemetry records", &mut next.exports, &running.exports);
        }
        (telemetry @ Some(_), None) => {
            *telemetry = None;
            keep.0.push("telemetry/opentelemetry records nothing until a restart".to_owned());
        }
        (None, Some(_)) => {
            keep.0
                .push("telemetry/opentelemetry records nothing more, and is not started again until a restart".into());
        }
    }
}

struct Keep<'a>(&'a mut Vec<String>);

impl Keep<'_> {
    /// Keeps a value that may be shown.
    fn value<T: Clone + PartialEq + Debug>(&mut self, name: &str, next: &mut T, running: &T) {
        if next != running {
            self.0.push(format!("{name} stays {running:?} until a restart"));
            next.clone_from(running);
        }
    }

    /// Keeps a value that is nothing for people.
    fn quietly<T: Clone + PartialEq>(&mut self, name: &str, next: &mut T, running: &T) {
        if next != running {
            self.0.push(format!("{name} stays as it is until a restart"));
            next.clone_from(running);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ServicePlan, keep};
    use crate::{
        config::{Environment, Source, load},
        plan::{Plan, compile},
        stats::Layers,
    };

    fn plan(more: &Value) -> Plan {
        let mut file = json!({ "version": 3, "port": 8080, "endpoints": [] });
        file.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let source = Source::Text { name: "k.json".into(), text: file.to_string() };
        compile(&load(&source, &Environment::default()).service.unwrap()).0
    }

    #[test]
    fn what_a_listener_was_started_with_stays_and_is_told() {
        let running = plan(&json!({ "extra_config": { "@shadow": { "threads": 3 } } })).service;
        let ours = json!({ "@admin": { "listen": "127.0.0.1:7" }, "@shadow": { "threads": 2 } });
        let changes = json!({ "port": 9, "use_h2c": true, "idle_timeout": "1s", "read_header_timeout": "1s",
            "write_timeout": "1s", "max_header_bytes": 9, "max_shutdown_wait_time": "1s", "extra_config": ours });
        let mut next = plan(&changes).service;
        let warnings = keep(&mut next, &running);
        assert_eq!(warnings.len(), 9, "{warnings:?}");
        assert!(warnings[0].contains("[::]:8080"), "{warnings:?}");
        assert_eq!((next.listen, next.admin, next.shadow_threads), (running.listen, running.admin, 3));
        assert!(!next.speaks_h2c && keep(&mut next, &running).is_empty());
    }

    #[test]
    fn the_log_and_the_listener_of_metrics_stay_and_the_figures_follow() {
        let metrics = |more: Value| plan(&json!({ "extra_config": { "telemetry/metrics": more } })).service;
        let told = |next: &mut ServicePlan, running: &ServicePlan| keep(next, running).join("; ");
        let (without, running) = (plan(&json!({})).service, metrics(json!({ "listen_address": "127.0.0.1:7" })));

        let mut moved = metrics(json!({ "listen_address": "127.0.0.1:8", "router_disabled": true }));
        assert_eq!(told(&mut moved, &running), "the address of telemetry/metrics stays 127.0.0.1:7 until a restart");
        let metrics_plan = moved.metrics.unwrap();
        assert_eq!((metrics_plan.listen, metrics_plan.settings.layers.router), ("127.0.0.1:7".parse().unwrap(), false));

        let mut gone = plan(&json!({})).service;
        assert!(told(&mut gone, &running).starts_with("127.0.0.1:7 stays open"));
        assert_eq!(gone.metrics.unwrap().settings.layers, Layers::default());

        let mut added = metrics(json!({ "listen_address": "127.0.0.1:7" }));
        assert!(told(&mut added, &without).contains("no listener until a restart"));
        assert!(added.metrics.is_none());

        let mut logging = plan(&json!({ "extra_config": { "telemetry/logging": { "level": "ERROR" } } })).service;
        assert_eq!(told(&mut logging, &without), "the log (telemetry/logging) stays as it is until a restart");
        assert!(logging.logging.is_none());
    }

    #[test]
    fn exporters_stay_and_what_is_recorded_follows() {
        let telemetry = |host: &str, propagates: bool| {
            let exporters = json!({ "otlp": [{ "name": "a", "host": host }] });
            let layers = json!({ "global": { "disable_propagation": !propagates } });
            let telemetry = json!({ "exporters": exporters, "layers": layers });
            plan(&json!({ "extra_config": { "telemetry/opentelemetry": telemetry } })).service
        };
        let (running, without) = (telemetry("one", true), plan(&json!({})).service);

        let mut moved = telemetry("two", false);
        let told = keep(&mut moved, &running);
        assert_eq!(told, ["who gets what telemetry/opentelemetry records stays as it is until a restart"]);
        let moved = moved.telemetry.unwrap();
        assert_eq!((moved.exports.otlp[0].host.as_str(), moved.settings.propagation), ("one", false));

        assert!(keep(&mut telemetry("one", false), &running).is_empty());
        let mut added = telemetry("one", true);
        assert!(keep(&mut added, &without)[0].contains("nothing until a restart"));
        assert!(added.telemetry.is_none());
        assert_eq!(keep(&mut plan(&json!({})).service, &running).len(), 1);
    }

    #[test]
    fn other_settings_of_the_service_need_no_restart() {
        let running = plan(&json!({})).service;
        let router = json!({ "router": { "return_error_msg": true }, "@shadow": { "threads": 9 } });
        let mut next = plan(&json!({ "name": "other", "extra_config": router })).service;
        assert!(keep(&mut next, &running).is_empty());
        assert!(next.shows_errors);
        assert_eq!((next.name.as_str(), next.shadow_threads), ("other", 9));
    }
}
