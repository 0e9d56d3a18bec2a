//! The exposition: parsed back, judged by promtool, and fed hostile names.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, System};

use super::names;
use crate::stats::prometheus::write;
use crate::stats::{
    Arm, Arms, BackendId, Books, EndpointId, Ledgered, Names, Outcome, Read, Recorder, Registry, Snapshot, Standing,
    StatsActor,
};

struct Ledger;

impl Ledgered for Ledger {
    fn books(&self) -> Books {
        Books {
            offered: 9,
            skipped: vec![("method", 2)],
            dropped: vec![("concurrency", 1)],
            sent: 6,
            completed: vec![("2xx", 3), ("5xx", 1)],
            failed: vec![("timeout", 1)],
            in_flight: 1,
            buffered_bytes: 10,
            buffered_bytes_max: 1_000,
            ..Books::default()
        }
    }

    fn standing(&self) -> Standing {
        let arms = Arms::default();
        arms.record(Arm::Shadowed, Duration::from_millis(30));
        arms.record(Arm::Holdout, Duration::from_millis(20));
        Standing {
            rate: 0.25,
            paused: Some("expired"),
            breaker: Some("half_open"),
            breaker_transitions: 2,
            overhead: Some(arms.overhead()),
            ..Standing::default()
        }
    }
}

async fn busy(names: Names) -> Arc<Snapshot> {
    let names = Arc::new(names);
    let registry = Arc::new(Registry::default());
    registry.shadows.insert(BackendId(1), Arc::new(Ledger));
    let stats = StatsActor::new(Arc::clone(&names), registry).start();
    let mut recorder = Recorder::new(names);
    for ms in [1, 20, 300] {
        recorder.endpoint_started(EndpointId(0));
        recorder.endpoint_done(EndpointId(0), 200, ms < 300, Duration::from_millis(ms));
        for backend in 0..2 {
            recorder.backend_started(BackendId(backend));
            recorder.backend_done(BackendId(backend), Outcome::Status(201), Duration::from_millis(ms));
        }
    }
    recorder.backend_started(BackendId(0));
    recorder.backend_done(BackendId(0), Outcome::Failed("timeout"), Duration::from_secs(2));
    recorder.unrouted(404);
    stats.send(recorder.take().unwrap()).await.unwrap();
    stats.send(Read).await.unwrap()
}

/// Samples by name and labels, read as the format's own description says.
fn parse(text: &str) -> BTreeMap<(String, BTreeMap<String, String>), f64> {
    let mut samples = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, rest) = series.split_once('{').unwrap_or((series, ""));
        let mut labels = BTreeMap::new();
        let mut letters = rest.chars();
        loop {
            let key: String = letters.by_ref().take_while(|&letter| letter != '=').collect();
            if letters.next() != Some('"') {
                break;
            }
            let mut text = String::new();
            loop {
                match letters.next().unwrap() {
                    '"' => break,
                    '\\' => text.push(match letters.next().unwrap() {
                        'n' => '\n',
                        other => other,
                    }),
                    other => text.push(other),
                }
            }
            labels.insert(key, text);
            if letters.next() != Some(',') {
                break;
            }
        }
        let fresh = samples.insert((name.to_owned(), labels), value.parse().unwrap()).is_none();
        assert!(fresh, "a series occurs twice: {line}");
    }
    samples
}

fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels = labels.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    parse(text).get(&(name.to_owned(), labels)).copied()
}

#[test]
fn the_text_reads_back_as_what_was_counted() {
    System::new().block_on(async {
        let text = write(&*busy(Names::clone(&names(2))).await);
        let endpoint = [("endpoint", "/endpoint/0"), ("method", "GET")];
        let with = |label, text| [endpoint[0], endpoint[1], (label, text)];
        let backend = [endpoint[0], endpoint[1], ("backend", "GET /backend/0")];
        let with_backend = |label, text| [backend[0], backend[1], backend[2], (label, text)];
        for (name, labels, wanted) in [
            ("gnomon_endpoint_requests_total", &with("class", "2xx")[..], 3.0),
            ("gnomon_endpoint_incomplete_total", &endpoint[..], 1.0),
            ("gnomon_endpoint_in_flight", &endpoint[..], 0.0),
            ("gnomon_endpoint_duration_seconds_bucket", &with("le", "0.0005")[..], 0.0),
            ("gnomon_endpoint_duration_seconds_bucket", &with("le", "0.025")[..], 2.0),
            ("gnomon_endpoint_duration_seconds_bucket", &with("le", "+Inf")[..], 3.0),
            ("gnomon_endpoint_duration_seconds_count", &endpoint[..], 3.0),
            ("gnomon_endpoint_duration_seconds_sum", &endpoint[..], 0.321),
            ("gnomon_backend_requests_total", &with_backend("outcome", "2xx")[..], 3.0),
            ("gnomon_backend_requests_total", &with_backend("outcome", "timeout")[..], 1.0),
            ("gnomon_backend_duration_seconds_count", &backend[..], 4.0),
            ("gnomon_shadow_offered_total", &backend[..], 9.0),
            ("gnomon_shadow_skipped_total", &with_backend("reason", "method")[..], 2.0),
            ("gnomon_shadow_dropped_total", &with_backend("reason", "concurrency")[..], 1.0),
            ("gnomon_shadow_sent_total", &backend[..], 6.0),
            ("gnomon_shadow_in_flight", &backend[..], 1.0),
            ("gnomon_shadow_memory_budget_bytes", &backend[..], 1_000.0),
            ("gnomon_shadow_duration_seconds_count", &backend[..], 3.0),
            ("gnomon_unrouted_requests_total", &[("status", "404")][..], 1.0),
            ("gnomon_build_info", &[("version", env!("CARGO_PKG_VERSION"))][..], 1.0),
        ] {
            assert_eq!(value(&text, name, labels), Some(wanted), "{name} {labels:?} in:\n{text}");
        }
        let finished = [backend[0], backend[1], backend[2], ("outcome", "failed"), ("class", "timeout")];
        assert_eq!(value(&text, "gnomon_shadow_finished_total", &finished), Some(1.0));
    });
}

#[test]
fn hostile_names_stay_within_their_labels() {
    System::new().block_on(async {
        let hostile = "/a\"} 1\ngnomon_fake 1\\\n{b}";
        let mut names = Names::clone(&names(1));
        names.endpoints[0].path = hostile.into();
        names.backends[0].label = "\\".into();
        let text = write(&*busy(names).await);
        assert_eq!(value(&text, "gnomon_endpoint_in_flight", &[("endpoint", hostile), ("method", "GET")]), Some(0.0));
        let backend = [("endpoint", hostile), ("method", "GET"), ("backend", "\\")];
        assert_eq!(value(&text, "gnomon_backend_in_flight", &backend), Some(0.0));
        assert!(text.lines().all(|line| !line.starts_with("gnomon_fake")));
    });
}

#[test]
fn backends_called_alike_keep_series_of_their_own() {
    System::new().block_on(async {
        let mut names = Names::clone(&names(1));
        names.backends[1] = names.backends[0].clone();
        let text = write(&*busy(names).await);
        let second = [("endpoint", "/endpoint/0"), ("method", "GET"), ("backend", "GET /backend/0 #2")];
        assert_eq!(value(&text, "gnomon_backend_duration_seconds_count", &second), Some(3.0));
    });
}

#[test]
fn promtool_has_nothing_to_complain_about() {
    System::new().block_on(async {
        let text = write(&*busy(Names::clone(&names(2))).await);
        let promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut promtool) = promtool else {
            println!("skipped: promtool is not installed");
            return;
        };
        promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let said = promtool.wait_with_output().unwrap();
        let words = [said.stdout, said.stderr].concat();
        assert!(said.status.success() && words.is_empty(), "{}\n{text}", String::from_utf8_lossy(&words));
    });
}
