//! Keys of the client's transport, which stand at the root.

use crate::config::{Node, Transport, diagnostic::Findings, duration::Nanoseconds};

/// Reads them; a per-host limit of zero is the default of 250.
pub(super) fn transport(root: &Node<'_>, findings: &mut Findings) -> Transport {
    let count = |key: &str, findings: &mut Findings| {
        let count = root.field(key).count(findings).unwrap_or(0);
        usize::try_from(count).unwrap_or(usize::MAX)
    };
    let time = |key: &str, findings: &mut Findings| root.field(key).duration(findings).and_then(Nanoseconds::positive);
    let per_host = count("max_idle_connections_per_host", findings);
    // Read for their findings only: these are supported by no transport of ours yet.
    for key in ["expect_continue_timeout", "dialer_keep_alive", "dialer_fallback_delay"] {
        root.field(key).duration(findings);
    }
    Transport {
        max_idle_connections: count("max_idle_connections", findings),
        max_idle_connections_per_host: if per_host == 0 { 250 } else { per_host },
        idle_connection_timeout: time("idle_connection_timeout", findings),
        response_header_timeout: time("response_header_timeout", findings),
        dialer_timeout: time("dialer_timeout", findings),
        disable_keep_alives: root.field("disable_keep_alives").flag(findings).unwrap_or(false),
        disable_compression: root.field("disable_compression").flag(findings).unwrap_or(false),
    }
}
