//! `loop`: whose copies are known for copies.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Layers;
use crate::config::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity},
    shadow::{LoopGuard, Peer, Secret},
};

/// The shortest key that is taken.
const KEY_LETTERS_MIN: usize = 16;
const PEER: &str =
    "write an address, a network like \"10.0.0.0/8\", or {\"key\": \"a secret of 16 characters or more\"}";

/// Reads the group.
pub(super) fn loop_guard(group: &Layers<'_>, findings: &mut Findings) -> LoopGuard {
    let hops = group.key("max_hops").strict_count(findings, 1..=10);
    let trusted = group.key("trusted_marks").strict_list(findings).unwrap_or_default();
    LoopGuard {
        max_hops: hops.and_then(|hops| u32::try_from(hops).ok()).unwrap_or(1),
        trusted: trusted.iter().filter_map(|node| peer(node, findings)).collect(),
    }
}

fn peer(node: &Node<'_>, findings: &mut Findings) -> Option<Peer> {
    if node.value().is_object() {
        node.member("name").strict_text(findings);
        return key(node, findings);
    }
    let network = node.value().as_str().and_then(|text| {
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        text.parse().ok().or_else(address)
    });
    if network.is_none() {
        // It may be a secret in the wrong place: it is not repeated.
        let finding = Diagnostic::new(Severity::Error, node.pointer(), "this is no address, network or key");
        findings.push(finding.hint(PEER));
    }
    network.map(Peer::Network)
}

fn key(node: &Node<'_>, findings: &mut Findings) -> Option<Peer> {
    let secret = node.member("key");
    let Some(text) = secret.value().as_str().filter(|text| !text.is_empty()) else {
        findings.push(Diagnostic::new(Severity::Error, node.pointer(), "no key is given here").hint(PEER));
        return None;
    };
    if text.chars().count() < KEY_LETTERS_MIN {
        findings.push(Diagnostic::new(Severity::Error, secret.pointer(), "a key this short can be guessed").hint(PEER));
    }
    Some(Peer::Key(Secret::new(text)))
}
