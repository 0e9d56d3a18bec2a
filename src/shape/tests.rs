//! Shapes as recorded from the original.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Shape, ShapeSpec};
use crate::model::{
    Data,
    data::tests::{any_json, data},
};

const USER: &str = r#"{"id":7,"name":"Ann","addr":{"city":"Bern","geo":{"lat":1.5,"lon":2}},"tags":["a","b"],
    "list":[{"x":1,"y":2},{"x":3}],"nul":null,"empty":{}}"#;
const WRAP: &str = r#"{"data":{"items":[1],"meta":{"n":1}},"ok":true}"#;

pub(super) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(super) fn shaped(spec: ShapeSpec, text: &str) -> Value {
    let data = Shape::new(spec).apply(data(text));
    serde_json::from_slice(&data.to_bytes()).unwrap()
}

fn allow(paths: &[&str], text: &str) -> Value {
    shaped(ShapeSpec { allow: names(paths), ..ShapeSpec::default() }, text)
}

fn deny(paths: &[&str], text: &str) -> Value {
    shaped(ShapeSpec { deny: names(paths), ..ShapeSpec::default() }, text)
}

fn map(pairs: &[(&str, &str)], text: &str) -> Value {
    let mapping = pairs.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
    shaped(ShapeSpec { mapping, ..ShapeSpec::default() }, text)
}

fn target(target: &str, text: &str) -> Value {
    shaped(ShapeSpec { target: target.into(), ..ShapeSpec::default() }, text)
}

fn group(group: &str, text: &str) -> Value {
    shaped(ShapeSpec { group: group.into(), ..ShapeSpec::default() }, text)
}

fn user() -> Value {
    serde_json::from_str(USER).unwrap()
}

fn user_but(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    let mut user = user();
    change(user.as_object_mut().unwrap());
    user
}

#[test]
fn allow_keeps_the_listed_paths_only() {
    assert_eq!(allow(&["id", "addr.city"], USER), json!({"addr": {"city": "Bern"}, "id": 7}));
    assert_eq!(allow(&["addr.geo.lat"], USER), json!({"addr": {"geo": {"lat": 1.5}}}));
    assert_eq!(allow(&["nul", "empty"], USER), json!({"empty": {}, "nul": null}));
}

#[test]
fn allow_removes_parents_that_nothing_is_left_of() {
    for path in ["zzz", "addr.geo.zzz", "list.x", "name.x", "empty.x", "nul.x"] {
        assert_eq!(allow(&[path], USER), json!({}), "{path}");
    }
}

#[test]
fn of_two_allowed_paths_the_later_counts() {
    assert_eq!(allow(&["addr", "addr.city"], USER), json!({"addr": {"city": "Bern"}}));
    assert_eq!(allow(&["addr.city", "addr"], USER)["addr"], user()["addr"]);
}

#[test]
fn allow_wins_over_deny() {
    let spec = ShapeSpec { allow: names(&["id"]), deny: names(&["id"]), ..ShapeSpec::default() };
    assert_eq!(shaped(spec, USER), json!({"id": 7}));
}

#[test]
fn paths_descend_and_never_name_a_member_with_a_dot() {
    let dots = r#"{"a.b":1,"a":{"b":2}}"#;
    assert_eq!(allow(&["a.b"], dots), json!({"a": {"b": 2}}));
    assert_eq!(deny(&["a.b"], dots), json!({"a.b": 1, "a": {}}));
}

#[test]
fn deny_removes_the_listed_paths() {
    let expected = user_but(|user| {
        user.remove("name");
        user.remove("tags");
        user["addr"] = json!({"city": "Bern"});
    });
    assert_eq!(deny(&["name", "addr.geo", "tags"], USER), expected);
    assert_eq!(deny(&["addr.geo.lat"], USER)["addr"], json!({"city": "Bern", "geo": {"lon": 2}}));
}

#[test]
fn deny_leaves_an_emptied_object() {
    assert_eq!(deny(&["addr.city", "addr.geo"], USER)["addr"], json!({}));
}

#[test]
fn deny_passes_over_what_is_not_there() {
    for paths in [["zzz", "addr.zzz.y"], ["list.x", "empty.x"], ["nul.x", "name.x"]] {
        assert_eq!(deny(&paths, USER), user());
    }
}

#[test]
fn the_order_of_denied_paths_does_not_matter() {
    assert_eq!(deny(&["addr", "addr.city"], USER), deny(&["addr.city", "addr"], USER));
    assert_eq!(deny(&["addr", "addr.city"], USER).get("addr"), None);
}

#[test]
fn mapping_renames_top_level_members_up_to_the_first_dot() {
    let expected = user_but(|user| {
        let name = user.remove("name").unwrap();
        let id = user.remove("id").unwrap();
        user.insert("full_name".into(), name);
        user.insert("user".into(), id);
    });
    assert_eq!(map(&[("name", "full_name"), ("id", "user.id")], USER), expected);
    assert_eq!(map(&[("zzz", "y"), ("addr.city", "city")], USER), user());
    assert_eq!(map(&[("name", "id")], USER), user_but(|user| user["id"] = user.remove("name").unwrap()));
}

#[test]
fn a_member_mapped_to_its_own_name_is_gone() {
    assert_eq!(map(&[("id", "id"), ("name", "name.first")], r#"{"id":1,"name":2,"x":3}"#), json!({"x": 3}));
}

#[test]
fn mapping_sees_what_the_filter_left() {
    let spec = |allow: &str| ShapeSpec {
        allow: names(&[allow]),
        mapping: vec![("name".into(), "n".into())],
        ..ShapeSpec::default()
    };
    assert_eq!(shaped(spec("name"), USER), json!({"n": "Ann"}));
    assert_eq!(shaped(spec("n"), USER), json!({}));
}

#[test]
fn group_wraps_anything_under_one_literal_name() {
    assert_eq!(group("user", USER), json!({"user": user()}));
    assert_eq!(group("g.x", USER), json!({"g.x": user()}));
    assert_eq!(group("g", "{}"), json!({"g": {}}));
    assert_eq!(group("g", "null"), json!({"g": null}));
}

#[test]
fn target_descends_through_objects_only() {
    assert_eq!(target("data", WRAP), json!({"items": [1], "meta": {"n": 1}}));
    assert_eq!(target("data.meta", WRAP), json!({"n": 1}));
    for path in ["nope", "data.items", "ok", "data.meta.n", "data.nope.x", "data."] {
        assert_eq!(target(path, WRAP), json!({}), "{path}");
    }
    assert_eq!(target("data", "null"), json!({}));
}

#[test]
fn the_steps_come_in_order() {
    let spec = ShapeSpec {
        target: "data".into(),
        allow: names(&["meta"]),
        mapping: vec![("meta".into(), "m".into())],
        group: "w".into(),
        ..ShapeSpec::default()
    };
    assert_eq!(shaped(spec, WRAP), json!({"w": {"m": {"n": 1}}}));
}

#[test]
fn null_stays_null_without_a_group() {
    assert_eq!(allow(&["a"], "null"), json!(null));
    assert_eq!(map(&[("a", "b")], "null"), json!(null));
}

#[test]
fn only_the_levels_that_are_looked_into_are_opened() {
    let text = r#"{ "a": { "b" : 1 }, "c": { "d" : [ 2 ] } }"#;
    let spec = ShapeSpec { deny: names(&["a.b"]), group: "g".into(), ..ShapeSpec::default() };
    let shaped = Shape::new(spec).apply(data(text));
    assert_eq!(shaped.to_bytes(), r#"{"g":{"a":{},"c":{ "d" : [ 2 ] }}}"#);
    let spec = ShapeSpec { target: "c".into(), group: "g".into(), ..ShapeSpec::default() };
    assert_eq!(Shape::new(spec).apply(data(text)).to_bytes(), r#"{"g":{ "d" : [ 2 ] }}"#);
}

#[test]
fn no_rules_are_the_identity() {
    let shape = Shape::new(ShapeSpec::default());
    assert!(shape.is_identity());
    let text = "{ \"a\" :1}";
    assert!(matches!(shape.apply(data(text)), Data::Raw(same) if same == text));
    assert!(!Shape::new(ShapeSpec { group: "g".into(), ..ShapeSpec::default() }).is_identity());
    assert!(!Shape::new(ShapeSpec { deny: names(&["g"]), ..ShapeSpec::default() }).is_identity());
    assert!(!Shape::new(ShapeSpec { target: "g".into(), ..ShapeSpec::default() }).is_identity());
}

pub(super) fn any_path() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-d*0-1]", 1..4).prop_map(|names| names.join("."))
}

proptest! {
    #[test]
    fn allowing_and_then_denying_a_path_leaves_nothing_of_it(json in any_json(), path in any_path()) {
        let kept = allow(&[&path], &json.to_string());
        let Value::Object(kept) = kept else { return Ok(()) };
        let rest = deny(&[&path], &Value::Object(kept).to_string());
        prop_assert_eq!(allow(&[&path], &rest.to_string()), json!({}));
    }

    #[test]
    fn what_allow_keeps_was_there(json in any_json(), path in any_path()) {
        let pointer = format!("/{}", path.replace('.', "/"));
        let through_lists = path.contains(['0', '1']);
        let kept = allow(&[&path], &json.to_string());
        if json.is_object() && !through_lists {
            prop_assert_eq!(kept.pointer(&pointer), json.pointer(&pointer));
        }
    }

    #[test]
    fn no_rules_keep_any_value(json in any_json()) {
        prop_assert_eq!(shaped(ShapeSpec::default(), &json.to_string()), json);
    }
}
