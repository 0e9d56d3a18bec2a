//! What may be asked for about one shadow, as data, and what is wrong with it.
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
/// The most copies a second that a limit may say.
const MAX_RPS: f64 = 1e9;

/// A change of one shadow.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Another share, another limit, or both.
    Adjust {
        /// The share.
        rate: Option<Share>,
        /// Copies per second; `Some(None)` lifts the limit.
        max_rps: Option<Option<f64>>,
    },
    /// No copies.
    Pause,
    /// The end of a pause.
    Resume,
    /// Whether nothing is sent.
    DryRun(bool),
    /// The end of all that was asked for.
    Reset,
    /// A comparison that begins anew, as for another version of the shadow.
    Restart,
}

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
    /// There is no such shadow; there are these.
    Unknown(Vec<String>),
    /// It is not what may be asked for.
    Wrong(String),
}

fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::Wrong(message.into())
}

/// What every order may have beside its own members.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    reason: Option<String>,
}

/// The body of a `PATCH`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjust {
    #[serde(default, deserialize_with = "present")]
    rate: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    max_rps: Option<Value>,
    ttl: Option<String>,
    #[serde(default)]
    sticky: bool,
    reason: Option<String>,
}

/// The body of a pause.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    ttl: Option<String>,
    #[serde(default)]
    sticky: bool,
    reason: Option<String>,
}

/// The body of a dry run.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DryRun {
    on: Option<bool>,
    ttl: Option<String>,
    #[serde(default)]
    sticky: bool,
    reason: Option<String>,
}

/// A member that is there, be it null.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Reads a body; none at all is an empty object.
fn read<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Refusal> {
    if body.is_empty() {
        return Ok(T::default());
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| wrong(format!("the body is not JSON: {error}")))?;
    if !value.is_object() {
        return Err(wrong("the body is not a JSON object"));
    }
    serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
}

impl Order {
    /// Reads what is asked for by `verb`; an empty one stands for a change of rate and limits.
    ///
    /// # Errors
    /// When the verb is none, or the body is not what belongs to it.
    pub fn read(verb: &str, body: &[u8]) -> Result<(Self, Terms), Refusal> {
        match verb {
            "" => {
                let asked: Adjust = read(body)?;
                let terms = Terms::read(asked.ttl.as_deref(), asked.sticky, asked.reason)?;
                Ok((adjust(asked.rate.as_ref(), asked.max_rps.as_ref())?, terms))
            }
            "pause" => {
                let asked: Pause = read(body)?;
                Ok((Self::Pause, Terms::read(asked.ttl.as_deref(), asked.sticky, asked.reason)?))
            }
            "dry-run" => {
                let asked: DryRun = read(body)?;
                let on = asked.on.ok_or_else(|| wrong("say {\"on\": true} or {\"on\": false}"))?;
                Ok((Self::DryRun(on), Terms::read(asked.ttl.as_deref(), asked.sticky, asked.reason)?))
            }
            "resume" => Ok((Self::Resume, Terms::plain(body)?)),
            "reset" => Ok((Self::Reset, Terms::plain(body)?)),
            "restart" => Ok((Self::Restart, Terms::plain(body)?)),
            _ => Err(wrong(format!("there is no {verb}: there are pause, resume, dry-run, reset and restart"))),
        }
    }
}

fn adjust(rate: Option<&Value>, max_rps: Option<&Value>) -> Result<Order, Refusal> {
    if rate.is_none() && max_rps.is_none() {
        return Err(wrong("say what to change: rate, max_rps, or both"));
    }
    let share = |value: &Value| {
        let share = ratio(value).and_then(Share::of_ratio);
        share.ok_or_else(|| wrong(format!("rate: {value} is not a share: write a number from 0 to 1, or \"10%\"")))
    };
    let limit = |value: &Value| match (value, value.as_f64()) {
        (Value::Null, _) => Ok(None),
        (_, Some(limit)) if limit > 0.0 && limit <= MAX_RPS => Ok(Some(limit)),
        _ => Err(wrong(format!("max_rps: {value} is not a limit: write a number above 0, or null for none"))),
    };
    Ok(Order::Adjust { rate: rate.map(share).transpose()?, max_rps: max_rps.map(limit).transpose()? })
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

    fn read(ttl: Option<&str>, sticky: bool, reason: Option<String>) -> Result<Self, Refusal> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn share(ratio: f64) -> Option<Share> {
        Share::of_ratio(ratio)
    }

    #[test]
    fn orders_are_read_with_their_terms() {
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        for (verb, body, order, lasts) in [
            ("", r#"{"rate": 0.5}"#, Order::Adjust { rate: share(0.5), max_rps: None }, minutes(60)),
            ("", r#"{"rate": "10%", "ttl": "15m"}"#, Order::Adjust { rate: share(0.1), max_rps: None }, minutes(15)),
            ("", r#"{"max_rps": null, "sticky": true}"#, Order::Adjust { rate: None, max_rps: Some(None) }, None),
            ("", r#"{"max_rps": 2.5}"#, Order::Adjust { rate: None, max_rps: Some(Some(2.5)) }, minutes(60)),
            ("pause", "", Order::Pause, minutes(60)),
            ("dry-run", r#"{"on": false}"#, Order::DryRun(false), minutes(60)),
            ("resume", "{}", Order::Resume, minutes(60)),
            ("reset", r#"{"reason": "done"}"#, Order::Reset, minutes(60)),
            ("restart", "", Order::Restart, minutes(60)),
        ] {
            let (read, terms) = Order::read(verb, body.as_bytes()).unwrap();
            assert_eq!((read, terms.lasts), (order, lasts), "{verb} {body}");
        }
        assert_eq!(Terms::plain(br#"{"reason": "why"}"#).unwrap().reason.as_deref(), Some("why"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (verb, body, said) in [
            ("", "{}", "rate, max_rps"),
            ("", "[]", "not a JSON object"),
            ("", "{", "not JSON"),
            ("", r#"{"rate": 2}"#, "rate: 2 is not a share"),
            ("", r#"{"rate": null}"#, "rate: null is not a share"),
            ("", r#"{"rate": "10"}"#, "is not a share"),
            ("", r#"{"max_rps": 0}"#, "max_rps: 0 is not a limit"),
            ("", r#"{"rat": 0.1}"#, "unknown field `rat`, expected one of `rate`"),
            ("", r#"{"rate": 0.1, "ttl": "soon"}"#, "ttl: \"soon\" is not a time"),
            ("", r#"{"rate": 0.1, "ttl": "0s"}"#, "above zero"),
            ("", r#"{"rate": 0.1, "ttl": "721h"}"#, "longer than 720h"),
            ("", r#"{"rate": 0.1, "ttl": "1h", "sticky": true}"#, "either ttl or sticky"),
            ("", r#"{"rate": 0.1, "sticky": "yes"}"#, "invalid type"),
            ("pause", r#"{"rate": 0.1}"#, "unknown field `rate`"),
            ("resume", r#"{"ttl": "1h"}"#, "unknown field `ttl`"),
            ("dry-run", "{}", "{\"on\": true}"),
            ("explode", "{}", "there is no explode"),
        ] {
            let Err(Refusal::Wrong(message)) = Order::read(verb, body.as_bytes()) else { panic!("{verb} {body}") };
            assert!(message.contains(said), "{verb} {body}: {message}");
        }
        let long = format!(r#"{{"reason": "{}"}}"#, "x".repeat(REASON_MAX + 1));
        assert!(Order::read("pause", long.as_bytes()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bodies_never_panic(verb in "|pause|resume|dry-run|reset|restart|.{0,9}", body: Vec<u8>) {
            let _read = Order::read(&verb, &body);
        }
    }
}
