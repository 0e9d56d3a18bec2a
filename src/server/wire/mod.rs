//! Below a client's request: sockets, TLS, and the two protocols on them.
//!
//! Promises: whoever connects and is silent is let go, before, during and between requests; whoever does not read what
//! it asked for is let go too; HTTP/2 gives nobody more calls at a time than a browser needs, and a call that its
//! client takes back ends.

mod ahead;
mod front;
mod http2;
mod stream;
mod terms;
mod unread;

pub(super) use front::front;
pub(super) use terms::{Terms, head_bytes_max};
pub(super) use unread::Unread;
