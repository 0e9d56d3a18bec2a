//! What clients write into the first line of a request, what of it reaches a backend, and answers without a type.

use serde_json::{Value, json};

use crate::{
    client::Answer,
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    upstream::{Behaviour, Reply, Upstream},
};

fn forwarding(path: &str, backend: &Value) -> Value {
    with(endpoint(path, std::slice::from_ref(backend)), &json!({ "input_query_strings": ["*"] }))
}

/// A line as it is written and nothing else but `Host`.
fn asked(gnomon: &Gnomon, method: &str, target: &str) -> Answer {
    let mut client = gnomon.connect();
    client.send(format!("{method} {target} HTTP/1.1\r\nHost: gw.example\r\n\r\n").as_bytes());
    client.receive().expect("an answer")
}

#[test]
fn bytes_that_are_not_utf_8_arrive_as_they_were_sent() {
    let v1 = Upstream::answers(json!({}));
    let plain = forwarding("/q", &live(&v1, "/q"));
    let raw = with(forwarding("/raw/{id}", &live(&v1, "/raw/{id}")), &json!({ "output_encoding": "no-op" }));
    let gnomon = Gnomon::run(&service(&[plain, raw, forwarding("/p/{id}", &live(&v1, "/p/{id}?of={id}"))]));
    for (target, arrives) in [
        ("/q?name=%E9", "/q?name=%E9"),
        ("/p/%E9", "/p/%E9?of=%E9"),
        ("/p/a%20%ff%C3%A9", "/p/a%20%FF%C3%A9?of=a%20%FF%C3%A9"),
        ("/raw/%E9?b=%FF&a=1", "/raw/%E9?a=1&b=%FF"),
    ] {
        assert_eq!(gnomon.get(target).status, 200, "{target}");
        assert_eq!(v1.seen().last().map(|seen| seen.target.clone()).as_deref(), Some(arrives), "{target}");
    }
    // What was escaped twice is still refused.
    assert_eq!(gnomon.get("/p/%25E9").status, 400);
    assert_eq!(gnomon.get("/p/%E9/").header("location"), Some("/p/%E9"));
}

#[test]
fn a_written_colon_is_a_parameter_and_doubled_slashes_are_one() {
    let v1 = Upstream::answers(json!({}));
    let endpoints = [
        endpoint("/lit/:z", &[live(&v1, "/lit")]),
        endpoint("//dbl", &[live(&v1, "/dbl")]),
        endpoint("/file/{id}.json", &[live(&v1, "/file/{id}")]),
        endpoint("/both/:z/{id}", &[live(&v1, "/both/{id}")]),
    ];
    let gnomon = Gnomon::run(&service(&endpoints));
    for (target, arrives) in [
        ("/lit/5", "/lit"),
        ("/lit/:z", "/lit"),
        ("/dbl", "/dbl"),
        ("/file/5.json", "/file/5.json"),
        ("/file/5", "/file/5"),
        ("/both/1/2", "/both/2"),
    ] {
        assert_eq!(gnomon.get(target).status, 200, "{target}");
        assert_eq!(v1.seen().last().map(|seen| seen.target.clone()).as_deref(), Some(arrives), "{target}");
    }
}

#[test]
fn a_target_with_a_host_names_the_host_and_a_star_is_answered_before_any_router() {
    let v1 = Upstream::answers(json!({}));
    let gnomon = Gnomon::run(&service(&[endpoint("/one", &[live(&v1, "/one")])]));
    assert_eq!(asked(&gnomon, "GET", "http://user@other.example:81/one").status, 200);
    assert_eq!(asked(&gnomon, "GET", "/one").status, 200);
    let hosts: Vec<String> =
        v1.seen().iter().filter_map(|seen| seen.header("x-forwarded-host").map(str::to_owned)).collect();
    assert_eq!(hosts, ["other.example:81", "gw.example"]);
    let star = asked(&gnomon, "OPTIONS", "*");
    assert_eq!((star.status, star.body.len(), star.header("x-krakend")), (200, 0, None));
    assert_eq!(asked(&gnomon, "GET", "*").status, 404);
}

#[test]
fn the_echo_reads_the_query_as_go_does() {
    let v1 = Upstream::answers(json!({}));
    let file = with(service(&[endpoint("/one", &[live(&v1, "/one")])]), &json!({ "echo_endpoint": true }));
    let told = Gnomon::run(&file).get("/__echo/?%zz=1&a=1;b=2&c=d%20e").json();
    assert_eq!(
        (&told["req_querystring"], &told["req_uri_details"]["query"]),
        (&json!({"c": ["d e"]}), &json!("c=d+e"))
    );
}

fn untyped(status: u16, body: &str) -> Behaviour {
    Reply { status, headers: vec![], body: body.into() }.into()
}

#[test]
fn answers_without_a_type_get_the_one_that_go_guesses() {
    let v1 = Upstream::answers(json!({})).on("/html", untyped(404, "<html>no</html>")).on("/none", untyped(200, ""));
    let coded = json!({ "extra_config": { "backend/http": { "return_error_code": true } } });
    let raw = |path: &str| with(endpoint(path, &[live(&v1, path)]), &json!({ "output_encoding": "no-op" }));
    let endpoints = [raw("/html"), raw("/none"), endpoint("/coded", &[with(live(&v1, "/html"), &coded)])];
    let shown = json!({ "extra_config": { "router": { "return_error_msg": true } } });
    let gnomon = Gnomon::run(&with(service(&endpoints), &shown));
    for path in ["/html", "/coded"] {
        let answer = gnomon.get(path);
        let told = (answer.status, answer.header("content-type"), answer.text());
        assert_eq!(told, (404, Some("text/html; charset=utf-8"), "<html>no</html>".to_owned()), "{path}");
    }
    assert_eq!(gnomon.get("/none").header("content-type"), None);
}

#[test]
fn an_operation_of_flatmap_that_lacks_a_path_costs_no_request() {
    let v1 = Upstream::answers(json!({ "a": 1 }));
    let short = json!([{ "type": "move", "args": ["a"] }, { "type": "append", "args": ["a"] }]);
    let shaped = with(live(&v1, "/a"), &json!({ "extra_config": { "proxy": { "flatmap_filter": short } } }));
    let answer = Gnomon::run(&service(&[endpoint("/a", &[shaped])])).get("/a");
    assert_eq!((answer.status, answer.json()), (200, json!({ "a": 1 })));
}

#[test]
fn numbers_of_the_file_are_written_as_go_writes_its_own() {
    let v1 = Upstream::answers(json!({ "n": 1 }));
    let data = json!({ "f": 1.5, "i": 5, "m": 1_000_000 });
    let fixed = |path: &str, encoding: &str| {
        let more = json!({ "output_encoding": encoding, "extra_config": { "proxy": { "static": { "data": data } } } });
        with(endpoint(path, &[live(&v1, "/n")]), &more)
    };
    let gnomon = Gnomon::run(&service(&[fixed("/y", "yaml"), fixed("/x", "xml"), fixed("/j", "json")]));
    assert_eq!(gnomon.get("/y").text(), "f: 1.5\ni: 5.0\nm: 1e+06\n\"n\": \"1\"\n");
    assert_eq!(gnomon.get("/x").text(), "<doc><f>1.5</f><i>5</i><m>1e+06</m><n>1</n></doc>");
    assert_eq!(gnomon.get("/j").text(), r#"{"f":1.5,"i":5,"m":1000000,"n":1}"#);
}
