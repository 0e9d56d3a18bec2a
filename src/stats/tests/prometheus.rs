//! The exposition: parsed back, judged by promtool, and fed hostile names.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, System};

use super::names;
use crate::stats::{
    Arm, Arms, BackendId, Books, Compared, ComparisonFigures, EndpointId, Ledgered, Names, Outcome, Portion,
    PortionStanding, Read, Recorder, Registry, Snapshot, Spread, Standing, StatsActor, Steering, TraceNumber,
    exports::{Export, ExportFigures},
    prometheus::{Format, write},
    steering::{Held, Judged},
    tally::Tally,
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

impl Compared for Ledger {
    fn comparison(&self) -> ComparisonFigures {
        ComparisonFigures {
            sample: 0.5,
            verdicts: vec![("match", 4), ("mismatch", 1)],
            incomparable: vec![("budget", 1)],
            matrix: vec![("2xx", "failed", 1)],
            kinds: vec![("status", 0), ("value", 3)],
            fields: vec![("different", 1)],
            slower_than_live: Some(Spread { count: 1, p50: -0.001, p95: 0.002, p99: 0.003 }),
            compare_seconds: 0.000_5,
            ..ComparisonFigures::default()
        }
    }
}

impl Portion for Ledger {
    fn book(&self, _: &Tally, _: tokio::time::Instant) {}

    fn share(&self) -> PortionStanding {
        PortionStanding { id: "GET:/endpoint/0:0".into(), variant: "canary".into(), rate: 0.1, stopped: true }
    }
}

pub(super) fn steering() -> Steering {
    let judged = |verdict| Judged {
        method: "GET".into(),
        path: "/endpoint/0".into(),
        backend: "GET /backend/0".into(),
        verdict: Some(verdict),
    };
    Steering {
        judged: vec![judged("not_ready")],
        memory: Some(Held { bytes: 5, bytes_max: 50 }),
        lag: Some(Duration::from_millis(1500)),
        changes: vec![("admin", 2), ("rule", 1)],
        decisions_untold: 3,
        log_lines_dropped: 4,
        exports: vec![ExportFigures { name: "collector".into(), spans_sent: 7, ..Export::new("collector").figures() }],
    }
}

/// As most who read it ask for it.
fn text_of(snapshot: &Snapshot) -> String {
    write(snapshot, &steering(), Format::Text)
}

pub(super) async fn busy(names: Names) -> Arc<Snapshot> {
    busy_with(names, Registry::default()).await
}

/// The same where the registry knows more than a shadow.
async fn busy_with(names: Names, registry: Registry) -> Arc<Snapshot> {
    let (names, registry) = (Arc::new(names), Arc::new(registry));
    registry.shadows.insert(BackendId(1), Arc::new(Ledger));
    registry.comparisons.insert(BackendId(1), Arc::new(Ledger));
    let stats = StatsActor::new(Arc::clone(&names), registry).start();
    let mut recorder = Recorder::new(names);
    for ms in [1, 20, 300] {
        recorder.endpoint_started(EndpointId(0));
        recorder.endpoint_done(EndpointId(0), 200, ms < 300, Duration::from_millis(ms));
        if ms == 20 {
            recorder.endpoint_traced(EndpointId(0), TraceNumber(0xabc), Duration::from_micros(20_500));
        }
        for backend in 0..2 {
            recorder.backend_started(BackendId(backend));
            recorder.backend_done(BackendId(backend), Outcome::Status(201), Duration::from_millis(ms));
            if ms == 300 {
                let trace = TraceNumber(u128::from(backend) + 0xb0);
                recorder.backend_traced(BackendId(backend), trace, Duration::from_millis(ms));
            }
        }
    }
    recorder.backend_started(BackendId(0));
    recorder.backend_done(BackendId(0), Outcome::Failed("timeout"), Duration::from_secs(2));
    recorder.unrouted(404);
    stats.send(recorder.take().unwrap()).await.unwrap();
    stats.send(Read).await.unwrap()
}

/// Samples by name and labels, read as the format's own description says.
pub(super) fn parse(text: &str) -> BTreeMap<(String, BTreeMap<String, String>), f64> {
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
        let text = text_of(&*busy(Names::clone(&names(2))).await);
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
            ("gnomon_shadow_ready", &backend[..], 0.0),
            ("gnomon_shadow_verdict", &with_backend("verdict", "not_ready")[..], 1.0),
            ("gnomon_shadow_verdict", &with_backend("verdict", "ready")[..], 0.0),
            ("gnomon_shadow_diff_fields_total", &with_backend("kind", "value")[..], 3.0),
            ("gnomon_control_changes_total", &[("by", "rule")][..], 1.0),
            ("gnomon_webhook_lost_total", &[][..], 3.0),
            ("gnomon_log_lines_dropped_total", &[][..], 4.0),
            ("gnomon_shadows_buffered_bytes", &[][..], 5.0),
            ("gnomon_shadows_memory_budget_bytes", &[][..], 50.0),
            ("gnomon_worker_lag_seconds", &[][..], 1.5),
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
        let text = text_of(&*busy(names).await);
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
        let text = text_of(&*busy(names).await);
        let second = [("endpoint", "/endpoint/0"), ("method", "GET"), ("backend", "GET /backend/0 #2")];
        assert_eq!(value(&text, "gnomon_backend_duration_seconds_count", &second), Some(3.0));
    });
}

#[test]
fn the_parts_of_a_split_say_which_they_are() {
    System::new().block_on(async {
        let registry = Registry::default();
        registry.portions.insert(BackendId(0), Arc::new(Ledger));
        let text = text_of(&*busy_with(Names::clone(&names(1)), registry).await);
        let part = [
            ("endpoint", "/endpoint/0"),
            ("method", "GET"),
            ("backend", "GET /backend/0"),
            ("split", "GET:/endpoint/0:0"),
            ("variant", "canary"),
        ];
        let ended = [&part[..], &[("outcome", "timeout")]].concat();
        for (name, labels, wanted) in [
            ("gnomon_backend_in_flight", &part[..], 0.0),
            ("gnomon_backend_duration_seconds_count", &part[..], 4.0),
            ("gnomon_backend_requests_total", &ended[..], 1.0),
            ("gnomon_split_rate", &part[..], 0.1),
            ("gnomon_split_requests_total", &part[..], 4.0),
            ("gnomon_split_stopped", &part[..], 1.0),
        ] {
            assert_eq!(value(&text, name, labels), Some(wanted), "{name} in:\n{text}");
        }
    });
}

#[test]
fn judgements_go_to_shadows_called_alike_in_their_order_and_to_no_others() {
    System::new().block_on(async {
        let mut names = Names::clone(&names(1));
        names.backends.push(names.backends[1].clone());
        let registry = Registry::default();
        registry.shadows.insert(BackendId(2), Arc::new(Ledger));
        let snapshot = busy_with(names, registry).await;
        let shadow = |backend| [("endpoint", "/endpoint/0"), ("method", "GET"), ("backend", backend)];
        let ready = |verdicts: &[(&str, Option<&'static str>)]| {
            let judged = verdicts.iter().map(|&(path, verdict)| Judged {
                path: path.into(),
                verdict,
                ..steering().judged[0].clone()
            });
            let text = write(&snapshot, &Steering { judged: judged.collect(), ..steering() }, Format::Text);
            ["GET /backend/0", "GET /backend/0 #2"].map(|backend| value(&text, "gnomon_shadow_ready", &shadow(backend)))
        };
        let own = "/endpoint/0";
        assert_eq!(ready(&[(own, Some("ready")), (own, Some("not_enough_data"))]), [Some(1.0), Some(0.0)]);
        assert_eq!(ready(&[(own, None), (own, Some("ready"))]), [None, Some(1.0)]);
        assert_eq!(ready(&[("/gone", Some("ready")), (own, Some("not_ready"))]), [Some(0.0), None]);
    });
}

#[test]
fn promtool_has_nothing_to_complain_about() {
    System::new().block_on(async {
        let text = text_of(&*busy(Names::clone(&names(2))).await);
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
