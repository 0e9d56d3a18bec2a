//! What the gateway calls itself, towards clients and upstreams.

use http::HeaderValue;

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Header values that name the gateway, made once.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `X-Krakend` of every answer.
    pub version: HeaderValue,
    /// `User-Agent` towards upstreams, and `X-Forwarded-Via`.
    pub agent: HeaderValue,
}

impl Identity {
    /// The usual identity; `hidden` is `hide_version_header`, which hides it from clients only.
    #[must_use]
    pub fn new(hidden: bool) -> Self {
        let version = if hidden { "Version undefined" } else { concat!("Version ", env!("CARGO_PKG_VERSION")) };
        Self {
            version: HeaderValue::from_static(version),
            agent: HeaderValue::from_static(concat!("Gnomon Version ", env!("CARGO_PKG_VERSION"))),
        }
    }
}
