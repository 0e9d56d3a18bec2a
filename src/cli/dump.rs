//! What was understood of a configuration, as text: the answer to `check -d`.
//!
//! Promises: the outline of KrakenD's dump, with shadows told apart from live backends. Writes to a string only.

use std::fmt::{self, Write};

use crate::config::{Backend, Endpoint, Pick, Service};

/// The service as text. Level 1 is the outline, 2 adds headers and manipulation, 3 the transport.
#[must_use]
pub fn dump(service: &Service, components: &[String], level: u8, indent: &str) -> String {
    let mut dump = Dump { text: String::new(), indent, level };
    // Writing to a string cannot fail.
    let _ = dump.service(service, components);
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

    fn service(&mut self, service: &Service, components: &[String]) -> fmt::Result {
        self.line(0, format_args!("Global settings"))?;
        self.line(1, format_args!("Name: {}", service.name))?;
        self.line(1, format_args!("Version: 3"))?;
        let address = service.listen_ip.map_or(String::new(), |address| address.to_string());
        self.line(1, format_args!("Address: {address}"))?;
        self.line(1, format_args!("Port: {}", service.port))?;
        self.bounds(service)?;
        self.line(0, format_args!("{} global component configuration(s):", components.len()))?;
        for component in components {
            self.line(0, format_args!("- {component}"))?;
        }
        self.line(0, format_args!("{} API endpoint(s):", service.endpoints.len()))?;
        for endpoint in &service.endpoints {
            self.endpoint(endpoint)?;
        }
        Ok(())
    }

    fn bounds(&mut self, service: &Service) -> fmt::Result {
        if self.level > 1 {
            self.line(1, format_args!("Shadows: {:?}", service.shadow))?;
            self.line(1, format_args!("Router: {:?}", service.router))?;
        }
        if self.level > 2 {
            self.line(1, format_args!("Transport: {:?}", service.transport))?;
            self.line(1, format_args!("TLS: {}", if service.tls.is_some() { "on" } else { "off" }))?;
        }
        Ok(())
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
        Ok(())
    }

    fn pick(&mut self, depth: usize, name: &str, pick: &Pick) -> fmt::Result {
        match pick {
            Pick::All => self.line(depth, format_args!("{name}: *")),
            Pick::Only(names) => self.list(depth, name, names),
        }
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
        let text = dump(&loaded.service.unwrap(), &loaded.components, 1, "  ");
        assert_eq!(
            text,
            "Global settings\n  Name: users\n  Version: 3\n  Address: \n  Port: 8080\n\
             0 global component configuration(s):\n1 API endpoint(s):\n  - GET /user/{id}\n  Timeout: 150ms\n  \
             Connecting to 2 backend(s):\n    [+] GET /v1/user/{id}\n    Timeout: 150ms\n    \
             Hosts: [http://127.0.0.1:8081]\n    [~] GET /v2/user/{id} (shadow)\n    Timeout: 150ms\n    \
             Hosts: [http://127.0.0.1:8082]\n"
        );
    }
}
