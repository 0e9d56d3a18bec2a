//! The cold side of splits: what people, the clock, rules and reloads change about them while they run.
//!
//! What wins: a rate that was asked for, a stop among them > the ramp > the file. Where that is more than everything, the
//! earlier variant has its part and the later one what is left.
//!
//! A ramp with rules is held at a step until base and variant have shown enough in it and no rule is broken; without rules
//! the clock alone moves it.
//!
//! Promises: every change is in the audit that shadows have too; a rate that was asked for ends by itself unless it was
//! asked to stay, a stop does not, for its end would send clients back to what failed.

pub mod decision;
pub mod desk;
pub mod order;
pub mod progress;
pub mod status;
mod target;

pub use decision::Decision;
pub use desk::Control;
pub use order::{Asked, Order};
pub use progress::{Look, Progress};
pub use status::{SplitStatus, Status};
pub use target::Seat;

#[cfg(test)]
mod tests;
