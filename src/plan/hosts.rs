//! The hosts of a backend as the transport can call them.

use http::Uri;

use crate::config::{Backend, Diagnostic, Severity, diagnostic::Findings};

use super::Base;

/// The addresses the transport can call; the others are left out and told.
pub(super) fn bases(backend: &Backend, findings: &mut Findings) -> Vec<Base> {
    let mut bases = Vec::with_capacity(backend.hosts.len());
    for host in &backend.hosts {
        match base(host) {
            Some(base) => bases.push(base),
            None => {
                let message = format!("{host} can't be called: it is not http(s)://name:port with a port up to 65535");
                findings.push(Diagnostic::new(Severity::Mistake, format!("{}/host", backend.pointer), message));
            }
        }
    }
    bases
}

fn base(host: &str) -> Option<Base> {
    let parts = host.parse::<Uri>().ok()?.into_parts();
    let prefix = parts.path_and_query.map(|path| path.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    let (scheme, authority) = (parts.scheme?, parts.authority?);
    let is_http = matches!(scheme.as_str(), "http" | "https");
    // A port that is no number of 16 bits must not be taken for none, which would be port 80 of somebody else.
    let address = authority.as_str().rsplit('@').next().unwrap_or_default();
    let has_port = address.strip_prefix(authority.host()).is_some_and(|rest| rest.starts_with(':'));
    (is_http && (!has_port || authority.port_u16().is_some())).then_some(Base { scheme, authority, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_nobody_can_call_is_none() {
        for host in ["http://h", "http://h:80", "https://u@h:65535/base/", "http://[::1]:81"] {
            assert!(base(host).is_some(), "{host}");
        }
        for host in ["http://h:65536", "http://h:99999/x", "amqp://h:1", "h", "http://", "http://[::1]:70000"] {
            assert!(base(host).is_none(), "{host}");
        }
    }
}
