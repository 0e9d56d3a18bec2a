//! Whatever two documents are, comparing them takes no more than so many steps.

use std::fmt::Write;

use crate::{
    compare::{Incomparable, Verdict},
    config::shadow::{ArrayRule, JsonRules, Tolerance},
};

use super::{STEPS_MAX, compared, path};

fn list(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

fn set() -> JsonRules {
    JsonRules { arrays: vec![(path("$"), ArrayRule::Set)], ..JsonRules::default() }
}

fn fuzzy() -> JsonRules {
    let any = Tolerance { absolute: Some(0.5), relative: None };
    JsonRules { numbers: vec![(path("$[*]"), any), (path("$[*].a"), any)], ..set() }
}

#[test]
fn a_set_of_near_equal_elements_is_not_compared_each_with_each() {
    let of = |from: u32| list((from..from + 19_000).map(|number| format!("\"{number:060}\"")));
    let (comparison, steps) = compared(&set(), &of(0), &of(9_500));
    assert_eq!((comparison.verdict, comparison.is_truncated), (Verdict::Mismatch, false));
    assert!(steps < 10 * 19_000, "{steps}");
    let (comparison, steps) =
        compared(&set(), &of(0), &list((0..19_000).rev().map(|number| format!("\"{number:060}\""))));
    assert_eq!(comparison.verdict, Verdict::Match);
    assert!(steps < 10 * 19_000, "{steps}");
}

#[test]
fn a_set_whose_elements_may_be_close_is_matched_or_given_up() {
    let of = |from: u32| list((from..from + 19_000).map(|number| number.to_string()));
    // In order of size they belong together, however they stand.
    let (comparison, steps) = compared(&fuzzy(), &of(0), &list((0..19_000).rev().map(|number| format!("{number}.25"))));
    assert_eq!(comparison.verdict, Verdict::Match);
    assert!(steps < 20 * 19_000, "{steps}");
    let (comparison, _) = compared(&fuzzy(), &of(0), &of(1));
    assert_eq!(comparison.verdict, Verdict::Incomparable(Incomparable::TooLarge));
}

#[test]
fn a_bounded_matching_of_objects_stays_within_its_steps() {
    let of = |from: usize, count: usize| list((from..from + count).map(|number| format!("{{\"a\":{number}}}")));
    for (count, shift) in [(200, 1), (250, 125)] {
        let (comparison, steps) = compared(&fuzzy(), &of(0, count), &of(shift, count));
        assert_eq!((comparison.verdict, comparison.differences.len()), (Verdict::Mismatch, (2 * shift).min(100)));
        assert!(steps < 5 * 250 * 250, "{steps}");
    }
    let (comparison, _) = compared(&fuzzy(), &of(0, 3_000), &of(1, 3_000));
    assert_eq!(comparison.verdict, Verdict::Incomparable(Incomparable::TooLarge));
}

#[test]
fn nesting_costs_no_more_than_its_depth() {
    // At each level another length and another order below, so that every level asks for all that is below it.
    let (mut live, mut shadow) = ("1".to_owned(), "2".to_owned());
    for level in 0..60 {
        let filler = list((0..150).map(|number| number.to_string()));
        live = format!("[{level},{filler},{live}]");
        shadow = format!("[{filler},{level},{shadow}]");
        if level % 2 == 0 {
            shadow.insert_str(1, "0,");
        }
    }
    let every: Vec<_> = (0..62).map(|depth| (path(&format!("${}", "[*]".repeat(depth))), ArrayRule::Set)).collect();
    for rules in [JsonRules::default(), JsonRules { arrays: every, ..JsonRules::default() }] {
        let (comparison, steps) = compared(&rules, &live, &shadow);
        assert_eq!(comparison.verdict, Verdict::Mismatch);
        // 60 levels of 150 values on two sides, each looked at as often as it is deep, at most.
        assert!(steps < (2 * 60 * 150 * 60).min(STEPS_MAX), "{steps}");
    }
}

#[test]
fn a_long_list_that_was_shifted_is_one_difference() {
    let of = |from: u32| list((from..from + 19_000).map(|number| number.to_string()));
    let (comparison, steps) = compared(&JsonRules::default(), &of(0), &of(1));
    // The same length and no order: the first hundred differences are kept.
    assert_eq!((comparison.differences.len(), comparison.is_truncated), (100, false));
    assert!(steps < 10 * 19_000, "{steps}");
    let inserted = of(0).replacen('[', "[77777,", 1);
    let (comparison, steps) = compared(&JsonRules::default(), &of(0), &inserted);
    assert_eq!(comparison.differences.len(), 1);
    assert!(steps < 5 * 19_000, "{steps}");
}

#[test]
fn names_and_excerpts_are_cut() {
    let mut live = String::from("{");
    for number in 0..200 {
        write!(live, "\"{}{number}\":\"{}\",", "n".repeat(2000), "é".repeat(1000)).unwrap();
    }
    live.push_str("\"a\":1}");
    let (comparison, _) = compared(&JsonRules::default(), &live, "{}");
    assert_eq!(comparison.differences.len(), 100);
    for difference in &comparison.differences {
        assert!(difference.path.len() <= 512 && difference.at.len() <= 1100);
        assert!(difference.live.as_ref().unwrap().text.len() <= 512);
    }
    assert!(comparison.differences.iter().any(|difference| &*difference.path == "${*}"));
}

#[test]
fn of_every_field_that_differs_it_is_known_that_it_does() {
    let of = |value: u32, last: &str| list((0..500).map(|_| format!("{{\"a\":{value}}}")).chain([last.to_owned()]));
    let rules = JsonRules::default();
    let (comparison, _) = compared(&rules, &of(1, "{}"), &of(2, "{}"));
    assert_eq!((comparison.differences.len(), comparison.is_truncated), (100, false));
    assert_eq!(comparison.further, vec![]);
    let further = |live, shadow| {
        let (comparison, _) = compared(&rules, &of(1, live), &of(2, shadow));
        assert_eq!((comparison.differences.len(), comparison.is_truncated), (100, false));
        comparison.further.iter().map(|(path, kind)| format!("{path} {}", kind.label())).collect::<Vec<_>>()
    };
    assert_eq!(further("{\"b\":1}", "{\"b\":2}"), ["$[*].b value"]);
    // An order is found beyond the limit too, and what it is made of is forgotten.
    assert_eq!(further("[1,2]", "[2,1]"), ["$[*] order"]);
    assert_eq!(further("{\"b\":1}", "{}"), ["$[*].b missing"]);
}

#[test]
fn an_answer_may_differ_in_more_fields_than_have_names() {
    let of = |value: u32| {
        let member = |name: u32| format!("\"n{}\":{{\"m{name}\":{value}}}", name / 200);
        list((0..15).map(|object| {
            let members = (0..200).map(|place| member(object + 15 * place));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }))
    };
    let (comparison, _) = compared(&JsonRules::default(), &of(1), &of(2));
    assert_eq!((comparison.differences.len(), comparison.is_truncated), (100, false));
    assert!(comparison.further.len() > 10 && comparison.fields().all(|(path, _)| path.starts_with("$[*].n")));
}

#[test]
fn twice_the_document_is_twice_the_work() {
    let element = |number: u32, turned: bool| {
        let members = [format!("\"id\":{number}"), format!("\"at\":\"{}\"", number * 7), "\"tags\":[1,2]".to_owned()];
        let turned = if turned { members.iter().rev().cloned().collect::<Vec<_>>() } else { members.to_vec() };
        format!("{{{}}}", turned.join(","))
    };
    let rules = |rule: Option<ArrayRule>| JsonRules {
        arrays: rule.into_iter().map(|rule| (path("$"), rule)).collect(),
        ..JsonRules::default()
    };
    for rule in [None, Some(ArrayRule::Set), Some(ArrayRule::Key("id".to_owned()))] {
        for shift in [0, 1, 500] {
            let steps = |count: u32| {
                let live = list((0..count).map(|number| element(number, false)));
                let shadow = list((0..count).map(|number| element((number + shift) % count, number % 3 == 0)));
                compared(&rules(rule.clone()), &live, &shadow).1
            };
            let (half, whole) = (steps(1_000), steps(2_000));
            assert!(whole <= 3 * half + 1_000, "{rule:?} shifted by {shift}: {half} and {whole}");
        }
    }
}
