//! `security/http`: who the gateway may be called by, plain requests sent to https, and headers browsers heed.
//!
//! Promises: the checks run before anything of a routed request; a refused request carries none of the headers.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{
        CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
    },
};
use rustls::crypto::SecureRandom;

use crate::{
    component::{Asked, EdgeLayer, Refusal, pattern::Patterns},
    config::{Diagnostic, Node, Severity, diagnostic::Findings},
    model::Headers,
};

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The rules of the service.
#[derive(Debug)]
struct SecureHttp {
    hosts: Hosts,
    host_headers: Vec<HeaderName>,
    redirects: bool,
    redirect_host: Option<String>,
    tls_headers: Vec<(HeaderName, HeaderValue)>,
    transport_security: Option<HeaderValue>,
    forces_transport_security: bool,
    headers: Headers,
    policy: Option<Policy>,
}

/// Who the gateway may be called by.
#[derive(Debug)]
enum Hosts {
    Any,
    Listed(Vec<String>),
    Patterns(Patterns),
}

/// A content security policy that needs a fresh number every time.
#[derive(Debug)]
struct Policy {
    text: String,
    random: &'static dyn SecureRandom,
}

/// The layer for these settings.
pub fn layer(node: &Node<'_>, findings: &mut Findings) -> Option<Arc<dyn EdgeLayer>> {
    let mut own = Findings::default();
    let made = node.exact_object(&mut own).then(|| Arc::new(SecureHttp::new(node, &mut own)) as _);
    findings.append_as_mistakes(own);
    made
}

impl SecureHttp {
    fn new(node: &Node<'_>, findings: &mut Findings) -> Self {
        let in_development = node.member("is_development").exact_flag(findings).unwrap_or(false);
        let hosts = Hosts::new(node, findings);
        let host_headers = node.member("host_proxy_headers").exact_texts(findings).unwrap_or_default();
        let mut flag = |key: &str| node.member(key).exact_flag(findings).unwrap_or(false);
        let redirects = flag("ssl_redirect") && !in_development;
        let forces_transport_security = flag("force_sts_header");
        let (headers, policy) = headers(node, findings);
        Self {
            hosts: if in_development { Hosts::Any } else { hosts },
            host_headers: host_headers.iter().filter_map(|name| name.parse().ok()).collect(),
            redirects,
            redirect_host: node.member("ssl_host").exact_text(findings).filter(|host| !host.is_empty()),
            tls_headers: tls_headers(&node.member("ssl_proxy_headers"), findings),
            transport_security: transport_security(node, findings).filter(|_| !in_development),
            forces_transport_security,
            headers,
            policy,
        }
    }

    /// Who the client means to call, as a proxy before us tells it or as it says itself.
    fn host(&self, asked: &Asked<'_>) -> String {
        let told = self.host_headers.iter().find_map(|name| asked.headers.first(name).filter(|host| !host.is_empty()));
        let host = told.or(asked.host.as_ref());
        host.map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned()).unwrap_or_default()
    }

    fn is_secure(&self, asked: &Asked<'_>) -> bool {
        asked.is_tls || self.tls_headers.iter().any(|(name, value)| asked.headers.first(name) == Some(value))
    }
}

impl EdgeLayer for SecureHttp {
    fn before(&self, asked: &Asked<'_>) -> Option<Refusal> {
        let redirects = self.redirects && !self.is_secure(asked);
        if !redirects && matches!(self.hosts, Hosts::Any) {
            return None;
        }
        let host = self.host(asked);
        if !self.hosts.hold(&host) {
            return Some(bad_host());
        }
        let host = self.redirect_host.as_deref().unwrap_or(&host);
        redirects.then(|| redirect(asked.method, &format!("https://{host}{}", asked.target)))
    }

    fn after(&self, asked: &Asked<'_>, answer: &mut Headers) {
        if let Some(value) = &self.transport_security
            && (self.forces_transport_security || self.is_secure(asked))
        {
            answer.append(STRICT_TRANSPORT_SECURITY, value.clone());
        }
        for (name, value) in self.headers.iter() {
            answer.append(name.clone(), value.clone());
        }
        if let Some(value) = self.policy.as_ref().and_then(Policy::fresh) {
            answer.append(CONTENT_SECURITY_POLICY, value);
        }
    }
}

impl Hosts {
    fn new(node: &Node<'_>, findings: &mut Findings) -> Self {
        let written = node.member("allowed_hosts");
        let hosts = written.exact_texts(findings).unwrap_or_default();
        let are_patterns = node.member("allowed_hosts_are_regex").exact_flag(findings).unwrap_or(false);
        if hosts.is_empty() {
            return Self::Any;
        }
        if !are_patterns {
            return Self::Listed(hosts);
        }
        // Anchored as the original does it, so that an alternation is anchored at its outer ends only.
        let anchored: Vec<String> = hosts.iter().map(|host| format!("^{host}$")).collect();
        match Patterns::new(&anchored) {
            Ok(patterns) => Self::Patterns(patterns),
            Err(error) => {
                let message = format!("not a regular expression: {error}");
                findings.push(Diagnostic::new(Severity::Error, written.pointer(), message).value(written.value()));
                Self::Listed(Vec::new())
            }
        }
    }

    fn hold(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(hosts) => {
                let host = host.to_lowercase();
                hosts.iter().any(|allowed| allowed.to_lowercase() == host)
            }
            Self::Patterns(patterns) => patterns.is_match(host.as_bytes()),
        }
    }
}

impl Policy {
    fn fresh(&self) -> Option<HeaderValue> {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes).ok()?;
        let nonce = format!("'nonce-{}'", STANDARD_NO_PAD.encode(bytes));
        HeaderValue::from_str(&self.text.replace("$NONCE", &nonce)).ok()
    }
}

/// The headers that are always the same, and the policy that is not.
fn headers(node: &Node<'_>, findings: &mut Findings) -> (Headers, Option<Policy>) {
    let mut headers = Headers::new();
    let mut add =
        |name: HeaderName, pointer: &Node<'_>, text: &str, findings: &mut Findings| match HeaderValue::from_str(text) {
            Ok(value) => headers.append(name, value),
            Err(_control) => findings.warning(pointer.pointer(), "a header cannot have this value"),
        };
    let mut set = |key: &str, name: HeaderName, fixed: Option<&'static str>| {
        let place = node.member(key);
        let text = match fixed {
            Some(fixed) => place.exact_flag(findings).unwrap_or(false).then(|| fixed.to_owned()),
            None => place.exact_text(findings).filter(|text| !text.is_empty()),
        };
        let Some(text) = text else { return };
        add(name, &place, &text, findings);
    };
    let denies = node.member("custom_frame_options_value").value().as_str().is_none_or(str::is_empty);
    set("custom_frame_options_value", X_FRAME_OPTIONS, None);
    if denies {
        set("frame_deny", X_FRAME_OPTIONS, Some("DENY"));
    }
    set("content_type_nosniff", X_CONTENT_TYPE_OPTIONS, Some("nosniff"));
    set("browser_xss_filter", X_XSS_PROTECTION, Some("1; mode=block"));
    set("referrer_policy", REFERRER_POLICY, None);
    let policy = node.member("content_security_policy").value().as_str().filter(|text| text.contains("$NONCE"));
    if policy.is_none() {
        set("content_security_policy", CONTENT_SECURITY_POLICY, None);
    }
    let random = rustls::crypto::ring::default_provider().secure_random;
    (headers, policy.map(|text| Policy { text: text.to_owned(), random }))
}

fn transport_security(node: &Node<'_>, findings: &mut Findings) -> Option<HeaderValue> {
    let include = node.member("sts_include_subdomains").exact_flag(findings).unwrap_or(false);
    let seconds = node.member("sts_seconds").exact_number(findings).filter(|seconds| *seconds != 0.0)?;
    let subdomains = if include { "; includeSubDomains" } else { "" };
    HeaderValue::from_str(&format!("max-age={}{subdomains}", seconds as i64)).ok()
}

fn tls_headers(node: &Node<'_>, findings: &mut Findings) -> Vec<(HeaderName, HeaderValue)> {
    if !node.exact_object(findings) {
        return Vec::new();
    }
    let mut read = |name: &str, value: &Node<'_>| {
        Some((name.parse().ok()?, HeaderValue::from_str(&value.exact_text(findings)?).ok()?))
    };
    node.members().filter_map(|(name, value)| read(name, &value)).collect()
}

fn bad_host() -> Refusal {
    Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        headers: vec![
            (CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
            (X_CONTENT_TYPE_OPTIONS, NOSNIFF),
        ],
        body: Bytes::from_static(b"Bad Host\n"),
    }
}

/// A redirect as Go's server writes it: only `GET` gets a page.
fn redirect(method: &Method, location: &str) -> Refusal {
    let mut headers = Vec::new();
    if let Ok(value) = HeaderValue::from_str(location) {
        headers.push((LOCATION, value));
    }
    if matches!(*method, Method::GET | Method::HEAD) {
        headers.push((CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")));
    }
    let escaped = location.replace('&', "&amp;").replace('"', "&#34;").replace('\'', "&#39;");
    let escaped = escaped.replace('<', "&lt;").replace('>', "&gt;");
    let page = format!("<a href=\"{escaped}\">Moved Permanently</a>.\n\n");
    let body = if *method == Method::GET { Bytes::from(page) } else { Bytes::new() };
    Refusal { status: StatusCode::MOVED_PERMANENTLY, headers, body }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(settings: &Value, host: &'static str, is_tls: bool) -> Option<StatusCode> {
        let rules = SecureHttp::new(&Node::root(settings), &mut Findings::default());
        let headers = Headers::new();
        let asked = Asked {
            method: &Method::GET,
            target: "/a?b=1",
            headers: &headers,
            host: Some(HeaderValue::from_static(host)),
            address: [127, 0, 0, 1].into(),
            is_tls,
        };
        rules.before(&asked).map(|refusal| refusal.status)
    }

    fn answer(settings: &Value, is_tls: bool) -> Vec<(String, String)> {
        let rules = SecureHttp::new(&Node::root(settings), &mut Findings::default());
        let (headers, mut answer) = (Headers::new(), Headers::new());
        let address = [127, 0, 0, 1].into();
        let asked = Asked { method: &Method::GET, target: "/", headers: &headers, host: None, address, is_tls };
        rules.after(&asked, &mut answer);
        answer.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }

    #[test]
    fn hosts_are_compared_with_their_port_and_in_any_case() {
        let settings = json!({"allowed_hosts": ["Api.example.com"]});
        assert_eq!(refused(&settings, "api.EXAMPLE.com", false), None);
        assert_eq!(refused(&settings, "api.example.com:80", false), Some(StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(refused(&json!({"allowed_hosts": ["x"], "is_development": true}), "y", false), None);
    }

    #[test]
    fn hosts_may_be_patterns_of_the_whole_host() {
        let settings = json!({"allowed_hosts": ["[a-c]\\.example"], "allowed_hosts_are_regex": true});
        assert_eq!(refused(&settings, "b.example", false), None);
        assert!(refused(&settings, "xb.example", false).is_some());
    }

    #[test]
    fn a_bad_pattern_of_a_host_cannot_be_used() {
        let settings = json!({"allowed_hosts": ["("], "allowed_hosts_are_regex": true});
        let mut findings = Findings::default();
        layer(&Node::root(&settings), &mut findings);
        assert!(findings.any_error());
    }

    #[test]
    fn plain_requests_are_sent_to_https() {
        let settings = json!({"ssl_redirect": true});
        assert_eq!(refused(&settings, "a", false), Some(StatusCode::MOVED_PERMANENTLY));
        assert_eq!(refused(&settings, "a", true), None);
    }

    #[test]
    fn transport_security_is_told_only_over_tls_unless_forced() {
        let told = vec![("strict-transport-security".to_owned(), "max-age=9; includeSubDomains".to_owned())];
        let mut settings = json!({"sts_seconds": 9, "sts_include_subdomains": true});
        assert_eq!(answer(&settings, false), []);
        assert_eq!(answer(&settings, true), told);
        settings["force_sts_header"] = json!(true);
        assert_eq!(answer(&settings, false), told);
    }

    #[test]
    fn a_nonce_is_fresh_every_time() {
        let settings = json!({"content_security_policy": "script-src $NONCE"});
        let (first, second) = (answer(&settings, true), answer(&settings, true));
        assert!(first[0].1.starts_with("script-src 'nonce-") && first[0].1.len() == 18 + 22 + 1, "{first:?}");
        assert_ne!(first, second);
    }
}
