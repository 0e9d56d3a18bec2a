//! The commands that look at a configuration: what they print and how they end.

use std::{net::TcpListener, process::Output};

use serde_json::{Value, json};

use crate::{
    files::{endpoint, live, service, with},
    gnomon::{Folder, complete},
    upstream::Upstream,
};

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A command over a file.
fn over(text: &str, before: &[&str], after: &[&str]) -> Output {
    let folder = Folder::new();
    let file = folder.file("krakend.json", text);
    let arguments: Vec<&str> =
        before.iter().copied().chain(["-c", file.as_str()]).chain(after.iter().copied()).collect();
    complete(&arguments)
}

const GOOD: &str = r#"{"version": 3, "endpoints": [
    {"endpoint": "/a", "backend": [{"host": ["http://127.0.0.1:8081"], "url_pattern": "/b"}]}]}"#;

#[test]
fn routes_prints_a_line_for_each_endpoint() {
    let output = over(GOOD, &["routes"], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("METHOD  PATH  TIMEOUT"), "{text}");
    assert!(text.contains("GET     /a    2s       GET http://127.0.0.1:8081/b  -"), "{text}");
}

#[test]
fn commands_about_plugins_are_known_and_say_that_they_are_not_supported() {
    for line in [&["check-plugin", "-g", "1.22", "--sum", "./go.sum", "-f"][..], &["test-plugin", "-smc", "a.so"]] {
        let output = complete(line);
        assert_eq!(output.status.code(), Some(1), "{line:?}");
        assert!(stderr(&output).contains(&format!("{} is not supported", line[0])), "{}", stderr(&output));
    }
}

#[test]
fn routes_of_an_unusable_file_are_refused() {
    let output = over(r#"{"version": 9}"#, &["routes"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "");
}

#[test]
fn the_schema_is_json_and_knows_our_keys() {
    let output = complete(&["config", "schema"]);
    assert_eq!(output.status.code(), Some(0));
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["$defs"]["@shadow"]["properties"]["threads"]["type"], "integer");
}

#[test]
fn lint_finds_what_loading_lets_pass() {
    let text = GOOD.replace("\"version\": 3,", "\"version\": 3,\n \"port\": \"8081\",");
    assert_eq!(over(&text, &["check"], &[]).status.code(), Some(0));
    for flag in ["-l", "-n", "--lint", "--lint-no-network"] {
        let output = over(&text, &["check"], &[flag]);
        assert_eq!(output.status.code(), Some(2), "{flag}: {}", stderr(&output));
        let said = stderr(&output);
        assert!(said.contains("krakend.json:2:2: error at /port: \"8081\" is not of type integer"), "{said}");
    }
    assert_eq!(over(GOOD, &["check"], &["-l"]).status.code(), Some(0));
    assert_eq!(over(GOOD, &["check"], &["-s", "x.json"]).status.code(), Some(2));
}

#[test]
fn check_t_reports_a_port_in_use_and_frees_those_it_tried() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let v1 = Upstream::answers(json!({}));
    let file = service(&[endpoint("/a", &[live(&v1, "/v1")])]);
    let own =
        json!({ "port": port, "listen_ip": "127.0.0.1", "extra_config": { "@admin": { "listen": "127.0.0.1:0" } } });
    let text = with(file, &own).to_string();
    let output = over(&text, &["check"], &["-t"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("in use"), "{}", stderr(&output));
    assert_eq!(over(&text, &["check"], &[]).status.code(), Some(0));
    drop(taken);
    let output = over(&text, &["check"], &["-t"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn audit_recommends_and_says_so_by_its_exit_code() {
    let output = over(GOOD, &["audit"], &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("2.1.2\t[HIGH]   \tEnable TLS"), "{}", stderr(&output));
    let output = over(GOOD, &["audit"], &["-s", "CRITICAL"]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    let output = over(
        GOOD,
        &["audit"],
        &["-s", "LOW", "-i", "3.1.1", "-f", "{{ range .Recommendations }}{{ .Rule }};{{ end }}"],
    );
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(1), "5.2.2;"));
    let folder = Folder::new();
    let ignored = folder.file("ignored.txt", "3.1.1\n5.2.2\n");
    assert_eq!(over(GOOD, &["audit"], &["-s", "LOW", "-I", &ignored]).status.code(), Some(0));
    for wrong in [["-s", "URGENT"], ["-I", "no/such/file"], ["-f", "{{ nope }}"]] {
        assert_eq!(over(GOOD, &["audit"], &wrong).status.code(), Some(2), "{wrong:?}");
    }
}
