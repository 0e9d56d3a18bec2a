//! What both sides of TLS share: keys and certificates out of files, whom to trust, which versions.
//!
//! Promises: files are read when the gateway starts and never while it serves; the cryptography is named here and
//! handed on, never taken from a default of the process.

pub mod crypto;
pub mod files;
pub mod listed;
pub mod trust;

pub use files::FileError;
pub use trust::Trust;
