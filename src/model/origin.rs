//! What a client sent before the endpoint's rules filtered it, as far as the policies of its shadows ask for it.

use std::net::IpAddr;

use super::Headers;

/// The unfiltered side of a request; only taken down where a policy looks at it.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The path as the client sent it, percent-decoded; empty unless a policy looks at it.
    pub path: String,
    /// The query as the client sent it, without `?`; empty unless a policy looks at it.
    pub query: String,
    /// The client's address as the router's settings find it.
    pub address: IpAddr,
    /// The headers that a policy looks at, forwarded or not, and the entries of other gateways that copies carry on.
    pub headers: Headers,
    /// How often the request was copied on its way here, as far as its marks are believed; 0 for a client's own.
    pub hops: u32,
    /// A number drawn for the request, by which all its copies are known to belong together.
    pub pair: u64,
}

impl Origin {
    /// Bytes of text that are held for it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.path.len() + self.query.len() + self.headers.bytes()
    }
}
