//! For every rule a text that breaks it, and exactly what is said about it.

use super::lines;

/// A service around these root members, all on one line.
fn root(members: &str) -> String {
    format!(r#"{{"version":3,{members}}}"#)
}

/// A service with one endpoint of these members, besides path and one backend.
fn endpoint(members: &str) -> String {
    root(&format!(r#""endpoints":[{{"endpoint":"/a/{{id}}","backend":[{{"host":["h"]}}],{members}}}]"#))
}

/// A service with one endpoint whose single backend has these members, besides the host.
fn backend(members: &str) -> String {
    root(&format!(r#""endpoints":[{{"endpoint":"/a/{{id}}","backend":[{{"host":["h"],{members}}}]}}]"#))
}

/// A service with a live backend and one with these members.
fn second(members: &str) -> String {
    root(&format!(
        r#""endpoints":[{{"endpoint":"/a/{{id}}","backend":[{{"host":["h"]}},{{"host":["h"],{members}}}]}}]"#
    ))
}

/// Two routes beside each other.
fn routes(first: &str, other: &str) -> String {
    let one = |path: &str| format!(r#"{{"endpoint":"{path}","backend":[{{"host":["h"]}}]}}"#);
    root(&format!(r#""endpoints":[{},{}]"#, one(first), one(other)))
}

/// Checks what is said about a text, word by word, the file's name left out.
#[track_caller]
fn says(text: &str, expected: &[&str]) {
    let said = lines(text);
    let said: Vec<_> = said.iter().filter_map(|line| line.strip_prefix("k.json:")).map(str::trim_start).collect();
    assert_eq!(said, expected, "{text}");
}

#[test]
fn documents_that_cannot_be_read() {
    says("", &["error: unexpected end of JSON input"]);
    says("{", &["1:1: error: unexpected end of JSON input"]);
    says("{\"version\":3,}", &["1:14: error: trailing comma"]);
    says("// x\n{}", &["1:1: error: expected value"]);
    let hint = "the file starts with a byte order mark, save it as UTF-8 without one";
    says("\u{feff}{\"version\": 3}", &[&format!("1:1: error: expected value ({hint})")]);
    says("{\"version\": 03}", &["1:14: error: invalid number"]);
    says("[]", &["error: the document is not an object"]);
}

#[test]
fn versions_other_than_3() {
    says(r#"{"endpoints":[]}"#, &[r#"1:1: error at /version: unsupported version: 0 (want: 3) (write "version": 3)"#]);
    says(r#"{"version":1}"#, &[r#"1:2: error at /version: unsupported version: 1 (want: 3) (write "version": 3)"#]);
    says(r#"{"version":"x"}"#, &[r#"1:2: error at /version: "x" is not a whole number"#]);
}

#[test]
fn root_keys() {
    says(
        &root(r#""port":"tcp://10.0.0.7:8080""#),
        &[r#"1:14: error at /port: "tcp://10.0.0.7:8080" is not a whole number"#],
    );
    says(&root(r#""port":70000"#), &["1:14: error at /port: 70000 is not a port (write a number from 1 to 65535)"]);
    says(
        &root(r#""listen_ip":"localhost""#),
        &[
            "1:14: error at /listen_ip: invalid ip address localhost (write an IPv4 or IPv6 address, or leave it out to listen on all)",
        ],
    );
    says(
        &root(r#""host":["http://h/api"]"#),
        &[
            r#"1:22: error at /host/0: host http://h/api not valid: invalid host (write scheme, name and port only, like "http://users:8080"; a path belongs to url_pattern)"#,
        ],
    );
    says(&root(r#""timeout":"150""#), &[r#"1:14: error at /timeout: "150" is not a duration (write "150ms")"#]);
    says(
        &root(r#""timeout":3000"#),
        &[r#"1:14: warning at /timeout: 3000 is 3000 nanoseconds, as in KrakenD (write "3000ms" or "3000s")"#],
    );
    says(
        &root(r#""read_timeout":"""#),
        &[r#"1:14: error at /read_timeout: "" is not a duration (write a number with its unit, like "150ms")"#],
    );
    says(&root(r#""debug_endpoint":"maybe""#), &[r#"1:14: error at /debug_endpoint: "maybe" is not true or false"#]);
    says(&root(r#""extra_config":1"#), &["1:14: error at /extra_config: 1 is not an object"]);
    says(
        &root(r#""port":1,"port":2"#),
        &["1:23: warning at /port: the key stands here more than once, the last one counts"],
    );
}

#[test]
fn several_findings_at_once_in_the_order_of_the_file() {
    says(
        "{\n  \"version\": 3,\n  \"timeout\": \"150\",\n  \"port\": -1,\n  \"host\": [\"a\", \"b:1\", \"[::1]:80\"]\n}",
        &[
            r#"3:3: error at /timeout: "150" is not a duration (write "150ms")"#,
            "4:3: error at /port: -1 is not a port (write a number from 1 to 65535)",
            r#"5:17: error at /host/1: host b:1 not valid: invalid host (write scheme, name and port only, like "http://users:8080"; a path belongs to url_pattern)"#,
            r#"5:24: error at /host/2: host [::1]:80 not valid: invalid host (write scheme, name and port only, like "http://users:8080"; a path belongs to url_pattern)"#,
        ],
    );
}

#[test]
fn paths_and_missing_parts_of_endpoints() {
    says(
        &root("\"endpoints\":[{}]"),
        &[
            r#"1:27: error at /endpoints/0: an endpoint needs a path under the key "endpoint""#,
            "1:27: error at /endpoints/0/backend: ignoring the ' /' endpoint, since it has 0 backends defined!",
        ],
    );
    says(
        &root(r#""endpoints":[1,null]"#),
        &[
            "1:27: error at /endpoints/0: 1 is not an object",
            "1:29: error at /endpoints/1: an endpoint is missing here",
        ],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/__debug","method":"get"}]"#),
        &[
            "1:27: error at /endpoints/0/backend: ignoring the 'get /__debug' endpoint, since it has 0 backends defined!",
            "1:28: error at /endpoints/0/endpoint: ignoring the 'get /__debug' endpoint, since it is invalid!!! (a path must not have /__debug, /__echo or /__health in it, nor anything after a *)",
        ],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/a","method":"GET"}]"#),
        &["1:27: error at /endpoints/0/backend: ignoring the 'GET /a' endpoint, since it has 0 backends defined!"],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/a/*","backend":[{"host":"h"}]}]"#),
        &["1:28: error at /endpoints/0/endpoint: wildcards must be named with a non-empty name in path '/a/*'"],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/a/{id}.json/x:y/{Id}","backend":[{"host":"h"}]}]"#),
        &[
            r#"1:28: warning at /endpoints/0/endpoint: "{id}.json" stands for a whole segment, whatever its end; KrakenD does not replace it in backends"#,
            r#"1:28: warning at /endpoints/0/endpoint: the ':' in "x:y" starts a parameter, which stands for the rest of the segment"#,
            r#"1:28: warning at /endpoints/0/endpoint: parameters "id" and "Id" are one and the same to KrakenD, the last one counts"#,
        ],
    );
}

#[test]
fn endpoint_keys() {
    says(
        &endpoint(r#""timeout":"5x""#),
        &[
            r#"1:76: error at /endpoints/0/timeout: "5x" is not a duration (write a number with its unit, like "150ms")"#,
        ],
    );
    says(
        &endpoint(r#""timeout":"-5s""#),
        &["1:76: warning at /endpoints/0/timeout: a negative timeout has always expired: every call fails"],
    );
    says(
        &endpoint(r#""method":"HEAD""#),
        &[
            "1:76: warning at /endpoints/0/method: [ENDPOINT: /a/{id}] Unsupported method HEAD: not published (write one of GET, POST, PUT, PATCH, DELETE)",
        ],
    );
    says(
        &endpoint(r#""concurrent_calls":100000"#),
        &["1:76: error at /endpoints/0/concurrent_calls: 100000 concurrent calls are more than 1000"],
    );
    says(
        &endpoint(r#""extra_config":{"proxy":1}"#),
        &["1:92: warning at /endpoints/0/extra_config/proxy: 1 is not an object, ignored as KrakenD does"],
    );
    says(
        &endpoint(r#""extra_config":{"proxy":{"static":{"data":1},"sequential":"true"}}"#),
        &[
            "1:101: warning at /endpoints/0/extra_config/proxy/static: static without data, ignored as KrakenD does",
            "1:111: warning at /endpoints/0/extra_config/proxy/static/data: 1 is not an object, ignored as KrakenD does",
            r#"1:121: warning at /endpoints/0/extra_config/proxy/sequential: "true" is not true or false, ignored as KrakenD does"#,
        ],
    );
    says(
        &endpoint(r#""extra_config":{"proxy":{"static":{"data":{},"strategy":"x"}}}"#),
        &[
            r#"1:121: warning at /endpoints/0/extra_config/proxy/static/strategy: "x" is not a strategy, read as "always" as KrakenD does"#,
        ],
    );
    says(
        &endpoint(
            r#""extra_config":{"proxy":{"flatmap_filter":[{"type":"move","args":["a"]},{"args":[]},{"type":"x"}]}}"#,
        ),
        &[
            r#"1:119: warning at /endpoints/0/extra_config/proxy/flatmap_filter/0: "move" needs 2 args: KrakenD stops when it gets there, here it does nothing"#,
            "1:148: warning at /endpoints/0/extra_config/proxy/flatmap_filter/1: an operation without a type, ignored as KrakenD does",
            r#"1:161: warning at /endpoints/0/extra_config/proxy/flatmap_filter/2/type: "x" is not an operation, ignored as KrakenD does"#,
        ],
    );
}

#[test]
fn a_segment_with_two_parameters_stops_the_start() {
    says(
        &root(r#""disable_rest":true,"endpoints":[{"endpoint":"/p/{a}.{b}","backend":[{"host":"h"}]}]"#),
        &[
            "1:48: error at /endpoints/0/endpoint: only one wildcard per path segment is allowed, has: ':a.:b' in path '/p/:a.:b'",
        ],
    );
}

#[test]
fn routes_that_cannot_stand_beside_each_other() {
    says(
        &routes("/a", "/a"),
        &[
            "1:72: error at /endpoints/1: handlers are already registered for path '/a' (the earlier one is at /endpoints/0)",
        ],
    );
    says(
        &routes("/a/{id}", "/a/{x}/b"),
        &[
            "1:77: error at /endpoints/1: ':x' in new path '/a/:x/b' conflicts with existing wildcard ':id' in existing prefix '/a/:id' (the earlier one is at /endpoints/0)",
        ],
    );
    says(
        &root(
            r#""extra_config":{"router":{"health_path":"/a"}},"endpoints":[{"endpoint":"/a","backend":[{"host":"h"}]}]"#,
        ),
        &[
            "1:74: error at /endpoints/0: handlers are already registered for path '/a' (it is the health route, see health_path in extra_config.router)",
        ],
    );
}

#[test]
fn placeholders_of_backends() {
    says(
        &backend(r#""url_pattern":"/x/{x}""#),
        &[
            "1:74: error at /endpoints/0/backend/0/url_pattern: undefined output param 'x'! endpoint: GET /a/:id, backend: 0. input: [id], output: [x]",
        ],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/a","backend":[{"host":"h","url_pattern":"/{x}/{y}"}]}]"#),
        &[
            "1:67: error at /endpoints/0/backend/0/url_pattern: input and output params do not match. endpoint: GET /a, backend: 0. input: [], output: [x y]",
        ],
    );
    says(
        &backend(r#""url_pattern":"/{resp0}""#),
        &[
            "1:74: error at /endpoints/0/backend/0/url_pattern: undefined output param 'resp0'! endpoint: GET /a/:id, backend: 0. input: [id], output: [resp0]",
        ],
    );
}

#[test]
fn backend_keys() {
    says(
        &second(r#""host":1,"mapping":[1]"#),
        &[
            "1:89: warning at /endpoints/0/backend/1/host: the key stands here more than once, the last one counts",
            "1:98: error at /endpoints/0/backend/1/mapping: [1] is not an object",
        ],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/a","backend":[{"host":["http://u:p@h"]}]}]"#),
        &[
            r#"1:64: error at /endpoints/0/backend/0/host/0: host http://u:p@h not valid: invalid host (write scheme, name and port only, like "http://users:8080"; a path belongs to url_pattern)"#,
        ],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/a","backend":[{}]}]"#),
        &["1:55: warning at /endpoints/0/backend/0/host: no hosts available: every call of this backend fails"],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/a","backend":[1,{"host":"h"}]}]"#),
        &["1:55: error at /endpoints/0/backend/0: 1 is not an object"],
    );
    says(
        &root(
            r#""endpoints":[{"endpoint":"/a","backend":[{"sd":"dns"},{"sd":"dns","host":"h"},{"sd":"x","host":"h"}]}]"#,
        ),
        &[
            "1:55: warning at /endpoints/0/backend/0/host: no hosts available: every call of this backend fails",
            r#"1:56: error at /endpoints/0/backend/0/sd: "sd": "dns" needs a host to look up"#,
            r#"1:69: warning at /endpoints/0/backend/1/sd: "sd": "dns" needs "disable_host_sanitize": true, else http:// is put before the name"#,
            r#"1:93: warning at /endpoints/0/backend/2/sd: "x" is read as "static", as KrakenD does"#,
        ],
    );
    says(
        &backend(r#""timeout":"5x""#),
        &[
            r#"1:74: error at /endpoints/0/backend/0/timeout: "5x" is not a duration (write a number with its unit, like "150ms")"#,
            r#"1:74: info at /endpoints/0/backend/0/timeout: "timeout" is ignored: always the endpoint's"#,
        ],
    );
    says(
        &backend(r#""timeout":"5s","concurrent_calls":2"#),
        &[
            r#"1:74: info at /endpoints/0/backend/0/timeout: "timeout" is ignored: always the endpoint's"#,
            r#"1:89: info at /endpoints/0/backend/0/concurrent_calls: "concurrent_calls" is ignored: always the endpoint's"#,
        ],
    );
    says(
        &backend(r#""extra_config":{"backend/http":{"return_error_details":"","return_error_code":"true"}}"#),
        &[
            r#"1:106: warning at /endpoints/0/backend/0/extra_config/backend~1http/return_error_details: "" is not a name: neither details nor code are returned"#,
            r#"1:132: warning at /endpoints/0/backend/0/extra_config/backend~1http/return_error_code: "true" is not true or false, ignored as KrakenD does"#,
        ],
    );
    says(
        &root(r#""endpoints":[{"endpoint":"/a","output_encoding":"no-op","backend":[{"host":"h"},{"host":"h"}]}]"#),
        &[
            "1:70: error at /endpoints/0/backend: can not use NoOp encoding with more than one backends connected to the same endpoint (shadow backends do not count)",
        ],
    );
}

#[test]
fn shadows() {
    says(
        &backend(r#""extra_config":{"proxy":{"shadow":true}}"#),
        &[
            r#"1:49: error at /endpoints/0/backend: the endpoint has only shadow backends: nobody would answer the client, so it is not published (leave one backend without "shadow")"#,
        ],
    );
    says(
        &second(r#""extra_config":{"proxy":{"shadow":"true"}}"#),
        &[
            r#"1:114: error at /endpoints/0/backend/1/extra_config/proxy/shadow: "true" is not true or false: this makes the backend live (write "shadow": true, or false, without quotes)"#,
        ],
    );
    says(
        &second(r#""extra_config":{"proxy":{"shadow":1}}"#),
        &[
            r#"1:114: error at /endpoints/0/backend/1/extra_config/proxy/shadow: 1 is not true or false: this makes the backend live (write "shadow": true, or false, without quotes)"#,
        ],
    );
    says(
        &second(r#""extra_config":{"proxy":{"shadow":true,"shadow_timeout":"5x"}}"#),
        &[
            r#"1:128: error at /endpoints/0/backend/1/extra_config/proxy/shadow_timeout: "5x" is not a duration: the endpoint's timeout applies instead (write a number with its unit, like "150ms")"#,
        ],
    );
    says(
        &second(r#""extra_config":{"proxy":{"shadow":true,"shadow_timeout":5000}}"#),
        &[
            r#"1:128: error at /endpoints/0/backend/1/extra_config/proxy/shadow_timeout: 5000 is not a duration: the endpoint's timeout applies instead (write "5000ms")"#,
        ],
    );
    says(
        &second(r#""extra_config":{"proxy":{"shadow":true,"shadow_timeout":"0s"}}"#),
        &[
            "1:128: warning at /endpoints/0/backend/1/extra_config/proxy/shadow_timeout: every mirror has expired before it is sent",
        ],
    );
    says(
        &second(r#""extra_config":{"proxy":{"shadow_timeout":"1s","shadw":true}}"#),
        &[
            r#"1:114: warning at /endpoints/0/backend/1/extra_config/proxy/shadow_timeout: shadow_timeout without "shadow": true, ignored as KrakenD does"#,
            r#"1:136: error at /endpoints/0/backend/1/extra_config/proxy/shadw: unknown key "shadw", ignored as KrakenD does (did you mean "shadow"?; as it stands this backend is live)"#,
        ],
    );
    says(
        &second(r#""shadow":true"#),
        &[
            r#"1:89: error at /endpoints/0/backend/1/shadow: unknown key "shadow", ignored as KrakenD does (so this backend is live; write "extra_config": {"proxy": {"shadow": true}})"#,
        ],
    );
    says(
        &second(r#""extra_config":{"shadow":true}"#),
        &[
            r#"1:105: error at /endpoints/0/backend/1/extra_config/shadow: unknown key "shadow", ignored as KrakenD does (so this backend is live; write "extra_config": {"proxy": {"shadow": true}})"#,
        ],
    );
    says(
        &endpoint(r#""extra_config":{"proxy":{"shadow":true}}"#),
        &[r#"1:101: warning at /endpoints/0/extra_config/proxy/shadow: "shadow" is ignored: mark the backend"#],
    );
    says(
        &second(r#""extra_config":{"proxy":{},"github.com/devopsfaith/krakend/proxy":{"shadow":true}}"#),
        &[
            r#"1:116: warning at /endpoints/0/backend/1/extra_config/github.com~1devopsfaith~1krakend~1proxy: overruled by "proxy", the short name of the same component"#,
        ],
    );
}

#[test]
fn encryption() {
    says(
        &root(r#""tls":{}"#),
        &[
            "1:14: error at /tls/public_key: public key not defined",
            "1:14: error at /tls/private_key: private key not defined",
        ],
    );
    says(&root(r#""tls":1"#), &["1:14: error at /tls: 1 is not an object"]);
    says(
        &root(r#""tls":{"keys":[{"public_key":"a"}],"min_version":"TLS14","max_version":"TLS12"}"#),
        &[
            "1:14: error at /tls: no version of TLS is left between min_version and max_version (both are TLS13 unless given)",
            "1:29: error at /tls/keys/0/private_key: private key not defined",
            r#"1:49: warning at /tls/min_version: "TLS14" is not a version of TLS, read as TLS13 as KrakenD does"#,
        ],
    );
    says(
        &root(r#""client_tls":{"min_version":"TLS11","max_version":"TLS12"}"#),
        &[
            r#"1:28: warning at /client_tls/min_version: "TLS11" is not spoken any more, TLS 1.2 is the oldest version that is"#,
        ],
    );
    says(
        &root(r#""client_tls":{"client_certs":[{"private_key":"k"}],"cipher_suites":[1]}"#),
        &[
            "1:44: error at /client_tls/client_certs/0/certificate: certificate not defined",
            "1:82: warning at /client_tls/cipher_suites/0: 1 is not available and left out of the list",
        ],
    );
    says(
        &root(r#""client_tls":{"curve_preferences":[25,23],"cipher_suites":[49199,4865]}"#),
        &["1:49: warning at /client_tls/curve_preferences/0: 25 is not available and left out of the list"],
    );
    says(
        &root(r#""client_tls":{"curve_preferences":[25]}"#),
        &[
            "1:28: error at /client_tls/curve_preferences: none of these curves is known (write 23 (P-256), 24 (P-384) or 29 (X25519))",
            "1:49: warning at /client_tls/curve_preferences/0: 25 is not available and left out of the list",
        ],
    );
}

#[test]
fn the_router() {
    says(
        &root(r#""extra_config":{"router":{"return_error_msg":"yes"}}"#),
        &[
            "1:30: warning at /extra_config/router: one key has the wrong type, so KrakenD falls back to defaults for all but health_path, disable_health, disable_access_log, disable_path_decoding, auto_options and error_body",
            r#"1:40: warning at /extra_config/router/return_error_msg: "yes" is not true or false, ignored as KrakenD does"#,
        ],
    );
    says(
        &root(r#""extra_config":{"router":{"trusted_proxies":["x"],"max_payload":1,"max_multipart_memory":1}}"#),
        &[
            r#"1:40: warning at /extra_config/router/trusted_proxies: "x" is no address or range, ignored as KrakenD does"#,
            "1:40: warning at /extra_config/router/trusted_proxies: no usable range is left: every client may name its own address",
            r#"1:64: warning at /extra_config/router/max_payload: "max_payload" is not supported yet: bodies are NOT limited by it; Enterprise only in KrakenD"#,
            r#"1:80: info at /extra_config/router/max_multipart_memory: "max_multipart_memory" is ignored: without effect on proxying"#,
        ],
    );
}

#[test]
fn our_own_keys() {
    says(
        &root(r#""extra_config":{"@admin":{"listen":"x","listn":1}}"#),
        &[
            r#"1:40: error at /extra_config/@admin/listen: "x" is not an address to listen on (write "127.0.0.1:8090" or "off")"#,
            r#"1:53: error at /extra_config/@admin/listn: unknown key "listn" (did you mean "listen"?)"#,
        ],
    );
    says(
        &root(r#""extra_config":{"@access_log":{"format":"xml","fromat":1}}"#),
        &[
            r#"1:45: error at /extra_config/@access_log/format: "xml" is no form of the access log (write "text" or "json")"#,
            r#"1:60: error at /extra_config/@access_log/fromat: unknown key "fromat" (did you mean "format"?)"#,
        ],
    );
    // A secret is never shown, not even a bad one.
    says(
        &root(r#""extra_config":{"@admin":{"token":"too short"}}"#),
        &[
            "1:40: error at /extra_config/@admin/token: not a token: 16 to 1024 visible ASCII characters, which nobody can guess (leave it out to let in only whoever is on this machine)",
        ],
    );
    says(
        &root(r#""extra_config":{"@admin":1,"@shadows":{}}"#),
        &[
            "1:30: error at /extra_config/@admin: 1 is not an object",
            r#"1:41: warning at /extra_config/@shadows: "@shadows" is read as a comment (did you mean "@shadow"?)"#,
        ],
    );
    says(
        &root(
            r#""extra_config":{"@shadow":{"max_concurrent":0,"max_request":"10 megs","drain_timeout":5,"max_concurent":1}}"#,
        ),
        &[
            "1:41: error at /extra_config/@shadow/max_concurrent: 0 is not a whole number from 1 to 100000 (leave it out for the default)",
            r#"1:60: error at /extra_config/@shadow/max_request: "10 megs" is not an amount of bytes (write a number of bytes, or one with B, kB, MB, GB, KiB, MiB or GiB)"#,
            r#"1:84: error at /extra_config/@shadow/drain_timeout: 5 is not a duration (write "5ms")"#,
            r#"1:102: error at /extra_config/@shadow/max_concurent: unknown key "max_concurent" (did you mean "max_concurrent"?)"#,
        ],
    );
    says(
        &root(r#""extra_config":{"@shadow":{"threads":1.5,"max_request":"65MiB"}}"#),
        &[
            "1:30: warning at /extra_config/@shadow: max_request is larger than max_buffered_bytes or memory_budget: such bodies never find room",
            "1:41: error at /extra_config/@shadow/threads: 1.5 is not a whole number from 1 to 1024 (leave it out for the default)",
        ],
    );
    says(
        &root(r#""@shadow":{}"#),
        &[
            r#"1:14: error at /@shadow: @shadow does nothing here (write it in extra_config, as "extra_config": {"@shadow": ...})"#,
        ],
    );
}

#[test]
fn keys_that_are_read_past() {
    says(
        &root(r#""timout":"1s","$schema":"x","async_agent":[],"sequential_start":true,"Port":1"#),
        &[
            r#"1:14: warning at /timout: unknown key "timout", ignored as KrakenD does (did you mean "timeout"?)"#,
            r#"1:42: warning at /async_agent: "async_agent" is not supported yet: no queue is read"#,
            r#"1:59: warning at /sequential_start: "sequential_start" is not supported yet: there are no async agents to order"#,
        ],
    );
    says(
        &root(r#""extra_config":{"github_com/devopsfaith/krakend-cors":{},"security/cors":{}}"#),
        &[
            r#"1:30: warning at /extra_config/github_com~1devopsfaith~1krakend-cors: overruled by "security/cors", the short name of the same component"#,
        ],
    );
    says(
        &root(r#""extra_config":{"github.com/devopsfaith/krakend-ratelimit/juju/router":{}}"#),
        &[
            r#"1:30: error at /extra_config/github.com~1devopsfaith~1krakend-ratelimit~1juju~1router: unknown key "github.com/devopsfaith/krakend-ratelimit/juju/router", ignored as KrakenD does (version 3 calls it "qos/ratelimit/router")"#,
        ],
    );
    says(
        &endpoint(
            r#""extra_config":{"auth/validator":{},"github.com/devopsfaith/krakend-jose/signer":{},"auth/validtor":{},"qos/ratelimit/router":{}}"#,
        ),
        &[
            r#"1:160: warning at /endpoints/0/extra_config/auth~1validtor: unknown key "auth/validtor", ignored as KrakenD does (did you mean "auth/validator"?)"#,
        ],
    );
    says(
        &endpoint(r#""headers_to_pass":["a"],"hots":1,"host":["x"],"@note":1"#),
        &[
            r#"1:76: warning at /endpoints/0/headers_to_pass: unknown key "headers_to_pass", ignored as KrakenD does (version 3 calls it "input_headers")"#,
            r#"1:100: warning at /endpoints/0/hots: unknown key "hots", ignored as KrakenD does"#,
            r#"1:109: warning at /endpoints/0/host: unknown key "host", ignored as KrakenD does (it belongs to backend)"#,
        ],
    );
    says(
        &second(
            r#""whitelist":["a"],"extra_config":{"qos/circuit-breaker":{},"backend/http":{"return_error_cod":true}}"#,
        ),
        &[
            r#"1:89: warning at /endpoints/0/backend/1/whitelist: unknown key "whitelist", ignored as KrakenD does (version 3 calls it "allow")"#,
            r#"1:164: warning at /endpoints/0/backend/1/extra_config/backend~1http/return_error_cod: unknown key "return_error_cod", ignored as KrakenD does (did you mean "return_error_code"?)"#,
        ],
    );
}
