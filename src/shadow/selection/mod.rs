//! Which requests a shadow gets: by method, by what a request says, by how it came here, by sample, less the hold-out.
//!
//! Promises: the same request is in the sample of every node, before and after a restart; a larger rate keeps what a
//! smaller one chose; what is held out changes from request to request and from shadow to shadow; a request that is not chosen costs a hash and no allocation, unless what is compared is escaped or
//! structured. Nothing here keeps state, knows a clock or draws numbers.

mod conditions;
mod sampler;
mod selector;

pub use selector::{Dialed, Recipient, Selector};

#[cfg(test)]
mod tests;
