//! The endpoint actor: asks the live backends, hands copies to the shadows, makes one reply of the answers.
//!
//! Promises: live calls start before any copy is handed over; nothing here waits for a shadow; what is missing when
//! the time is over is missing, and the client gets the rest.

pub mod actor;
pub mod copies;
pub mod dispatch;
pub mod merge;
mod outbox;
pub mod parallel;
mod second_call;
pub mod sequential;
pub mod split_link;
pub mod static_data;
pub mod upload;
pub mod whole;

pub use actor::{Call, EndpointActor};
pub use dispatch::{Baseline, Compared, Dispatch, ShadowLink};
pub use split_link::SplitLink;

#[cfg(test)]
mod tests;
