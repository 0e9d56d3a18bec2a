//! The heart: copies of requests to backends that are not live yet.
//!
//! Promises, each with its tests: the live path never waits for anything here (it asks one gate and moves one message);
//! nothing here can change a live answer; what is held is bounded in count and in bytes, per backend and altogether;
//! every request offered ends in exactly one line of the books; a panic costs one mirror.

pub mod actor;
pub mod backoff;
pub mod breaker;
pub mod control;
pub mod dial;
pub mod gate;
pub mod ledger;
pub mod marks;
pub mod mirror;
pub mod overload;
pub mod pace;
pub mod reason;
pub mod rewrite;
pub mod selection;
pub mod window;

pub use actor::ShadowActor;
pub use backoff::{Attempt, Backoff, Missed};
pub use breaker::Breaker;
pub use control::Control;
pub use dial::{Dial, KillSwitch, Running, Turns};
pub use gate::{Asked, Cleared, Gate, Offered, Size, Ticket};
pub use ledger::Ledger;
pub use marks::{Marker, PairId};
pub use mirror::{Chained, Mirror, Mirrors};
pub use pace::Pace;
pub use reason::{Drop as DropReason, Skip as SkipReason};
pub use rewrite::Rewriter;
pub use selection::{Dialed, Recipient, Selector};

pub use crate::{model::MemoryBudget, stats::Arm};

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
