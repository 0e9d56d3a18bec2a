//! Keys of the client's transport, which stand at the root.

use std::time::Duration;

use crate::config::{Node, Transport, diagnostic::Findings, duration::Nanoseconds};

/// How long a connection is silent before it is probed (Go's default).
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How much later the other family of addresses is tried (Go's default, from RFC 6555).
const FALLBACK_DELAY: Duration = Duration::from_millis(300);

/// Reads them; a per-host limit of zero is the default of 250.
pub(super) fn transport(root: &Node<'_>, findings: &mut Findings) -> Transport {
    let count = |key: &str, findings: &mut Findings| {
        let count = root.field(key).count(findings).unwrap_or(0);
        usize::try_from(count).unwrap_or(usize::MAX)
    };
    let time = |key: &str, findings: &mut Findings| root.field(key).duration(findings).and_then(Nanoseconds::positive);
    let per_host = count("max_idle_connections_per_host", findings);
    // Zero is the default of Go's dialer, and less than zero switches off.
    let or_off = |key: &str, default: Duration, findings: &mut Findings| {
        let time = root.field(key).duration(findings).filter(|time| !time.is_zero());
        time.map_or(Some(default), Nanoseconds::positive)
    };
    Transport {
        max_idle_connections: count("max_idle_connections", findings),
        max_idle_connections_per_host: if per_host == 0 { 250 } else { per_host },
        idle_connection_timeout: time("idle_connection_timeout", findings),
        response_header_timeout: time("response_header_timeout", findings),
        dialer_timeout: time("dialer_timeout", findings),
        expect_continue_timeout: time("expect_continue_timeout", findings),
        dialer_keep_alive: or_off("dialer_keep_alive", KEEP_ALIVE, findings),
        dialer_fallback_delay: or_off("dialer_fallback_delay", FALLBACK_DELAY, findings),
        disable_keep_alives: root.field("disable_keep_alives").flag(findings).unwrap_or(false),
        disable_compression: root.field("disable_compression").flag(findings).unwrap_or(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(root: &Value) -> Transport {
        transport(&Node::root(root), &mut Findings::default())
    }

    #[test]
    fn what_is_not_given_is_as_in_gos_dialer() {
        let read = read(&json!({}));
        assert_eq!((read.max_idle_connections, read.max_idle_connections_per_host), (0, 250));
        assert_eq!((read.dialer_keep_alive, read.dialer_fallback_delay), (Some(KEEP_ALIVE), Some(FALLBACK_DELAY)));
        assert_eq!(read.expect_continue_timeout, None);
    }

    #[test]
    fn zero_is_the_default_and_less_than_zero_switches_off() {
        let of = |time: &str| {
            let read = read(&json!({ "dialer_keep_alive": time, "dialer_fallback_delay": time }));
            (read.dialer_keep_alive, read.dialer_fallback_delay)
        };
        assert_eq!(of("0s"), (Some(KEEP_ALIVE), Some(FALLBACK_DELAY)));
        assert_eq!(of("-1s"), (None, None));
        assert_eq!(of("2s"), (Some(Duration::from_secs(2)), Some(Duration::from_secs(2))));
    }
}
