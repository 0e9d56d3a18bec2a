//! `security/cors`: tells browsers which pages of other origins may ask, around the whole service.
//!
//! Promises: follows the rules of rs/cors to the header; a refused request is served all the same, only without the
//! headers that would let a browser show the answer. Must never answer anything but a preflight itself.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
        ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};

use crate::{
    component::{Asked, EdgeLayer, Refusal},
    config::{Diagnostic, Node, Severity, diagnostic::Findings, duration::Nanoseconds, rules::headers::canonical},
    model::Headers,
};

use super::allowed_headers::AllowedHeaders;

const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY_OF_PREFLIGHTS: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
const VARY_OF_PRIVATE_PREFLIGHTS: HeaderValue = HeaderValue::from_static(
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
);

/// The rules for other origins.
#[derive(Debug)]
struct Cors {
    origins: Origins,
    methods: Vec<String>,
    headers: AllowedHeaders,
    exposed: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    lets_credentials: bool,
    lets_private_network: bool,
    passes_through: bool,
    success: StatusCode,
}

/// The layer for these settings.
pub fn layer(node: &Node<'_>, findings: &mut Findings) -> Option<Arc<dyn EdgeLayer>> {
    let mut own = Findings::default();
    let made = node.exact_object(&mut own).then(|| Arc::new(Cors::new(node, &mut own)) as _);
    findings.append_as_mistakes(own);
    made
}

impl Cors {
    fn new(node: &Node<'_>, findings: &mut Findings) -> Self {
        let mut list = |key: &str, default: &[&str]| {
            let written = node.member(key).exact_texts(findings).filter(|list| !list.is_empty());
            written.unwrap_or_else(|| default.iter().map(|text| (*text).to_owned()).collect())
        };
        let origins = Origins::new(&list("allow_origins", &["*"]));
        let methods = list("allow_methods", &["GET", "POST", "HEAD"]);
        let headers = AllowedHeaders::new(&list("allow_headers", &["*"]));
        let exposed: Vec<String> = list("expose_headers", &[]).iter().map(|name| canonical(name)).collect();
        let mut flag = |key: &str| node.member(key).exact_flag(findings).unwrap_or(false);
        let lets_credentials = flag("allow_credentials");
        let lets_private_network = flag("allow_private_network");
        let passes_through = flag("options_passthrough");
        if lets_credentials && matches!(origins, Origins::Any) {
            let pointer = node.member("allow_credentials");
            findings.mistake(pointer.pointer(), "browsers refuse credentials when every origin is allowed");
        }
        Self {
            origins,
            methods,
            headers,
            exposed: (!exposed.is_empty()).then(|| HeaderValue::from_str(&exposed.join(", ")).ok()).flatten(),
            max_age: max_age(&node.member("max_age"), findings),
            lets_credentials,
            lets_private_network,
            passes_through,
            success: success(&node.member("options_success_status"), findings),
        }
    }

    /// What a preflight is told.
    fn preflight(&self, asked: &Asked<'_>, answer: &mut Headers) {
        let vary = if self.lets_private_network { VARY_OF_PRIVATE_PREFLIGHTS } else { VARY_OF_PREFLIGHTS };
        answer.append(VARY, vary);
        let (Some(allowed), Some(method)) =
            (self.allowed_origin(asked), asked.headers.first(&ACCESS_CONTROL_REQUEST_METHOD))
        else {
            return;
        };
        let headers = asked.headers.first(&ACCESS_CONTROL_REQUEST_HEADERS);
        let lines = asked.headers.every(&ACCESS_CONTROL_REQUEST_HEADERS);
        if !self.allows_method(method.as_bytes()) || !self.headers.accept(&lines) {
            return;
        }
        answer.append(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        answer.append(ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if headers.is_some_and(|headers| !headers.is_empty()) {
            for line in lines {
                answer.append(ACCESS_CONTROL_ALLOW_HEADERS, line.clone());
            }
        }
        if self.lets_credentials {
            answer.append(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
        if self.lets_private_network && asked.headers.first(&REQUEST_PRIVATE_NETWORK) == Some(&TRUE) {
            answer.append(ALLOW_PRIVATE_NETWORK, TRUE);
        }
        if let Some(max_age) = &self.max_age {
            answer.append(ACCESS_CONTROL_MAX_AGE, max_age.clone());
        }
    }

    /// What is added to the answer of a request itself.
    fn actual(&self, asked: &Asked<'_>, answer: &mut Headers) {
        answer.append(VARY, HeaderValue::from_static("Origin"));
        let Some(allowed) = self.allowed_origin(asked) else { return };
        if !self.allows_method(asked.method.as_str().as_bytes()) {
            return;
        }
        answer.append(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if let Some(exposed) = &self.exposed {
            answer.append(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
        if self.lets_credentials {
            answer.append(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
    }

    /// What to call the origin that asks, if it may.
    fn allowed_origin(&self, asked: &Asked<'_>) -> Option<HeaderValue> {
        let origin = asked.headers.first(&ORIGIN).filter(|origin| !origin.is_empty())?;
        match &self.origins {
            Origins::Any => Some(ANY),
            origins => origins.hold(&origin.to_str().ok()?.to_lowercase()).then(|| origin.clone()),
        }
    }

    fn allows_method(&self, method: &[u8]) -> bool {
        method == b"OPTIONS" || self.methods.iter().any(|allowed| allowed.as_bytes() == method)
    }
}

impl EdgeLayer for Cors {
    fn before(&self, asked: &Asked<'_>) -> Option<Refusal> {
        if self.passes_through || !is_preflight(asked) {
            return None;
        }
        let mut headers = Headers::new();
        self.preflight(asked, &mut headers);
        Some(Refusal { status: self.success, headers: headers.into_iter().collect(), body: Bytes::new() })
    }

    fn after(&self, asked: &Asked<'_>, answer: &mut Headers) {
        if is_preflight(asked) {
            self.preflight(asked, answer);
        } else {
            self.actual(asked, answer);
        }
    }
}

fn is_preflight(asked: &Asked<'_>) -> bool {
    *asked.method == Method::OPTIONS
        && asked.headers.first(&ACCESS_CONTROL_REQUEST_METHOD).is_some_and(|method| !method.is_empty())
}

/// Which origins may ask.
#[derive(Debug)]
enum Origins {
    Any,
    /// Whole origins, and those with anything between a start and an end; all in lower case.
    Listed(Vec<String>, Vec<(String, String)>),
}

impl Origins {
    fn new(written: &[String]) -> Self {
        if written.iter().any(|origin| origin == "*") {
            return Self::Any;
        }
        let (mut whole, mut patterns) = (Vec::new(), Vec::new());
        for origin in written.iter().map(|origin| origin.to_lowercase()) {
            match origin.split_once('*') {
                Some((start, end)) => patterns.push((start.to_owned(), end.to_owned())),
                None => whole.push(origin),
            }
        }
        Self::Listed(whole, patterns)
    }

    fn hold(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(whole, patterns) => {
                whole.iter().any(|allowed| allowed == origin)
                    || patterns.iter().any(|(start, end)| {
                        origin.strip_prefix(start.as_str()).is_some_and(|rest| rest.ends_with(end.as_str()))
                    })
            }
        }
    }
}

/// Whole seconds; the original does not start with a number here.
fn max_age(node: &Node<'_>, findings: &mut Findings) -> Option<HeaderValue> {
    if node.is_absent() {
        return None;
    }
    let Some(text) = node.value().as_str() else {
        let finding = Diagnostic::new(Severity::Error, node.pointer(), "max_age is not a duration as text");
        findings.push(finding.value(node.value()).hint("write \"2h\""));
        return None;
    };
    let Some(duration) = Nanoseconds::parse(text) else {
        return node.ignored(findings, "a duration");
    };
    match duration.0 / 1_000_000_000 {
        0 => None,
        seconds => Some(HeaderValue::from(seconds.max(0))),
    }
}

fn success(node: &Node<'_>, findings: &mut Findings) -> StatusCode {
    let Some(number) = node.exact_number(findings).filter(|number| *number != 0.0) else {
        return StatusCode::NO_CONTENT;
    };
    // Casting saturates, and what is no status then is told of.
    StatusCode::from_u16(number as u16).unwrap_or_else(|_bad| {
        node.ignored::<()>(findings, "a status");
        StatusCode::NO_CONTENT
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cors(settings: &serde_json::Value) -> Cors {
        Cors::new(&Node::root(settings), &mut Findings::default())
    }

    fn asked<'a>(method: &'a Method, headers: &'a Headers) -> Asked<'a> {
        Asked { method, target: "/", headers, host: None, address: [127, 0, 0, 1].into(), is_tls: false }
    }

    fn headers(pairs: &[(HeaderName, &'static str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn an_origin_with_a_star_matches_what_is_between() {
        let origins = Origins::new(&["https://*.Shop.example".to_owned(), "http://a".to_owned()]);
        for (origin, allowed) in [
            ("https://x.shop.example", true),
            ("https://.shop.example", true),
            ("https://shop.example", false),
            ("http://a", true),
            ("http://ab", false),
        ] {
            assert_eq!(origins.hold(origin), allowed, "{origin}");
        }
    }

    #[test]
    fn a_pattern_is_not_matched_by_its_start_and_end_overlapping() {
        assert!(!Origins::new(&["http://aa*aa".to_owned()]).hold("http://aaa"));
    }

    #[test]
    fn a_foreign_origin_gets_no_headers_but_vary() {
        let cors = cors(&json!({"allow_origins": ["http://a"]}));
        let (from, mut answer) = (headers(&[(ORIGIN, "http://b")]), Headers::new());
        cors.after(&asked(&Method::GET, &from), &mut answer);
        assert_eq!(answer.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["vary"]);
    }

    #[test]
    fn a_preflight_is_always_answered_with_success() {
        let cors = cors(&json!({"allow_origins": ["http://a"]}));
        let from = headers(&[(ORIGIN, "http://b"), (ACCESS_CONTROL_REQUEST_METHOD, "GET")]);
        let refusal = cors.before(&asked(&Method::OPTIONS, &from)).unwrap();
        assert_eq!((refusal.status, refusal.headers.len()), (StatusCode::NO_CONTENT, 1));
    }

    #[test]
    fn origins_written_as_one_text_allow_every_origin_and_fail_the_check() {
        let settings = json!({"allow_origins": "http://a"});
        let mut findings = Findings::default();
        assert!(layer(&Node::root(&settings), &mut findings).is_some());
        assert_eq!(findings.into_list()[0].severity, Severity::Mistake);
    }

    #[test]
    fn a_max_age_as_number_cannot_be_used() {
        let settings = json!({"max_age": 3600});
        let mut findings = Findings::default();
        layer(&Node::root(&settings), &mut findings);
        assert!(findings.any_error());
    }
}
