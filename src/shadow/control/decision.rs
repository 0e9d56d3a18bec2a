//! What stop rules decided: for the log, for the audit, and for the webhook.

use std::time::SystemTime;

use serde::{Serialize, Serializer};

use crate::control::audit::text_of;

use super::{rules::Measure, status::RampStatus};

/// One decision about one shadow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// When.
    #[serde(serialize_with = "as_text")]
    pub at: SystemTime,
    /// Which shadow.
    pub target: String,
    /// What was decided.
    pub decision: Decided,
    /// In words.
    pub says: String,
    /// The rule that was broken, with its figures; null when a ramp moved.
    pub rule: Option<Measure>,
    /// Where its ramp stands; null without one.
    pub ramp: Option<RampStatus>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// The shadow was paused.
    Paused,
    /// All shadows were switched off.
    Killed,
    /// The next step of its ramp has come.
    Advanced,
    /// The next step of its ramp is held back.
    Held,
}

/// A rule that was broken, and when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stopped {
    /// When.
    #[serde(serialize_with = "as_text")]
    pub at: SystemTime,
    /// The rule, as it was measured then.
    #[serde(flatten)]
    pub measure: Measure,
}

fn as_text<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&text_of(*time))
}
