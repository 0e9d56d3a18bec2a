//! The edge: components around everything, before a path is even looked up.

use std::{fmt::Debug, net::IpAddr};

use http::{HeaderName, HeaderValue, Method};

use crate::model::Headers;

use super::Refusal;

/// What a client asked, as far as the edge looks at it.
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path and query as they were sent.
    pub target: &'a str,
    /// The client's headers.
    pub headers: &'a dyn HeaderSource,
    /// What the client calls the gateway.
    pub host: Option<HeaderValue>,
    /// The client's address by the router's rules.
    pub address: IpAddr,
    /// Whether the connection is encrypted.
    pub is_tls: bool,
}

/// Headers, wherever they are kept.
pub trait HeaderSource {
    /// The first value of a header.
    fn first(&self, name: &HeaderName) -> Option<&HeaderValue>;
    /// Every value of a header, in order.
    fn every(&self, name: &HeaderName) -> Vec<&HeaderValue>;
    /// Every header, in order.
    fn all(&self) -> Headers;
}

impl HeaderSource for Headers {
    fn first(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.get(name)
    }

    fn every(&self, name: &HeaderName) -> Vec<&HeaderValue> {
        self.iter().filter(|(held, _)| held == name).map(|(_, value)| value).collect()
    }

    fn all(&self) -> Headers {
        self.clone()
    }
}

/// One component around everything.
pub trait EdgeLayer: Send + Sync + Debug {
    /// Answers instead of the gateway, or lets the request in.
    fn before(&self, asked: &Asked<'_>) -> Option<Refusal> {
        let _lets_in = asked;
        None
    }

    /// Adds headers to whatever answer goes out.
    fn after(&self, asked: &Asked<'_>, answer: &mut Headers) {
        let _adds_nothing = (asked, answer);
    }
}
