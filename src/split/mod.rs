//! Live backends of which others take a part: the canary beside the version that everybody knows.
//!
//! ```text
//! admin listener · clock · broken rule · reload ─► Control ─► Dial (atomics) ─► Splitter ─► endpoint/dispatch
//!                                                    ▲ └────► Audit, log
//!                                    stats actor ─► Arm (figures of the window)
//! ```
//!
//! Promises: who takes a call depends on nothing but key, salt and rates, as with samples; whoever went to a variant goes
//! there while its rate grows; the choice takes no lock and, like that of samples, hardly ever any memory; what a variant
//! fails at is not tried again at the base. The switch over all shadows is none over splits.

pub mod arm;
pub mod control;
pub mod dial;
pub mod rules;
pub mod splitter;

pub use arm::{Arm, Calls, Figures};
pub use control::Control;
pub use dial::Dial;
pub use rules::{Breach, judge};
pub use splitter::Splitter;

#[cfg(test)]
mod tests;
