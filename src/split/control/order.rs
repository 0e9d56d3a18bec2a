//! What may be asked for about a split, as data, and what is wrong with it.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    config::shadow::Share,
    control::terms::{Refusal, Terms, present, read, share, wrong},
};

/// A change of a split.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Another share for a variant.
    Rate(Share),
    /// Nothing for a variant, or for all of them.
    Stop,
    /// The end of what was asked for about a variant, or about all of them.
    Reset,
}

/// An order with what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The change.
    pub order: Order,
    /// The variant; all of them unless given, for a rate the only one.
    pub variant: Option<String>,
    /// For how long and why.
    pub terms: Terms,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Adjust {
    #[serde(default, deserialize_with = "present")]
    rate: Option<Value>,
    variant: Option<String>,
    ttl: Option<String>,
    #[serde(default)]
    sticky: bool,
    reason: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stop {
    variant: Option<String>,
    ttl: Option<String>,
    #[serde(default)]
    sticky: bool,
    reason: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    variant: Option<String>,
    reason: Option<String>,
}

impl Asked {
    /// Reads what is asked for by `verb`; an empty one stands for another rate.
    ///
    /// # Errors
    /// When the verb is none, or the body is not what belongs to it.
    pub fn read(verb: &str, body: &[u8]) -> Result<Self, Refusal> {
        match verb {
            "" => {
                let asked: Adjust = read(body)?;
                let rate = asked.rate.as_ref().ok_or_else(|| wrong("say what to change: rate"))?;
                let terms = Terms::read(asked.ttl.as_deref(), asked.sticky, asked.reason)?;
                Ok(Self { order: Order::Rate(share("rate", rate)?), variant: asked.variant, terms })
            }
            "stop" => {
                let asked: Stop = read(body)?;
                // What was stopped comes back when somebody says so, or says when.
                let sticky = asked.sticky || asked.ttl.is_none();
                let terms = Terms::read(asked.ttl.as_deref(), sticky, asked.reason)?;
                Ok(Self { order: Order::Stop, variant: asked.variant, terms })
            }
            "reset" => {
                let asked: Reset = read(body)?;
                let terms = Terms::read(None, true, asked.reason)?;
                Ok(Self { order: Order::Reset, variant: asked.variant, terms })
            }
            _ => Err(wrong(format!("there is no {verb}: there are stop and reset"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn orders_are_read_with_their_terms() {
        let hour = Some(Duration::from_secs(3600));
        let minutes = Some(Duration::from_secs(300));
        let rate = || Order::Rate(Share::of_ratio(0.1).unwrap());
        for (verb, body, order, variant, lasts) in [
            ("", r#"{"rate": "10%"}"#, rate(), None, hour),
            ("", r#"{"rate": 0.1, "variant": "b", "sticky": true}"#, rate(), Some("b"), None),
            ("stop", "", Order::Stop, None, None),
            ("stop", r#"{"ttl": "5m", "variant": "b"}"#, Order::Stop, Some("b"), minutes),
            ("reset", r#"{"reason": "done"}"#, Order::Reset, None, None),
        ] {
            let asked = Asked::read(verb, body.as_bytes()).unwrap();
            assert_eq!((asked.order, asked.variant.as_deref(), asked.terms.lasts), (order, variant, lasts), "{body}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (verb, body, said) in [
            ("", "{}", "rate"),
            ("", r#"{"rate": 2}"#, "is not a share"),
            ("", r#"{"rate": 0.1, "ttl": "1h", "sticky": true}"#, "either ttl or sticky"),
            ("", r#"{"max_rps": 1}"#, "unknown field `max_rps`"),
            ("stop", r#"{"rate": 1}"#, "unknown field `rate`"),
            ("reset", r#"{"ttl": "1h"}"#, "unknown field `ttl`"),
            ("pause", "", "stop and reset"),
        ] {
            let Err(Refusal::Wrong(message)) = Asked::read(verb, body.as_bytes()) else { panic!("{verb} {body}") };
            assert!(message.contains(said), "{verb} {body}: {message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bodies_never_panic(verb in "|stop|reset|.{0,9}", body: Vec<u8>) {
            let _read = Asked::read(&verb, &body);
        }
    }
}
