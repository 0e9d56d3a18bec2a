//! `telemetry/metrics`: what is collected, how often it begins anew, and where it is read.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use crate::config::{
    Metrics, Node,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    duration::Nanoseconds,
    weak::duration_hint,
};

/// The original's port.
const PORT: u16 = 8090;

/// Reads the component; `None` when there is none.
pub(super) fn metrics(node: &Node<'_>, findings: &mut Findings) -> Option<Metrics> {
    if !node.exact_object(findings) {
        return None;
    }
    let flag = |key: &str, findings: &mut Findings| node.member(key).exact_flag(findings).unwrap_or(false);
    let listen = listen_address(&node.member("listen_address"), findings);
    Some(Metrics {
        collection_time: collection_time(&node.member("collection_time"), findings),
        listen: (!flag("endpoint_disabled", findings)).then_some(listen),
        router: !flag("router_disabled", findings),
        proxy: !flag("proxy_disabled", findings),
        backend: !flag("backend_disabled", findings),
    })
}

/// The original stops at what is no text, and at a time that is not above zero.
fn collection_time(node: &Node<'_>, findings: &mut Findings) -> Duration {
    let default = Duration::from_secs(60);
    if node.is_absent() {
        return default;
    }
    let text = node.value().as_str();
    let time = text.and_then(Nanoseconds::parse).and_then(Nanoseconds::positive);
    time.unwrap_or_else(|| {
        let message = format!("{} is not a duration above zero", brief(node.value()));
        let finding = Diagnostic::new(Severity::Error, node.pointer(), message).value(node.value());
        findings.push(finding.hint(duration_hint(text.unwrap_or(&brief(node.value())))));
        default
    })
}

/// `:8090`, `127.0.0.1:8090`, `localhost:8090`; names other than that are not looked up.
fn listen_address(node: &Node<'_>, findings: &mut Findings) -> SocketAddr {
    let everywhere = |port| SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port);
    let default = everywhere(PORT);
    let Some(text) = node.exact_text(findings).filter(|text| !text.is_empty()) else { return default };
    let read = match text.rsplit_once(':') {
        Some(("", port)) => port.parse().ok().map(everywhere),
        Some(("localhost", port)) => port.parse().ok().map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)),
        _ => text.parse().ok(),
    };
    read.unwrap_or_else(|| {
        let message = format!("{} is not an address to listen on", brief(node.value()));
        let finding = Diagnostic::new(Severity::Error, node.pointer(), message).value(node.value());
        findings.push(finding.hint("write \":8090\" or \"127.0.0.1:8090\""));
        default
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: &Value) -> (Option<Metrics>, Findings) {
        let mut findings = Findings::default();
        (metrics(&Node::root(value), &mut findings), findings)
    }

    #[test]
    fn nothing_is_everything_on_port_8090() {
        let (read, findings) = read(&json!({}));
        let read = read.unwrap();
        assert!(read.router && read.proxy && read.backend && !findings.any_error());
        assert_eq!((read.collection_time.as_secs(), read.listen.unwrap().to_string()), (60, "[::]:8090".to_owned()));
        assert_eq!(super::metrics(&Node::root(&Value::Null), &mut Findings::default()), None);
    }

    #[test]
    fn every_key_is_heard() {
        let (read, _) = read(&json!({
            "collection_time": "1m30s", "listen_address": "localhost:9", "endpoint_disabled": false,
            "router_disabled": true, "proxy_disabled": true, "backend_disabled": true,
        }));
        let wanted = Metrics {
            collection_time: Duration::from_secs(90),
            listen: Some("127.0.0.1:9".parse().unwrap()),
            router: false,
            proxy: false,
            backend: false,
        };
        assert_eq!(read, Some(wanted));
        let (read, _) = super::tests::read(&json!({ "endpoint_disabled": true, "listen_address": "127.0.0.1:1" }));
        assert_eq!(read.unwrap().listen, None);
    }

    #[test]
    fn times_and_addresses_nobody_can_keep_are_errors() {
        for value in [
            json!({ "collection_time": 60 }),
            json!({ "collection_time": "0s" }),
            json!({ "collection_time": "-1s" }),
            json!({ "listen_address": ":99999" }),
            json!({ "listen_address": "8090" }),
            json!({ "listen_address": "somewhere:8090" }),
        ] {
            assert!(read(&value).1.any_error(), "{value}");
        }
    }
}
