//! Which requests belong together: the keyed hash that shadows sample by and that splits divide by.
//!
//! Promises: the same key and salt give the same number on every node, before and after a restart, and so in every place
//! of a file; a request costs a hash and no allocation, unless what is hashed is escaped or structured. Nothing here
//! keeps state, knows a clock or draws numbers.

mod hash;
mod key;
mod keyed;
mod subject;

pub use hash::{Purpose, hash};
pub(crate) use key::Key;
pub use keyed::KeyedHash;
pub(crate) use subject::Subject;
