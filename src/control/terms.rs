//! How a change is asked for: for how long it lasts, why it is made, and what is wrong with it.
//!
//! Nothing is guessed: an unknown member, a wrong type or a value out of range is refused with what to write instead.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::config::{duration::Nanoseconds, shadow::Share, strict::ratio};

/// How long a change lasts unless something else is asked for.
pub const USUAL_TIME: Duration = Duration::from_secs(3600);
/// The longest that may be asked for; what is to last longer belongs in the file.
pub const LONGEST_TIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// The longest reason, in bytes.
pub const REASON_MAX: usize = 500;

/// How long a change lasts, and why it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `None` stays until a restart.
    pub lasts: Option<Duration>,
    /// For the audit.
    pub reason: Option<String>,
}

impl Default for Terms {
    fn default() -> Self {
        Self { lasts: Some(USUAL_TIME), reason: None }
    }
}

/// Why an order is not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing of that name; there are these.
    Unknown(Vec<String>),
    /// It is not what may be asked for.
    Wrong(String),
}

/// A refusal with this reason.
pub fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::Wrong(message.into())
}

/// What every order may have beside its own members.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    reason: Option<String>,
}

/// A member that is there, be it null.
///
/// # Errors
/// Those of the source.
pub fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Reads a body; none at all is an empty object.
///
/// # Errors
/// When it is not an object with the members of `T`.
pub fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Refusal> {
    if body.is_empty() {
        return Ok(T::default());
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| wrong(format!("the body is not JSON: {error}")))?;
    if !value.is_object() {
        return Err(wrong("the body is not a JSON object"));
    }
    serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
}

/// Reads a share, which is called `name`.
///
/// # Errors
/// When it is none.
pub fn share(name: &str, value: &Value) -> Result<Share, Refusal> {
    let share = ratio(value).and_then(Share::of_ratio);
    share.ok_or_else(|| wrong(format!("{name}: {value} is not a share: write a number from 0 to 1, or \"10%\"")))
}

impl Terms {
    /// Reads a body that says nothing but a reason.
    ///
    /// # Errors
    /// When it says something else.
    pub fn plain(body: &[u8]) -> Result<Self, Refusal> {
        let asked: Plain = read(body)?;
        Self::read(None, false, asked.reason)
    }

    /// A reason that is one.
    ///
    /// # Errors
    /// When it is longer than [`REASON_MAX`].
    pub fn reason(reason: Option<String>) -> Result<Option<String>, Refusal> {
        if reason.as_ref().is_some_and(|reason| reason.len() > REASON_MAX) {
            return Err(wrong(format!("reason: longer than {REASON_MAX} bytes")));
        }
        Ok(reason.filter(|reason| !reason.trim().is_empty()))
    }

    /// Reads the members that say for how long and why.
    ///
    /// # Errors
    /// When they contradict each other, or are out of range.
    pub fn read(ttl: Option<&str>, sticky: bool, reason: Option<String>) -> Result<Self, Refusal> {
        let reason = Self::reason(reason)?;
        let lasts = match ttl {
            Some(_) if sticky => return Err(wrong("either ttl or sticky: a change that stays has no time")),
            None if sticky => None,
            None => Some(USUAL_TIME),
            Some(text) => Some(time(text)?),
        };
        Ok(Self { lasts, reason })
    }
}

fn time(text: &str) -> Result<Duration, Refusal> {
    let time = Nanoseconds::parse(text).and_then(Nanoseconds::positive);
    let time = time.ok_or_else(|| wrong(format!("ttl: {text:?} is not a time above zero: write it like \"15m\"")))?;
    if time > LONGEST_TIME {
        return Err(wrong(format!("ttl: {text:?} is longer than 720h: say \"sticky\", or write it into the file")));
    }
    Ok(time)
}
