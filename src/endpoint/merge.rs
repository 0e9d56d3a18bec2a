//! One reply made of several, as they arrive.
//!
//! Promises: members are merged at the top level only and the last to arrive wins; parts are spliced, never opened
//! below their top level; a part that failed, is null or is incomplete leaves the whole incomplete.

use crate::model::{Data, DataKind, Failure, Payload, Reply, Response};

/// A merge under way.
#[derive(Debug)]
pub struct Merge {
    missing: usize,
    merged: Option<Response>,
    failures: Vec<Failure>,
}

impl Merge {
    /// A merge of `expected` replies.
    #[must_use]
    pub fn new(expected: usize) -> Self {
        Self { missing: expected, merged: None, failures: Vec::new() }
    }

    /// Takes the next reply; the order of calls is the order of arrival.
    pub fn add(&mut self, reply: Reply) {
        self.missing = self.missing.saturating_sub(1);
        self.failures.extend(reply.failures);
        let Some(part) = reply.response else { return };
        self.merged = Some(match self.merged.take() {
            None => opened(part),
            Some(earlier) => combined(earlier, part),
        });
    }

    /// The whole, as far as it has come. Complete only if every part came, was complete and was not null.
    #[must_use]
    pub fn finish(self) -> Reply {
        let whole = self.missing == 0 && self.failures.is_empty();
        let response = self.merged.map(|merged| Response { complete: merged.complete && whole, ..merged });
        Reply { response, failures: self.failures }
    }
}

/// A part that was passed through undecoded has nothing to merge, but it is there, and nothing of it is missing.
fn opened(mut part: Response) -> Response {
    if !matches!(part.payload, Payload::Data(_)) {
        part.payload = Payload::Data(Data::empty_object());
        part.complete = true;
    }
    part
}

fn combined(earlier: Response, later: Response) -> Response {
    let later = opened(later);
    let complete = earlier.complete && later.complete;
    let Response { status, headers, payload, .. } = earlier;
    let (data, both) = match (object(payload), object(later.payload)) {
        (Some(earlier), Some(later)) => (joined(earlier, later), true),
        (Some(one), None) | (None, Some(one)) => (one, false),
        (None, None) => (Data::empty_object(), false),
    };
    Response { status, headers, payload: Payload::Data(data), complete: complete && both }
}

/// The payload's data if there is anything to merge; null is nothing.
fn object(payload: Payload) -> Option<Data> {
    match payload {
        Payload::Data(data) if data.kind() == DataKind::Object => Some(data),
        Payload::Data(_) => None,
        Payload::Whole(_) | Payload::Transit(_) => Some(Data::empty_object()),
    }
}

fn joined(mut earlier: Data, mut later: Data) -> Data {
    if later.is_empty_object() {
        return earlier;
    }
    if earlier.is_empty_object() {
        return later;
    }
    if let (Some(members), Some(more)) = (earlier.as_object_mut(), later.as_object_mut()) {
        members.append(more);
    }
    earlier
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{
        Kind,
        data::tests::{any_json, data},
    };

    fn part(text: &str) -> Reply {
        Reply::ok(Response::data(data(text), true))
    }

    fn failed(message: &str) -> Reply {
        Reply::failed(Failure::new(Kind::Status, message))
    }

    fn merged(parts: Vec<Reply>) -> (Option<Value>, bool, Vec<String>) {
        let mut merge = Merge::new(parts.len());
        parts.into_iter().for_each(|part| merge.add(part));
        let reply = merge.finish();
        let complete = reply.response.as_ref().is_some_and(|response| response.complete);
        let value = reply.response.map(|response| match response.payload {
            Payload::Data(data) => serde_json::from_slice(&data.to_bytes()).unwrap(),
            _ => panic!("a merge gives data"),
        });
        (value, complete, reply.failures.into_iter().map(|failure| failure.message).collect())
    }

    #[test]
    fn parts_are_joined_at_the_top_level_and_the_last_to_arrive_wins() {
        let (value, complete, failures) =
            merged(vec![part(r#"{"a":1,"who":"a","n":{"a":1}}"#), part(r#"{"slow":true,"who":"slow","n":{"b":2}}"#)]);
        assert_eq!(value, Some(json!({"a": 1, "slow": true, "who": "slow", "n": {"b": 2}})));
        assert!(complete);
        assert!(failures.is_empty());
    }

    #[test]
    fn a_failed_part_leaves_the_others_incomplete() {
        for parts in [vec![part(r#"{"a":1}"#), failed("x")], vec![failed("x"), part(r#"{"a":1}"#)]] {
            assert_eq!(merged(parts), (Some(json!({"a": 1})), false, vec!["x".to_owned()]));
        }
    }

    #[test]
    fn failures_stay_in_the_order_of_arrival() {
        let (value, _, failures) = merged(vec![failed("second backend"), failed("first backend")]);
        assert_eq!(value, None);
        assert_eq!(failures, ["second backend", "first backend"]);
    }

    #[test]
    fn a_null_part_is_a_missing_part() {
        for parts in [vec![part(r#"{"a":1}"#), part("null")], vec![part("null"), part(r#"{"a":1}"#)]] {
            assert_eq!(merged(parts), (Some(json!({"a": 1})), false, vec![]));
        }
        assert_eq!(merged(vec![part("null"), part("null")]), (Some(json!({})), false, vec![]));
        assert_eq!(merged(vec![part("null"), failed("x")]), (Some(json!(null)), false, vec!["x".to_owned()]));
    }

    #[test]
    fn an_incomplete_part_leaves_the_whole_incomplete() {
        let details = Reply::ok(Response::data(data(r#"{"error_x":{}}"#), false));
        assert_eq!(merged(vec![details, part("{}")]), (Some(json!({"error_x": {}})), false, vec![]));
    }

    #[test]
    fn a_part_that_never_came_leaves_the_whole_incomplete() {
        let mut merge = Merge::new(2);
        merge.add(part(r#"{"a":1}"#));
        assert!(!merge.finish().response.unwrap().complete);
        assert!(Merge::new(2).finish().response.is_none());
    }

    #[test]
    fn an_undecoded_part_is_there_but_empty() {
        let undecoded =
            || Reply::ok(Response { payload: Payload::Whole("bytes".into()), ..Response::data(Data::Null, false) });
        let expected = (Some(json!({"a": 1})), true, vec![]);
        assert_eq!(merged(vec![undecoded(), part(r#"{"a":1}"#)]), expected);
        assert_eq!(merged(vec![part(r#"{"a":1}"#), undecoded()]), expected);
    }

    #[test]
    fn members_are_spliced_not_opened() {
        let text = r#"{"a":{ "deep" : [1.0] }}"#;
        let mut merge = Merge::new(2);
        merge.add(part(text));
        merge.add(Reply::ok(Response::data(Data::wrap("g", data(text)), true)));
        let Payload::Data(mut whole) = merge.finish().response.unwrap().payload else { panic!("data") };
        let members = whole.as_object_mut().unwrap();
        assert!(members.values().all(|member| matches!(member, Data::Raw(_))));
        assert_eq!(&whole.to_bytes()[..], br#"{"a":{ "deep" : [1.0] },"g":{"a":{ "deep" : [1.0] }}}"#);
    }

    fn objects() -> impl Strategy<Value = Vec<serde_json::Map<String, Value>>> {
        let object = prop::collection::btree_map("[a-e]", any_json(), 0..4);
        prop::collection::vec(object.prop_map(|members| members.into_iter().collect()), 1..5)
    }

    proptest! {
        #[test]
        fn the_later_of_two_members_of_one_name_stays(objects in objects()) {
            let mut expected = serde_json::Map::new();
            for object in &objects {
                expected.extend(object.clone());
            }
            let parts = objects.into_iter().map(|object| part(&Value::Object(object).to_string())).collect();
            prop_assert_eq!(merged(parts), (Some(Value::Object(expected)), true, vec![]));
        }

        #[test]
        fn merging_with_nothing_changes_nothing(objects in objects()) {
            for object in objects {
                let text = Value::Object(object.clone()).to_string();
                let whole = Some(Value::Object(object));
                prop_assert_eq!(merged(vec![part(&text), part("{}")]).0, whole.clone());
                prop_assert_eq!(merged(vec![part("{}"), part(&text)]).0, whole.clone());
                prop_assert_eq!(merged(vec![part(&text)]), (whole, true, vec![]));
            }
        }
    }
}
