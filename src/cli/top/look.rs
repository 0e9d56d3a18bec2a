//! One look at a gateway, and what has happened since the one before.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cli::shadow::client::AdminClient;

use super::{experiment::Experiment, part::Part, text::escaped};

/// How many experiments are asked for; more are told of by their number.
const ROWS_MAX: usize = 1_000;

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    pub(super) gateway: Gateway,
    /// Who switched all shadows off, if somebody did.
    pub(super) killed: Option<String>,
    pub(super) experiments: Vec<Experiment>,
    /// How many there are of those that were asked for.
    pub(super) found: u64,
    pub(super) parts: Vec<Part>,
    /// Whether the gateway was started since the look before.
    pub(super) has_restarted: bool,
    at: Option<Instant>,
}

/// The gateway as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gateway {
    pub(super) version: String,
    pub(super) uptime_seconds: f64,
    /// Replies a second.
    pub(super) rate: Option<f64>,
    /// How long 99 of 100 replies took at most, in milliseconds.
    pub(super) p99_ms: Option<f64>,
    /// Of the replies, those that are an error of ours, 0 to 1.
    pub(super) errors: Option<f64>,
    /// Bytes held for copies.
    pub(super) buffered: Option<f64>,
}

/// What a gateway answers, to be printed as it is.
pub(super) async fn answers(client: &AdminClient, find: &str) -> Result<Value, String> {
    let overview = client.overview(find, ROWS_MAX).await?;
    let splits = client.ask_split(http::Method::GET, "", None).await?;
    Ok(json!({ "overview": overview, "splits": splits.get("splits") }))
}

impl Look {
    /// Looks at a gateway.
    ///
    /// # Errors
    /// When nobody answers, in words.
    pub(super) async fn take(client: &AdminClient, find: &str, before: Option<&Self>) -> Result<Self, String> {
        let told = answers(client, find).await?;
        Ok(Self::read(&told, find, Instant::now()).since(before))
    }

    /// Reads what a gateway says.
    pub(super) fn read(told: &Value, find: &str, at: Instant) -> Self {
        let overview = told.get("overview").unwrap_or(&Value::Null);
        let shadows = overview.pointer("/experiments/shadows").and_then(Value::as_array);
        let killed = overview.pointer("/experiments/killed/by").and_then(Value::as_str);
        let mut parts = Part::all(told);
        parts.retain(|part| part.is_called(find));
        Self {
            gateway: Gateway::read(overview),
            killed: killed.map(escaped),
            experiments: shadows.into_iter().flatten().map(Experiment::read).collect(),
            found: overview.pointer("/experiments/found").and_then(Value::as_u64).unwrap_or(0),
            parts,
            has_restarted: false,
            at: Some(at),
        }
    }

    /// The same with how often copies were sent since the look before.
    pub(super) fn since(mut self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        self.has_restarted = self.gateway.uptime_seconds < before.gateway.uptime_seconds;
        let passed = self.at.zip(before.at).map(|(now, then)| now.saturating_duration_since(then));
        let passed = passed.filter(|passed| *passed > Duration::ZERO && !self.has_restarted);
        let Some(seconds) = passed.map(|passed| passed.as_secs_f64()) else { return self };
        let sent: HashMap<&str, u64> = before.experiments.iter().map(|one| (one.id.as_str(), one.sent)).collect();
        for one in &mut self.experiments {
            let more = sent.get(one.id.as_str()).and_then(|sent| one.sent.checked_sub(*sent));
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            let rate = more.map(|more| more as f64 / seconds);
            one.sent_rate = rate;
        }
        self
    }
}

impl Gateway {
    fn read(told: &Value) -> Self {
        let number = |pointer: &str| told.pointer(pointer).and_then(Value::as_f64);
        let rate = number("/totals/recent_rate");
        let errors = number("/totals/recent_errors_rate").zip(rate.filter(|rate| *rate > 0.0));
        Self {
            version: escaped(told.get("version").and_then(Value::as_str).unwrap_or_default()),
            uptime_seconds: number("/uptime_seconds").unwrap_or(0.0),
            rate,
            p99_ms: number("/totals/recent_p99_ms"),
            errors: errors.map(|(errors, rate)| errors / rate),
            buffered: number("/experiments/buffered_bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(uptime: f64, sent: u64) -> Value {
        let one = json!({ "id": "GET:/a:0", "books": { "sent": sent } });
        json!({
            "overview": {
                "version": "1.2\u{7}", "uptime_seconds": uptime,
                "totals": { "recent_rate": 10.0, "recent_errors_rate": 1.0, "recent_p99_ms": 7.5 },
                "experiments": { "found": 9, "buffered_bytes": 512, "killed": { "by": "admin\u{1b}c" }, "shadows": [one] },
            },
            "splits": [{ "id": "GET:/b:0", "parts": [{ "variant": "base" }] }],
        })
    }

    #[test]
    fn copies_a_second_are_those_since_the_look_before() {
        let begin = Instant::now();
        let first = Look::read(&told(5.0, 100), "", begin).since(None);
        assert_eq!((first.experiments[0].sent_rate, first.has_restarted), (None, false));
        let then = begin + Duration::from_secs(2);
        let second = Look::read(&told(7.0, 150), "", then).since(Some(&first));
        assert_eq!((second.experiments[0].sent_rate, second.has_restarted), (Some(25.0), false));
        let anew = Look::read(&told(0.5, 3), "", then + Duration::from_secs(1)).since(Some(&second));
        assert_eq!((anew.experiments[0].sent_rate, anew.has_restarted), (None, true));
        // A comparison of books of before and after can't be less than nothing.
        let less = Look::read(&told(9.0, 1), "", then).since(Some(&first));
        assert_eq!(less.experiments[0].sent_rate, None);
    }

    #[test]
    fn the_head_is_what_the_gateway_says_of_itself() {
        let look = Look::read(&told(5.0, 1), "", Instant::now());
        let wanted = Gateway {
            version: "1.2\\u{7}".to_owned(),
            uptime_seconds: 5.0,
            rate: Some(10.0),
            p99_ms: Some(7.5),
            errors: Some(0.1),
            buffered: Some(512.0),
        };
        assert_eq!((look.gateway, look.found, look.parts.len()), (wanted, 9, 1));
        assert_eq!(look.killed.as_deref(), Some("admin\\u{1b}c"));
        assert_eq!(Look::read(&told(5.0, 1), "nowhere", Instant::now()).parts, []);
        let _nothing = Look::read(&Value::Null, "", Instant::now());
    }
}
