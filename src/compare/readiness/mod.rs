//! Whether what was seen says that the shadow can take the live backend's place.
//!
//! Promises: a pure function of the evidence; each reason has a code for programs, a sentence for people and the figures
//! it stands on; too little evidence is never called ready.

pub mod coverage;
pub mod evidence;
pub mod judge;
pub mod limits;
pub mod reason;

pub use coverage::Coverage;
pub use evidence::{Evidence, Losses, Situation};
pub use judge::{Readiness, ReadinessVerdict, readiness};
pub use limits::ReadinessLimits;
pub use reason::{Code, Holding, Reason};

#[cfg(test)]
mod tests;
