//! `telemetry/logging`: what is written where, and how it looks.

use std::{
    io::Read,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    bodies::body,
    files::{endpoint, live, service, with},
    gnomon::{Folder, Gnomon, free_address},
    patience::wait_for,
    selection::shadow_under,
    upstream::{Reply, Upstream},
};

/// A file whose endpoint `/bad` fails and `/good` does not, and that logs so.
fn logged(extra: &Value) -> (Upstream, Upstream, Value) {
    let (good, bad) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers_500());
    let file = service(&[endpoint("/good", &[live(&good, "/good")]), endpoint("/bad", &[live(&bad, "/bad")])]);
    (good, bad, with(file, &json!({ "extra_config": extra })))
}

/// The first line that holds this, once it was written.
fn line_with(gnomon: &Gnomon, part: &str) -> String {
    let found = wait_for(|| gnomon.output().lines().find(|line| line.contains(part)).map(str::to_owned));
    found.unwrap_or_else(|| panic!("no line with {part}:\n{}", gnomon.output()))
}

#[test]
fn the_default_form_is_that_of_the_original() {
    let (_good, _bad, file) =
        logged(&json!({ "telemetry/logging": { "level": "WARNING", "stdout": true, "prefix": "[KV]" } }));
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/bad").status, 500);
    let line = line_with(&gnomon, "invalid status code 500");
    assert!(line.starts_with("[KV] 20") && line.contains("\x1b[33m▶ WARNING\x1b[0m [ENDPOINT: /bad] "), "{line:?}");
    // Less urgent lines are not written; the access log doesn't care.
    assert!(!gnomon.output().contains("INFO"), "{}", gnomon.output());
    let access = line_with(&gnomon, "\"/bad\"");
    assert!(access.starts_with("[GIN] 20") && access.contains(" | 500 | "), "{access:?}");
}

#[test]
fn a_new_kind_of_difference_is_told_with_shadow_cluster_and_field_in_every_form() {
    for (form, names) in [
        ("default", [" shadow=GET:/a:0 ", " cluster=", " fields="]),
        ("logstash", [r#""shadow": "GET:/a:0""#, r#""cluster": "#, r#""fields": "#]),
    ] {
        let (v1, v2) = (Upstream::answers(json!({ "sum": 1 })), Upstream::answers(json!({ "sum": 2 })));
        let extra = json!({ "telemetry/logging": { "level": "WARNING", "stdout": true, "format": form } });
        let file = service(&[endpoint("/a", &[live(&v1, "/v1"), shadow_under(&json!({ "compare": {} }), &v2, "/v2")])]);
        let gnomon = Gnomon::run(&with(file, &json!({ "extra_config": extra })));
        assert_eq!(gnomon.get("/a").status, 200);
        let line = line_with(&gnomon, "answers differ in a new way");
        assert!(names.iter().all(|name| line.contains(name)) && line.contains("sum"), "{line}");
    }
}

#[test]
fn a_streamed_answer_is_logged_when_it_ends_or_its_client_leaves() {
    let upstream = Upstream::trickles();
    let route =
        with(endpoint("/slow", &[live(&upstream, "/slow")]), &json!({ "output_encoding": "no-op", "timeout": "10m" }));
    let gnomon = Gnomon::run(&service(&[route, endpoint("/whole", &[live(&upstream, "/none")])]));
    let mut connection = gnomon.connect();
    connection.send_head("GET", "/slow", &[]);
    assert_eq!(connection.receive_head().expect("a head").status, 200);
    // A line of a later request is there, and none of the stream.
    assert_eq!(gnomon.get("/nowhere").status, 404);
    line_with(&gnomon, "\"/nowhere\"");
    assert!(!gnomon.output().contains("\"/slow\""), "{}", gnomon.output());
    connection.hang_up();
    line_with(&gnomon, "\"/slow\"");
    assert_eq!(gnomon.output().matches("\"/slow\"").count(), 1, "{}", gnomon.output());
}

#[test]
fn the_debug_endpoint_logs_what_it_was_asked_but_no_credentials() {
    let (_good, _bad, file) = logged(&json!({}));
    let gnomon = Gnomon::run_with(&file, &["-d"]);
    let headers = [("authorization", "Bearer s3cret"), ("cookie", "id=s3cret"), ("x-a", "seen")];
    let answer = gnomon.ask("POST", "/__debug/a/b?q=1", &headers, b"the body");
    assert_eq!(answer.text(), r#"{"message":"pong"}"#);
    line_with(&gnomon, "Body: \"the body\"");
    for part in ["Method: POST", "/__debug/a/b?q=1", "\"q\": [\"1\"]", "\"X-A\": [\"seen\"]", "(redacted)"] {
        line_with(&gnomon, part);
    }
    assert!(!gnomon.output().contains("s3cret"), "{}", gnomon.output());
    let long = vec![b'x'; 100_000];
    assert_eq!(gnomon.ask("POST", "/__debug/", &[], &long).status, 200);
    let line = line_with(&gnomon, "Body: \"xx");
    assert!(line.contains("x…\"") && line.len() < 10_000, "{}", line.len());
}

#[test]
fn a_level_above_everything_leaves_the_access_log() {
    let (_good, _bad, file) = logged(&json!({ "telemetry/logging": { "level": "CRITICAL", "stdout": true } }));
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/bad").status, 500);
    line_with(&gnomon, "\"/bad\"");
    assert!(!gnomon.output().contains("invalid status code"), "{}", gnomon.output());
}

#[test]
fn a_custom_form_is_what_it_says() {
    let logging = json!({
        "level": "INFO", "stdout": true, "prefix": "[KV]",
        "format": "custom", "custom_format": "<%{level:.4s}> %{time:2006} %{module} %{message}",
    });
    let (_good, _bad, file) = logged(&json!({ "telemetry/logging": logging }));
    let gnomon = Gnomon::run(&file);
    let line = line_with(&gnomon, "listening on");
    assert!(line.starts_with("<INFO> 20") && line.contains(" KRAKEND Gnomon "), "{line:?}");
}

#[test]
fn json_lines_can_be_read() {
    for (extra, module) in [
        (json!({ "telemetry/logging": { "level": "INFO", "stdout": true, "format": "logstash" } }), "KRAKEND"),
        (
            json!({ "telemetry/logging": { "level": "INFO", "stdout": true, "prefix": "me" }, "telemetry/logstash": {} }),
            "me",
        ),
    ] {
        let (_good, _bad, file) = logged(&extra);
        let gnomon = Gnomon::run(&file);
        assert_eq!(gnomon.get("/bad").status, 500);
        let line: Value = serde_json::from_str(&line_with(&gnomon, "invalid status code 500")).expect("a JSON line");
        assert_eq!(
            (&line["level"], &line["@version"], &line["module"]),
            (&json!("WARNING"), &json!(1), &json!(module))
        );
        assert!(line["message"].as_str().unwrap().starts_with("[ENDPOINT: /bad]"), "{line}");
    }
}

#[test]
fn without_an_output_only_the_access_log_is_written() {
    let (_good, _bad, file) = logged(&json!({ "telemetry/logging": { "level": "DEBUG", "stdout": false } }));
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/bad").status, 500);
    line_with(&gnomon, "\"/bad\"");
    assert!(!gnomon.output().contains("invalid status code"), "{}", gnomon.output());
}

/// The object of the access log about this target.
fn object_of(gnomon: &Gnomon, target: &str) -> Value {
    let line = line_with(gnomon, &format!("\"target\":\"{target}\""));
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn the_access_log_in_json_tells_endpoint_size_and_trace_wherever_the_rest_goes() {
    let trace = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    for logging in [json!({}), json!({ "telemetry/logging": { "level": "ERROR", "stdout": true } })] {
        let (_good, _bad, file) = logged(&with(logging, &json!({ "@access_log": { "format": "json" } })));
        let gnomon = Gnomon::run(&file);
        let answer = gnomon.ask("GET", "/good?token=s3cret&a=%22", &[trace, ("user-agent", "a \"test\"")], b"");
        assert_eq!(answer.status, 200);
        let told = object_of(&gnomon, "/good?token=***&a=%22");
        for (name, wanted) in [
            ("status", json!(200)),
            ("method", json!("GET")),
            ("endpoint", json!("/good")),
            ("bytes", json!(answer.body.len())),
            ("complete", json!(true)),
            ("remote_address", json!("127.0.0.1")),
            ("protocol", json!("HTTP/1.1")),
            ("user_agent", json!("a \"test\"")),
            ("trace_id", json!("4bf92f3577b34da6a3ce929d0e0e4736")),
            ("parent_id", json!("00f067aa0ba902b7")),
            ("sampled", json!(true)),
        ] {
            assert_eq!(told[name], wanted, "{name} in {told}");
        }
        assert!(told["time"].as_str().is_some_and(|time| time.starts_with("20") && time.ends_with('Z')), "{told}");
        assert!(told["duration_ms"].as_f64().is_some_and(|took| took > 0.0), "{told}");
        assert_eq!(gnomon.get("/nowhere").status, 404);
        let told = object_of(&gnomon, "/nowhere");
        assert_eq!((&told["status"], told.get("endpoint"), told.get("trace_id")), (&json!(404), None, None), "{told}");
        let output = gnomon.output();
        assert!(!output.contains("[GIN]") && !output.contains("s3cret") && !output.contains("| 200 |"), "{output}");
    }
}

#[test]
fn in_json_an_answer_that_broke_off_is_not_complete_and_one_to_head_has_no_bytes() {
    let upstream = Upstream::trickles();
    let slow = json!({ "output_encoding": "no-op", "timeout": "10m" });
    let large = Reply::new(200, "application/octet-stream", body(300_000));
    let v1 = Upstream::answers(json!({ "a": 1 })).on("/large", large);
    let file = service(&[
        with(endpoint("/slow", &[live(&upstream, "/slow")]), &slow),
        with(endpoint("/small", &[live(&v1, "/")]), &json!({ "output_encoding": "no-op" })),
        with(endpoint("/large", &[live(&v1, "/large")]), &json!({ "output_encoding": "no-op" })),
    ]);
    let gnomon = Gnomon::run(&with(file, &json!({ "extra_config": { "@access_log": { "format": "json" } } })));
    let mut connection = gnomon.connect();
    connection.send_head("GET", "/slow", &[]);
    assert_eq!(connection.receive_head().expect("a head").status, 200);
    connection.hang_up();
    let told = object_of(&gnomon, "/slow");
    assert_eq!((&told["complete"], &told["endpoint"]), (&json!(false), &json!("/slow")), "{told}");
    for target in ["/small", "/large"] {
        let whole = gnomon.get(target);
        let told = object_of(&gnomon, target);
        assert_eq!((&told["complete"], &told["bytes"]), (&json!(true), &json!(whole.body.len())), "{told}");
    }
    let mut connection = gnomon.connect();
    connection.send_head("HEAD", "/nowhere", &[]);
    assert_eq!(connection.receive_head().expect("a head").status, 404);
    let told = object_of(&gnomon, "/nowhere");
    assert_eq!((&told["complete"], &told["bytes"]), (&json!(true), &json!(0)), "{told}");
}

#[test]
fn a_reload_changes_the_form_of_the_access_log() {
    let (_good, _bad, file) = logged(&json!({ "telemetry/logging": { "level": "ERROR", "stdout": true } }));
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/good?first").status, 200);
    assert!(line_with(&gnomon, "/good?first").starts_with("[GIN] "));
    let mut json = file.clone();
    json["extra_config"]["@access_log"] = json!({ "format": "json" });
    gnomon.replace(&json);
    assert_eq!(gnomon.get("/good?second").status, 200);
    assert_eq!(object_of(&gnomon, "/good?second")["endpoint"], "/good");
}

#[test]
fn an_output_nobody_reads_holds_up_neither_requests_nor_the_end() {
    let (_good, _bad, file) = logged(&json!({ "telemetry/logging": { "level": "DEBUG", "stdout": true } }));
    let (folder, address) = (Folder::new(), free_address());
    let file = with(file, &json!({ "listen_ip": "127.0.0.1", "port": address.port() }));
    let path = folder.file("krakend.json", &file.to_string());
    let mut child = Command::new(env!("CARGO_BIN_EXE_gnomon"))
        .args(["run", "-c", &path, "--admin", "off"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program was built");
    let up = wait_for(|| crate::client::try_get(address, "/__health"));
    assert!(up.is_some(), "the gateway is not up");
    // Far more than a pipe holds, and each line long.
    let target = format!("/good?{}", "x".repeat(900));
    for _ in 0..400 {
        assert_eq!(crate::client::get(address, &target).status, 200);
    }
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(sent.expect("kill is installed").success());
    let ended = wait_for(|| child.try_wait().expect("the program is ours"));
    child.kill().ok();
    let mut written = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut written).expect("text");
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
    assert!(written.matches("[GIN]").count() < 400, "everything was written, so nothing was stuck");
}
