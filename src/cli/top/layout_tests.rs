//! What is on the screen, whatever a gateway says and however wide it is.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    layout::{body, head},
    line::{Line, Tones},
    look::Look,
    text::width,
};

fn told() -> Value {
    let row = |id: &str, verdict: &str| {
        json!({
            "id": id, "state": "running", "rate": 0.5, "max_rps": 200.0, "compare_sample": 1.0, "verdict": verdict,
            "books": { "offered": 1000, "sent": 450, "skipped": [["sampled_out", 500]], "dropped": [["rate", 50]],
                       "abandoned": 0 },
            "comparison": { "verdicts": [["match", 990], ["mismatch", 10]], "slower_than_live": { "p99": -0.0015 } },
            "overhead": { "p99": { "difference": 0.1, "interval": [-0.2, 0.4] } },
        })
    };
    let part = json!({
        "variant": "canary", "state": "stopped", "rate": 0.0, "backend": "GET /v2 at http://v2:80",
        "recent": { "requests": 9, "failed_share": 0.5, "p99_ms": 3.25 },
    });
    json!({
        "overview": {
            "version": "0.1.0", "uptime_seconds": 3661.0,
            "totals": { "recent_rate": 120.0, "recent_errors_rate": 0.0, "recent_p99_ms": 2.5 },
            "experiments": {
                "found": 7, "buffered_bytes": 2048, "killed": { "by": "admin" },
                "shadows": [row("GET:/user/{id}:0", "not_ready"), row("POST:/orders:0", "ready")],
            },
        },
        "splits": [{ "id": "GET:/a:0", "parts": [part] }],
    })
}

fn drawn(told: &Value, columns: usize) -> Vec<Line> {
    let look = Look::read(told, "", Instant::now());
    let rows: Vec<_> = look.experiments.iter().collect();
    let head = head(&look, "http://127.0.0.1:8090").into_iter().map(|line| line.fitted(columns));
    head.chain(body(&look, &rows, columns)).collect()
}

fn cells(line: &Line) -> Vec<String> {
    let text = line.text();
    text.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_wide_screen_has_everything() {
    let lines = drawn(&told(), 200);
    assert_eq!(lines[0].text(), "gnomon 0.1.0 at http://127.0.0.1:8090 · up 01:01:01");
    assert_eq!(lines[1].text(), "120 requests/s · errors 0% · p99 2.50 ms · 2.0 KiB held for copies");
    assert_eq!(lines[2].text(), "ALL SHADOWS ARE SWITCHED OFF by admin");
    assert_eq!(
        cells(&lines[3]),
        ["EXPERIMENT", "STATE", "RATE", "COMPARED", "SENT/S", "LOSS", "MATCH", "ΔP99", "OVERHEAD P99", "VERDICT"]
    );
    let overhead = "+0.10 ms (−0.20 ms…+0.40 ms)";
    assert_eq!(
        cells(&lines[4]),
        [
            "GET:/user/{id}:0",
            "running",
            "50.0% ≤200/s",
            "100%",
            "–",
            "10.0%",
            "99.0%",
            "−1.50 ms",
            overhead,
            "not ready"
        ]
    );
    assert_eq!(lines[6].text(), "and 5 more, which --find can show");
    assert_eq!(cells(&lines[8]), ["CANARY", "VARIANT", "STATE", "RATE", "CALLS", "FAILED", "P99", "BACKEND"]);
    assert_eq!(
        cells(&lines[9]),
        ["GET:/a:0", "canary", "stopped", "0%", "9", "50.0%", "3.25 ms", "GET /v2 at http://v2:80"]
    );
}

#[test]
fn a_narrow_screen_keeps_what_matters_most() {
    let titles = |columns: usize| cells(&drawn(&told(), columns)[3]);
    assert_eq!(titles(120).len(), 9, "{:?}", titles(120));
    assert!(titles(80).len() < 9 && titles(80).contains(&"SENT/S".to_owned()), "{:?}", titles(80));
    assert_eq!(titles(48), ["EXPERIMENT", "STATE", "MATCH", "VERDICT"]);
    assert_eq!(titles(18), ["EXPERIMENT"]);
    assert_eq!(drawn(&told(), 10)[4].text(), "GET:/user…");
}

#[test]
fn colours_say_what_is_wrong_only_where_they_may() {
    let lines = drawn(&told(), 200);
    let (bad, good) = (&lines[4], &lines[5]);
    for (line, colour) in [(bad, "\u{1b}[38;5;9m"), (good, "\u{1b}[38;5;10m")] {
        assert!(line.written(Tones::Shown).contains(colour), "{:?}", line.written(Tones::Shown));
        assert!(!line.written(Tones::Unshown).contains('\u{1b}'));
    }
}

#[test]
fn a_gateway_without_experiments_says_so() {
    assert_eq!(drawn(&Value::Null, 80).last().map(Line::text).as_deref(), Some("no experiments"));
}

proptest! {
    #[test]
    fn nothing_a_gateway_says_steers_the_terminal_or_leaves_its_line(
        text in any::<String>(), columns in 0_usize..120,
    ) {
        let mut told = told();
        for pointer in [
            "/overview/version", "/overview/experiments/killed/by", "/overview/experiments/shadows/0/id",
            "/overview/experiments/shadows/0/state", "/overview/experiments/shadows/1/verdict",
            "/splits/0/id", "/splits/0/parts/0/variant", "/splits/0/parts/0/state", "/splits/0/parts/0/backend",
        ] {
            *told.pointer_mut(pointer).expect("it is there") = json!(text);
        }
        for line in drawn(&told, columns) {
            prop_assert!(width(&line.text()) <= columns);
            prop_assert!(!line.written(Tones::Unshown).contains(char::is_control), "{:?}", line);
        }
    }
}
