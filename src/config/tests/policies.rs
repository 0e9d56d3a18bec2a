//! For every rule about policies a policy that breaks it, and exactly what is said about it.

use std::time::{Duration, SystemTime};

use super::lines;
use crate::config::{Environment, Source, load};

/// A service with a live backend and two shadows, the first with this policy, and with these `@shadow` of endpoint and
/// service.
pub(super) fn document(policy: &str, endpoint: &str, service: &str) -> String {
    let shadow = |policy: &str| {
        format!(r#"{{"host":["s"],"extra_config":{{"proxy":{{"shadow":true,"@shadow_policy":{policy}}}}}}}"#)
    };
    let backends = format!(r#"[{{"host":["h"]}},{},{}]"#, shadow(policy), shadow("null"));
    let endpoint =
        format!(r#"{{"endpoint":"/a/{{id}}","extra_config":{{"@shadow":{endpoint}}},"backend":{backends}}}"#);
    format!(r#"{{"version":3,"extra_config":{{"@shadow":{service}}},"endpoints":[{endpoint}]}}"#)
}

/// What is said about a document at noon of a day in 2027, without file, line and column.
fn said(text: &str) -> Vec<String> {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let source = Source::Text { name: "k.json".to_owned(), text: text.to_owned() };
    let found = load(&source, &Environment::default().at(noon)).diagnostics;
    let line = |found: &crate::config::Diagnostic| found.to_string().split_once(": ").map(|(_, line)| line.to_owned());
    found.iter().filter_map(line).collect()
}

/// Checks what is said word by word, without the place that all of it has in common.
#[track_caller]
pub(super) fn says(text: &str, place: &str, expected: &[&str]) {
    let said: Vec<_> = said(text).iter().map(|line| line.replace(place, "")).collect();
    assert_eq!(said, expected, "{text}");
}

#[track_caller]
pub(super) fn policy_says(policy: &str, expected: &[&str]) {
    let place = "/endpoints/0/backend/1/extra_config/proxy/@shadow_policy";
    says(&document(policy, "null", "null"), place, expected);
}

#[track_caller]
pub(super) fn endpoint_says(defaults: &str, expected: &[&str]) {
    says(&document("null", defaults, "null"), "/endpoints/0/extra_config/@shadow", expected);
}

#[track_caller]
pub(super) fn service_says(defaults: &str, expected: &[&str]) {
    says(&document("null", "null", defaults), "/extra_config/@shadow", expected);
}

#[test]
fn a_copy_that_would_be_sent_as_a_write_is_one() {
    let file = |policy: &str, method: &str| {
        let proxy = format!(r#"{{"shadow":true,"shadow_policy":{policy}}}"#);
        let shadow =
            format!(r#"{{"host":["s"],"method":"{method}","url_pattern":"/b","extra_config":{{"proxy":{proxy}}}}}"#);
        format!(r#"{{"version":3,"endpoints":[{{"endpoint":"/a","backend":[{{"host":["h"]}},{shadow}]}}]}}"#)
    };
    let place = "/endpoints/0/backend/1";
    let told = |at: &str| {
        format!(
            "error at {at}: writes are denied, and copies of GET /a would be sent as DELETE /b (give the shadow a \
             safe \"method\", or write \"unsafe_methods\": \"allow\" and an \"unsafe_reason\")"
        )
    };
    says(&file("{}", "DELETE"), place, &[&told("/method")]);
    says(&file(r#"{"limits":{"multiplier":3}}"#, "DELETE"), place, &[&told("/method")]);
    let denied = r#"{"match":{"unsafe_methods":"deny"}}"#;
    says(&file(denied, "DELETE"), place, &[&told("/extra_config/proxy/shadow_policy/match/unsafe_methods")]);
    says(&file(r#"{"match":{"unsafe_methods":"allow","unsafe_reason":"its own store"}}"#, "DELETE"), place, &[]);
    says(&file("{}", "HEAD"), place, &[]);
}

#[test]
fn what_may_be_a_secret_is_not_repeated() {
    let policy =
        r#"{"headers":{"set":{"X-A":"canary\n","X-B":"canary"}},"loop":{"trusted_marks":["canary",{"key":"canary"}]}}"#;
    let text = document(policy, "null", "null");
    let loaded = load(&Source::Text { name: "krakend.json".into(), text }, &Environment::default());
    assert_eq!(loaded.diagnostics.len(), 3, "{:?}", loaded.diagnostics);
    assert!(!format!("{:?}", loaded.diagnostics).contains("canary"));
    let text = document(
        &policy.replace("\\n", "").replace("\"canary\",{", "{").replace("canary\"}", "canary-canary-canary\"}"),
        "null",
        "null",
    );
    let loaded = load(&Source::Text { name: "krakend.json".into(), text }, &Environment::default());
    let policy = loaded.service.unwrap().endpoints[0].backends[1].shadow.clone().unwrap().policy.unwrap();
    assert!(!policy.rewrite.set.is_empty() && !format!("{policy:?}").contains("canary"), "{policy:?}");
}

/// A service with one POST endpoint, whose shadow has the live backend's host, and this policy.
fn posts(policy: &str) -> String {
    let shadow = format!(r#"{{"host":["h"],"extra_config":{{"proxy":{{"shadow":true,"shadow_policy":{policy}}}}}}}"#);
    format!(
        r#"{{"version":3,"endpoints":[{{"endpoint":"/a","method":"POST","backend":[{{"host":["h"]}},{shadow}]}}]}}"#
    )
}

#[track_caller]
fn posts_say(policy: &str, expected: &[&str]) {
    says(&posts(policy), "/endpoints/0/backend/1", expected);
}

#[test]
fn a_shadow_that_gets_nothing_is_warned_of() {
    let hint = r#"(write "unsafe_methods": "allow" and an "unsafe_reason" in "match" if they may be)"#;
    let denied = "nothing of POST /a is copied: writes are denied in policy mode";
    posts_say("{}", &[&format!("warning at : {denied} {hint}")]);
    posts_say(
        r#"{"match":{"unsafe_methods":"deny"}}"#,
        &[&format!("warning at /extra_config/proxy/shadow_policy/match/unsafe_methods: {denied} {hint}")],
    );
    policy_says(
        r#"{"match":{"methods":["head"]}}"#,
        &[
            "warning at /match/methods: nothing of GET /a/{id} is copied: its method does not match (change the methods, or remove the shadow)",
        ],
    );
    policy_says(
        r#"{"match":{"not_methods":["GET"]}}"#,
        &[
            "warning at /match/not_methods: nothing of GET /a/{id} is copied: its method does not match (change the methods, or remove the shadow)",
        ],
    );
}

#[test]
fn writes_to_a_host_of_a_live_backend_are_warned_of() {
    posts_say(
        r#"{"match":{"unsafe_methods":"allow","unsafe_reason":"a test"}}"#,
        &[
            "warning at /extra_config/proxy/shadow_policy/match/unsafe_methods: writes are allowed, and http://h is the host of a live backend too: it gets each twice (give the shadow a host and a store of its own)",
        ],
    );
}

/// A service with a live backend and one with this `extra_config`, and these members of the endpoint.
fn second(extra: &str, members: &str) -> String {
    format!(
        r#"{{"version":3,"endpoints":[{{"endpoint":"/a","backend":[{{"host":["h"]}},{{"host":["s"],"extra_config":{extra}}}]{members}}}]}}"#
    )
}

#[test]
fn a_policy_needs_a_shadow() {
    let hint = r#"(write "shadow": true beside it, or remove the policy)"#;
    for proxy in [r#"{"@shadow_policy":{}}"#, r#"{"shadow":false,"@shadow_policy":{}}"#] {
        says(
            &second(&format!(r#"{{"proxy":{proxy}}}"#), ""),
            "/endpoints/0/backend/1/extra_config/proxy",
            &[&format!("error at /@shadow_policy: a policy without \"shadow\": true: this backend is live {hint}")],
        );
    }
}

#[test]
fn a_shadow_has_one_policy() {
    says(
        &second(r#"{"proxy":{"shadow":true,"@shadow_policy":{},"shadow_policy":{}}}"#, ""),
        "/endpoints/0/backend/1/extra_config/proxy",
        &["error at /shadow_policy: two policies for one shadow (leave one of @shadow_policy and shadow_policy)"],
    );
}

#[test]
fn a_policy_in_any_other_place_is_an_error() {
    let said = "a policy does nothing here: without one every request is mirrored";
    let (backend, endpoint, service) = (
        r#"(write "extra_config": {"proxy": {"shadow": true, "@shadow_policy": ...}})"#,
        r#"(write "extra_config": {"@shadow": ...} for all shadows of the endpoint)"#,
        r#"(write "extra_config": {"@shadow": ...} for all shadows)"#,
    );
    for (text, place, hint) in [
        (
            second(r#"{"proxy":{"shadow":true},"@shadow_policy":{}}"#, ""),
            "/backend/1/extra_config/@shadow_policy",
            backend,
        ),
        (second(r#"{"proxy":{"shadow":true},"@shadow":{}}"#, ""), "/backend/1/extra_config/@shadow", backend),
        (second(r#"{"proxy":{"shadow":true,"@shadow":{}}}"#, ""), "/backend/1/extra_config/proxy/@shadow", backend),
        (second(r#"{},"shadow_policy":{}"#, ""), "/backend/1/shadow_policy", backend),
        (second("{}", r#","@shadow":{}"#), "/@shadow", endpoint),
        (second("{}", r#","extra_config":{"shadow_policy":{}}"#), "/extra_config/shadow_policy", endpoint),
        (second("{}", r#","extra_config":{"proxy":{"@shadow":{}}}"#), "/extra_config/proxy/@shadow", endpoint),
    ] {
        says(&text, "", &[&format!("error at /endpoints/0{place}: {said} {hint}")]);
    }
    let text = r#"{"version":3,"extra_config":{"@shadow_policy":{}}}"#;
    says(text, "", &[&format!("error at /extra_config/@shadow_policy: {said} {service}")]);
}

#[test]
fn a_slip_in_the_name_of_a_policy_is_an_error_of_the_file() {
    for (text, expected) in [
        (
            second(r#"{"proxy":{"shadow":true,"@shadow_polcy":{}}}"#, ""),
            r#"error at /endpoints/0/backend/1/extra_config/proxy/@shadow_polcy: "@shadow_polcy" is read as a comment (did you mean "@shadow_policy"?)"#,
        ),
        (
            second(r#"{"proxy":{"shadow":true,"shadow_polcy":{}}}"#, ""),
            r#"error at /endpoints/0/backend/1/extra_config/proxy/shadow_polcy: unknown key "shadow_polcy", ignored as KrakenD does (did you mean "shadow_policy"?)"#,
        ),
        (
            second("{}", r#","extra_config":{"@shadows":{}}"#),
            r#"error at /endpoints/0/extra_config/@shadows: "@shadows" is read as a comment (did you mean "@shadow"?)"#,
        ),
    ] {
        says(&text, "", &[expected]);
    }
}

#[test]
fn policies_nobody_uses_are_read_all_the_same() {
    let text = r#"{"version":3,"extra_config":{"@shadow":{"sample":{"rate":2}}},"endpoints":[{"endpoint":"/a","method":"HEAD","extra_config":{"@shadow":{"holdout":2}},"backend":[{"host":["h"]}]}]}"#;
    let hint = r#"(write a number from 0 to 1, or a text like "10%")"#;
    says(
        text,
        "",
        &[
            &format!("error at /extra_config/@shadow/sample/rate: 2 is not a share {hint}"),
            "warning at /endpoints/0/method: [ENDPOINT: /a] Unsupported method HEAD: not published (write one of GET, POST, PUT, PATCH, DELETE)",
            &format!("error at /endpoints/0/extra_config/@shadow/holdout: 2 is not a share {hint}"),
        ],
    );
}

#[test]
fn findings_in_policies_have_their_line_and_column() {
    assert_eq!(
        lines(&second("{\"proxy\":{\"shadow\":true,\n\"@shadow_policy\":{\n\"sample\":{\"rate\":-1}}}}", "")),
        [
            r#"k.json:3:11: error at /endpoints/0/backend/1/extra_config/proxy/@shadow_policy/sample/rate: -1 is not a share (write a number from 0 to 1, or a text like "10%")"#
        ]
    );
}

#[test]
fn unknown_keys_and_what_was_probably_meant() {
    policy_says(
        r#"{"smaple":{},"rate":1,"threads":1,"@note":1}"#,
        &[
            r#"error at /smaple: unknown key "smaple" (did you mean "sample"?)"#,
            r#"error at /rate: unknown key "rate" (it belongs to @shadow_policy.sample)"#,
            r#"error at /threads: unknown key "threads" (it belongs to @shadow)"#,
            r#"error at /@note: unknown key "@note""#,
        ],
    );
    policy_says(
        r#"{"sample":{"rat":1,"methods":[]},"match":{"method":["GET"]},"limits":{"maxrps":1},"body":{"max":1}}"#,
        &[
            r#"error at /sample/rat: unknown key "rat" (did you mean "rate"?)"#,
            r#"error at /sample/methods: unknown key "methods" (it belongs to @shadow_policy.match)"#,
            r#"error at /match/method: unknown key "method" (did you mean "methods"?)"#,
            r#"error at /limits/maxrps: unknown key "maxrps" (did you mean "max_rps"?)"#,
            r#"error at /body/max: unknown key "max""#,
        ],
    );
    policy_says(
        r#"{"headers":{"sets":{},"mark":{"name":"X-A"}},"network":{"shadow_timeout":"1s"},"breaker":{"min":1},"loop":{"hops":1}}"#,
        &[
            r#"error at /headers/sets: unknown key "sets" (did you mean "set"?)"#,
            r#"error at /headers/mark/name: unknown key "name" (it belongs to @shadow_policy.loop.trusted_marks)"#,
            r#"error at /network/shadow_timeout: unknown key "shadow_timeout" (it belongs to backend proxy)"#,
            r#"error at /breaker/min: unknown key "min""#,
            r#"error at /loop/hops: unknown key "hops""#,
        ],
    );
    policy_says(
        r#"{"ramp":{"start":"2030-01-01T00:00:00Z","step":[],"steps":[{"rate":1,"form":"1h"}]},"dispatch":{"delay":[]}}"#,
        &[
            r#"error at /ramp/step: unknown key "step" (did you mean "steps"?)"#,
            r#"error at /ramp/steps/0/form: unknown key "form" (did you mean "for"?)"#,
            r#"error at /dispatch/delayed: a delay needs a range of times (write two times up to an hour, the shorter first: {"delayed": ["50ms", "500ms"]})"#,
            r#"error at /dispatch/delay: unknown key "delay""#,
        ],
    );
    endpoint_says(r#"{"sampel":{}}"#, &[r#"error at /sampel: unknown key "sampel" (did you mean "sample"?)"#]);
    service_says(
        r#"{"sampel":{},"overload":{"lags":1}}"#,
        &[
            r#"error at /sampel: unknown key "sampel" (did you mean "sample"?)"#,
            r#"error at /overload/lags: unknown key "lags" (did you mean "lag"?)"#,
        ],
    );
}

#[test]
fn keys_of_later_versions() {
    policy_says(
        r#"{"baseline":{},"record":{}}"#,
        &[
            r#"error at /baseline: unknown key "baseline" (it belongs to @shadow_policy.compare)"#,
            r#"error at /record: "record" is not supported by this version: nothing is recorded (remove it)"#,
        ],
    );
    policy_says(
        r#"{"limits":{"constant_rps":1},"network":{"retry":"connect"}}"#,
        &[
            r#"error at /limits/constant_rps: "constant_rps" is not supported by this version: no steady rate is filled (remove it)"#,
            r#"error at /network/retry: "retry" is not supported by this version: nothing is sent twice (remove it)"#,
        ],
    );
    service_says(
        r#"{"record":{}}"#,
        &[r#"error at /record: "record" is not supported by this version: nothing is recorded (remove it)"#],
    );
}

#[test]
fn groups_that_are_no_groups() {
    policy_says("1", &["error at : 1 is not an object (write it in { })"]);
    endpoint_says("[]", &["error at : [] is not an object (write it in { })"]);
    policy_says(
        r#"{"sample":0.1,"match":"GET","limits":[],"body":"none","headers":true,"network":1,"loop":1,"breaker":"on","ramp":1,"dispatch":1,"body_patch":[]}"#,
        &[
            "error at /sample: 0.1 is not an object (write it in { })",
            r#"error at /match: "GET" is not an object (write it in { })"#,
            "error at /limits: [] is not an object (write it in { })",
            r#"error at /body: "none" is not an object (write it in { })"#,
            "error at /headers: true is not an object (write it in { })",
            "error at /network: 1 is not an object (write it in { })",
            "error at /loop: 1 is not an object (write it in { })",
            r#"error at /breaker: "on" is neither "off" nor an object (write "off", or leave it out for the default)"#,
            "error at /ramp: 1 is not an object (write it in { })",
            r#"error at /dispatch: 1 is not a way to send copies (write "concurrent", "after_primary" or {"delayed": ["50ms", "500ms"]})"#,
            "error at /body_patch: [] is not an object (write it in { })",
        ],
    );
}

#[test]
fn samples() {
    policy_says(
        r#"{"sample":{"rate":2,"key":1,"salt":1,"on_missing_key":"skp"}}"#,
        &[
            r#"error at /sample/rate: 2 is not a share (write a number from 0 to 1, or a text like "10%")"#,
            "error at /sample/key: 1 is not a text (write random, header:NAME, cookie:NAME, jwt:CLAIM, query:NAME, param:NAME, path, ip or trace_id)",
            "error at /sample/salt: 1 is not a text (write it in quotes)",
            r#"error at /sample/on_missing_key: "skp" is not one of skip, random (did you mean "skip"?)"#,
        ],
    );
    policy_says(
        r#"{"sample":{"rate":"10","key":"head:x"}}"#,
        &[
            r#"error at /sample/rate: "10" is not a share (write a number from 0 to 1, or a text like "10%")"#,
            r#"error at /sample/key: "head:x" is nothing to sample by (write random, header:NAME, cookie:NAME, jwt:CLAIM, query:NAME, param:NAME, path, ip or trace_id)"#,
        ],
    );
    policy_says(
        r#"{"sample":{"rate":"110%","key":"header:a b"}}"#,
        &[
            r#"error at /sample/rate: "110%" is not a share (write a number from 0 to 1, or a text like "10%")"#,
            r#"error at /sample/key: "header:a b" is nothing to sample by (write random, header:NAME, cookie:NAME, jwt:CLAIM, query:NAME, param:NAME, path, ip or trace_id)"#,
        ],
    );
    policy_says(
        r#"{"sample":{"key":"cookie:"}}"#,
        &[
            r#"error at /sample/key: "cookie:" is nothing to sample by (write random, header:NAME, cookie:NAME, jwt:CLAIM, query:NAME, param:NAME, path, ip or trace_id)"#,
        ],
    );
    policy_says(
        r#"{"sample":{"key":"param:user"}}"#,
        &[r#"error at /sample/key: "user" is no parameter of /a/{id} (its parameters are id)"#],
    );
    policy_says(
        r#"{"sample":{"key":"jwt:sub"}}"#,
        &[
            "error at /sample/key: /a/{id} has no auth/validator, so there are no claims (add auth/validator to the endpoint, or choose by something else)",
        ],
    );
}

#[test]
fn conditions() {
    policy_says(
        r#"{"match":{"methods":"GET","not_methods":["GETT",1]}}"#,
        &[
            r#"error at /match/methods: "GET" is not a list (write it in [ ])"#,
            r#"error at /match/not_methods/0: "GETT" is not a method (write some of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT)"#,
            "error at /match/not_methods/1: 1 is not a method (write some of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE, CONNECT)",
        ],
    );
    policy_says(
        r#"{"match":{"methods":[],"path":[],"not_path":"a*","content_type":"text/html; charset=x"}}"#,
        &[
            "error at /match/methods: a condition without a value (leave the key out to have no condition)",
            "warning at /match/methods: nothing of GET /a/{id} is copied: its method does not match (change the methods, or remove the shadow)",
            "error at /match/path: a condition without a value (leave the key out to have no condition)",
            r#"error at /match/not_path: every path begins with a slash (write "/a", "/a*" or "~expression")"#,
            "error at /match/content_type: media types are compared without their parameters (leave out what follows the ;)",
        ],
    );
    policy_says(
        r#"{"match":{"path":"~(","headers":{"a b":"x","c":[1],"d":null,"e":true},"query":[],"not_query":{"":"x"}}}"#,
        &[
            r#"error at /match/path: "(" is no regular expression: unclosed group (see docs.rs/regex)"#,
            r#"error at /match/headers/a b: "a b" is not the name of a header (write a name like X-Env)"#,
            "error at /match/headers/c/0: 1 is not a text (write it in quotes)",
            r#"error at /match/headers/d: null is not a pattern (write "*" for anything, or leave the name out)"#,
            r#"error at /match/headers/e: true is not a text or a list of texts (write "text", "text*", "~expression" or "*")"#,
            "error at /match/query: [] is not an object (write it in { })",
            "error at /match/not_query/: a condition without a name (write the name before its patterns)",
        ],
    );
    policy_says(
        r#"{"match":{"max_content_length":"1 meg","unsafe_methods":true,"unsafe_reason":1,"idempotency_key":"none"}}"#,
        &[
            r#"error at /match/max_content_length: "1 meg" is not an amount of bytes (write a number of bytes, or one with B, kB, MB, GB, KiB, MiB or GiB)"#,
            "error at /match/unsafe_methods: true is not one of deny, allow (leave it out for the default)",
            "error at /match/unsafe_reason: 1 is not a text (write it in quotes)",
            r#"error at /match/idempotency_key: "none" is not one of suffix, strip, keep (leave it out for the default)"#,
        ],
    );
    policy_says(
        r#"{"match":{"claims":{"sub":"x"},"not_claims":{"iss":"y"}}}"#,
        &[
            "error at /match/claims: /a/{id} has no auth/validator, so there are no claims (add auth/validator to the endpoint, or choose by something else)",
            "error at /match/not_claims: /a/{id} has no auth/validator, so there are no claims (add auth/validator to the endpoint, or choose by something else)",
        ],
    );
}

#[test]
fn writes() {
    policy_says(
        r#"{"match":{"unsafe_methods":"allow"}}"#,
        &[
            r#"error at /match/unsafe_methods: writes are allowed for no reason (say in "unsafe_reason" why the shadow may take them)"#,
        ],
    );
    policy_says(
        r#"{"match":{"unsafe_methods":"allow","unsafe_reason":" "}}"#,
        &[
            r#"error at /match/unsafe_methods: writes are allowed for no reason (say in "unsafe_reason" why the shadow may take them)"#,
        ],
    );
    policy_says(
        r#"{"match":{"unsafe_methods":"allow","unsafe_reason":"own store"},"limits":{"multiplier":2}}"#,
        &[
            r#"error at /limits/multiplier: writes are allowed, and would be made several times (leave "multiplier" or "unsafe_methods" out)"#,
        ],
    );
}

#[test]
fn what_is_streamed_is_never_whole_and_never_waits() {
    policy_says(r#"{"body":{"mode":"stream","stream_window":"64KiB"}}"#, &[]);
    policy_says(
        r#"{"body":{"mode":"stream","stream_window":0},"dispatch":"after_primary","body_patch":{"a":1}}"#,
        &[
            r#"error at /body/stream_window: a window of 0 bytes lets nothing through (write "256KiB", or leave it out)"#,
            r#"error at /dispatch: a streamed copy is sent while its body arrives, and this waits (leave it out, or write "mode": "buffer")"#,
            r#"error at /body_patch: a patch needs the whole body, and a streamed copy never has it (leave it out, or write "mode": "buffer")"#,
        ],
    );
    policy_says(
        r#"{"body":{"mode":"stream"},"when_primary_status":["2xx"]}"#,
        &[
            r#"error at /when_primary_status: a streamed copy is sent while its body arrives, and this waits (leave it out, or write "mode": "buffer")"#,
        ],
    );
    policy_says(
        r#"{"body":{"stream_window":9}}"#,
        &[
            r#"warning at /body/stream_window: bodies are not streamed, so there is no window (write "mode": "stream" beside it, or leave it out)"#,
        ],
    );
}

#[test]
fn limits() {
    policy_says(
        r#"{"limits":{"max_concurrent":0,"queue":-1,"max_rps":0,"max_bytes_per_s":0,"multiplier":101}}"#,
        &[
            "error at /limits/max_concurrent: 0 is not a whole number from 1 to 100000 (leave it out for the default)",
            "error at /limits/queue: -1 is not a whole number from 0 to 100000 (leave it out for the default)",
            r#"error at /limits/max_rps: 0 is not a number above 0, up to 1000000 (write "off" for no limit, "rate": 0 for nothing)"#,
            r#"error at /limits/max_bytes_per_s: 0 bytes a second are nothing (write "off" for no limit, "rate": 0 for nothing)"#,
            "error at /limits/multiplier: 101 is not a whole number from 1 to 100 (leave it out for the default)",
        ],
    );
    policy_says(
        r#"{"limits":{"max_rps":"fast","max_bytes_per_s":"8 megs","queue":1.5}}"#,
        &[
            r#"error at /limits/max_rps: "fast" is not a number above 0, up to 1000000 (write "off" for no limit, "rate": 0 for nothing)"#,
            r#"error at /limits/max_bytes_per_s: "8 megs" is not an amount of bytes (write a number of bytes, or one with B, kB, MB, GB, KiB, MiB or GiB)"#,
            "error at /limits/queue: 1.5 is not a whole number from 0 to 100000 (leave it out for the default)",
        ],
    );
    policy_says(
        r#"{"body":{"mode":"all","max_request":-1,"max_response":"x"}}"#,
        &[
            r#"error at /body/mode: "all" is not one of buffer, stream, none (leave it out for the default)"#,
            "error at /body/max_request: -1 is not an amount of bytes (write a number of bytes, or one with B, kB, MB, GB, KiB, MiB or GiB)",
            r#"error at /body/max_response: "x" is not an amount of bytes (write a number of bytes, or one with B, kB, MB, GB, KiB, MiB or GiB)"#,
        ],
    );
    policy_says(
        r#"{"body":{"max_request":"65MiB"}}"#,
        &[
            "warning at /body/max_request: max_request is larger than max_buffered_bytes or memory_budget: such bodies never find room",
        ],
    );
    policy_says(
        r#"{"body":{"mode":"none"},"body_patch":{"a":1}}"#,
        &["warning at /body_patch: copies have no body, so there is nothing to patch"],
    );
}

#[test]
fn the_time_of_dispatch() {
    policy_says(
        r#"{"dispatch":"later"}"#,
        &[
            r#"error at /dispatch: "later" is not a way to send copies (write "concurrent", "after_primary" or {"delayed": ["50ms", "500ms"]})"#,
        ],
    );
    policy_says(
        r#"{"dispatch":{"delayed":["2s","1s"]}}"#,
        &[
            r#"error at /dispatch/delayed: ["2s","1s"] is not a range of times (write two times up to an hour, the shorter first: {"delayed": ["50ms", "500ms"]})"#,
        ],
    );
    policy_says(
        r#"{"dispatch":{"delayed":["1s","2h"]}}"#,
        &[
            r#"error at /dispatch/delayed: ["1s","2h"] is not a range of times (write two times up to an hour, the shorter first: {"delayed": ["50ms", "500ms"]})"#,
        ],
    );
    policy_says(
        r#"{"dispatch":{"delayed":["1s","x"]}}"#,
        &[r#"error at /dispatch/delayed/1: "x" is not a duration (write a number with its unit, like "150ms")"#],
    );
    policy_says(
        r#"{"dispatch":{}}"#,
        &[
            r#"error at /dispatch/delayed: a delay needs a range of times (write two times up to an hour, the shorter first: {"delayed": ["50ms", "500ms"]})"#,
        ],
    );
    policy_says(
        r#"{"when_primary_status":"2xx"}"#,
        &[r#"error at /when_primary_status: "2xx" is not a list of statuses (write ["2xx", "404"], or "any")"#],
    );
    policy_says(
        r#"{"when_primary_status":[]}"#,
        &[r#"error at /when_primary_status: [] is not a list of statuses (write ["2xx", "404"], or "any")"#],
    );
    policy_says(
        r#"{"when_primary_status":["6xx","20",99,"600","abc"]}"#,
        &[
            r#"error at /when_primary_status/0: "6xx" is not a status (write ["2xx", "404"], or "any")"#,
            r#"error at /when_primary_status/1: "20" is not a status (write ["2xx", "404"], or "any")"#,
            r#"error at /when_primary_status/2: 99 is not a status (write ["2xx", "404"], or "any")"#,
            r#"error at /when_primary_status/3: "600" is not a status (write ["2xx", "404"], or "any")"#,
            r#"error at /when_primary_status/4: "abc" is not a status (write ["2xx", "404"], or "any")"#,
        ],
    );
    policy_says(
        r#"{"dispatch":"concurrent","when_primary_status":["2xx"]}"#,
        &[
            r#"error at /dispatch: when_primary_status needs the live answer, and this does not wait for it (leave it out, or write "after_primary")"#,
        ],
    );
    policy_says(
        r#"{"dispatch":{"delayed":["1s","2s"]},"when_primary_status":["2xx"]}"#,
        &[
            r#"error at /dispatch: when_primary_status needs the live answer, and this does not wait for it (leave it out, or write "after_primary")"#,
        ],
    );
}

#[test]
fn headers() {
    policy_says(
        r#"{"headers":{"credentials":"forwrd","credential_headers":["a b"],"credential_query":["",1],"set":{"a b":"x","X-A":"a\nb","X-B":1,"Host":"h","Content-Length":"1"}}}"#,
        &[
            r#"error at /headers/credentials: "forwrd" is not one of strip, forward, replace (did you mean "forward"?)"#,
            r#"error at /headers/credential_headers/0: "a b" is not the name of a header (write a name like X-Env)"#,
            r#"error at /headers/credential_query/0: "" is not the name of a parameter (write a name like "session")"#,
            r#"error at /headers/credential_query/1: 1 is not the name of a parameter (write a name like "session")"#,
            r#"error at /headers/set/a b: "a b" is not the name of a header (write a name like X-Env)"#,
            r#"error at /headers/set/X-A: this can't stand in a header (write a text without line breaks and control characters)"#,
            "error at /headers/set/X-B: this can't stand in a header (write a text without line breaks and control characters)",
            r#"error at /headers/set/Host: host is written by the gateway itself (write "host" in "headers")"#,
            "error at /headers/set/Content-Length: content-length is written by the gateway itself (leave it out)",
        ],
    );
    policy_says(
        r#"{"headers":{"remove":["Connection",1],"allow":"X-A","host":"http://h","trace":"on"}}"#,
        &[
            "error at /headers/remove/0: connection is written by the gateway itself (leave it out)",
            "error at /headers/remove/1: 1 is not the name of a header (write a name like X-Env)",
            r#"error at /headers/allow: "X-A" is not a list (write it in [ ])"#,
            r#"error at /headers/host: "http://h" is not a host (write a name, with or without a port, like "users.test:8080")"#,
            r#"error at /headers/trace: "on" is not one of link, inherit, off (did you mean "off"?)"#,
        ],
    );
    policy_says(
        r#"{"headers":{"mark":"yes"}}"#,
        &[
            r#"error at /headers/mark: "yes" is not true, false or an object (write true, false, or {"request": "X-Shadow-Copy"})"#,
        ],
    );
    policy_says(
        r#"{"headers":{"mark":{"request":"X-Shadow-Id","id":1}}}"#,
        &[
            "error at /headers/mark: two marks have the same name (give each a name of its own)",
            "error at /headers/mark/id: 1 is not the name of a header (write a name like X-Env)",
        ],
    );
    policy_says(
        r#"{"headers":{"mark":{"request":"Authorization","id":"X-Request-Id","sent_at":"X-Shadow-HOPS"}}}"#,
        &[
            "error at /headers/mark/request: authorization is not the name of a mark (write a name that begins with X-Shadow- and is not X-Shadow-Hops)",
            "error at /headers/mark/id: x-request-id is not the name of a mark (write a name that begins with X-Shadow- and is not X-Shadow-Hops)",
            "error at /headers/mark/sent_at: x-shadow-hops is not the name of a mark (write a name that begins with X-Shadow- and is not X-Shadow-Hops)",
        ],
    );
    policy_says(
        r#"{"headers":{"credentials":"replace"}}"#,
        &[
            r#"error at /headers/credentials: nothing gives the shadow GET / credentials of its own (add auth/client-credentials to its backend, or write "strip")"#,
        ],
    );
}

#[test]
fn times_and_the_breaker() {
    policy_says(
        r#"{"network":{"connect_timeout":"0s","idle_timeout":5}}"#,
        &[
            r#"error at /network/connect_timeout: "0s" is no time at all (leave it out for the default)"#,
            r#"error at /network/idle_timeout: 5 is not a duration (write "5ms")"#,
        ],
    );
    policy_says(
        r#"{"breaker":{"consecutive":0,"ratio":0,"minimum":0,"window":"x","open":"0","max_open":1}}"#,
        &[
            "error at /breaker/consecutive: 0 is not a whole number from 1 to 1000000 (leave it out for the default)",
            r#"error at /breaker/ratio: a share of 0 would open it at once (write a share above 0, or "breaker": "off")"#,
            "error at /breaker/minimum: 0 is not a whole number from 1 to 1000000 (leave it out for the default)",
            r#"error at /breaker/window: "x" is not a duration (write a number with its unit, like "150ms")"#,
            r#"error at /breaker/open: "0" is no time at all (leave it out for the default)"#,
            r#"error at /breaker/max_open: 1 is not a duration (write "1ms")"#,
        ],
    );
    policy_says(
        r#"{"breaker":{"open":"2m"}}"#,
        &[
            r#"error at /breaker/open: open (120s) is longer than max_open (60s) (write a longer "max_open" or a shorter "open")"#,
        ],
    );
    policy_says(
        r#"{"breaker":{"max_open":"1s"}}"#,
        &[
            r#"error at /breaker/max_open: open (5s) is longer than max_open (1s) (write a longer "max_open" or a shorter "open")"#,
        ],
    );
}

#[test]
fn schedules() {
    policy_says(
        r#"{"until":"tomorrow","ttl":"1d","dry_run":"yes","holdout":2}"#,
        &[
            r#"error at /until: "tomorrow" is not a point in time (write one like "2026-12-01T08:00:00Z")"#,
            r#"error at /ttl: "1d" is not a duration (write a number with its unit, like "150ms")"#,
            r#"error at /dry_run: "yes" is not true or false (write it without quotes)"#,
            r#"error at /holdout: 2 is not a share (write a number from 0 to 1, or a text like "10%")"#,
        ],
    );
    policy_says(
        r#"{"until":"2026-12-01"}"#,
        &[r#"error at /until: "2026-12-01" is not a point in time (write one like "2026-12-01T08:00:00Z")"#],
    );
    policy_says(
        r#"{"until":"2020-01-01T00:00:00Z"}"#,
        &["warning at /until: this time has passed: nothing is copied (write a later time, or remove the shadow)"],
    );
    policy_says(
        r#"{"ramp":{}}"#,
        &[
            r#"error at /ramp: a ramp needs a start (write "start": "2026-12-01T08:00:00Z")"#,
            r#"error at /ramp: a ramp needs from 1 to 1000 steps (write "steps": [{"rate": "1%", "for": "1h"}, {"rate": 1}])"#,
        ],
    );
    policy_says(
        r#"{"ramp":{"start":"now","steps":[1]}}"#,
        &[
            r#"error at /ramp/start: "now" is not a point in time (write one like "2026-12-01T08:00:00Z")"#,
            r#"error at /ramp/steps/0: 1 is not an object (write {"rate": "1%", "for": "1h"})"#,
        ],
    );
    policy_says(
        r#"{"ramp":{"start":"2030-01-01T00:00:00Z","steps":[{"rate":0.1},{"rate":2,"for":"1h"}]}}"#,
        &[
            r#"error at /ramp/steps/0: every step but the last needs to end (write "for": "1h")"#,
            r#"error at /ramp/steps/1/rate: 2 is not a share (write a number from 0 to 1, or a text like "10%")"#,
            r#"error at /ramp/steps/1/for: the last step stays (leave "for" out, and write "until" to end it)"#,
        ],
    );
    policy_says(
        r#"{"ramp":{"start":"2030-01-01T00:00:00Z","steps":[{"for":"1h"},{"rate":1}]}}"#,
        &[r#"error at /ramp/steps/0: a step needs a rate (write "rate": "1%")"#],
    );
}

#[test]
fn loops() {
    policy_says(
        r#"{"loop":{"max_hops":0,"trusted_marks":"10.0.0.1"}}"#,
        &[
            "error at /loop/max_hops: 0 is not a whole number from 1 to 10 (leave it out for the default)",
            r#"error at /loop/trusted_marks: "10.0.0.1" is not a list (write it in [ ])"#,
        ],
    );
    policy_says(
        r#"{"loop":{"trusted_marks":["10.0.0.1","10.0.0.0/8","::1","host",1,{"key":""},{"key":"short"},{"name":1,"key":"0123456789abcdef"}]}}"#,
        &[
            r#"error at /loop/trusted_marks/3: this is no address, network or key (write an address, a network like "10.0.0.0/8", or {"key": "a secret of 16 characters or more"})"#,
            r#"error at /loop/trusted_marks/4: this is no address, network or key (write an address, a network like "10.0.0.0/8", or {"key": "a secret of 16 characters or more"})"#,
            r#"error at /loop/trusted_marks/5: no key is given here (write an address, a network like "10.0.0.0/8", or {"key": "a secret of 16 characters or more"})"#,
            r#"error at /loop/trusted_marks/6/key: a key this short can be guessed (write an address, a network like "10.0.0.0/8", or {"key": "a secret of 16 characters or more"})"#,
            "error at /loop/trusted_marks/7/name: 1 is not a text (write it in quotes)",
        ],
    );
}

#[test]
fn keys_of_the_service() {
    service_says(
        r#"{"kill_file":"","overload":"on"}"#,
        &[
            r#"error at /kill_file: "" is not the name of a file (leave it out to have none)"#,
            r#"error at /overload: "on" is neither "off" nor an object (write {"lag": "50ms"} or "off")"#,
        ],
    );
    service_says(
        r#"{"kill_file":1,"overload":{"lag":"0s"}}"#,
        &[
            "error at /kill_file: 1 is not a text (write it in quotes)",
            r#"error at /overload/lag: "0s" is no time at all (leave it out for the default)"#,
        ],
    );
    service_says(r#"{"overload":{"lag":5}}"#, &[r#"error at /overload/lag: 5 is not a duration (write "5ms")"#]);
}

#[test]
fn an_error_of_defaults_is_told_once() {
    service_says(
        r#"{"sample":{"rate":2},"match":{"unsafe_methods":"allow"},"max_concurrent":0}"#,
        &[
            r#"error at /sample/rate: 2 is not a share (write a number from 0 to 1, or a text like "10%")"#,
            r#"error at /match/unsafe_methods: writes are allowed for no reason (say in "unsafe_reason" why the shadow may take them)"#,
            "error at /max_concurrent: 0 is not a whole number from 1 to 100000 (leave it out for the default)",
        ],
    );
}

#[test]
fn sequences() {
    let said = |shadows: usize, policy: &str| {
        let shadow =
            format!(r#"{{"host":["s"],"extra_config":{{"proxy":{{"shadow":true,"@shadow_policy":{policy}}}}}}}"#);
        let backends = vec![shadow; shadows].join(",");
        let extra = r#""extra_config":{"proxy":{"sequential":true}}"#;
        let endpoint = format!(r#"{{"endpoint":"/a/{{id}}",{extra},"backend":[{{"host":["h"]}},{backends}]}}"#);
        said(&format!(r#"{{"version":3,"endpoints":[{endpoint}]}}"#))
    };
    let refused = |key: &str, why: &str| {
        let place = |backend| format!("/endpoints/0/backend/{backend}/extra_config/proxy/@shadow_policy");
        let hint = "(leave it out, or keep one shadow in this endpoint)";
        let line = |backend| {
            format!("error at {}/{key}: the shadows of /a/{{id}} are a sequence, {why} {hint}", place(backend))
        };
        [1, 2].map(line)
    };
    let cases = [
        (r#"{"dispatch":"after_primary"}"#, "dispatch", "so each is sent when the one before it has answered"),
        (r#"{"dispatch":{"delayed":["1s","2s"]}}"#, "dispatch", "so each is sent when the one before it has answered"),
        (r#"{"when_primary_status":["2xx"]}"#, "when_primary_status", "which does not wait for the live answer"),
        (r#"{"limits":{"multiplier":2}}"#, "limits/multiplier", "in which each has one place"),
    ];
    for (policy, key, why) in cases {
        assert_eq!(said(2, policy), refused(key, why), "{policy}");
        assert_eq!(said(1, policy), [""; 0], "{policy}");
    }
    assert_eq!(said(2, r#"{"dispatch":"concurrent","limits":{"multiplier":1}}"#), [""; 0]);
}
