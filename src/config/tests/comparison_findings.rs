//! For every rule about `compare`, `store` and `stop_on` a policy that breaks it, and exactly what is said about it.

use super::policies::{document, endpoint_says, policy_says, says, service_says};
use crate::config::{Environment, Source, load};

const STATUS: &str = r#"(write "exact", "class", or an object like {"200": ["200", "204"]})"#;
const PATH: &str = r#"(write a path like "$.user.name", "$.items[*].price" or "$.users{*}.age")"#;
const SHARE: &str = r#"(write a number from 0 to 1, or a text like "10%")"#;

/// A service with live backends of these members, one shadow of these members and this policy, and these members of the
/// endpoint.
fn file(live: &[&str], shadow: &str, policy: &str, endpoint: &str) -> String {
    let live: Vec<_> = live.iter().map(|members| format!(r#"{{"host":["h"]{members}}}"#)).collect();
    let proxy = format!(r#"{{"shadow":true,"shadow_policy":{policy}}}"#);
    let shadow = format!(r#"{{"host":["s"],"extra_config":{{"proxy":{proxy}}}{shadow}}}"#);
    let backends = [live, vec![shadow]].concat().join(",");
    format!(r#"{{"version":3,"endpoints":[{{"endpoint":"/a","backend":[{backends}]{endpoint}}}]}}"#)
}

#[track_caller]
fn file_says(live: &[&str], shadow: &str, policy: &str, endpoint: &str, expected: &[&str]) {
    let place = format!("/endpoints/0/backend/{}/extra_config/proxy/shadow_policy", live.len());
    says(&file(live, shadow, policy, endpoint), &place, expected);
}

#[test]
fn unknown_keys_and_what_was_probably_meant() {
    policy_says(
        r#"{"compare":{"smaple":1,"baseline":{"mod":"off"},"text":{"similar":1},"arrays":{"$.a":{"key":"i","id":1}},"numbers":{"$.n":{"abs":1,"relative":1}},"times":{"$.t":{"within":"1s","withn":1}}}}"#,
        &[
            r#"error at /compare/smaple: unknown key "smaple" (did you mean "sample"?)"#,
            r#"error at /compare/baseline/mod: unknown key "mod" (did you mean "mode"?)"#,
            r#"error at /compare/text/similar: unknown key "similar""#,
            r#"error at /compare/arrays/$.a/id: unknown key "id" (it belongs to @shadow_policy.headers.mark)"#,
            r#"error at /compare/numbers/$.n/relative: unknown key "relative""#,
            r#"error at /compare/times/$.t/withn: unknown key "withn" (did you mean "within"?)"#,
        ],
    );
    endpoint_says(
        r#"{"store":{"value":"raw"},"stop_on":{"mismatchrate":1}}"#,
        &[
            r#"warning at /store: nothing is compared, so nothing is kept (write "compare": {} in the policy)"#,
            r#"error at /store/value: unknown key "value" (did you mean "values"?)"#,
            r#"warning at /stop_on: without a rule nothing stops this shadow (write "mismatch_rate", "error_delta", "p99_ratio" or "overhead_p99")"#,
            r#"error at /stop_on/mismatchrate: unknown key "mismatchrate" (did you mean "mismatch_rate"?)"#,
        ],
    );
}

#[test]
fn groups_that_are_no_groups() {
    let switch = r#"is neither "off" nor an object (write "off", or leave it out for the default)"#;
    policy_says(
        r#"{"compare":true,"stop_on":1,"store":"off"}"#,
        &[
            &format!("error at /compare: true {switch}"),
            &format!("error at /stop_on: 1 {switch}"),
            r#"error at /store: "off" is not an object (write it in { })"#,
        ],
    );
    policy_says(
        r#"{"compare":{"baseline":"on","text":1,"arrays":[],"ignore":"$.a"}}"#,
        &[
            &format!("error at /compare/baseline: \"on\" {switch}"),
            "error at /compare/text: 1 is not an object (write it in { })",
            "error at /compare/arrays: [] is not an object (write it in { })",
            r#"error at /compare/ignore: "$.a" is not a list (write it in [ ])"#,
        ],
    );
}

#[test]
fn words_and_numbers_of_a_comparison() {
    policy_says(
        r#"{"compare":{"sample":2,"stage":"row","body":"josn","null_is_missing":1,"max_body":0,"max_values":0,"text":{"whitespace":"none","similarity":0}}}"#,
        &[
            &format!("error at /compare/sample: 2 is not a share {SHARE}"),
            r#"error at /compare/stage: "row" is not one of raw, processed (did you mean "raw"?)"#,
            r#"error at /compare/body: "josn" is not one of auto, json, text, bytes, hash, none (did you mean "json"?)"#,
            "error at /compare/null_is_missing: 1 is not true or false (write it without quotes)",
            r#"error at /compare/max_body: no body is that small (write "body": "none" to compare no bodies)"#,
            "error at /compare/max_values: 0 is not a whole number from 1 to 1000000 (leave it out for the default)",
            r#"error at /compare/text/whitespace: "none" is not one of keep, normalize (leave it out for the default)"#,
            r#"error at /compare/text/similarity: any two texts share nothing (write a share above 0, or "body": "none")"#,
        ],
    );
    policy_says(
        r#"{"compare":{"baseline":{"mode":"dual","sample":-1,"learn_for":"0s","learn_pairs":0}}}"#,
        &[
            r#"error at /compare/baseline/mode: "dual" is not one of off, dual_primary, learned, diffy (leave it out for the default)"#,
            &format!("error at /compare/baseline/sample: -1 is not a share {SHARE}"),
            r#"error at /compare/baseline/learn_for: "0s" is no time at all (leave it out for the default)"#,
            "error at /compare/baseline/learn_pairs: 0 is not a whole number from 1 to 1000000000 (leave it out for the default)",
        ],
    );
}

#[test]
fn statuses_and_headers_of_a_comparison() {
    policy_says(
        r#"{"compare":{"status":"exactly"}}"#,
        &[&format!(r#"error at /compare/status: "exactly" is not a way to compare statuses {STATUS}"#)],
    );
    policy_says(
        r#"{"compare":{"status":{"2xx":["200"],"200":[],"201":["99",201,"201"],"204":null,"205":"200"}}}"#,
        &[
            &format!(r#"error at /compare/status/2xx: "2xx" is not a status {STATUS}"#),
            &format!("error at /compare/status/200: [] is not a list of statuses {STATUS}"),
            &format!(r#"error at /compare/status/201/0: "99" is not a status {STATUS}"#),
            "error at /compare/status/201/2: 201 stands here twice (remove it)",
            &format!("error at /compare/status/204: null is not a list of statuses {STATUS}"),
            &format!(r#"error at /compare/status/205: "200" is not a list of statuses {STATUS}"#),
        ],
    );
    policy_says(
        r#"{"compare":{"headers":"some","ignore_headers":["a b"]}}"#,
        &[
            r#"error at /compare/headers: "some" is not a list of headers or "all" (write a list of names, or "all")"#,
            r#"error at /compare/ignore_headers/0: "a b" is not the name of a header (write a name like X-Env)"#,
        ],
    );
    policy_says(r#"{"compare":{"headers":"all"}}"#, &[]);
}

#[test]
fn paths() {
    policy_says(
        r#"{"compare":{"ignore":["a",1,"$..b","$.c","$.c"],"only":["$.x.*","$.x{*}"],"strings":{"$.d{*}":"ci","$.d.*":"ci"}}}"#,
        &[
            &format!(r#"error at /compare/ignore/0: "a" does not begin with $ {PATH}"#),
            &format!("error at /compare/ignore/1: 1 is not a path {PATH}"),
            &format!(
                r#"error at /compare/ignore/2: "$..b" is not understood at "..b": write .name, ['a name'], {{*}}, [3] or [*] {PATH}"#
            ),
            "error at /compare/ignore/4: $.c stands here twice (keep one of them)",
            "error at /compare/only/1: $.x{*} stands here twice (keep one of them)",
            "error at /compare/strings/$.d{*}: $.d{*} stands here twice (keep one of them)",
        ],
    );
    let many: Vec<_> = (0..1001).map(|at| format!("\"$.a{at}\"")).collect();
    let compare = format!(r#"{{"compare":{{"ignore":[{}]}}}}"#, many.join(","));
    policy_says(
        &compare,
        &[
            "error at /compare/ignore: 1001 paths are too many (write at most 1000, with {*} and [*] for many places at once)",
        ],
    );
}

#[test]
fn rules_by_path() {
    policy_says(
        r#"{"compare":{"arrays":{"$.a":"sorted","$.b":{},"$.c":{"key":""},"$.d":null},"numbers":{"$.a":{},"$.b":1,"$.c":{"abs":-1},"$.d":{"rel":2}},"times":{"$.a":"5s","$.b":{"within":5}}}}"#,
        &[
            r#"error at /compare/arrays/$.a: "sorted" is not a way to compare lists (write "ordered", "set" or {"key": "id"})"#,
            r#"error at /compare/arrays/$.b: {} is not a way to compare lists (write "ordered", "set" or {"key": "id"})"#,
            r#"error at /compare/arrays/$.c: {"key":""} is not a way to compare lists (write "ordered", "set" or {"key": "id"})"#,
            r#"error at /compare/arrays/$.d: null is not a way to compare lists (write "ordered", "set" or {"key": "id"})"#,
            r#"error at /compare/numbers/$.a: {} is not a tolerance (write {"abs": 0.01}, {"rel": 0.001} or both)"#,
            r#"error at /compare/numbers/$.b: 1 is not a tolerance (write {"abs": 0.01}, {"rel": 0.001} or both)"#,
            r#"error at /compare/numbers/$.c/abs: -1 is not a number from 0 (write {"abs": 0.01}, {"rel": 0.001} or both)"#,
            &format!("error at /compare/numbers/$.d/rel: 2 is not a share {SHARE}"),
            r#"error at /compare/times/$.a: "5s" is not a distance in time (write {"within": "5s"})"#,
            r#"error at /compare/times/$.b/within: 5 is not a duration (write "5ms")"#,
        ],
    );
    policy_says(
        r#"{"compare":{"shapes":{"$.a":"guid","$.b":1,"$.c":"regex:(","$.d":"regex:a)(b"},"strings":{"$.a":"lower","$.b":[],"$.c":["ci",1]}}}"#,
        &[
            r#"error at /compare/shapes/$.a: "guid" is not a shape (write uuid, iso8601, epoch, hex, jwt, or a text like "regex:[a-z]{8}")"#,
            r#"error at /compare/shapes/$.b: 1 is not a shape (write uuid, iso8601, epoch, hex, jwt, or a text like "regex:[a-z]{8}")"#,
            r#"error at /compare/shapes/$.c: "(" is no regular expression: unclosed group (see docs.rs/regex)"#,
            r#"error at /compare/shapes/$.d: "a)(b" is no regular expression: unopened group (see docs.rs/regex)"#,
            r#"error at /compare/strings/$.a: "lower" is not a way to compare texts (write "ci", "trim" or ["ci", "trim"])"#,
            r#"error at /compare/strings/$.b: [] is not a way to compare texts (write "ci", "trim" or ["ci", "trim"])"#,
            r#"error at /compare/strings/$.c: ["ci",1] is not a way to compare texts (write "ci", "trim" or ["ci", "trim"])"#,
        ],
    );
}

#[test]
fn what_is_compared_with() {
    let hint = r#"(write "backend:0" for the first live backend, "merged" or "merged:0")"#;
    for against in ["\"backend\"", "\"backend:\"", "\"backend:+1\"", "\"live\"", "\"merged:x\""] {
        policy_says(
            &format!(r#"{{"compare":{{"against":{against}}}}}"#),
            &[&format!("error at /compare/against: {against} is nothing to compare with {hint}")],
        );
    }
    policy_says(r#"{"compare":{"against":0}}"#, &[&format!("error at /compare/against: 0 is not a text {hint}")]);
    policy_says(
        r#"{"compare":{"against":"backend:1"}}"#,
        &[r#"error at /compare/against: /a/{id} has no live backend 1 (write "against": "backend:0" (GET /))"#],
    );
}

#[test]
fn with_several_live_backends_one_is_named() {
    let live = [r#","url_pattern":"/v1""#, r#","url_pattern":"/v2""#];
    let choices = |word: &str| format!(r#"(write "against": "{word}:0" (GET /v1) or "{word}:1" (GET /v2))"#);
    file_says(
        &live,
        "",
        r#"{"compare":{}}"#,
        "",
        &[&format!(
            r#"error at /compare: /a has several live backends, and "against" names none of them {}"#,
            choices("backend")
        )],
    );
    file_says(
        &live,
        "",
        r#"{"compare":{"against":"merged"}}"#,
        "",
        &[&format!(
            "error at /compare/against: /a has several live backends: in place of which is the shadow? {}",
            choices("merged")
        )],
    );
    file_says(&live, "", r#"{"compare":{"against":"merged:1"}}"#, "", &[]);
    let many = [r#","url_pattern":"/v""#; 10];
    let named: Vec<_> = (0..8).map(|place| format!("\"backend:{place}\" (GET /v) or ")).collect();
    file_says(
        &many,
        "",
        r#"{"compare":{"against":"backend:10"}}"#,
        "",
        &[&format!(
            "error at /compare/against: /a has no live backend 10 (write \"against\": {}… \"backend:9\")",
            named.concat()
        )],
    );
}

#[test]
fn a_default_that_does_not_fit_an_endpoint_is_told_where_it_stands() {
    let shadow = r#"{"host":["s"],"extra_config":{"proxy":{"shadow":true}}}"#;
    let backends = format!(r#"[{{"host":["h"]}},{{"host":["h"]}},{shadow}]"#);
    let text = format!(
        r#"{{"version":3,"extra_config":{{"@shadow":{{"compare":{{}}}}}},"endpoints":[{{"endpoint":"/a","backend":{backends}}}]}}"#
    );
    says(
        &text,
        "/extra_config/@shadow",
        &[
            r#"error at /compare: /a has several live backends, and "against" names none of them (write "against": "backend:0" (GET /) or "backend:1" (GET /))"#,
        ],
    );
}

#[test]
fn stages() {
    let no_op = r#","output_encoding":"no-op""#;
    file_says(
        &[""],
        "",
        r#"{"compare":{"stage":"processed"}}"#,
        no_op,
        &[
            r#"error at /compare/stage: answers of /a pass as they come (no-op): none is decoded (write "raw", or leave it out)"#,
        ],
    );
    file_says(
        &[""],
        "",
        r#"{"compare":{"against":"merged"}}"#,
        no_op,
        &[
            r#"error at /compare/against: answers of /a pass as they come (no-op): nothing is merged (write "against": "backend:0")"#,
        ],
    );
    policy_says(
        r#"{"compare":{"stage":"processed","body":"hash"}}"#,
        &[
            r#"error at /compare/body: answers that were decoded are data, neither text nor bytes (write "stage": "raw" beside it, or "body": "json")"#,
        ],
    );
    policy_says(
        r#"{"compare":{"stage":"raw","against":"merged"}}"#,
        &[
            r#"error at /compare/stage: what is merged has been decoded (write "against": "backend:0", or "stage": "processed")"#,
        ],
    );
}

#[test]
fn sequences() {
    let sequence = r#","extra_config":{"proxy":{"sequential":true}}"#;
    file_says(&["", ""], "", r#"{"compare":{"against":"backend:1"}}"#, sequence, &[]);
    file_says(&["", ""], "", r#"{"compare":{"against":"backend:0","baseline":{"mode":"diffy"}}}"#, sequence, &[]);
    file_says(
        &["", ""],
        "",
        r#"{"compare":{"against":"merged:1"}}"#,
        sequence,
        &[
            r#"error at /compare/against: /a is a sequence: answers after the shadow's place were made with the live one (write "against": "backend:1")"#,
        ],
    );
    file_says(
        &["", ""],
        "",
        r#"{"compare":{"against":"backend:1","baseline":{"mode":"diffy"}}}"#,
        sequence,
        &[
            r#"error at /compare/baseline: /a is a sequence: a second answer of a later backend needs those before it (write "off", or compare against "backend:0")"#,
        ],
    );
}

#[test]
fn a_baseline_that_never_happens_is_warned_of() {
    let allowed =
        r#"{"match":{"unsafe_methods":"allow","unsafe_reason":"own"},"compare":{"baseline":{"mode":"dual_primary"}}}"#;
    let told = |method: &str| {
        format!(
            r#"warning at /compare/baseline: nothing of /a is sent to the live backend a second time: {method} is no safe method (write "off"; every difference counts)"#
        )
    };
    file_says(&[""], "", allowed, r#","method":"POST""#, &[&told("POST")]);
    file_says(&[r#","method":"PUT""#], "", allowed, "", &[&told("PUT")]);
    file_says(&[""], "", allowed, "", &[]);
}

#[test]
fn what_is_compared_of_several_copies_and_of_large_answers() {
    policy_says(
        r#"{"limits":{"multiplier":2},"compare":{"max_body":"2MiB"}}"#,
        &[
            r#"warning at /limits/multiplier: of several copies of a request only the first is compared (leave one of "multiplier" and "compare" out)"#,
            r#"warning at /compare/max_body: max_body is larger than max_response: such answers of the shadow are cut off (write a larger "max_response" in "body")"#,
        ],
    );
}

#[test]
fn rules_that_stop() {
    policy_says(
        r#"{"compare":{},"stop_on":{"mismatch_rate":2,"error_delta":"x","p99_ratio":0,"overhead_p99":-1,"min_pairs":0,"window":"25h","action":"stop"}}"#,
        &[
            &format!("error at /stop_on/mismatch_rate: 2 is not a share {SHARE}"),
            &format!(r#"error at /stop_on/error_delta: "x" is not a share {SHARE}"#),
            r#"error at /stop_on/p99_ratio: 0 is not a number above 0, up to 1000000 (write 3 for three times the live side's, or "off")"#,
            &format!("error at /stop_on/overhead_p99: -1 is not a share {SHARE}"),
            "error at /stop_on/min_pairs: 0 is not a whole number from 1 to 1000000000 (leave it out for the default)",
            r#"error at /stop_on/window: 90000s is no time to look back (write a time from "1s" to "24h")"#,
            r#"error at /stop_on/action: "stop" is not one of pause, kill (leave it out for the default)"#,
        ],
    );
    let hint = r#"(write "compare": {} in the policy, or leave it out)"#;
    policy_says(
        r#"{"stop_on":{"mismatch_rate":0.1,"error_delta":0.1,"p99_ratio":2,"overhead_p99":0.1}}"#,
        &[
            &format!(
                "error at /stop_on/mismatch_rate: nothing is compared, and mismatch_rate is taken of pairs of answers {hint}"
            ),
            &format!(
                "error at /stop_on/error_delta: nothing is compared, and error_delta is taken of pairs of answers {hint}"
            ),
            &format!(
                "error at /stop_on/p99_ratio: nothing is compared, and p99_ratio is taken of pairs of answers {hint}"
            ),
        ],
    );
    policy_says(
        r#"{"holdout":0,"stop_on":{"overhead_p99":0.1}}"#,
        &[
            r#"error at /stop_on/overhead_p99: nothing is held out, and overhead_p99 is taken between requests with the shadow and without (write "holdout": "5%" in the policy, or leave it out)"#,
        ],
    );
    policy_says(
        r#"{"stop_on":{"min_pairs":5}}"#,
        &[
            r#"warning at /stop_on: without a rule nothing stops this shadow (write "mismatch_rate", "error_delta", "p99_ratio" or "overhead_p99")"#,
        ],
    );
    service_says(r#"{"stop_on":{"min_pairs":5},"store":{"ttl":"2h"}}"#, &[]);
}

#[test]
fn webhooks_are_addresses_and_never_repeated() {
    let hint = r#"(write one like "https://hooks.test/shadows")"#;
    let not_sent = "user and password in an address are not sent (put what lets us in into its path or query)";
    for (webhook, said) in [
        ("1", format!("this is no address to post to {hint}")),
        ("\"canary\"", format!("this is no address to post to {hint}")),
        ("\"ftp://h/canary\"", format!("this is no http address with a host {hint}")),
        ("\"mailto:canary\"", format!("this is no http address with a host {hint}")),
        ("\"http://\"", format!("this is no address to post to {hint}")),
        ("\"https://canary@h/\"", not_sent.to_owned()),
        ("\"https://:canary@h/\"", not_sent.to_owned()),
    ] {
        let policy = format!(r#"{{"stop_on":{{"overhead_p99":0.1,"webhook":{webhook}}}}}"#);
        policy_says(&policy, &[&format!("error at /stop_on/webhook: {said}")]);
        let text = document(&policy, "null", "null");
        let loaded = load(&Source::Text { name: "krakend.json".into(), text }, &Environment::default());
        assert!(!format!("{:?}", loaded.diagnostics).contains("canary"));
    }
}

#[test]
fn stores() {
    policy_says(
        r#"{"compare":{},"store":{"values":"rw","ttl":"0s","redact":["",1,null]}}"#,
        &[
            r#"error at /store/values: "rw" is not one of redacted, shape, raw (did you mean "raw"?)"#,
            r#"error at /store/ttl: "0s" is no time at all (leave it out for the default)"#,
            r#"error at /store/redact/0: "" is not the name of a field or header (write a name like "iban")"#,
            r#"error at /store/redact/1: 1 is not the name of a field or header (write a name like "iban")"#,
            r#"error at /store/redact/2: null is not the name of a field (write a name like "iban")"#,
        ],
    );
    policy_says(
        r#"{"compare":{},"store":{"values":"raw"}}"#,
        &[
            r#"error at /store/values: whole values are kept only where the service allows it (write "raw_values": true in the service's @shadow if everybody who may see the dashboard may see them)"#,
        ],
    );
    policy_says(
        r#"{"store":{"ttl":"1m"}}"#,
        &[r#"warning at /store: nothing is compared, so nothing is kept (write "compare": {} in the policy)"#],
    );
    service_says(
        r#"{"raw_values":"yes"}"#,
        &[r#"error at /raw_values: "yes" is not true or false (write it without quotes)"#],
    );
}
