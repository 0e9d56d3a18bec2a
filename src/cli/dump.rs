//! What was understood of a configuration, as text: the answer to `check -d`.
//!
//! Promises: the outline of KrakenD's dump, with shadows told apart from live backends; components as they are written,
//! but without what looks like a secret. Writes to a string only.

use std::{
    fmt::{self, Display, Write},
    time::Duration,
};

use serde_json::Value;

use crate::config::{Backend, ClientTls, Endpoint, Extra, Pick, Service, Tls};

/// Texts under these keys, and under keys that end with one of them, are not shown.
const SECRETS: [&str; 4] = ["token", "secret", "password", "passphrase"];

/// The service as text. Level 1 is the outline, 2 adds defaults, headers, manipulation and what components are told, 3
/// the transport.
#[must_use]
pub fn dump(service: &Service, level: u8, indent: &str) -> String {
    let mut dump = Dump { text: String::new(), indent, level };
    // Writing to a string cannot fail.
    let _ = dump.service(service);
    dump.text
}

struct Dump<'a> {
    text: String,
    indent: &'a str,
    level: u8,
}

impl Dump<'_> {
    fn line(&mut self, depth: usize, line: fmt::Arguments<'_>) -> fmt::Result {
        writeln!(self.text, "{}{line}", self.indent.repeat(depth))
    }

    fn list(&mut self, depth: usize, name: &str, items: &[String]) -> fmt::Result {
        if items.is_empty() { Ok(()) } else { self.line(depth, format_args!("{name}: [{}]", items.join(" "))) }
    }

    fn values(&mut self, depth: usize, values: &[(&str, &dyn Display)]) -> fmt::Result {
        values.iter().try_for_each(|(name, value)| self.line(depth, format_args!("{name}: {value}")))
    }

    /// What was written for the components of one part of the file.
    fn components(&mut self, depth: usize, extra: &Extra) -> fmt::Result {
        for (name, value) in extra.components() {
            self.line(depth, format_args!("- {name}"))?;
            if self.level > 1 {
                let text = format!("{:#}", without_secrets(value));
                for line in text.lines() {
                    let inner = line.trim_start_matches(' ');
                    let deeper = (line.len() - inner.len()) / 2;
                    self.line(depth + 1 + deeper, format_args!("{inner}"))?;
                }
            }
        }
        Ok(())
    }

    /// The components of an endpoint or a backend, which level 1 does not mention.
    fn inner_components(&mut self, depth: usize, extra: &Extra) -> fmt::Result {
        let count = extra.components().count();
        if self.level < 2 || count == 0 {
            return Ok(());
        }
        self.line(depth, format_args!("{count} component configuration(s):"))?;
        self.components(depth, extra)
    }

    fn service(&mut self, service: &Service) -> fmt::Result {
        self.line(0, format_args!("Global settings"))?;
        self.line(1, format_args!("Name: {}", service.name))?;
        self.line(1, format_args!("Version: 3"))?;
        let address = service.listen_ip.map_or(String::new(), |address| address.to_string());
        self.line(1, format_args!("Address: {address}"))?;
        self.line(1, format_args!("Port: {}", service.port))?;
        if self.level > 1 {
            self.defaults(service)?;
        }
        if self.level > 2 {
            self.transport(service)?;
        }
        self.line(0, format_args!("{} global component configuration(s):", service.extra.components().count()))?;
        self.components(0, &service.extra)?;
        self.line(0, format_args!("{} API endpoint(s):", service.endpoints.len()))?;
        for endpoint in &service.endpoints {
            self.endpoint(endpoint)?;
        }
        Ok(())
    }

    fn defaults(&mut self, service: &Service) -> fmt::Result {
        let shadow = &service.shadow;
        let values: [(&str, &dyn Display); 8] = [
            ("Read timeout", &time(service.read_timeout)),
            ("Write timeout", &time(service.write_timeout)),
            ("Idle timeout", &time(service.idle_timeout)),
            ("Health endpoint", &if service.router.disable_health { "off" } else { &service.router.health_path }),
            ("Debug endpoint", &on(service.debug_endpoint)),
            ("Echo endpoint", &on(service.echo_endpoint)),
            ("Access log", &on(!service.router.disable_access_log)),
            ("Error messages", &on(service.router.return_error_msg)),
        ];
        self.values(1, &values)?;
        self.line(1, format_args!("Shadows:"))?;
        let values: [(&str, &dyn Display); 8] = [
            ("Concurrent copies", &shadow.max_concurrent),
            ("Buffered bytes", &shadow.max_buffered_bytes),
            ("Memory budget", &shadow.memory_budget_bytes),
            ("Largest request", &shadow.max_request_bytes),
            ("Largest response", &shadow.max_response_bytes),
            ("Threads", &shadow.threads),
            ("Drain timeout", &time(Some(shadow.drain_timeout))),
            ("Overload lag", &time(shadow.overload_lag)),
        ];
        self.values(2, &values)?;
        match &shadow.kill_file {
            Some(path) => self.line(2, format_args!("Kill file: {}", path.display())),
            None => Ok(()),
        }
    }

    fn transport(&mut self, service: &Service) -> fmt::Result {
        let transport = &service.transport;
        self.line(1, format_args!("Transport:"))?;
        let values: [(&str, &dyn Display); 11] = [
            ("Idle connections", &transport.max_idle_connections),
            ("Idle connections per host", &transport.max_idle_connections_per_host),
            ("Idle connection timeout", &time(transport.idle_connection_timeout)),
            ("Response header timeout", &time(transport.response_header_timeout)),
            ("Expect continue timeout", &time(transport.expect_continue_timeout)),
            ("Dialer timeout", &time(transport.dialer_timeout)),
            ("Dialer keep-alive", &time(transport.dialer_keep_alive)),
            ("Dialer fallback delay", &time(transport.dialer_fallback_delay)),
            ("DNS cache", &time(Some(service.dns_cache_ttl))),
            ("Keep-alives", &on(!transport.disable_keep_alives)),
            ("Compression", &on(!transport.disable_compression)),
        ];
        self.values(2, &values)?;
        self.tls(service.tls.as_ref())?;
        self.client_tls(service.client_tls.as_ref())
    }

    fn tls(&mut self, tls: Option<&Tls>) -> fmt::Result {
        let Some(tls) = tls else { return self.line(1, format_args!("TLS: off")) };
        self.line(1, format_args!("TLS:"))?;
        for pair in &tls.keys {
            self.line(2, format_args!("Certificate: {}", pair.certificate.display()))?;
        }
        self.line(2, format_args!("Versions: {} to {}", version(tls.min_version), version(tls.max_version)))?;
        self.line(2, format_args!("Client certificates: {}", on(tls.enable_mtls)))
    }

    fn client_tls(&mut self, tls: Option<&ClientTls>) -> fmt::Result {
        let Some(tls) = tls else { return Ok(()) };
        self.line(1, format_args!("Client TLS:"))?;
        for pair in &tls.client_certs {
            self.line(2, format_args!("Certificate: {}", pair.certificate.display()))?;
        }
        self.line(2, format_args!("Versions: {} to {}", version(tls.min_version), version(tls.max_version)))?;
        self.line(2, format_args!("Verification: {}", on(!tls.allow_insecure_connections)))
    }

    fn endpoint(&mut self, endpoint: &Endpoint) -> fmt::Result {
        self.line(1, format_args!("- {} {}", endpoint.method, endpoint.path))?;
        self.line(1, format_args!("Timeout: {:?}", endpoint.timeout))?;
        if self.level > 1 {
            self.pick(1, "Headers", &endpoint.input_headers)?;
            self.pick(1, "Query strings", &endpoint.input_query_strings)?;
            self.line(1, format_args!("Output encoding: {}", endpoint.output_encoding))?;
            self.line(1, format_args!("Concurrent calls: {}", endpoint.concurrent_calls))?;
            if let Some(seconds) = endpoint.cache_seconds {
                self.line(1, format_args!("Cache: {seconds}s"))?;
            }
        }
        self.inner_components(1, &endpoint.extra)?;
        self.line(1, format_args!("Connecting to {} backend(s):", endpoint.backends.len()))?;
        for backend in &endpoint.backends {
            self.backend(backend, endpoint)?;
        }
        Ok(())
    }

    fn backend(&mut self, backend: &Backend, endpoint: &Endpoint) -> fmt::Result {
        let (mark, note) = if backend.shadow.is_some() { ('~', " (shadow)") } else { ('+', "") };
        self.line(2, format_args!("[{mark}] {} {}{note}", backend.method, backend.url_pattern))?;
        let timeout = backend.shadow.as_ref().map_or(endpoint.timeout, |shadow| shadow.timeout);
        self.line(2, format_args!("Timeout: {timeout:?}"))?;
        self.line(2, format_args!("Hosts: [{}]", backend.hosts.join(" ")))?;
        if let Some(policy) = backend.shadow.as_ref().and_then(|shadow| shadow.policy.as_ref()) {
            self.line(2, format_args!("Policy: {}", policy.summary(&endpoint.params)))?;
        }
        if self.level > 1 {
            self.line(2, format_args!("Encoding: {}", backend.encoding))?;
            self.list(2, "Allow", &backend.allow)?;
            self.list(2, "Deny", &backend.deny)?;
            let mapping: Vec<_> = backend.mapping.iter().map(|(old, new)| format!("{old}->{new}")).collect();
            self.list(2, "Mapping", &mapping)?;
            self.list(2, "Headers", &backend.input_headers)?;
            self.list(2, "Query strings", &backend.input_query_strings)?;
            for (name, text) in [("Target", &backend.target), ("Group", &backend.group)] {
                if !text.is_empty() {
                    self.line(2, format_args!("{name}: {text}"))?;
                }
            }
        }
        self.inner_components(2, &backend.extra)
    }

    fn pick(&mut self, depth: usize, name: &str, pick: &Pick) -> fmt::Result {
        match pick {
            Pick::All => self.line(depth, format_args!("{name}: *")),
            Pick::Only(names) => self.list(depth, name, names),
        }
    }
}

fn on(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

fn time(time: Option<Duration>) -> String {
    time.map_or_else(|| "none".to_owned(), |time| format!("{time:?}"))
}

/// 12 as `TLS 1.2`.
fn version(number: u8) -> String {
    format!("TLS {}.{}", number / 10, number % 10)
}

fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let shown = |(name, value): (&String, &Value)| {
                let is_secret = value.is_string() && SECRETS.iter().any(|secret| name.ends_with(secret));
                (name.clone(), if is_secret { Value::from("…") } else { without_secrets(value) })
            };
            Value::Object(members.iter().map(shown).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(without_secrets).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::dump;
    use crate::config::{Environment, Source, load};

    #[test]
    fn the_dump_tells_shadows_from_live_backends() {
        let text = include_str!("../../config/krakend.json").to_owned();
        let loaded = load(&Source::Text { name: "krakend.json".to_owned(), text }, &Environment::default());
        let text = dump(&loaded.service.unwrap(), 1, "  ");
        assert_eq!(
            text,
            "Global settings\n  Name: users\n  Version: 3\n  Address: \n  Port: 8080\n\
             0 global component configuration(s):\n1 API endpoint(s):\n  - GET /user/{id}\n  Timeout: 150ms\n  \
             Connecting to 2 backend(s):\n    [+] GET /v1/user/{id}\n    Timeout: 150ms\n    \
             Hosts: [http://127.0.0.1:8081]\n    [~] GET /v2/user/{id} (shadow)\n    Timeout: 150ms\n    \
             Hosts: [http://127.0.0.1:8082]\n"
        );
    }
    fn of(level: u8) -> String {
        let text = r#"{"version": 3, "extra_config": {"router": {"return_error_msg": true},
            "@admin": {"token": "0123456789abcdef"}, "@shadow": {"threads": 2}},
            "tls": {"public_key": "a.pem", "private_key": "b.pem", "min_version": "TLS12"}, "client_tls": {},
            "endpoints": [{"endpoint": "/a", "extra_config": {"qos/ratelimit/router": {"max_rate": 7}},
            "backend": [{"url_pattern": "/", "host": "h", "extra_config": {"backend/http": {"return_error_code": true}}}]}]}"#;
        let loaded = load(&Source::Text { name: "k.json".to_owned(), text: text.to_owned() }, &Environment::default());
        dump(&loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics)), level, "  ")
    }

    #[test]
    fn components_are_shown_as_they_are_written_without_their_secrets() {
        assert!(!of(1).contains("return_error_msg"), "{}", of(1));
        for text in [of(2), of(3)] {
            assert!(text.contains("- router\n  {\n    \"return_error_msg\": true\n  }\n"), "{text}");
            assert!(text.contains("  - qos/ratelimit/router\n    {\n      \"max_rate\": 7\n    }\n"), "{text}");
            assert!(text.contains("    - backend/http\n      {\n        \"return_error_code\": true\n"), "{text}");
            assert!(text.contains("\"token\": \"…\"") && !text.contains("0123456789"), "{text}");
        }
    }

    #[test]
    fn defaults_and_transport_are_lines_for_people() {
        assert!(
            of(2).contains("  Error messages: on\n  Shadows:\n") && of(2).contains("    Threads: 2\n"),
            "{}",
            of(2)
        );
        assert!(of(3).contains("    Idle connections per host: 250\n"), "{}", of(3));
        assert!(of(3).contains("  TLS:\n    Certificate: a.pem\n    Versions: TLS 1.2 to TLS 1.3\n"), "{}", of(3));
        // How the compiler's derived texts look: a name and a brace, an option, a named field.
        for word in [" { ", "Some(", "None", "Router", "ShadowDefaults", "max_idle_connections:"] {
            assert!(!of(3).contains(word), "{word}: {}", of(3));
        }
    }
}
