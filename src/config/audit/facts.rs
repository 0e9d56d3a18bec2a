//! A document seen the way the rules ask about it.

use serde_json::Value;

use crate::config::{Node, duration::Nanoseconds};

const SECOND: i64 = 1_000_000_000;

/// One configuration under audit.
pub(super) struct Facts<'a> {
    root: Node<'a>,
    /// Every endpoint.
    pub(super) endpoints: Vec<Node<'a>>,
    /// Every backend of every endpoint.
    pub(super) backends: Vec<Node<'a>>,
}

impl<'a> Facts<'a> {
    /// The facts of a document.
    pub(super) fn of(document: &'a Value) -> Self {
        let root = Node::root(document);
        let endpoints = root.field("endpoints").elements();
        let backends = endpoints.iter().flat_map(|endpoint| endpoint.field("backend").elements()).collect();
        Self { root, endpoints, backends }
    }

    /// A root key.
    pub(super) fn root(&self, key: &str) -> Node<'a> {
        self.root.field(key)
    }

    /// Whether a root key is switched on.
    pub(super) fn is_on(&self, key: &str) -> bool {
        is_true(&self.root.field(key))
    }

    /// A component of the service.
    pub(super) fn component(&self, name: &str) -> Node<'a> {
        component(&self.root, name)
    }

    /// Whether the service has the component.
    pub(super) fn has(&self, name: &str) -> bool {
        !self.component(name).is_absent()
    }

    /// Whether any endpoint has the component.
    pub(super) fn any_endpoint_has(&self, name: &str) -> bool {
        self.endpoints.iter().any(|endpoint| !component(endpoint, name).is_absent())
    }

    /// Whether any backend has the component.
    pub(super) fn any_backend_has(&self, name: &str) -> bool {
        self.backends.iter().any(|backend| !component(backend, name).is_absent())
    }

    /// Whether service, endpoint or backend has the component.
    pub(super) fn has_anywhere(&self, name: &str) -> bool {
        self.has(name) || self.any_endpoint_has(name) || self.any_backend_has(name)
    }

    /// Whether an endpoint may take longer than so many seconds.
    pub(super) fn any_timeout_above(&self, seconds: i64) -> bool {
        let default = nanoseconds(&self.root.field("timeout")).filter(|time| *time != 0).unwrap_or(2 * SECOND);
        let time =
            |endpoint: &Node<'_>| nanoseconds(&endpoint.field("timeout")).filter(|time| *time != 0).unwrap_or(default);
        self.endpoints.iter().any(|endpoint| time(endpoint) > seconds.saturating_mul(SECOND))
    }

    /// How an endpoint answers: its own encoding, or the service's.
    pub(super) fn output(&self, endpoint: &Node<'a>) -> &'a str {
        let own = endpoint.field("output_encoding").value().as_str();
        own.or_else(|| self.root.field("output_encoding").value().as_str()).unwrap_or("json")
    }
}

/// A component of an object.
pub(super) fn component<'a>(node: &Node<'a>, name: &str) -> Node<'a> {
    node.field("extra_config").namespace(name)
}

/// Whether a value means yes, in any of the ways a file may write it.
pub(super) fn is_true(node: &Node<'_>) -> bool {
    match node.value() {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => matches!(text.as_str(), "1" | "t" | "T" | "TRUE" | "true" | "True"),
        _ => false,
    }
}

/// Whether a list holds that text.
pub(super) fn lists(node: &Node<'_>, wanted: &str) -> bool {
    node.elements().iter().any(|item| item.value() == wanted)
}

fn nanoseconds(node: &Node<'_>) -> Option<i64> {
    match node.value() {
        Value::String(text) => Nanoseconds::parse(text).map(|time| time.0),
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}
