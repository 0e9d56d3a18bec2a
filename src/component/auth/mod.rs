//! Components of `auth/…`: who a client is, by tokens signed with keys of a set (JWK), and who the gateway is.

pub mod algorithm;
pub mod client_credentials;
pub mod key;
pub mod key_file;
pub mod key_host;
pub mod keys;
pub mod requirements;
pub mod settings;
pub mod signer;
pub mod token;
// Public for tests/fuzz only.
#[doc(hidden)]
pub mod token_answer;
pub mod validator;

pub use key_host::{KeyDocument, KeyHost, KeyHosts};
