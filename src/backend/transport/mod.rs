//! The HTTP/1.1 transport that carries every call to an upstream, underneath awc's client.
//!
//! awc's own transport adds a `Date` header to every request, starts a timer task per request, reuses the oldest
//! idle connection first and never repeats a request that met a connection the upstream had just closed. So the
//! client is awc's, and what it sends through is this: [`Transport`] is an awc middleware that answers `http://`
//! and `https://` requests itself. What is small and at hand goes over the same pools beside awc: [`Transport::call`].
//!
//! Promises: one pool per client, last in first out, bounded; a connection is used again only after its answer was
//! read to the end; framing rules are security rules and refuse what is ambiguous; heads and trailers are bounded;
//! dropping a call or an unread answer closes its connection.

mod begun;
mod blind;
// Public for tests/fuzz only, as are `framing` and `head`.
#[doc(hidden)]
pub mod chunked;
mod connection;
mod dial;
mod direct;
mod exchange;
#[doc(hidden)]
pub mod framing;
mod glance;
#[doc(hidden)]
pub mod head;
mod heads;
mod lookups;
mod marks;
mod middleware;
mod payload;
mod pool;
mod room;
mod stream;
mod tls;
mod transport_error;

pub use direct::Arrived;
pub use glance::{Glance, RestError};
pub use head::Keep;
pub use marks::Marks;
pub use middleware::Transport;
pub use pool::PoolLimits;
pub use room::Room;
pub use tls::{Secure, is_of_tls};
pub use transport_error::TransportError;

#[cfg(test)]
mod tests;
