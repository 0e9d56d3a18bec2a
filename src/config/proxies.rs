//! `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`: which backends KrakenD would call through a proxy.
//!
//! Promises: nothing is ever sent to a proxy; whoever has set one for a backend is told that it counts for nothing.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::{Backend, Environment, Service, diagnostic::Findings};

/// Warns once for each variable that would put a proxy before a backend.
pub(super) fn report(service: &Service, environment: &Environment, findings: &mut Findings) {
    let exceptions = variable(environment, "NO_PROXY").map_or("", |(_, list)| list);
    for (scheme, name) in [("http", "HTTP_PROXY"), ("https", "HTTPS_PROXY")] {
        let Some((name, _)) = variable(environment, name) else { continue };
        let backends = service.endpoints.iter().flat_map(|endpoint| &endpoint.backends);
        let backends = backends.flat_map(Backend::with_variants);
        let urls = backends.flat_map(|backend| &backend.hosts).filter_map(|host| Url::parse(host).ok());
        let proxied = |url: &Url| url.scheme() == scheme && is_proxied(url, exceptions);
        if let Some(url) = urls.into_iter().find(proxied) {
            let host = url.host_str().unwrap_or_default();
            let message = format!(
                "{name} is set, but backends are called directly, {host} among them: proxies are not supported"
            );
            findings.warning("", message);
        }
    }
}

/// A variable that says something, in capitals or not, and how it is spelled.
fn variable<'a>(environment: &'a Environment, name: &str) -> Option<(String, &'a str)> {
    let spellings = [name.to_owned(), name.to_ascii_lowercase()];
    spellings.into_iter().find_map(|name| {
        let value = environment.get(&name).filter(|value| !value.is_empty())?;
        Some((name, value))
    })
}

/// Whether Go would ask a proxy: not for this machine, nor for what the list of exceptions names.
fn is_proxied(url: &Url, exceptions: &str) -> bool {
    let name = match url.host() {
        None => return false,
        Some(Host::Domain(name)) => name.trim_end_matches('.').to_ascii_lowercase(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
    };
    let address: Option<IpAddr> = name.parse().ok();
    if name == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return false;
    }
    let mut exceptions = exceptions.split(',').map(str::trim).filter(|exception| !exception.is_empty());
    !exceptions.any(|exception| excepts(&exception.to_ascii_lowercase(), &name, address, url.port_or_known_default()))
}

fn excepts(exception: &str, name: &str, address: Option<IpAddr>, port: Option<u16>) -> bool {
    if exception == "*" {
        return true;
    }
    if let (Ok(network), Some(address)) = (exception.parse::<IpNet>(), address) {
        return network.contains(&address);
    }
    let (host, only) = match exception.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>())) {
        Some((host, Ok(port))) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (exception, None),
    };
    if only.is_some() && only != port {
        return false;
    }
    if let Some(address) = address {
        return host.trim_matches(['[', ']']).parse() == Ok(address);
    }
    match host.strip_prefix("*.").or_else(|| host.strip_prefix('.')) {
        // With a dot in front only what lies below the name.
        Some(parent) => name.strip_suffix(parent).is_some_and(|below| below.ends_with('.')),
        None => name == host || name.strip_suffix(host).is_some_and(|below| below.ends_with('.')),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::config::{Environment, Source, load};

    fn told(variables: &[(&str, &str)], hosts: &[&str]) -> Vec<String> {
        let file = json!({"version": 3, "endpoints": [{"endpoint": "/a",
            "backend": [{"url_pattern": "/", "host": hosts}]}]});
        let environment: Environment = variables.iter().copied().collect();
        let source = Source::Text { name: "k.json".to_owned(), text: file.to_string() };
        load(&source, &environment).diagnostics.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_proxy_that_would_apply_is_told_with_the_host() {
        let said =
            told(&[("HTTP_PROXY", "http://p:1"), ("https_proxy", "http://p:1")], &["http://a.test", "https://b.test"]);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("warning: HTTP_PROXY is set") && said[0].contains("a.test"), "{said:?}");
        assert!(said[1].contains("warning: https_proxy is set") && said[1].contains("b.test"), "{said:?}");
    }

    #[test]
    fn a_proxy_that_would_not_apply_is_not_told() {
        let none: [String; 0] = [];
        assert_eq!(told(&[], &["http://a.test"]), none);
        assert_eq!(told(&[("HTTP_PROXY", "")], &["http://a.test"]), none);
        assert_eq!(told(&[("HTTP_PROXY", "p")], &["https://a.test"]), none);
        assert_eq!(told(&[("HTTP_PROXY", "p")], &["http://localhost:81", "http://127.0.0.9"]), none);
        for exceptions in ["*", "a.test", "test", ".test", "*.test", "b.test, a.test", "a.test:80"] {
            assert_eq!(
                told(&[("HTTP_PROXY", "p"), ("NO_PROXY", exceptions)], &["http://a.test"]),
                none,
                "{exceptions}"
            );
        }
        for exceptions in ["10.0.0.0/8", "10.1.2.3", "10.1.2.3:80"] {
            assert_eq!(
                told(&[("HTTP_PROXY", "p"), ("no_proxy", exceptions)], &["http://10.1.2.3"]),
                none,
                "{exceptions}"
            );
        }
        for exceptions in [".a.test", "st", "a.test:81", "10.0.0.0/8"] {
            assert_eq!(
                told(&[("HTTP_PROXY", "p"), ("NO_PROXY", exceptions)], &["http://a.test"]).len(),
                1,
                "{exceptions}"
            );
        }
    }
}
