//! What a file says about a shadow beyond "copy everything": its policy.
//!
//! A shadow is in *plain* mode, where the wire looks as KrakenD's does, until a policy applies to it: an object
//! `@shadow_policy` (or `shadow_policy`) in the backend's `proxy`, an endpoint's `@shadow`, or one of a policy's
//! groups in the service's `@shadow`. Backend wins over endpoint over service over the defaults, key by key.

mod copy;
mod policy;
mod secret;
mod selection;
mod share;
mod summary;

pub use copy::{CREDENTIAL_QUERY, Credentials, IdempotencyKey, Marks, Rewrite, TraceContext};
pub use policy::{BodyMode, Breaker, Dispatch, Limits, Network, Policy, Ramp, RampStep, Schedule, StatusSet};
pub use secret::Secret;
pub use selection::{Conditions, Criterion, LoopGuard, OnMissingKey, Peer, Sample, SampleKey, TextPattern, Writes};
pub use share::Share;
