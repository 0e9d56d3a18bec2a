//! `tls` (towards clients) and `client_tls` (towards backends).

use std::path::PathBuf;

use crate::config::{
    ClientTls, KeyPair, Node, Tls,
    diagnostic::{Diagnostic, Findings, Severity, brief},
};

/// The key exchanges there are, by their number: P-256, P-384, X25519.
pub const CURVES: [u16; 3] = [23, 24, 29];
/// The cipher suites there are for TLS 1.2, by their number: ECDHE with AES-GCM or ChaCha20-Poly1305. Those of TLS 1.3
/// cannot be chosen, in KrakenD neither, and may be listed.
pub const CIPHER_SUITES: [u16; 9] = [0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9, 0x1301, 0x1302, 0x1303];

/// Reads `tls`; `None` when it is absent or disabled.
pub(super) fn server(node: &Node<'_>, findings: &mut Findings) -> Option<Tls> {
    if !node.expect_object(findings) {
        return None;
    }
    let disabled = node.field("disabled").flag(findings).unwrap_or(false);
    let (min_version, max_version) = versions(node, !disabled, findings);
    let tls = Tls {
        keys: if disabled { Vec::new() } else { server_keys(node, findings) },
        min_version,
        max_version,
        curves: curves(&node.field("curve_preferences"), findings),
        cipher_suites: cipher_suites(&node.field("cipher_suites"), findings),
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
    let (min_version, max_version) = versions(&node, false, findings);
    let pairs = node.field("client_certs").elements();
    Some(ClientTls {
        allow_insecure_connections: insecure || node.field("allow_insecure_connections").flag(findings) == Some(true),
        ca_certs: files(&node.field("ca_certs"), findings),
        disable_system_ca_pool: node.field("disable_system_ca_pool").flag(findings).unwrap_or(false),
        min_version,
        max_version,
        curves: curves(&node.field("curve_preferences"), findings),
        cipher_suites: cipher_suites(&node.field("cipher_suites"), findings),
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

/// The key exchanges to use. When none is left of those that are listed no connection could come about.
fn curves(node: &Node<'_>, findings: &mut Findings) -> Vec<u16> {
    let curves = numbers(node, &CURVES, findings);
    if curves.is_empty() && !node.elements().is_empty() {
        let finding = Diagnostic::new(Severity::Error, node.pointer(), "none of these curves is known".to_owned());
        findings.push(finding.value(node.value()).hint("write 23 (P-256), 24 (P-384) or 29 (X25519)"));
    }
    curves
}

/// The cipher suites to use with TLS 1.2. When none is left of those that are listed TLS 1.3 still works.
fn cipher_suites(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<u16>> {
    (!node.elements().is_empty()).then(|| numbers(node, &CIPHER_SUITES, findings))
}

/// A list of numbers; those not among `known` are told and left out.
fn numbers(node: &Node<'_>, known: &[u16], findings: &mut Findings) -> Vec<u16> {
    let mut usable = Vec::new();
    for node in node.elements() {
        let Some(number) = node.integer(findings) else { continue };
        match u16::try_from(number).ok().filter(|number| known.contains(number)) {
            Some(number) => usable.push(number),
            None => findings.warning(node.pointer(), format!("{number} is not available and left out of the list")),
        }
    }
    usable
}

/// Lowest and highest version, 13 each unless given: a `tls` object alone means TLS 1.3 only. Without one that is
/// spoken nobody `listens`; a backend that is never called is no reason not to start.
fn versions(node: &Node<'_>, listens: bool, findings: &mut Findings) -> (u8, u8) {
    let lowest = version(&node.field("min_version"), findings);
    let highest = version(&node.field("max_version"), findings);
    if lowest > highest {
        let message = "no version of TLS is left between min_version and max_version (both are TLS13 unless given)";
        // What is older than TLS 1.2 counts as TLS 1.2.
        if listens && lowest > highest.max(12) {
            findings.error(node.pointer(), message);
        } else {
            findings.warning(node.pointer(), message);
        }
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
