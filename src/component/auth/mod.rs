//! Components that decide who a client is, by tokens signed with keys of a set (JWK).

pub mod algorithm;
pub mod key;
pub mod key_file;
pub mod key_host;
pub mod keys;
pub mod requirements;
pub mod settings;
pub mod signer;
pub mod token;
pub mod validator;

pub use key_host::{KeyDocument, KeyHost, KeyHosts};
