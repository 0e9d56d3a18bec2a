//! Where sets of keys are published, and who fetches them for us: components know addresses, not clients.

use std::{fmt::Debug, path::PathBuf};

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;

/// An address that publishes a set of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHost {
    /// The full URL.
    pub url: String,
    /// Whether its certificate is believed unseen (`disable_jwk_security`).
    pub is_insecure: bool,
    /// A file with one more authority to trust (`jwk_local_ca`).
    pub authority: Option<PathBuf>,
}

/// What was published there.
#[derive(Clone, Debug)]
pub struct KeyDocument {
    /// Its `Content-Type`, empty if it had none.
    pub content_type: String,
    /// Its text.
    pub text: Bytes,
}

/// Who fetches sets of keys.
pub trait KeyHosts: Send + Sync + Debug {
    /// Fetches what an address publishes, within a time and a size that the implementation bounds.
    ///
    /// # Errors
    /// When there is no answer; the text says why.
    fn fetch<'a>(&'a self, from: &'a KeyHost) -> LocalBoxFuture<'a, Result<KeyDocument, String>>;
}
