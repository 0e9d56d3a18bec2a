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
    fn a_highest_version_below_the_lowest_leaves_none() {
        assert!(versions(13, 12).is_empty());
    }
}
