//! What a file would show to clients it was not answered for, and perhaps does not mean to.
//!
//! Promises: only tells; what the file says is done all the same, as in the original.

use http::{HeaderName, header::AUTHORIZATION, header::COOKIE};

use crate::config::{Backend, Diagnostic, Endpoint, Pick, Severity, diagnostic::Findings};

/// Tells of a cache behind which a backend is told who asks, for its answers are kept by URL alone.
pub(super) fn tell(backend: &Backend, endpoint: &Endpoint, findings: &mut Findings) {
    let cache = backend.extra.component("qos/http-cache");
    if cache.is_absent() || !matches!(backend.method.as_str(), "GET" | "HEAD") {
        return;
    }
    let passes = |name: &HeaderName| {
        let listed = |names: &[String]| names.iter().any(|listed| name.as_str().eq_ignore_ascii_case(listed));
        let by_endpoint = match &endpoint.input_headers {
            Pick::All => true,
            Pick::Only(names) => listed(names),
        };
        by_endpoint && (backend.input_headers.is_empty() || listed(&backend.input_headers))
    };
    for (name, written) in [(AUTHORIZATION, "Authorization"), (COOKIE, "Cookie")] {
        if passes(&name) {
            let message = format!("what one client is answered for its {written} is given to others, as in KrakenD");
            let finding = Diagnostic::new(Severity::Warning, cache.pointer(), message);
            findings.push(finding.hint("let the backend answer with Vary or private, or do not pass the header on"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        config::{Environment, Source, load},
        plan::compile,
    };

    /// What is told of these caches, at one backend that gets these headers.
    fn told(cache: &Value, of_endpoint: &Value, of_backend: &Value, method: &str) -> Vec<String> {
        let backend = json!({
            "host": ["http://h"], "url_pattern": "/b", "extra_config": cache, "input_headers": of_backend,
        });
        let endpoint =
            json!({ "endpoint": "/a", "method": method, "input_headers": of_endpoint, "backend": [backend] });
        let text = json!({ "version": 3, "endpoints": [endpoint] }).to_string();
        let loaded = load(&Source::Text { name: "k.json".into(), text }, &Environment::default());
        let (_, findings) = compile(&loaded.service.unwrap());
        findings.into_list().iter().map(ToString::to_string).filter(|line| line.contains("given to others")).collect()
    }

    #[test]
    fn a_cache_is_told_of_where_its_backend_knows_who_asks() {
        let cache = json!({ "qos/http-cache": {} });
        for (cache, of_endpoint, of_backend, method, count) in [
            (&cache, json!(["*"]), json!([]), "GET", 2),
            (&cache, json!(["authorization"]), json!([]), "GET", 1),
            (&cache, json!(["*"]), json!(["Cookie"]), "GET", 1),
            (&cache, json!(["Accept"]), json!([]), "GET", 0),
            (&cache, json!([]), json!([]), "GET", 0),
            (&cache, json!(["*"]), json!([]), "POST", 0),
            (&json!({}), json!(["*"]), json!([]), "GET", 0),
        ] {
            assert_eq!(told(cache, &of_endpoint, &of_backend, method).len(), count, "{of_endpoint} {of_backend}");
        }
    }
}
