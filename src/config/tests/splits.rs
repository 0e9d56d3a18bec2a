//! What `@split` means, and for each rule about it a file that breaks it and what is said then.

use super::{lines, read};

/// A file whose live backend has this split.
fn document(split: &str) -> String {
    let proxy = format!(r#"{{"flatmap_filter":[],"@split":{split}}}"#);
    let backend = format!(
        r#"{{"host":["http://v1"],"url_pattern":"/v1/{{id}}","encoding":"xml","extra_config":{{"proxy":{proxy}}}}}"#
    );
    format!(r#"{{"version":3,"name":"shop","endpoints":[{{"endpoint":"/a/{{id}}","backend":[{backend}]}}]}}"#)
}

#[track_caller]
fn says(split: &str, expected: &[&str]) {
    let place = "/endpoints/0/backend/0/extra_config/proxy/@split";
    let said: Vec<String> =
        lines(&document(split)).iter().filter_map(|line| Some(line.split_once(": ")?.1.replace(place, ""))).collect();
    assert_eq!(said, expected, "{split}");
}

#[test]
fn a_variant_is_a_backend_that_takes_over_what_it_does_not_say() {
    let split = r#"{"key":"param:id","to":[{"rate":"5%","host":["http://v2"]},
        {"rate":0.1,"name":"blue","url_pattern":"/blue/{id}","encoding":null}]}"#;
    let loaded = read("k.json", &document(split));
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let service = loaded.service.unwrap();
    let base = &service.endpoints[0].backends[0];
    let split = base.split.as_ref().unwrap();
    assert_eq!((split.salt.as_str(), split.stop_on.is_none()), ("shop", true));
    let told: Vec<_> = split
        .variants
        .iter()
        .map(|variant| {
            let backend = &variant.backend;
            (variant.name.as_str(), backend.hosts[0].as_str(), backend.url_pattern.as_str(), backend.encoding.as_str())
        })
        .collect();
    assert_eq!(told, [("canary", "http://v2", "/v1/{id}", "xml"), ("blue", "http://v1", "/blue/{id}", "json")]);
    assert!(split.variants.iter().all(|variant| variant.backend.split.is_none()));
    assert_eq!(base.with_variants().count(), 3);
}

#[test]
fn rules_have_their_defaults() {
    let split = r#"{"to":[{"rate":0}],"stop_on":{"p99_ratio":2}}"#;
    let service = read("k.json", &document(split)).service.unwrap();
    let rules = service.endpoints[0].backends[0].split.clone().unwrap().stop_on.unwrap();
    assert_eq!((rules.error_delta, rules.p99_ratio, rules.min_requests), (None, Some(2.0), 500));
    assert_eq!(rules.window.as_secs(), 600);
}

#[test]
fn what_is_wrong_is_an_error_with_its_place_and_remedy() {
    let to = "100% is all there is; what they leave is the base's";
    for (split, said) in [
        ("5", "error at : 5 is not an object (write it in { })"),
        (r#"{"to":[{"rate":0.1}],"kay":"path"}"#, r#"error at /kay: unknown key "kay" (did you mean "key"?)"#),
        (r#"{"to":[{"rate":0.6},{"rate":0.5}]}"#, &format!("error at /to: the rates are 110% together ({to})")),
        (
            r#"{"to":[{}]}"#,
            r#"error at /to/0: a variant needs a rate (write "rate": "5%", or 0 to begin with nothing)"#,
        ),
        (
            r#"{"to":[{"rate":0.1,"name":"base"}]}"#,
            r#"error at /to/0/name: "base" is somebody else's name (give each variant a name of its own)"#,
        ),
        (
            r#"{"to":[{"rate":0.1,"name":"a b"}]}"#,
            r#"error at /to/0/name: "a b" is not a name (write up to 40 letters, digits, -, _ and .)"#,
        ),
        (
            r#"{"to":[{"rate":0.1,"extra_config":{"proxy":{"shadow":true}}}]}"#,
            r#"error at /to/0/extra_config/proxy/shadow: "shadow" in a variant, whose answers are for clients (remove it)"#,
        ),
        (r#"{"to":[{"rate":0.1,"hots":[]}]}"#, r#"error at /to/0/hots: unknown key "hots" (did you mean "host"?)"#),
        (
            r#"{"key":"jwt:sub","to":[{"rate":0.1}]}"#,
            "error at /key: /a/{id} has no auth/validator, so there are no claims (add auth/validator to the endpoint, \
             or choose by something else)",
        ),
        (
            r#"{"to":[{"rate":0.1}],"stop_on":{}}"#,
            "error at /stop_on: no rule (write error_delta, p99_ratio or both, or leave stop_on out)",
        ),
        (
            r#"{"to":[{"rate":0.1}],"stop_on":{"error_delta":0.1,"window":"25h"}}"#,
            r#"error at /stop_on/window: "25h" is no window (write a time from 1s to 24h)"#,
        ),
    ] {
        says(split, &[said]);
    }
    says(
        r#"{"to":[{},{}],"ramp":{"start":"2030-01-01T00:00:00Z","steps":[{"rate":1}]}}"#,
        &[
            "error at /ramp: a ramp is for one variant: which of several it is for nobody could say (leave one of them, \
           or the ramp out)",
        ],
    );
}

#[test]
fn a_split_where_none_can_be_is_an_error() {
    let file = |of_backend: &str| {
        let backends = format!(r#"[{{"host":["h"]}},{{"host":["s"],{of_backend}}}]"#);
        format!(r#"{{"version":3,"endpoints":[{{"endpoint":"/a","backend":{backends}}}]}}"#)
    };
    for (backend, said) in [
        (
            r#""extra_config":{"proxy":{"shadow":true,"@split":{"to":[{"rate":0.1}]}}}"#,
            "has no calls of clients to share",
        ),
        (r#""extra_config":{"@split":{}}"#, "a split does nothing here"),
        (r#""@split":{}"#, "a split does nothing here"),
        (r#""extra_config":{"proxy":{"@spilt":{}}}"#, r#"did you mean "@split"?"#),
    ] {
        let lines = lines(&file(backend));
        assert!(lines.iter().any(|line| line.contains(said)), "{backend}: {lines:?}");
    }
}
