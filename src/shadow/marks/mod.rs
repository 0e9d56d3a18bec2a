//! How copies are marked, and how a gateway knows one that comes back.
//!
//! Every copy says in three headers that it is one, of which pair and when it was sent. That is for shadows and people;
//! a client can write it as well. What decides is a fourth header, `X-Shadow-Hops`: every gateway that makes a copy adds
//! an entry, signed with a key that only its process knows, and with the shared key if the file has one. Promises: no
//! header a client can invent opts it in or out; an entry is believed for a minute; whatever is sent, the work is that
//! of eight entries; gateways that know nothing of each other still end a loop, since each carries on what others
//! signed and finds its own signature when it comes round.

mod entry;
mod key;
mod marker;
mod pair;
mod provenance;

pub use entry::Entry;
pub use marker::Marker;
pub use pair::PairId;
pub use provenance::{Arrival, Provenance};

#[cfg(test)]
mod tests;
