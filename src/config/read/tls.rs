//! `tls` (towards clients) and `client_tls` (towards backends).

use std::path::PathBuf;

use crate::config::{
    ClientTls, KeyPair, Node, Tls,
    diagnostic::{Findings, brief},
};

/// Reads `tls`; `None` when it is absent or disabled.
pub(super) fn server(node: &Node<'_>, findings: &mut Findings) -> Option<Tls> {
    if !node.expect_object(findings) {
        return None;
    }
    let disabled = node.field("disabled").flag(findings).unwrap_or(false);
    let (min_version, max_version) = versions(node, findings);
    let tls = Tls {
        keys: if disabled { Vec::new() } else { server_keys(node, findings) },
        min_version,
        max_version,
        enable_mtls: node.field("enable_mtls").flag(findings).unwrap_or(false),
        ca_certs: files(&node.field("ca_certs"), findings),
        disable_system_ca_pool: node.field("disable_system_ca_pool").flag(findings).unwrap_or(false),
    };
    (!disabled).then_some(tls)
}

/// Reads `client_tls` and its older root form, `allow_insecure_connections`.
pub(super) fn client(root: &Node<'_>, findings: &mut Findings) -> Option<ClientTls> {
    let node = root.field("client_tls");
    let present = node.expect_object(findings);
    let insecure = root.field("allow_insecure_connections").flag(findings).unwrap_or(false);
    if !present && !insecure {
        return None;
    }
    let (min_version, max_version) = versions(&node, findings);
    let pairs = node.field("client_certs").elements();
    Some(ClientTls {
        allow_insecure_connections: insecure || node.field("allow_insecure_connections").flag(findings) == Some(true),
        ca_certs: files(&node.field("ca_certs"), findings),
        disable_system_ca_pool: node.field("disable_system_ca_pool").flag(findings).unwrap_or(false),
        min_version,
        max_version,
        client_certs: pairs.iter().filter_map(|pair| key_pair(pair, "certificate", findings)).collect(),
    })
}

/// `keys`, and the older single pair, which comes last.
fn server_keys(node: &Node<'_>, findings: &mut Findings) -> Vec<KeyPair> {
    let pairs = node.field("keys").elements();
    let mut keys: Vec<_> = pairs.iter().filter_map(|pair| key_pair(pair, "public_key", findings)).collect();
    let single = !node.field("public_key").is_absent() || !node.field("private_key").is_absent();
    if single || pairs.is_empty() {
        keys.extend(key_pair(node, "public_key", findings));
    }
    keys
}

fn key_pair(node: &Node<'_>, certificate: &str, findings: &mut Findings) -> Option<KeyPair> {
    let mut half = |key: &str| {
        let path = node.field(key).text(findings).filter(|path| !path.is_empty());
        if path.is_none() {
            findings.error(node.field(key).pointer(), format!("{} not defined", key.replace('_', " ")));
        }
        path.map(PathBuf::from)
    };
    let (certificate, private_key) = (half(certificate), half("private_key"));
    Some(KeyPair { certificate: certificate?, private_key: private_key? })
}

fn files(node: &Node<'_>, findings: &mut Findings) -> Vec<PathBuf> {
    node.texts(findings).unwrap_or_default().into_iter().map(PathBuf::from).collect()
}

/// Lowest and highest version, 13 each unless given: a `tls` object alone means TLS 1.3 only.
fn versions(node: &Node<'_>, findings: &mut Findings) -> (u8, u8) {
    let lowest = version(&node.field("min_version"), findings);
    let highest = version(&node.field("max_version"), findings);
    if lowest > highest {
        let message = "no version of TLS is left between min_version and max_version (both are TLS13 unless given)";
        findings.warning(node.pointer(), message);
    }
    (lowest, highest)
}

fn version(node: &Node<'_>, findings: &mut Findings) -> u8 {
    match node.text(findings).as_deref() {
        None | Some("TLS13") => 13,
        Some("TLS12") => 12,
        Some("TLS11") => too_old(11, node, findings),
        Some("TLS10" | "SSL3.0") => too_old(10, node, findings),
        Some(_) => {
            let message = format!("{} is not a version of TLS, read as TLS13 as KrakenD does", brief(node.value()));
            findings.warning(node.pointer(), message);
            13
        }
    }
}

fn too_old(version: u8, node: &Node<'_>, findings: &mut Findings) -> u8 {
    let message = format!("{} is not spoken any more, TLS 1.2 is the oldest version that is", brief(node.value()));
    findings.warning(node.pointer(), message);
    version
}
