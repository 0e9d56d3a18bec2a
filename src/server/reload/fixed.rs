//! What only a restart changes: it keeps its value, and that is said.

use std::fmt::Debug;

use crate::plan::ServicePlan;

/// Gives `next` the values that `running` was started with, and says which of them the file has otherwise.
pub(super) fn keep(next: &mut ServicePlan, running: &ServicePlan) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut keep = Keep(&mut warnings);
    keep.value("the address to listen on", &mut next.listen, &running.listen);
    keep.quietly("use_h2c", &mut next.speaks_h2c, &running.speaks_h2c);
    keep.quietly("tls", &mut next.tls, &running.tls);
    keep.quietly("the time for a request's head (read_header_timeout)", &mut next.head_time, &running.head_time);
    keep.quietly("the time of an idle client (idle_timeout)", &mut next.idle_time, &running.idle_time);
    keep.quietly("max_shutdown_wait_time", &mut next.shutdown_time, &running.shutdown_time);
    keep.value("the admin address", &mut next.admin, &running.admin);
    next.admin_is_explicit = running.admin_is_explicit;
    if next.shadow_threads < running.shadow_threads {
        warnings.push("fewer threads for shadows need a restart".to_owned());
        next.shadow_threads = running.shadow_threads;
    }
    warnings
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

    use super::keep;
    use crate::{
        config::{Environment, Source, load},
        plan::{Plan, compile},
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
            "max_shutdown_wait_time": "1s", "extra_config": ours });
        let mut next = plan(&changes).service;
        let warnings = keep(&mut next, &running);
        assert_eq!(warnings.len(), 7, "{warnings:?}");
        assert!(warnings[0].contains("[::]:8080"), "{warnings:?}");
        assert_eq!((next.listen, next.admin, next.shadow_threads), (running.listen, running.admin, 3));
        assert!(!next.speaks_h2c && keep(&mut next, &running).is_empty());
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
