//! `extra_config.router`.

use std::{collections::BTreeMap, net::IpAddr};

use crate::config::{Node, Router, diagnostic::Findings};

/// Reads it. One key of the wrong type costs all keys that the original decodes in one go; the six it looks up
/// one by one still count, exactly as there.
pub(super) fn router(node: &Node<'_>, findings: &mut Findings) -> Router {
    node.exact_object(findings);
    let mut reader = Reader { node, findings, mistyped: false };
    let decoded = decoded(&mut reader);
    let mistyped = reader.mistyped;
    let router = if mistyped { defaults() } else { decoded };
    if mistyped {
        let message = "one key has the wrong type, so KrakenD falls back to defaults for all but health_path, \
            disable_health, disable_access_log, disable_path_decoding, auto_options and error_body";
        findings.warning(node.pointer(), message);
    }
    let flag = |key: &str| node.member(key).value().as_bool().unwrap_or(false);
    let health_path = node.member("health_path").value().as_str().filter(|path| !path.is_empty());
    Router {
        error_body: error_body(&node.member("error_body"), findings),
        auto_options: flag("auto_options"),
        disable_access_log: flag("disable_access_log"),
        disable_health: flag("disable_health"),
        disable_path_decoding: flag("disable_path_decoding"),
        health_path: health_path.unwrap_or("/__health").to_owned(),
        ..router
    }
}

/// Reads members one after the other and remembers whether any had the wrong type.
struct Reader<'r, 'n> {
    node: &'r Node<'n>,
    findings: &'r mut Findings,
    mistyped: bool,
}

impl Reader<'_, '_> {
    fn flag(&mut self, key: &str) -> Option<bool> {
        let node = self.node.field(key);
        let flag = node.exact_flag(self.findings);
        self.mistyped |= flag.is_none() && !node.is_absent();
        flag
    }

    fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let node = self.node.field(key);
        let texts = node.exact_texts(self.findings);
        let complete = texts.as_ref().is_some_and(|texts| texts.len() == node.elements().len());
        self.mistyped |= !complete && !node.is_absent();
        texts
    }
}

fn decoded(reader: &mut Reader<'_, '_>) -> Router {
    for key in ["auto_options", "disable_access_log", "disable_health", "disable_path_decoding", "use_h2c"] {
        reader.flag(key);
    }
    let ranges = reader.texts("trusted_proxies").unwrap_or_default();
    let node = reader.node.field("trusted_proxies");
    Router {
        return_error_msg: reader.flag("return_error_msg").unwrap_or(false),
        logger_skip_paths: reader.texts("logger_skip_paths").unwrap_or_default(),
        hide_version_header: reader.flag("hide_version_header").unwrap_or(false),
        disable_redirect_trailing_slash: reader.flag("disable_redirect_trailing_slash").unwrap_or(false),
        disable_redirect_fixed_path: reader.flag("disable_redirect_fixed_path").unwrap_or(false),
        disable_handle_method_not_allowed: reader.flag("disable_handle_method_not_allowed").unwrap_or(false),
        remove_extra_slash: reader.flag("remove_extra_slash").unwrap_or(false),
        forwarded_by_client_ip: reader.flag("forwarded_by_client_ip").unwrap_or(true),
        remote_ip_headers: reader.texts("remote_ip_headers").unwrap_or_else(|| defaults().remote_ip_headers),
        trusted_proxies: trusted_proxies(&node, &ranges, reader.findings),
        app_engine: reader.flag("app_engine").unwrap_or(false),
        ..defaults()
    }
}

fn defaults() -> Router {
    Router {
        return_error_msg: false,
        error_body: BTreeMap::new(),
        auto_options: false,
        logger_skip_paths: Vec::new(),
        disable_access_log: false,
        disable_health: false,
        health_path: "/__health".to_owned(),
        hide_version_header: false,
        disable_redirect_trailing_slash: false,
        disable_redirect_fixed_path: false,
        disable_handle_method_not_allowed: false,
        disable_path_decoding: false,
        remove_extra_slash: false,
        forwarded_by_client_ip: true,
        remote_ip_headers: vec!["X-Forwarded-For".to_owned(), "X-Real-IP".to_owned()],
        trusted_proxies: Vec::new(),
        app_engine: false,
    }
}

/// Bodies for 404 and 405 as compact JSON.
fn error_body(node: &Node<'_>, findings: &mut Findings) -> BTreeMap<u16, String> {
    node.exact_object(findings);
    let bodies = [404, 405].map(|status| (status, node.member(&status.to_string())));
    let present = bodies.into_iter().filter(|(_, body)| !body.is_absent());
    present.map(|(status, body)| (status, body.value().to_string())).collect()
}

fn trusted_proxies(node: &Node<'_>, ranges: &[String], findings: &mut Findings) -> Vec<(IpAddr, u8)> {
    let mut proxies = Vec::new();
    for range in ranges {
        match network(range) {
            Some(network) => proxies.push(network),
            None => {
                findings.warning(node.pointer(), format!("\"{range}\" is no address or range, ignored as KrakenD does"))
            }
        }
    }
    if proxies.is_empty() && !ranges.is_empty() {
        findings.warning(node.pointer(), "no usable range is left: every client may name its own address");
    }
    proxies
}

/// `10.0.0.0/8` or a lone address, which is its own range.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(longest);
    (length <= longest).then_some((address, length))
}
