//! Fixed members that the file adds to an answer, always or when something went wrong.
//!
//! Promises: what is added is prepared once, when the file is read; adding it opens the answer's top level only. The
//! failures stay in the reply: a client gets 200 because there is a response now, not because nothing happened.

use bytes::Bytes;

use crate::{
    config::Strategy,
    model::{Data, Payload, Reply, Response},
};

/// The members to add and when to add them.
#[derive(Clone, Debug)]
pub struct StaticData {
    members: Vec<(String, Data)>,
    when: Strategy,
}

impl StaticData {
    /// Prepares `members`, each a name and its value as JSON text. Numbers become what KrakenD makes of them, which
    /// reads the file with double precision; a value that is no JSON becomes null.
    #[must_use]
    pub fn new(members: &[(String, String)], when: Strategy) -> Self {
        let members = members.iter().map(|(name, text)| (name.clone(), prepared(text))).collect();
        Self { members, when }
    }

    /// Adds the members to a reply that calls for them. A body that is passed through undecoded is left alone.
    pub fn apply(&self, reply: &mut Reply) {
        if !self.fires(reply) {
            return;
        }
        let response = reply.response.get_or_insert_with(|| Response::data(Data::empty_object(), false));
        let Payload::Data(data) = &mut response.payload else { return };
        if data.is_null() {
            *data = Data::empty_object();
        }
        if let Some(members) = data.as_object_mut() {
            members.extend(self.members.iter().cloned());
        }
    }

    fn fires(&self, reply: &Reply) -> bool {
        let failed = !reply.failures.is_empty();
        let complete = reply.response.as_ref().is_some_and(|response| response.complete);
        match self.when {
            Strategy::Always => true,
            Strategy::Success => !failed,
            Strategy::Complete => !failed && complete,
            Strategy::Errored => failed,
            Strategy::Incomplete => !complete,
        }
    }
}

/// The value, opened only where there are numbers in it.
fn prepared(text: &str) -> Data {
    let Ok(mut data) = Data::parse(&Bytes::copy_from_slice(text.as_bytes())) else { return Data::Null };
    data.open_deep();
    if figures(&mut data) > 0 { data } else { Data::Raw(data.to_bytes()) }
}

/// Makes figures of all numbers, and counts them; recurses as deep as [`Data::open_deep`] opened.
fn figures(data: &mut Data) -> usize {
    match data {
        Data::Number(digits) => {
            let number = digits.parse().ok().filter(|number: &f64| number.is_finite());
            if let Some(number) = number {
                *data = Data::Figure(number);
            }
            usize::from(number.is_some())
        }
        Data::Array(elements) => elements.iter_mut().map(figures).sum(),
        Data::Object(members) => members.values_mut().map(figures).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Failure, Kind, data::tests::data};

    fn ok() -> Reply {
        Reply::ok(Response::data(data(r#"{"a":1}"#), true))
    }

    fn partial() -> Reply {
        let failures = vec![Failure::new(Kind::Status, "x")];
        Reply { response: Some(Response::data(data(r#"{"a":1}"#), false)), failures }
    }

    fn bad() -> Reply {
        Reply::failed(Failure::new(Kind::Status, "x"))
    }

    fn members(text: &str) -> Vec<(String, String)> {
        let members: serde_json::Map<String, Value> = serde_json::from_str(text).unwrap();
        members.into_iter().map(|(name, value)| (name, value.to_string())).collect()
    }

    fn content(reply: &Reply) -> Option<Value> {
        match &reply.response.as_ref()?.payload {
            Payload::Data(data) => serde_json::from_slice(&data.to_bytes()).ok(),
            _ => None,
        }
    }

    fn applied(when: Strategy, mut reply: Reply) -> Option<Value> {
        StaticData::new(&members(r#"{"st":{"k":[1,2]}}"#), when).apply(&mut reply);
        content(&reply)
    }

    #[test]
    fn each_strategy_fires_when_it_says() {
        let plain = Some(json!({"a": 1}));
        let added = Some(json!({"a": 1, "st": {"k": [1, 2]}}));
        let alone = Some(json!({"st": {"k": [1, 2]}}));
        for (when, on_ok, on_partial, on_bad) in [
            (Strategy::Always, &added, &added, &alone),
            (Strategy::Success, &added, &plain, &None),
            (Strategy::Complete, &added, &plain, &None),
            (Strategy::Errored, &plain, &added, &alone),
            (Strategy::Incomplete, &plain, &added, &alone),
        ] {
            assert_eq!(&applied(when, ok()), on_ok, "{when:?}");
            assert_eq!(&applied(when, partial()), on_partial, "{when:?}");
            assert_eq!(&applied(when, bad()), on_bad, "{when:?}");
        }
    }

    #[test]
    fn the_failures_stay_and_the_response_is_incomplete() {
        let mut reply = bad();
        StaticData::new(&members(r#"{"x":1}"#), Strategy::Errored).apply(&mut reply);
        assert_eq!(reply.failures.len(), 1);
        assert!(!reply.response.unwrap().complete);
    }

    #[test]
    fn static_members_replace_those_of_the_answer() {
        let mut reply = ok();
        StaticData::new(&members(r#"{"a":"mine"}"#), Strategy::Always).apply(&mut reply);
        assert_eq!(content(&reply), Some(json!({"a": "mine"})));
    }

    #[test]
    fn a_null_answer_is_complete_and_gets_members_only_when_asked() {
        let null = || Reply::ok(Response::data(data("null"), true));
        assert_eq!(applied(Strategy::Incomplete, null()), Some(json!(null)));
        assert_eq!(applied(Strategy::Errored, null()), Some(json!(null)));
        assert_eq!(applied(Strategy::Always, null()), Some(json!({"st": {"k": [1, 2]}})));
    }

    #[test]
    fn numbers_are_rounded_as_the_original_does() {
        for (text, rounded) in [
            ("12345678901234567890", "12345678901234567000"),
            ("1e21", "1e+21"),
            ("123456789012345678901234", "1.2345678901234569e+23"),
            ("1e20", "100000000000000000000"),
            ("1.0", "1"),
            ("1.50", "1.5"),
            ("0.0000001", "1e-7"),
            ("0.000001", "0.000001"),
            ("-2.5e3", "-2500"),
            ("[{\"a\":1.0}]", "[{\"a\":1}]"),
        ] {
            assert_eq!(prepared(text).to_bytes(), rounded, "{text}");
        }
    }
}
