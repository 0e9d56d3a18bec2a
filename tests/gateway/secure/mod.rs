//! Tools for the tests of TLS: authorities, a client, and TLS in front of an upstream.

mod authority;
mod client;
mod relay;

pub(crate) use authority::{Authority, Identity};
pub(crate) use client::{Exchange, SecureClient};
pub(crate) use relay::{Agreed, Relay};
