//! The command line: what it prints and how it ends.

use std::{net::TcpListener, path::Path, process::Output};

use serde_json::json;

use crate::{
    files::{endpoint, live, service, with},
    gnomon::{Folder, complete},
    upstream::Upstream,
};

/// Everything a program printed.
fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What `gnomon check` says about this text, and its exit code.
fn check(text: &str) -> (Option<i32>, String) {
    let folder = Folder::new();
    let output = complete(&["check", "-c", &folder.file("krakend.json", text)]);
    (output.status.code(), printed(&output))
}

#[test]
fn version_prints_the_version() {
    for arguments in [["version"], ["--version"]] {
        let output = complete(&arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(printed(&output).contains(env!("CARGO_PKG_VERSION")), "{arguments:?}: {}", printed(&output));
    }
}

#[test]
fn help_goes_to_stdout_and_names_every_command() {
    for arguments in [["help"], ["--help"]] {
        let output = complete(&arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for command in ["run", "check", "version", "demo"] {
            assert!(text.contains(command), "{command} is missing: {text}");
        }
    }
}

#[test]
fn what_is_not_known_is_named_and_fails() {
    for (arguments, named) in
        [(&["--no-such-flag"][..], "--no-such-flag"), (&["chekc"], "chekc"), (&["run", "-x"], "-x")]
    {
        let output = complete(arguments);
        assert_ne!(output.status.code(), Some(0), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(named), "{arguments:?}: {}", printed(&output));
    }
}

#[test]
fn check_of_a_good_file_says_so() {
    let v1 = Upstream::answers(json!({}));
    let (code, text) = check(&service(&[endpoint("/a", &[live(&v1, "/v1")])]).to_string());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Syntax OK!"), "{text}");
}

#[test]
fn every_shipped_file_passes_the_check() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let output = complete(&["check", "-c", path.to_str().unwrap()]);
            assert_eq!(output.status.code(), Some(0), "{}: {}", path.display(), printed(&output));
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn check_names_every_mistake_with_its_place() {
    let text = r#"{
  "version": 3,
  "timeout": "5x",
  "endpoints": [
    { "endpoint": "/a", "timeout": "soon", "backend": [{ "host": ["http://127.0.0.1:1"], "url_pattern": "/b" }] }
  ]
}"#;
    let (code, text) = check(text);
    assert_eq!(code, Some(2), "{text}");
    for part in ["krakend.json:3:", "/timeout", "krakend.json:5:", "/endpoints/0/timeout"] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
}

#[test]
fn check_of_what_is_no_json_points_at_the_line() {
    let (code, text) = check("{\n  \"version\": 3,\n  \"endpoints\": [}\n}");
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("krakend.json:3:"), "{text}");
}

#[test]
fn check_of_another_version_fails_and_names_it() {
    let (code, text) = check(r#"{ "version": 9, "endpoints": [] }"#);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains('9') && text.contains("version"), "{text}");
}

#[test]
fn check_needs_a_file_that_exists() {
    assert_eq!(complete(&["check"]).status.code(), Some(2));
    let output = complete(&["check", "-c", "no/such/file.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(printed(&output).contains("no/such/file.json"), "{}", printed(&output));
}

#[test]
fn an_endpoint_with_nothing_but_shadows_is_a_mistake() {
    let v2 = Upstream::answers(json!({}));
    let only = with(live(&v2, "/v2"), &json!({ "extra_config": { "proxy": { "shadow": true } } }));
    let (code, text) = check(&service(&[endpoint("/a", &[only])]).to_string());
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("/endpoints/0") && text.contains("shadow"), "{text}");
}

#[test]
fn run_refuses_a_bad_file_and_says_why() {
    let folder = Folder::new();
    let output = complete(&["run", "-c", &folder.file("bad.json", r#"{ "version": 3, "timeout": "5x" }"#)]);
    assert_ne!(output.status.code(), Some(0));
    assert!(printed(&output).contains("/timeout"), "{}", printed(&output));
}

#[test]
fn run_fails_when_its_port_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let v1 = Upstream::answers(json!({}));
    let file = service(&[endpoint("/a", &[live(&v1, "/v1")])]);
    let file = with(file, &json!({ "port": port, "listen_ip": "127.0.0.1" }));
    let folder = Folder::new();
    let output = complete(&["run", "-c", &folder.file("krakend.json", &file.to_string()), "--admin", "127.0.0.1:0"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(printed(&output).contains("in use"), "{}", printed(&output));
}
