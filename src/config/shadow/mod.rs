//! What a file says about a shadow beyond "copy everything": its policy.
//!
//! A shadow is in *plain* mode, where the wire looks as KrakenD's does, until a policy applies to it: an object
//! `@shadow_policy` (or `shadow_policy`) in the backend's `proxy`, an endpoint's `@shadow`, or one of a policy's
//! groups in the service's `@shadow`. Backend wins over endpoint over service over the defaults, key by key.

mod compare;
mod copy;
mod field_path;
mod policy;
mod secret;
mod selection;
mod share;
mod stop;
mod summary;

pub use compare::{
    Against, ArrayRule, Baseline, BaselineMode, BodyRule, COMPARED_BYTES_MAX, COMPARED_HEADERS, COMPARED_VALUES_MAX,
    Compare, HeaderRules, IGNORED_HEADERS, JsonRules, Stage, StatusRule, StringRule, TextRule, Tolerance, ValueShape,
};
pub use copy::{CREDENTIAL_HEADERS, CREDENTIAL_QUERY, Credentials, IdempotencyKey, Marks, Rewrite, TraceContext};
pub use field_path::{FieldPath, FieldStep};
pub use policy::{BodyMode, Breaker, Dispatch, Limits, Network, Policy, Ramp, RampStep, Schedule, StatusSet};
pub use secret::Secret;
pub use selection::{Conditions, Criterion, LoopGuard, OnMissingKey, Peer, Sample, SampleKey, TextPattern, Writes};
pub use share::Share;
pub use stop::{StopAction, StopOn, Store, StoredValues};
