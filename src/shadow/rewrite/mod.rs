//! How a copy is made to differ from the live call: credentials off, marks on, headers and body as the policy says.
//!
//! On the shadow threads only. What a client's credentials are is taken off before any component sees the copy, so that
//! what components of the shadow add stays; everything else comes after all of them, as the last thing before it is
//! sent.

mod patch;
mod rewriter;

pub use patch::merge_patch;
pub use rewriter::{Finish, Rewriter};

#[cfg(test)]
mod tests;
