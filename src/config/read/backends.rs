//! The backends of one endpoint together: how many, which are live, and whether their placeholders come from anywhere.

use std::{collections::BTreeSet, time::Duration};

use super::{backend, service::Inherited, split};
use crate::config::{
    Backend, Node,
    diagnostic::{Diagnostic, Findings, Severity},
    rules::{
        paths,
        placeholders::{self, Mismatch},
    },
};

/// What backends need to know of their endpoint.
#[derive(Debug)]
pub(super) struct Parent<'a> {
    /// Upper-case method.
    pub(super) method: &'a str,
    /// The method as the file has it, empty when it has none.
    pub(super) written_method: &'a str,
    /// Path with its slash.
    pub(super) path: &'a str,
    /// Its parameters in path order.
    pub(super) params: &'a [String],
    /// Its deadline.
    pub(super) timeout: Duration,
    /// Its output encoding.
    pub(super) output_encoding: &'a str,
    /// Whether a token is validated, so that there are claims.
    pub(super) has_claims: bool,
}

impl Parent<'_> {
    /// Whether the endpoint passes bodies through undecoded.
    pub(super) fn is_no_op(&self) -> bool {
        self.output_encoding == "no-op"
    }
}

/// Reads all backends of an endpoint.
pub(super) fn backends(
    endpoint: &Node<'_>,
    parent: &Parent<'_>,
    inherited: &Inherited,
    findings: &mut Findings,
) -> Vec<Backend> {
    let list = endpoint.field("backend");
    let nodes = list.elements();
    if nodes.is_empty() {
        let (method, path) = (parent.written_method, parent.path);
        let message = format!("ignoring the '{method} {path}' endpoint, since it has 0 backends defined!");
        findings.error(list.pointer(), message);
    }
    let read = |(index, node): (usize, &Node<'_>)| {
        let mut backend = backend::backend(node, parent, inherited, findings)?;
        check_placeholders(node, &backend, parent, index, findings);
        let beside = split::Beside { base: node, index, parent, inherited };
        backend.split = split::split(&beside, &backend, findings).map(Box::new);
        Some(backend)
    };
    let backends: Vec<_> = nodes.iter().enumerate().filter_map(read).collect();
    check_live(&list, &backends, parent, findings);
    backends
}

/// A shadow never answers, so an endpoint needs a live backend; shadows do not count where only one may be.
fn check_live(list: &Node<'_>, backends: &[Backend], parent: &Parent<'_>, findings: &mut Findings) {
    let live = backends.iter().filter(|backend| backend.shadow.is_none()).count();
    if live == 0 && !backends.is_empty() {
        let message = "the endpoint has only shadow backends: nobody would answer the client, so it is not published";
        findings.push(
            Diagnostic::new(Severity::Mistake, list.pointer(), message).hint("leave one backend without \"shadow\""),
        );
    }
    if parent.is_no_op() && live > 1 {
        let message = "can not use NoOp encoding with more than one backends connected to the same endpoint";
        findings.push(Diagnostic::new(Severity::Error, list.pointer(), message).hint("shadow backends do not count"));
    }
}

/// Reports placeholders of a backend that come from nowhere. `index` is its place in the list.
pub(super) fn check_placeholders(
    node: &Node<'_>,
    backend: &Backend,
    parent: &Parent<'_>,
    index: usize,
    findings: &mut Findings,
) {
    let output = placeholders::names(&backend.url_pattern);
    let input: BTreeSet<String> = parent.params.iter().cloned().collect();
    let (method, pattern) = (parent.method, node.field("url_pattern"));
    let lists = format!("backend: {index}. input: {}, output: {}", go_list(&input), go_list(&output));
    for mismatch in placeholders::mismatches(&output, &input) {
        let message = match mismatch {
            Mismatch::TooMany => {
                format!("input and output params do not match. endpoint: {method} {}, {lists}", parent.path)
            }
            Mismatch::Undefined(name) => {
                let route = paths::router_form(parent.path, parent.params);
                format!("undefined output param '{name}'! endpoint: {method} {route}, {lists}")
            }
        };
        findings.push(Diagnostic::new(Severity::Error, pattern.pointer(), message).value(pattern.value()));
    }
}

/// A list as Go prints it: `[a b]`.
fn go_list(names: &BTreeSet<String>) -> String {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    format!("[{}]", names.join(" "))
}
