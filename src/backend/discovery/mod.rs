//! Hosts that are not written in the file but found by name, in SRV records of the domain name system.
//!
//! Promises: nothing is looked up while serving. One task a name asks again and again and puts what it found where
//! every thread sees it; a look-up that fails changes nothing; before the first that succeeds there are no hosts.

mod found;
mod refresh;
mod resolver;
mod srv;
mod start;

pub use found::{Found, FoundHosts};
pub use start::Discovery;
