//! A shadow made live, from a terminal and by the admin listener: shown, never done.

use std::{fs, process::Output};

use serde_json::{Value, json};

use crate::{
    client,
    files::{endpoint, live, service},
    gnomon::{Folder, Gnomon, complete},
    selection::shadow_under,
    upstream::Upstream,
};

const ID: &str = "GET:/user/{id}:0";
const PATH: &str = "/__shadow/GET:%2Fuser%2F%7Bid%7D:0/promote";

fn both() -> (Upstream, Upstream) {
    (Upstream::answers(json!({ "from": "v1" })), Upstream::answers(json!({ "from": "v2" })))
}

fn file(v1: &Upstream, v2: &Upstream) -> Value {
    let policy = json!({ "compare": { "ignore": ["$.from"] }, "holdout": 0 });
    service(&[endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")])])
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_terminal_shows_a_file_in_which_the_shadow_answers() {
    let (v1, v2) = both();
    let folder = Folder::new();
    let before = file(&v1, &v2).to_string();
    let from = folder.file("krakend.json", &before);
    let to = from.replace("krakend.json", "next.json");
    let output = complete(&["shadow", "promote", "-c", &from, ID, "--file", "-o", &to]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    assert_eq!(fs::read_to_string(&from).unwrap(), before, "it is shown, not done");
    let output = complete(&["check", "--lint", "-c", &to]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    let next: Value = serde_json::from_str(&fs::read_to_string(&to).unwrap()).unwrap();
    let gnomon = Gnomon::run(&next);
    assert_eq!(client::get(gnomon.address(), "/user/1").json(), json!({ "from": "v2" }));
    gnomon.finish();
    let back = complete(&["shadow", "promote", "-c", &to, ID, "--file"]);
    let back: Value = serde_json::from_slice(&back.stdout).unwrap();
    assert_eq!(back["endpoints"], file(&v1, &v2)["endpoints"]);
}

#[test]
fn a_terminal_shows_the_steps_or_says_why_there_are_none() {
    let (v1, v2) = both();
    let folder = Folder::new();
    let from = folder.file("krakend.json", &file(&v1, &v2).to_string());
    let output = complete(&["shadow", "promote", "-c", &from, ID]);
    let patch: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(patch[0], json!({"op": "test", "path": "/endpoints/0/endpoint", "value": "/user/{id}"}));
    for (arguments, code, shown) in [
        (&["-c", &from, "GET:/user/{id}:1"][..], 1, ID),
        (&["-c", &from, ID, "--patch", "--file"], 2, "--file"),
        (&["-c", "nowhere.json", ID], 2, "nowhere.json"),
    ] {
        let output = complete(&[&["shadow", "promote"], arguments].concat());
        let text = printed(&output);
        assert!(output.status.code() == Some(code) && text.contains(shown), "{arguments:?}: {text}");
    }
}

#[test]
fn the_admin_listener_shows_the_file_to_those_who_may_change_something() {
    let (v1, v2) = both();
    let gnomon = Gnomon::run(&file(&v1, &v2));
    let ask =
        |method: &str, path: &str, headers: &[(&str, &str)]| client::ask(gnomon.admin(), method, path, headers, b"");
    let answer = ask("GET", PATH, &[client::MEANT]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let backends = &answer["document"]["endpoints"][0]["backend"];
    assert_eq!((&backends[0]["url_pattern"], &backends[1]["url_pattern"]), (&json!("/v2/{id}"), &json!("/v1/{id}")));
    assert_eq!((&answer["patch"][0]["op"], &answer["notes"]), (&json!("test"), &json!([])));
    assert_eq!(client::get(gnomon.address(), "/user/1").json(), json!({ "from": "v1" }), "it is shown, not done");
    assert_eq!(ask("GET", PATH, &[]).status, 403);
    assert_eq!(ask("POST", PATH, &[client::MEANT]).status, 405);
    let unknown = ask("GET", "/__shadow/GET:%2Fnowhere:0/promote", &[client::MEANT]);
    assert!(unknown.status == 404 && unknown.text().contains(ID), "{}", unknown.text());
    gnomon.finish();
}
