//! Whole documents: the seed in all its forms, formats, overrides, older versions.

use std::time::Duration;

use super::{lines, read};
use crate::config::{Discovery, Environment, ErrorPolicy, Pick, Service, Severity, Source, Strategy, load};

const SEED: &str = include_str!("../../../config/krakend.json");

fn is_seed(service: &Service) {
    let [endpoint] = service.endpoints.as_slice() else { panic!("one endpoint") };
    assert_eq!((endpoint.path.as_str(), endpoint.method.as_str()), ("/user/{id}", "GET"));
    assert_eq!(endpoint.timeout, Duration::from_millis(150));
    assert_eq!(endpoint.params, ["id"]);
    assert_eq!(endpoint.input_headers, Pick::Only(Vec::new()));
    let [live, shadow] = endpoint.backends.as_slice() else { panic!("two backends") };
    assert_eq!(
        (live.url_pattern.as_str(), live.hosts.as_slice()),
        ("/v1/user/{id}", &["http://127.0.0.1:8081".to_owned()][..])
    );
    assert_eq!((shadow.url_pattern.as_str(), shadow.method.as_str()), ("/v2/user/{id}", "GET"));
    assert!(live.shadow.is_none());
    assert_eq!(shadow.shadow.as_ref().map(|shadow| shadow.timeout), Some(Duration::from_millis(150)));
}

#[test]
fn the_seed_loads_without_a_finding() {
    let loaded = read("config/krakend.json", SEED);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let service = loaded.service.unwrap();
    assert_eq!(service.port, 8080);
    assert_eq!(service.endpoints[0].backends[1].pointer, "/endpoints/0/backend/1");
    is_seed(&service);
}

/// Loads JSON under these variables.
fn under(variables: &[(&str, &str)], text: &str) -> crate::config::Loaded {
    let environment: Environment = variables.iter().copied().collect();
    load(&Source::Text { name: "k.json".to_owned(), text: text.to_owned() }, &environment)
}

#[test]
fn the_seed_needs_no_other_keys_around_its_endpoint() {
    let text = r#"{"version":3,"endpoints":[{"endpoint":"/user/{id}","timeout":"150ms","backend":[
        {"url_pattern":"/v1/user/{id}","host":["http://127.0.0.1:8081"]},
        {"url_pattern":"/v2/user/{id}","host":["http://127.0.0.1:8082"],"extra_config":{"proxy":{"shadow":true}}}]}]}"#;
    let loaded = read("k.json", text);
    assert!(loaded.diagnostics.is_empty());
    is_seed(&loaded.service.unwrap());
}

#[test]
fn the_seed_may_be_the_endpoint_alone() {
    let text = "{\"endpoint\":\"/user/{id}\",\"timeout\":\"150ms\",\"backend\":[
        {\"url_pattern\":\"/v1/user/{id}\",\"host\":[\"http://127.0.0.1:8081\"]},
        {\"url_pattern\":\"/v2/user/{id}\",\"host\":[\"http://127.0.0.1:8082\"],\"extra_config\":{\"proxy\":{\"shadow\":true}}}]}";
    let loaded = read("k.json", text);
    assert_eq!(loaded.diagnostics.len(), 1);
    assert_eq!(loaded.diagnostics[0].severity, Severity::Info);
    is_seed(&loaded.service.unwrap());
    let broken = text.replace("true", "1").replace("{\"endpoint", "{\"host\":[\"h\"],\"port\":70000,\"endpoint");
    assert_eq!(
        lines(&broken),
        [
            "k.json:1:1: info: one endpoint without a service around it: read as the only endpoint of a service",
            "k.json:1:15: error at /port: 70000 is not a port (write a number from 1 to 65535)",
            "k.json:3:98: error at /backend/1/extra_config/proxy/shadow: 1 is not true or false: this \
             makes the backend live (write \"shadow\": true, or false, without quotes)",
        ]
    );
}

#[test]
fn endpoints_without_a_version_are_refused_as_in_krakend() {
    assert_eq!(
        lines(r#"{"endpoints":[]}"#),
        ["k.json:1:1: error at /version: unsupported version: 0 (want: 3) (write \"version\": 3)"]
    );
}

#[test]
fn the_smallest_file_has_every_default() {
    let service = read("k.json", r#"{"version":3}"#).service.unwrap();
    assert_eq!((service.port, service.listen_ip, service.endpoints.len()), (8080, None, 0));
    assert_eq!(service.dns_cache_ttl, Duration::from_secs(30));
    assert_eq!(service.transport.max_idle_connections_per_host, 250);
    assert_eq!(service.router.health_path, "/__health");
    assert!(service.router.forwarded_by_client_ip && service.router.trusted_proxies.is_empty());
    assert_eq!(service.admin.listen.map(|address| address.to_string()).as_deref(), Some("127.0.0.1:8090"));
    assert!(!service.admin.explicit && service.tls.is_none() && service.client_tls.is_none());
    assert_eq!((service.shadow.max_concurrent, service.shadow.max_request_bytes), (2048, 10 << 20));
}

#[test]
fn a_rich_file_is_read_to_the_last_key() {
    let loaded = read("k.json", &rich().to_string());
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    assert_eq!(loaded.components, ["@admin", "@shadow", "router"]);
    let service = loaded.service.unwrap();
    assert_eq!(service.router.error_body[&404], r#"{"a":1}"#);
    assert_eq!(service.router.trusted_proxies, [("10.0.0.0".parse().unwrap(), 8)]);
    assert_eq!((service.shadow.threads, service.shadow.max_request_bytes), (2, 1 << 20));
    let tls = service.tls.unwrap();
    assert_eq!((tls.keys.len(), tls.min_version, tls.max_version), (1, 12, 13));
    assert_eq!(service.client_tls.map(|tls| (tls.min_version, tls.max_version)), Some((13, 13)));
    let [merged, raw] = service.endpoints.as_slice() else { panic!("two endpoints") };
    assert_eq!((merged.path.as_str(), merged.method.as_str(), merged.cache_seconds), ("/a/{id}", "POST", Some(1)));
    assert_eq!(merged.input_headers, Pick::Only(vec!["X-A".to_owned()]));
    assert_eq!(merged.input_query_strings, Pick::All);
    let fallback = merged.static_data.as_ref().unwrap();
    assert_eq!(
        (fallback.strategy, fallback.data.as_slice()),
        (Strategy::Errored, &[("a".to_owned(), "1".to_owned())][..])
    );
    let [live, shadow] = merged.backends.as_slice() else { panic!("two backends") };
    assert_eq!((live.hosts.as_slice(), live.method.as_str()), (&["http://a".to_owned()][..], "POST"));
    assert_eq!(live.error_policy, ErrorPolicy::Details("b".to_owned()));
    assert_eq!((shadow.url_pattern.as_str(), shadow.hosts.as_slice()), ("/y", &["h".to_owned()][..]));
    assert_eq!(shadow.discovery, Discovery::Dns { scheme: "http".to_owned() });
    assert_eq!(shadow.shadow.as_ref().map(|shadow| shadow.timeout), Some(Duration::from_secs(2)));
    assert!(shadow.send_body_on_redirect);
    assert!(raw.backends.iter().all(|backend| backend.encoding == "no-op"));
}

#[test]
fn zero_means_not_set() {
    let text = r#"{"version":3,"port":0,"timeout":"0s","cache_ttl":"3s","read_timeout":"0s","endpoints":[
        {"endpoint":"/a","timeout":"0s","cache_ttl":"0s","concurrent_calls":0,"backend":[{"host":"h"}]}]}"#;
    let service = read("k.json", text).service.unwrap();
    let endpoint = &service.endpoints[0];
    assert_eq!((service.port, service.read_timeout), (8080, None));
    assert_eq!((endpoint.timeout, endpoint.cache_seconds), (Duration::from_secs(2), Some(3)));
    assert_eq!(endpoint.concurrent_calls, 1);
}

#[test]
fn an_unsupported_method_leaves_its_endpoint_out() {
    let text = r#"{"version":3,"endpoints":[{"endpoint":"/a","method":"HEAD","backend":[{"host":"h"}]},
        {"endpoint":"/a","backend":[{"host":"h"}]}]}"#;
    let service = read("k.json", text).service.unwrap();
    assert_eq!(service.endpoints.len(), 1);
    assert_eq!(service.endpoints[0].pointer, "/endpoints/1");
}

#[test]
fn yaml_and_toml_say_the_same_as_json() {
    let yaml = "version: 3\nport: 9090\nextra_config:\n  router:\n    error_body:\n      404: {a: 1}\nendpoints:\n\
        - endpoint: /user/{id}\n  timeout: 150ms\n  backend:\n\
        \x20 - {url_pattern: '/v1/user/{id}', host: 'http://127.0.0.1:8081'}\n\
        \x20 - {url_pattern: '/v2/user/{id}', host: ['http://127.0.0.1:8082'], extra_config: {proxy: {shadow: true}}}\n";
    let loaded = read("k.yml", yaml);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let service = loaded.service.unwrap();
    assert_eq!((service.port, service.router.error_body[&404].as_str()), (9090, r#"{"a":1}"#));
    is_seed(&service);
    let toml = "version = 3\n[[endpoints]]\nendpoint = '/user/{id}'\ntimeout = '150ms'\n\
        [[endpoints.backend]]\nurl_pattern = '/v1/user/{id}'\nhost = ['http://127.0.0.1:8081']\n\
        [[endpoints.backend]]\nurl_pattern = '/v2/user/{id}'\nhost = ['http://127.0.0.1:8082']\n\
        extra_config.proxy.shadow = true\n";
    let loaded = read("k.toml", toml);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    is_seed(&loaded.service.unwrap());
}

#[test]
fn yes_in_yaml_is_no_truth_value() {
    let text = "version: 3\nendpoints:\n- endpoint: /a\n  backend:\n  - host: h\n  \
        - {host: h, extra_config: {proxy: {shadow: yes}}}\n";
    let loaded = read("k.yaml", text);
    assert_eq!(loaded.diagnostics[0].severity, Severity::Mistake);
    assert_eq!(loaded.diagnostics[0].pointer, "/endpoints/0/backend/1/extra_config/proxy/shadow");
}

#[test]
fn broken_yaml_and_toml_are_told_with_their_place() {
    let said = |name, text| read(name, text).diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(said("k.yaml", "version: 3\nport: [\n"), ["k.yaml:2:7: error: unclosed bracket '['"]);
    assert!(said("k.toml", "version = 3\nport = \n")[0].starts_with("k.toml:2:8: error: "));
    assert_eq!(said("k.yaml", "version: 3\nport: x\n"), ["k.yaml: error at /port: \"x\" is not a whole number"]);
}

#[test]
fn a_yaml_file_that_says_nothing_has_no_version_and_of_several_documents_the_first_counts() {
    let said = |text| read("k.yaml", text).diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>();
    for empty in ["", "# nothing\n", "---\n"] {
        assert_eq!(
            said(empty),
            ["k.yaml: error at /version: unsupported version: 0 (want: 3) (write \"version\": 3)"],
            "{empty:?}"
        );
    }
    let loaded = read("k.yaml", "version: 3\nport: 8081\n---\nversion: 9\nport: 8082\n");
    assert_eq!((loaded.diagnostics.len(), loaded.service.map(|service| service.port)), (0, Some(8081)));
}

#[test]
fn what_the_parsers_say_to_programmers_is_not_repeated() {
    let said = |text| read("k.yaml", text).diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(said("version: 3\nport: 1\nport: 2\n"), ["k.yaml:3:1: error: duplicate mapping key: port"]);
}

#[test]
fn lists_of_maps_where_a_map_is_wanted_are_read_as_in_krakend() {
    let text = r#"{"version":3,"extra_config":[],"endpoints":[{"endpoint":"/a","extra_config":[],"backend":[
        {"url_pattern":"/","host":"h","mapping":[{"a":"b"},{"c":"d"}],"extra_config":[{"proxy":{"shadow":false}}]}]}]}"#;
    let loaded = read("k.json", text);
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    let mapping = loaded.service.map(|service| service.endpoints[0].backends[0].mapping.clone());
    assert_eq!(mapping, Some(vec![("a".to_owned(), "b".to_owned()), ("c".to_owned(), "d".to_owned())]));
    let wrong = lines(&text.replace(r#"[{"a":"b"},"#, r#"[1,{"a":"b"},"#));
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].contains("mapping") && wrong[0].contains("is not an object"), "{wrong:?}");
}

#[test]
fn depth_is_bounded_in_every_format() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for (name, start, end) in [
        ("k.json", "{\"version\":3,\"name\":", "}"),
        ("k.yaml", "version: 3\nname: ", "\n"),
        ("k.toml", "version = 3\nname = ", "\n"),
    ] {
        assert!(read(name, &format!("{start}{deep}{end}")).service.is_none(), "{name}");
    }
}

#[test]
fn variables_override_root_keys() {
    let variables = [("KRAKEND_PORT", "9191"), ("KRAKEND_TIMEOUT", "3s"), ("KRAKEND_HOST", "h"), ("HOME", "/")];
    let text = r#"{"version":3,"Port":1,"timeout":"1s","endpoints":[{"endpoint":"/a","backend":[{}]}]}"#;
    let service = under(&variables, text).service.unwrap();
    assert_eq!((service.port, service.endpoints[0].timeout), (9191, Duration::from_secs(3)));
    assert_eq!(service.endpoints[0].backends[0].hosts, ["http://h"]);
}

#[test]
fn a_bad_variable_is_named() {
    let loaded = under(&[("KRAKEND_PORT", "tcp://10.0.0.7:8080"), ("KRAKEND_X", "1")], r#"{"version":3,"port":1}"#);
    let said: Vec<_> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "k.json: error at /port: \"tcp://10.0.0.7:8080\" is not a whole number (set by KRAKEND_PORT)",
            "k.json:1:1: info: the variable KRAKEND_X sets no key that is known, ignored as KrakenD does",
        ]
    );
}

#[test]
fn files_of_version_2_are_converted() {
    let text = r#"{"version":2,"endpoints":[{"endpoint":"/a","headers_to_pass":["x-a"],"querystring_params":["q"],
        "backend":[{"host":"h","whitelist":["a"],"mapping":{"whitelist":"blacklist"}},
                   {"host":"h","blacklist":["b"],"extra_config":{"github.com/devopsfaith/krakend/proxy":{"shadow":true}}}]}]}"#;
    let loaded = read("k.json", text);
    let said: Vec<_> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "k.json:1:2: info at /version: a file of version 2, read as version 3: blacklist to deny, headers_to_pass to \
          input_headers, querystring_params to input_query_strings, whitelist to allow"
        ]
    );
    let service = loaded.service.unwrap();
    let endpoint = &service.endpoints[0];
    assert_eq!(endpoint.input_headers, Pick::Only(vec!["X-A".to_owned()]));
    assert_eq!(
        (endpoint.backends[0].allow.as_slice(), endpoint.backends[1].deny.as_slice()),
        (&["a".to_owned()][..], &["b".to_owned()][..])
    );
    assert_eq!(endpoint.backends[0].mapping, [("whitelist".to_owned(), "blacklist".to_owned())]);
    assert!(endpoint.backends[1].shadow.is_some());
}

#[test]
fn old_names_filter_nothing_in_version_3() {
    let text = r#"{"version":3,"endpoints":[{"endpoint":"/a","backend":[{"host":"h","whitelist":["a"]}]}]}"#;
    assert!(read("k.json", text).service.unwrap().endpoints[0].backends[0].allow.is_empty());
}

#[test]
fn a_no_op_endpoint_may_have_one_live_backend_and_shadows() {
    let text = r#"{"version":3,"endpoints":[{"endpoint":"/a","output_encoding":"no-op","backend":[{"host":"h"},
        {"host":"h","extra_config":{"proxy":{"shadow":true}}},{"host":"h","extra_config":{"proxy":{"shadow":true}}}]}]}"#;
    assert!(read("k.json", text).diagnostics.is_empty());
}

#[test]
fn one_mistyped_router_key_costs_the_keys_decoded_with_it() {
    let text =
        r#"{"version":3,"extra_config":{"router":{"return_error_msg":true,"app_engine":1,"auto_options":true}}}"#;
    let router = read("k.json", text).service.unwrap().router;
    assert!(!router.return_error_msg && router.auto_options);
}

#[test]
fn a_missing_file_is_told_in_the_words_of_krakend() {
    let loaded = load(&Source::File("no/such/krakend.json".into()), &Environment::default());
    assert_eq!(
        loaded.diagnostics[0].to_string(),
        "no/such/krakend.json: error: open no/such/krakend.json: no such file or directory"
    );
}

/// A document with something of everything.
pub(super) fn rich() -> serde_json::Value {
    serde_json::json!({
        "version": 3, "name": "n", "port": "8080", "host": "http://a", "timeout": "1s", "cache_ttl": "1500ms",
        "listen_ip": "::", "max_idle_connections_per_host": 10,
        "tls": {"keys": [{"public_key": "c.pem", "private_key": "k.pem"}], "min_version": "TLS12"},
        "client_tls": {"allow_insecure_connections": true, "client_certs": [{"certificate": "c", "private_key": "k"}]},
        "extra_config": {
            "router": {"return_error_msg": true, "trusted_proxies": ["10.0.0.0/8"], "error_body": {"404": {"a": 1}}},
            "@admin": {"listen": "127.0.0.1:0"},
            "@shadow": {"max_request": "1MiB", "threads": 2, "drain_timeout": "1s"}
        },
        "endpoints": [
            {
                "endpoint": "a/{id}", "method": "post", "input_headers": ["x-a"], "input_query_strings": ["*"],
                "extra_config": {"proxy": {
                    "sequential": true, "sequential_propagated_params": ["resp0_a"],
                    "static": {"data": {"a": 1}, "strategy": "errored"},
                    "flatmap_filter": [{"type": "del", "args": ["a"]}]
                }},
                "backend": [
                    {"url_pattern": "/x/{id}?y={resp0_a}", "allow": ["a"], "mapping": {"a": "b"}, "group": "g",
                     "extra_config": {"backend/http": {"return_error_details": "b"}}},
                    {"url_pattern": "y", "sd": "dns", "host": ["h"], "disable_host_sanitize": true, "method": "put",
                     "extra_config": {"github.com/devopsfaith/krakend/proxy": {"shadow": true, "shadow_timeout": "2s"},
                                      "backend/http/client": {"send_body_on_redirect": true}}}
                ]
            },
            {"endpoint": "/b", "output_encoding": "no-op", "backend": [
                {"host": ["b"], "encoding": "json"},
                {"host": ["c"], "extra_config": {"proxy": {"shadow": true}}}]}
        ]
    })
}
