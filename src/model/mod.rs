//! What travels between the stages: requests, responses, bodies, failures, deadlines.
//!
//! Promises: everything here is `Send`, owns what it carries, and names neither actix-web nor awc, so that
//! every stage can be tested without a socket. Nothing here decides anything.

pub mod body;
pub mod budget;
pub mod claim;
pub mod data;
pub mod descriptors;
pub mod escapes;
pub mod failure;
pub mod headers;
pub mod memory;
pub mod origin;
pub mod query;
pub mod reply;
pub mod request;
pub mod scope;
pub mod seen;
pub mod trace;
pub mod wire;

pub use body::{Body, BodyError, BodyReceiver, BodySender};
pub use budget::{Answer, Budget, Promise, promise};
pub use data::{Data, DataKind, DecodeError};
pub use descriptors::{Descriptor, Descriptors};
pub use failure::{Failure, Kind};
pub use headers::Headers;
pub use memory::MemoryBudget;
pub use origin::Origin;
pub use reply::{Payload, Reply, Response};
pub use request::Request;
pub use scope::{SpanContext, TraceScope};
pub use seen::{Seen, SeenBody, Sight, Unkept, Wanted, Witness};
pub use wire::{Outbound, WireAnswer, WireRequest};
