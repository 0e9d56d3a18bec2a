//! The cold side of the heart: what people, signals, a file and the clock may change about shadows while they run.
//!
//! ```text
//! admin listener · SIGUSR2 · kill file · clock · reload ─► Control ─► Dial, Pace (atomics) ─► live path
//!                                                            └──────► Audit, log
//! ```
//!
//! What wins: switched off > stopped by a rule > paused > expired > a rate that was asked for > the ramp > the file.
//!
//! Promises: every change is in the audit with who made it; a change ends by itself unless it was asked to stay; the live
//! path takes no lock of this side and never waits for it; whatever time it is comes from the caller.

pub mod decision;
pub mod desk;
pub mod findings;
pub mod kill_file;
pub mod order;
pub mod overview;
pub mod rules;
pub mod settings;
pub mod status;
pub mod target;
pub mod watch;

pub use decision::{Decided, Decision, Stopped};
pub use desk::Control;
pub use order::{Adjust, DryRun, Order};
pub use overview::{Overview, Row, Which};
pub use rules::{Climb, Measure, Rule};
pub use status::{Status, TargetStatus};
pub use target::Seat;

pub use crate::control::{Audit, Entry, Moment, Refusal, Terms, Who};

#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod tests;
