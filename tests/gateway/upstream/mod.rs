//! Upstreams that record what they saw, named by how they misbehave.
//!
//! Each runs on a thread of its own, listens on a free port of the loopback address, and ends when it is dropped.

mod behaviour;
mod deaf;
mod echo;
mod mock;
mod record;
mod serve;
mod stub;

pub(crate) use behaviour::{Behaviour, Reply};
pub(crate) use deaf::Deaf;
pub(crate) use mock::SECRET as SECRET_OF_MOCK;
pub(crate) use record::Seen;
pub(crate) use stub::Upstream;
