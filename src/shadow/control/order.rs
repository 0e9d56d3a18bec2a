//! What may be asked for about one shadow, as data, and what is wrong with it.
//!
//! Nothing is guessed: an unknown member, a wrong type or a value out of range is refused with what to write instead.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    config::shadow::Share,
    control::terms::{Refusal, Terms, present, read, share, wrong},
};

/// The most copies a second that a limit may say.
const MAX_RPS: f64 = 1e9;

/// A change of one shadow.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Another share, another limit, another share of pairs, or several of them.
    Adjust {
        /// The share.
        rate: Option<Share>,
        /// Copies per second; `Some(None)` lifts the limit.
        max_rps: Option<Option<f64>>,
        /// The share of the copies whose answers are compared.
        compare_sample: Option<Share>,
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

/// The body of a `PATCH`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjust {
    #[serde(default, deserialize_with = "present")]
    rate: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    max_rps: Option<Value>,
    compare: Option<Compare>,
    ttl: Option<String>,
    #[serde(default)]
    sticky: bool,
    reason: Option<String>,
}

/// What may be changed about the comparison.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    #[serde(default, deserialize_with = "present")]
    sample: Option<Value>,
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
                let sample = asked.compare.and_then(|compare| compare.sample);
                Ok((adjust(asked.rate.as_ref(), asked.max_rps.as_ref(), sample.as_ref())?, terms))
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

fn adjust(rate: Option<&Value>, max_rps: Option<&Value>, sample: Option<&Value>) -> Result<Order, Refusal> {
    if rate.or(max_rps).or(sample).is_none() {
        return Err(wrong("say what to change: rate, max_rps, compare.sample, or several of them"));
    }
    let sample = sample.map(|sample| share("compare.sample", sample));
    let limit = |value: &Value| match (value, value.as_f64()) {
        (Value::Null, _) => Ok(None),
        (_, Some(limit)) if limit > 0.0 && limit <= MAX_RPS => Ok(Some(limit)),
        _ => Err(wrong(format!("max_rps: {value} is not a limit: write a number above 0, or null for none"))),
    };
    Ok(Order::Adjust {
        rate: rate.map(|rate| share("rate", rate)).transpose()?,
        max_rps: max_rps.map(limit).transpose()?,
        compare_sample: sample.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::control::terms::REASON_MAX;

    fn adjusted(rate: Option<f64>, max_rps: Option<Option<f64>>, sample: Option<f64>) -> Order {
        let [rate, compare_sample] = [rate, sample].map(|ratio| ratio.and_then(Share::of_ratio));
        Order::Adjust { rate, max_rps, compare_sample }
    }

    #[test]
    fn orders_are_read_with_their_terms() {
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        for (verb, body, order, lasts) in [
            ("", r#"{"rate": 0.5}"#, adjusted(Some(0.5), None, None), minutes(60)),
            ("", r#"{"rate": "10%", "ttl": "15m"}"#, adjusted(Some(0.1), None, None), minutes(15)),
            ("", r#"{"max_rps": null, "sticky": true}"#, adjusted(None, Some(None), None), None),
            ("", r#"{"max_rps": 2.5}"#, adjusted(None, Some(Some(2.5)), None), minutes(60)),
            ("", r#"{"compare": {"sample": "10%"}}"#, adjusted(None, None, Some(0.1)), minutes(60)),
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
            ("", r#"{"compare": {}}"#, "compare.sample"),
            ("", r#"{"compare": {"sample": 2}}"#, "compare.sample: 2 is not a share"),
            ("", r#"{"compare": {"sample": null}}"#, "compare.sample: null is not a share"),
            ("", r#"{"compare": {"rate": 0.1}}"#, "unknown field `rate`, expected `sample`"),
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
