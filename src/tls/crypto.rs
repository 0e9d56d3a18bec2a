//! Which cryptography, and which versions of TLS.

use std::sync::Arc;

use rustls::{
    SupportedProtocolVersion,
    crypto::{CryptoProvider, ring},
    version::{TLS12, TLS13},
};

/// The only provider of cryptography in the program.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The same with these key exchanges only, best first (all there are when none is given), and for TLS 1.2 with these
/// cipher suites only. Those of TLS 1.3 are always there, as in Go.
#[must_use]
pub fn restricted(curves: &[u16], cipher_suites: Option<&[u16]>) -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    if !curves.is_empty() {
        let named = |number: &u16| provider.kx_groups.iter().find(|group| u16::from(group.name()) == *number).copied();
        provider.kx_groups = curves.iter().filter_map(named).collect();
    }
    if let Some(cipher_suites) = cipher_suites {
        provider
            .cipher_suites
            .retain(|suite| suite.tls13().is_some() || cipher_suites.contains(&u16::from(suite.suite())));
    }
    Arc::new(provider)
}

/// The versions from `lowest` to `highest` (10, 11, 12 or 13). What is older than TLS 1.2 counts as TLS 1.2: nothing
/// older is spoken. Empty when the two contradict each other.
#[must_use]
pub fn versions(lowest: u8, highest: u8) -> Vec<&'static SupportedProtocolVersion> {
    let (lowest, highest) = (lowest.max(12), highest.max(12));
    [(13, &TLS13), (12, &TLS12)]
        .into_iter()
        .filter(|(number, _)| (lowest..=highest).contains(number))
        .map(|(_, version)| version)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_older_than_we_speak_count_as_the_oldest_we_speak() {
        assert_eq!(versions(10, 13), [&TLS13, &TLS12]);
        assert_eq!(versions(10, 11), [&TLS12]);
        assert_eq!(versions(13, 13), [&TLS13]);
    }

    #[test]
    fn the_numbers_that_files_may_name_are_those_that_are_there() {
        use crate::config::read::tls::{CIPHER_SUITES, CURVES};
        let provider = ring::default_provider();
        let mut curves: Vec<u16> = provider.kx_groups.iter().map(|group| group.name().into()).collect();
        let mut suites: Vec<u16> = provider.cipher_suites.iter().map(|suite| suite.suite().into()).collect();
        let (mut named_curves, mut named_suites) = (CURVES.to_vec(), CIPHER_SUITES.to_vec());
        for list in [&mut curves, &mut suites, &mut named_curves, &mut named_suites] {
            list.sort_unstable();
        }
        assert_eq!((curves, suites), (named_curves, named_suites));
    }

    #[test]
    fn key_exchanges_come_in_the_order_of_the_list_and_suites_of_tls_1_3_stay() {
        let provider = restricted(&[24, 23], Some(&[0xc02f]));
        let curves: Vec<u16> = provider.kx_groups.iter().map(|group| group.name().into()).collect();
        let suites: Vec<u16> = provider.cipher_suites.iter().map(|suite| suite.suite().into()).collect();
        assert_eq!((curves, suites), (vec![24, 23], vec![0x1302, 0x1301, 0x1303, 0xc02f]));
        assert_eq!(restricted(&[], None).cipher_suites.len(), ring::default_provider().cipher_suites.len());
    }

    #[test]
    fn a_highest_version_below_the_lowest_leaves_none() {
        assert!(versions(13, 12).is_empty());
    }
}
