//! Who the client is: its address by the router's rules for trusted proxies.

use std::net::IpAddr;

use http::{HeaderName, HeaderValue};

use crate::config::Router;

/// Compiled rules for finding the client's address.
#[derive(Clone, Debug)]
pub struct ClientAddress {
    /// Headers to look into, in order; empty when headers are not believed.
    headers: Vec<HeaderName>,
    /// Whose headers are believed; empty believes everybody (KrakenD's default).
    trusted: Vec<(IpAddr, u8)>,
    app_engine: bool,
}

const APP_ENGINE: HeaderName = HeaderName::from_static("x-appengine-remote-addr");

impl ClientAddress {
    /// Compiles the rules of `extra_config.router`.
    #[must_use]
    pub fn new(router: &Router) -> Self {
        let headers = if router.forwarded_by_client_ip {
            router.remote_ip_headers.iter().filter_map(|name| name.parse().ok()).collect()
        } else {
            Vec::new()
        };
        Self { headers, trusted: router.trusted_proxies.clone(), app_engine: router.app_engine }
    }

    /// The client's address, given the peer's and a way to read all values of a header.
    pub fn find<'a, V>(&self, peer: IpAddr, values: impl Fn(&HeaderName) -> V) -> IpAddr
    where
        V: Iterator<Item = &'a HeaderValue>,
    {
        if self.app_engine
            && let Some(address) = values(&APP_ENGINE).next().and_then(|value| value.to_str().ok()?.trim().parse().ok())
        {
            return address;
        }
        if !self.trusts(peer) {
            return peer;
        }
        self.headers.iter().find_map(|name| self.of_list(values(name))).unwrap_or(peer)
    }

    /// The last address of a list that is not a trusted proxy, or the first of all; nothing if any item is no address.
    fn of_list<'a>(&self, values: impl Iterator<Item = &'a HeaderValue>) -> Option<IpAddr> {
        let list = values.filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
        let mut found = None;
        for item in list.rsplit(',') {
            let address: IpAddr = item.trim().parse().ok()?;
            found = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        found
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.is_empty() || self.trusted.iter().any(|(network, length)| contains(*network, *length, address))
    }
}

fn contains(network: IpAddr, length: u8, address: IpAddr) -> bool {
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (u128::from(u32::from(network)), u128::from(u32::from(address)), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (u128::from(network), u128::from(address), 128),
        _ => return false,
    };
    let shift = width - u32::from(length).min(width);
    network.checked_shr(shift).unwrap_or(0) == address.checked_shr(shift).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(trusted: &[(&str, u8)], forwarded: &'static str) -> String {
        let rules = ClientAddress {
            headers: vec![HeaderName::from_static("x-forwarded-for")],
            trusted: trusted.iter().map(|(ip, length)| (ip.parse().unwrap(), *length)).collect(),
            app_engine: false,
        };
        let value = HeaderValue::from_static(forwarded);
        rules.find("127.0.0.1".parse().unwrap(), |_| std::iter::once(&value)).to_string()
    }

    #[test]
    fn the_rules_are_krakends() {
        assert_eq!(find(&[], "9.9.9.9, 8.8.8.8"), "9.9.9.9");
        assert_eq!(find(&[], "bad, 8.8.8.8"), "127.0.0.1");
        assert_eq!(
            find(&[("127.0.0.0", 8), ("3.3.3.3", 32), ("4.4.0.0", 16)], "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4"),
            "2.2.2.2"
        );
        assert_eq!(find(&[("10.0.0.0", 8)], "9.9.9.9"), "127.0.0.1");
    }
}
