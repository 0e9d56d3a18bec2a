//! What holds for every merge, whatever its parts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{
    endpoint::merge::Merge,
    model::{
        Data, Failure, Kind, Payload, Reply, Response,
        data::tests::{any_json, data},
    },
};

/// One part of a merge, as far as the laws tell parts apart.
#[derive(Clone, Debug)]
enum Part {
    /// An object; each value as text, spaces and all.
    Object {
        members: BTreeMap<String, String>,
        complete: bool,
    },
    /// `null`, which is an answer with nothing in it.
    Null,
    Failed,
}

impl Part {
    fn reply(&self, place: usize) -> Reply {
        match self {
            Self::Failed => Reply::failed(Failure::new(Kind::Status, place.to_string())),
            Self::Null => Reply::ok(Response::data(data("null"), true)),
            Self::Object { members, complete } => {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
                Reply::ok(Response::data(data(&format!("{{ {} }}", members.join(" , "))), *complete))
            }
        }
    }
}

fn part() -> impl Strategy<Value = Part> {
    let value = any_json().prop_map(|json| serde_json::to_string_pretty(&json).unwrap());
    let object = (prop::collection::btree_map("[a-f]", value, 0..4), prop::bool::weighted(0.8));
    prop_oneof![
        6 => object.prop_map(|(members, complete)| Part::Object { members, complete }),
        1 => Just(Part::Null),
        1 => Just(Part::Failed),
    ]
}

fn merged(expected: usize, parts: &[Part]) -> Reply {
    let mut merge = Merge::new(expected);
    parts.iter().enumerate().for_each(|(place, part)| merge.add(part.reply(place)));
    merge.finish()
}

/// The members of a reply, each as the text it will be written as.
fn members(reply: Reply) -> Option<BTreeMap<String, String>> {
    let Payload::Data(mut data) = reply.response?.payload else { panic!("a merge gives data") };
    if data.is_null() {
        return None;
    }
    let members = data.as_object_mut().expect("a merge gives an object or null").iter();
    Some(members.map(|(name, value)| (name.clone(), text(value))).collect())
}

fn text(value: &Data) -> String {
    String::from_utf8(value.to_bytes().to_vec()).unwrap()
}

proptest! {
    #[test]
    fn every_member_is_the_last_of_its_name_byte_for_byte(parts in prop::collection::vec(part(), 1..6)) {
        let mut expected = BTreeMap::new();
        for part in &parts {
            if let Part::Object { members, .. } = part {
                expected.extend(members.clone());
            }
        }
        let got = members(merged(parts.len(), &parts));
        prop_assert_eq!(got.unwrap_or_default(), expected);
    }

    #[test]
    fn a_whole_is_complete_only_if_every_part_is(parts in prop::collection::vec(part(), 2..6), late in 0usize..2) {
        let reply = merged(parts.len() + late, &parts);
        let all = parts.iter().all(|part| matches!(part, Part::Object { complete: true, .. }));
        let complete = reply.response.as_ref().is_some_and(|response| response.complete);
        prop_assert_eq!(complete, all && late == 0);
    }

    #[test]
    fn there_is_a_response_if_any_part_has_one(parts in prop::collection::vec(part(), 0..6)) {
        let any = parts.iter().any(|part| !matches!(part, Part::Failed));
        prop_assert_eq!(merged(parts.len(), &parts).response.is_some(), any);
    }

    #[test]
    fn every_failure_is_told_in_the_order_it_came(parts in prop::collection::vec(part(), 0..8)) {
        let failed = parts.iter().enumerate().filter(|(_, part)| matches!(part, Part::Failed));
        let expected: Vec<String> = failed.map(|(place, _)| place.to_string()).collect();
        let told: Vec<String> = merged(parts.len(), &parts).failures.into_iter().map(|f| f.message).collect();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn parts_without_common_names_may_come_in_any_order(
        first in prop::collection::btree_map("[a-c]", "[1-9]{1,3}|\"x\"", 0..4),
        second in prop::collection::btree_map("[d-f]", "[1-9]|null", 0..4),
    ) {
        let parts = [first, second].map(|members| Part::Object { members, complete: true });
        let reversed = [parts[1].clone(), parts[0].clone()];
        prop_assert_eq!(members(merged(2, &parts)), members(merged(2, &reversed)));
    }
}
