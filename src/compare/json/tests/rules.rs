//! What each rule says, by example.

use std::time::Duration;

use crate::{
    compare::{
        DifferenceKind::{self, Extra, Missing, Order, Size, Type, Value},
        Verdict,
    },
    config::shadow::{ArrayRule, JsonRules, StringRule, Tolerance, ValueShape},
};

use super::{compared, differences, path};

#[track_caller]
fn differ(rules: &JsonRules, live: &str, shadow: &str, wanted: &[(&str, DifferenceKind)]) {
    let wanted: Vec<_> = wanted.iter().map(|(path, kind)| ((*path).to_owned(), *kind)).collect();
    assert_eq!(differences(rules, live, shadow), wanted, "{live} {shadow}");
}

#[test]
fn without_rules_what_means_the_same_is_the_same() {
    let none = JsonRules::default();
    differ(&none, r#"{"a":1,"b":[1.0,"é"]}"#, "{ \"b\": [1e0, \"\\u00e9\"], \"a\": 1 }", &[]);
    differ(&none, r#"{"a":1,"b":2}"#, r#"{"a":"1","c":2}"#, &[("$.a", Type), ("$.b", Missing), ("$.c", Extra)]);
    differ(&none, r#"{"a":null}"#, "{}", &[("$.a", Missing)]);
    differ(&none, "true", "false", &[("$", Value)]);
    differ(&none, r#"{"a.b":{"":1}}"#, r#"{"a.b":{"":2}}"#, &[("$['a.b']['']", Value)]);
}

#[test]
fn a_difference_shows_where_it_is_and_what_is_there() {
    let (comparison, _) = compared(&JsonRules::default(), r#"[[1,{"a":"x"}]]"#, r#"[[1,{"a":"yy"}]]"#);
    let [difference] = comparison.differences.as_slice() else { panic!("one difference") };
    assert_eq!((&*difference.path, &*difference.at), ("$[*][*].a", "$[0][1].a"));
    let shown = |excerpt: &Option<crate::compare::Excerpt>| excerpt.as_ref().map(|it| (it.text.to_string(), it.bytes));
    assert_eq!(shown(&difference.live), Some(("\"x\"".to_owned(), 3)));
    assert_eq!(shown(&difference.shadow), Some(("\"yy\"".to_owned(), 4)));
}

#[test]
fn equal_values_have_equal_hashes_in_excerpts() {
    let hash = |value: &str| {
        let (comparison, _) = compared(&JsonRules::default(), value, "false");
        comparison.differences[0].live.as_ref().unwrap().hash
    };
    assert_eq!(hash("1"), hash("1.0"));
    assert_eq!(hash(r#"{"a":1,"b":2}"#), hash(r#"{"b":2.0, "a":1}"#));
    assert_ne!(hash("1"), hash("\"1\""));
    assert_ne!(hash("[1,2]"), hash("[2,1]"));
    assert_ne!(hash(r#"{"a":1,"b":2}"#), hash(r#"{"a":2,"b":1}"#));
}

#[test]
fn lists_in_order_say_what_happened_to_them() {
    let none = JsonRules::default();
    differ(&none, "[1,2,3,4]", "[1,2,9,3,4]", &[("$", Size)]);
    differ(&none, "[1,2,3]", "[3,1,2]", &[("$", Order)]);
    differ(&none, "[1,2,3]", "[1,2,4]", &[("$[*]", Value)]);
    differ(&none, "[5,2,3]", "[1,2,4,3]", &[("$", Size), ("$[*]", Value)]);
    let hundreds: Vec<_> = (0..5000).map(|number: u32| number.to_string()).collect();
    let reversed: Vec<_> = hundreds.iter().rev().map(String::as_str).collect();
    differ(&none, &format!("[{}]", hundreds.join(",")), &format!("[{}]", reversed.join(",")), &[("$", Order)]);
}

#[test]
fn sets_and_keys_are_blind_to_order() {
    let set = JsonRules { arrays: vec![(path("$"), ArrayRule::Set)], ..JsonRules::default() };
    differ(&set, "[1,2,2]", "[2,1,2.0]", &[]);
    differ(&set, "[1,2,2]", "[2,1,1]", &[("$[*]", Missing), ("$[*]", Extra)]);
    let key = JsonRules { arrays: vec![(path("$"), ArrayRule::Key("id".into()))], ..JsonRules::default() };
    differ(&key, r#"[{"id":1,"a":1},{"id":2,"a":1}]"#, r#"[{"id":2,"a":1},{"a":2,"id":1.0}]"#, &[("$[*].a", Value)]);
    differ(&key, r#"[{"id":1},{"id":2}]"#, r#"[{"id":3},{"id":2}]"#, &[("$[*]", Missing), ("$[*]", Extra)]);
    // Those of one key, and those of none, in the order in which they stand.
    differ(&key, r#"[7,{"id":1,"a":1},{"id":1,"a":2}]"#, r#"[{"id":1,"a":1},{"id":1,"a":3},7]"#, &[("$[*].a", Value)]);
    differ(&key, "[1,2,3]", "[1,2]", &[("$[*]", Missing)]);
}

#[test]
fn elements_of_a_set_may_be_close() {
    let rules = JsonRules {
        arrays: vec![(path("$"), ArrayRule::Set)],
        numbers: vec![(path("$[*]"), Tolerance { absolute: Some(1.0), relative: None })],
        ..JsonRules::default()
    };
    differ(&rules, "[10,11,12]", "[13,12,11]", &[]);
    differ(&rules, "[10,11,12]", "[14,12,11]", &[("$[*]", Missing), ("$[*]", Extra)]);
    differ(&rules, "[10,20]", "[21,11,30]", &[("$[*]", Extra)]);
}

#[test]
fn ignored_fields_are_counted_and_nothing_more() {
    let rules = JsonRules { ignore: vec![path("$.meta"), path("$.items[*].at")], ..JsonRules::default() };
    let live = r#"{"meta":{"a":1},"items":[{"at":1,"id":1}]}"#;
    let (comparison, _) = compared(&rules, live, r#"{"meta":{"a":2,"b":1},"items":[{"at":2,"id":1}]}"#);
    assert_eq!((comparison.verdict, comparison.ignored), (Verdict::Ignored, 2));
    let (comparison, _) = compared(&rules, live, r#"{"items":[{"id":1,"at":1.0}],"meta":{"a":1.0}}"#);
    assert_eq!((comparison.verdict, comparison.ignored), (Verdict::Match, 0));
    differ(&rules, live, r#"{"meta":3,"items":[{"id":2}]}"#, &[("$.items[*].id", Value)]);
}

#[test]
fn only_looks_through_what_is_missing() {
    let rules = JsonRules { only: vec![path("$.user.id"), path("$.items[*].id")], ..JsonRules::default() };
    differ(&rules, r#"{"user":{"id":1,"a":1},"b":1}"#, r#"{"user":{"id":1,"a":2}}"#, &[]);
    differ(&rules, r#"{"user":{"id":1}}"#, r#"{"user":null}"#, &[("$.user.id", Missing)]);
    differ(&rules, r#"{"items":[{"id":1}]}"#, r#"{"items":[{"id":1},{"id":2},{"x":2}]}"#, &[("$.items[*].id", Extra)]);
    let both = JsonRules { ignore: vec![path("$.user")], ..rules };
    differ(&both, r#"{"user":{"id":1}}"#, r#"{"user":{"id":2}}"#, &[]);
}

#[test]
fn the_most_specific_rule_wins_and_of_equals_the_later() {
    let number = |absolute| Tolerance { absolute: Some(absolute), relative: None };
    let rules = JsonRules {
        numbers: vec![
            (path("$.a[0]"), number(1.0)),
            (path("$.a[*]"), number(10.0)),
            (path("$.b"), number(1.0)),
            (path("$.b"), number(5.0)),
            (path("$.c.x"), number(9.0)),
            (path("${*}.x"), number(1.0)),
            (path("$.d{*}"), number(1.0)),
            (path("${*}.y"), number(3.0)),
        ],
        ..JsonRules::default()
    };
    differ(&rules, r#"{"a":[1,1]}"#, r#"{"a":[3,3]}"#, &[("$.a[*]", Value)]);
    differ(&rules, r#"{"b":1,"c":{"x":1},"d":{"y":1}}"#, r#"{"b":6,"c":{"x":9},"d":{"y":4}}"#, &[]);
    differ(&rules, r#"{"b":1,"d":{"y":1}}"#, r#"{"b":7,"d":{"y":5}}"#, &[("$.b", Value), ("$.d.y", Value)]);
}

#[test]
fn values_may_differ_as_far_as_rules_say() {
    let rules = JsonRules {
        times: vec![(path("$.t"), Duration::from_secs(5))],
        shapes: vec![(path("$.u"), ValueShape::Uuid), (path("$.e"), ValueShape::Epoch)],
        strings: vec![(path("$.s"), StringRule { ignores_case: true, trims: true })],
        null_is_missing: true,
        ..JsonRules::default()
    };
    let live =
        r#"{"t":"2026-01-01T00:00:00Z","u":"123e4567-e89b-12d3-a456-426614174000","e":1700000000,"s":"Ada","n":null}"#;
    let close = r#"{"t":"2026-01-01T00:00:05Z","u":"00000000-0000-0000-0000-000000000000","e":1600000000,"s":" ADA "}"#;
    differ(&rules, live, close, &[]);
    let far = r#"{"t":"2026-01-01T00:00:06Z","u":"none","e":1,"s":"Bob","n":0}"#;
    differ(&rules, live, far, &[("$.e", Value), ("$.n", Extra), ("$.s", Value), ("$.t", Value), ("$.u", Value)]);
}
