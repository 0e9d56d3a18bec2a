//! `gnomon top`: the table has the gateway's figures, and the terminal is given back as it was.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::{Value, json};

use crate::{
    client,
    comparison::{counted, wait_for_pairs},
    files::{endpoint, live, service, with},
    gnomon::{Folder, Gnomon, complete},
    patience::wait_for,
    selection::shadow_under,
    terminal::Terminal,
    upstream::{Reply, Upstream},
};

const ID: &str = "GET:/user/{id}:0";

/// A file with an experiment, whose answers differ for user 1, and a canary.
fn file(v1: &Upstream, v2: &Upstream) -> Value {
    let policy = json!({ "holdout": 0, "compare": { "baseline": "off" } });
    let experiment = endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")]);
    let to = json!([{ "rate": 0.25, "host": [v2.host()], "url_pattern": "/v2/{id}" }]);
    let split = json!({ "proxy": { "@split": { "key": "cookie:sid", "salt": "u2026", "to": to } } });
    let canary = endpoint("/order/{id}", &[with(live(v1, "/v1/{id}"), &json!({ "extra_config": split }))]);
    let file = service(&[experiment, canary]);
    with(file, &json!({ "extra_config": { "@shadow": { "overload": "off" } } }))
}

fn upstreams() -> (Upstream, Upstream) {
    let v2 = Upstream::answers(json!({ "n": 1 })).on("/v2/1", Reply::json(&json!({ "n": 2 })));
    (Upstream::answers(json!({ "n": 1 })), v2)
}

/// Twenty requests, five of which get another answer of the shadow; until all are compared.
fn compare_twenty(gnomon: &Gnomon) {
    for user in 0..20 {
        assert_eq!(gnomon.get(&format!("/user/{}", if user % 4 == 0 { 1 } else { 7 })).status, 200);
    }
    wait_for_pairs(gnomon, "twenty pairs", |figures| {
        counted(figures, "verdicts", "match") == 15 && counted(figures, "verdicts", "mismatch") == 5
    });
}

fn printed(gnomon: &Gnomon, more: &[&str]) -> String {
    let admin = gnomon.admin().to_string();
    let output = complete(&[&["top", "--once", "--admin", &admin], more].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).expect("it writes text")
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// The row that begins so in the table whose first column is called so, by column.
fn row(text: &str, table: &str, first: &str) -> BTreeMap<String, String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(table));
    let titles = cells(lines.next().unwrap_or_else(|| panic!("no table {table} in {text}")));
    let row = lines.take_while(|line| !line.is_empty()).find(|line| line.starts_with(first));
    let cells = cells(row.unwrap_or_else(|| panic!("no row {first} in {text}")));
    assert_eq!(titles.len(), cells.len(), "{titles:?} {cells:?}");
    titles.into_iter().map(str::to_owned).zip(cells.into_iter().map(str::to_owned)).collect()
}

/// How many milliseconds such a text says.
fn milliseconds(text: &str) -> f64 {
    let (number, unit) = text.split_once(' ').expect("a number with its unit");
    let number: f64 = number.replace('−', "-").parse().expect("a number");
    number * if unit == "s" { 1e3 } else { 1.0 }
}

#[test]
fn one_table_has_the_figures_of_the_gateway() {
    let (v1, v2) = upstreams();
    let gnomon = Gnomon::run(&file(&v1, &v2));
    compare_twenty(&gnomon);
    let told = client::get(gnomon.admin(), "/__overview").json();
    let experiment = &told["experiments"]["shadows"][0];
    let text = printed(&gnomon, &["--interval", "100ms"]);
    assert!(
        text.starts_with(&format!("gnomon {} at http://{} · up 00:0", env!("CARGO_PKG_VERSION"), gnomon.admin())),
        "{text}"
    );
    let found = row(&text, "EXPERIMENT", ID);
    let verdict = experiment["verdict"].as_str().expect("a text").replace('_', " ");
    for (column, wanted) in [
        ("STATE", "running"),
        ("RATE", "100%"),
        ("COMPARED", "100%"),
        ("SENT/S", "0"),
        ("LOSS", "0%"),
        ("MATCH", "75.0%"),
        ("OVERHEAD P99", "–"),
        ("VERDICT", &verdict),
    ] {
        assert_eq!(found[column], wanted, "{column} in {text}");
    }
    let slower = experiment["comparison"]["slower_than_live"]["p99"].as_f64().expect("a time") * 1e3;
    let shown = milliseconds(&found["ΔP99"]);
    assert!((shown - slower).abs() <= 0.01 + slower.abs() / 100.0, "{slower} ms, and {text}");

    let split = &client::get(gnomon.admin(), "/__split").json()["splits"][0]["parts"];
    for (part, share) in split.as_array().expect("a list").iter().zip(["75.0%", "25.0%"]) {
        let variant = part["variant"].as_str().expect("a text");
        let canaries =
            text.split_once("\n\nCANARY").map(|(_, rest)| format!("CANARY{rest}")).expect("a table of canaries");
        let titles = cells(canaries.lines().next().expect("a line"));
        let line = canaries.lines().find(|line| cells(line).get(1) == Some(&variant)).expect("a row for each part");
        let place = |title: &str| titles.iter().position(|one| *one == title).expect("a column");
        let cells = cells(line);
        assert_eq!(
            (cells[0], cells[place("RATE")], cells[place("CALLS")]),
            ("GET:/order/{id}:0", share, "0"),
            "{text}"
        );
    }
    assert!(printed(&gnomon, &["--find", "nowhere", "--interval", "100ms"]).contains("no experiments"));
    let json: Value = serde_json::from_str(&printed(&gnomon, &["--json"])).expect("JSON");
    assert_eq!(json["overview"]["experiments"]["shadows"][0]["books"]["sent"], 20);
    gnomon.finish();
}

#[test]
fn copies_a_second_are_those_that_are_sent_meanwhile() {
    let (v1, v2) = upstreams();
    let gnomon = Gnomon::run(&file(&v1, &v2));
    let is_over = AtomicBool::new(false);
    let sent = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                gnomon.get("/user/7");
            }
        });
        let found = wait_for(|| {
            let row = row(&printed(&gnomon, &["--interval", "500ms"]), "EXPERIMENT", ID);
            row["SENT/S"].parse::<f64>().ok().filter(|sent| *sent > 0.0)
        });
        is_over.store(true, Ordering::Relaxed);
        found
    });
    assert!(sent.is_some_and(|sent| sent.is_finite()), "{sent:?}");
    gnomon.finish();
}

#[test]
fn nobody_to_ask_is_said_with_its_exit_code() {
    let output = complete(&["top", "--once", "--admin", "127.0.0.1:1"]);
    assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true), "{output:?}");
}

/// The terminal is as it was: its settings, its screen, its cursor, its way to break lines.
fn is_sane(terminal: &Terminal) {
    assert_eq!(terminal.said("code"), "0", "{}", terminal.output().escape_debug());
    assert_eq!(terminal.said("before"), terminal.said("after"));
    let output = terminal.output();
    for (taken, given_back) in [("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?25l", "\x1b[?25h"), ("\x1b[?7l", "\x1b[?7h")] {
        let place = |text: &str| output.rfind(text).unwrap_or_else(|| panic!("no {text:?} in {output:?}"));
        assert!(place(taken) < place(given_back), "{}", output.escape_debug());
    }
}

#[test]
fn it_draws_until_somebody_has_seen_enough_and_gives_the_terminal_back() {
    let (v1, v2) = upstreams();
    let gnomon = Gnomon::run(&file(&v1, &v2));
    compare_twenty(&gnomon);
    // q, Ctrl-C, and a signal.
    for end in ["q", "\x03", "TERM"] {
        let mut terminal = Terminal::run(&format!("top --interval 100ms --admin {}", gnomon.admin()));
        let drawn = terminal.wait_for("sorted by file · q ends", 0);
        terminal.wait_for("75.0%", 0);
        assert!(terminal.output().contains(ID) && terminal.output().contains("GET:/order/{id}:0"));
        terminal.press("s");
        let sorted = terminal.wait_for("sorted by name ·", drawn);
        terminal.press("r");
        let turned = terminal.wait_for("sorted by name, turned round ·", sorted);
        // It goes on by itself.
        terminal.wait_for("up 00:", turned);
        if end == "TERM" {
            terminal.signal(end)
        } else {
            terminal.press(end)
        }
        is_sane(&terminal);
    }
    gnomon.finish();
}

#[test]
fn it_outlives_the_gateway_and_says_that_another_one_came() {
    let (v1, v2) = upstreams();
    let gnomon = Gnomon::run(&file(&v1, &v2));
    let admin = gnomon.admin().to_string();
    let mut terminal = Terminal::run(&format!("top --interval 100ms --admin {admin}"));
    // Long enough that nobody takes the next one for it.
    let seen = terminal.wait_for("up 00:00:05", 0);
    drop(gnomon);
    let lost = terminal.wait_for("LOST for 00:00:0", seen);
    let folder = Folder::new();
    let path = folder.file("krakend.json", &file(&v1, &v2).to_string());
    let again = Gnomon::run_as(&[], |port, _| {
        ["run", "-c", &path, "-p", &port.to_string(), "--admin", &admin].map(OsString::from).into()
    });
    terminal.wait_for("the gateway was started anew 00:00:0", lost);
    terminal.press("q");
    is_sane(&terminal);
    drop(again);
}
