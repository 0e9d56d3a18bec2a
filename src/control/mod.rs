//! What everything that can be changed while it runs has in common: who changed what and when, for how long a change
//! lasts, how it is asked for, what the clock says, and whom decisions are posted to.
//!
//! Promises: every change is in one audit with who made it; a change ends by itself unless it was asked to stay;
//! whatever time it is comes from the caller. Nothing here knows what is changed.

pub mod audit;
pub mod author;
pub mod climb;
pub mod held;
pub mod moment;
pub mod schedule;
pub mod terms;
pub mod tick;
pub mod webhook;

pub use audit::{Audit, Entry, Who};
pub use author::Author;
pub use climb::{Climb, Climbed};
pub use held::Held;
pub use moment::Moment;
pub use schedule::{Position, position};
pub use terms::{Refusal, Terms};
pub use tick::{TICK, tick_until_gone};
pub use webhook::Post;
