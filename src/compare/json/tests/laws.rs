//! Laws of the comparison, under random rules on random documents.

use std::time::Duration;

use fastrand::Rng;
use proptest::{collection::vec, prelude::*};
use regex::Regex;
use serde_json::{Value, json};

use crate::{
    compare::{DifferenceKind, Verdict},
    config::shadow::{ArrayRule, FieldPath, FieldStep, JsonRules, StringRule, Tolerance, ValueShape},
};

use super::{compared, differences, reference};

fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4).prop_map(Value::from),
        prop::sample::select(vec!["x", "X", "y", ""]).prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(vec!["a", "b", "id"]), inner, 0..4)
                .prop_map(|members| { members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }),
        ]
    })
}

/// A document and another, which is often nearly the same.
fn pairs() -> impl Strategy<Value = (Value, Value)> {
    (values(), values(), any::<u64>(), 0..4_usize).prop_map(|(live, other, seed, changes)| {
        if changes == 0 {
            return (live, other);
        }
        let mut rng = Rng::with_seed(seed);
        let mut shadow = live.clone();
        (0..changes).for_each(|_| change(&mut shadow, &other, &mut rng));
        (live, shadow)
    })
}

/// Changes something somewhere.
fn change(value: &mut Value, other: &Value, rng: &mut Rng) {
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            let at = rng.usize(..elements.len());
            match rng.u8(..6) {
                0 => rng.shuffle(elements),
                1 => _ = elements.remove(at),
                2 => elements.insert(at, other.clone()),
                _ => change(&mut elements[at], other, rng),
            }
        }
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(rng.usize(..members.len())).unwrap().clone();
            match rng.u8(..5) {
                0 => _ = members.remove(&name),
                1 => _ = members.insert("b".to_owned(), other.clone()),
                _ => change(members.get_mut(&name).unwrap(), other, rng),
            }
        }
        _ if rng.bool() => *value = json!(rng.u8(..4)),
        _ => *value = other.clone(),
    }
}

/// The same document with a time for every even number.
fn dated(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(dated).collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), dated(member))).collect(),
        Value::Number(number) => match number.as_u64() {
            Some(second) if second % 2 == 0 => format!("2026-01-01T00:00:{:02}Z", second / 2).into(),
            _ => value.clone(),
        },
        other => other.clone(),
    }
}

fn paths() -> impl Strategy<Value = FieldPath> {
    let step = prop_oneof![
        3 => prop::sample::select(vec!["a", "b", "id"]).prop_map(|name| FieldStep::Name(name.to_owned())),
        2 => Just(FieldStep::AnyName),
        1 => (0..3_usize).prop_map(FieldStep::Index),
        3 => Just(FieldStep::AnyIndex),
    ];
    vec(step, 0..4).prop_map(FieldPath)
}

fn array_rules() -> impl Strategy<Value = ArrayRule> {
    prop_oneof![Just(ArrayRule::Ordered), Just(ArrayRule::Set), Just(ArrayRule::Key("id".to_owned()))]
}

prop_compose! {
    /// Rules under which being the same is an equivalence.
    fn rules()(
        ignore in vec(paths(), 0..3),
        only in prop_oneof![2 => Just(Vec::new()), 1 => vec(paths(), 1..3)],
        arrays in vec((paths(), array_rules()), 0..4),
        cases in vec(paths(), 0..3),
        null_is_missing: bool,
    ) -> JsonRules {
        let strings = cases.into_iter().map(|path| (path, StringRule { ignores_case: true, trims: false })).collect();
        JsonRules { ignore, only, arrays, strings, null_is_missing, ..JsonRules::default() }
    }
}

/// The same document, written in another way: members in any order, numbers in any spelling.
fn rewritten(value: &Value, rng: &mut Rng) -> String {
    match value {
        Value::Array(elements) => {
            format!("[{}]", elements.iter().map(|it| rewritten(it, rng)).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            let written = |(name, member): (&String, &Value)| format!("\"{name}\": {}", rewritten(member, rng));
            let mut written: Vec<_> = members.iter().map(written).collect();
            rng.shuffle(&mut written);
            format!("{{{}}}", written.join(","))
        }
        Value::Number(number) => format!("{number}{}", ["", ".0", "e0", ".00E+0"][rng.usize(..4)]),
        other => other.to_string(),
    }
}

fn shuffled(value: &Value, rng: &mut Rng) -> Value {
    match value {
        Value::Array(elements) => {
            let mut elements: Vec<_> = elements.iter().map(|it| shuffled(it, rng)).collect();
            rng.shuffle(&mut elements);
            elements.into()
        }
        Value::Object(members) => members.iter().map(|(name, it)| (name.clone(), shuffled(it, rng))).collect(),
        other => other.clone(),
    }
}

/// Every list a set, six levels down.
fn all_sets() -> JsonRules {
    let mut paths = vec![FieldPath::default()];
    for level in 0..6 {
        let deepest: Vec<_> = paths.iter().filter(|path| path.0.len() == level).cloned().collect();
        for path in deepest {
            for step in [FieldStep::AnyName, FieldStep::AnyIndex] {
                paths.push(FieldPath([path.0.as_slice(), &[step]].concat()));
            }
        }
    }
    JsonRules { arrays: paths.into_iter().map(|path| (path, ArrayRule::Set)).collect(), ..JsonRules::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_document_is_itself_however_it_is_written(rules in rules(), value in values(), seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let (comparison, _) = compared(&rules, &rewritten(&value, &mut rng), &rewritten(&value, &mut rng));
        prop_assert_eq!((comparison.verdict, comparison.ignored), (Verdict::Match, 0), "{:?}", comparison);
    }

    #[test]
    fn the_order_of_a_set_does_not_matter((live, shadow) in pairs(), seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let rules = all_sets();
        prop_assert_eq!(differences(&rules, &live.to_string(), &shuffled(&live, &mut rng).to_string()), vec![]);
        let before = differences(&rules, &live.to_string(), &shadow.to_string());
        prop_assert_eq!(before, differences(&rules, &live.to_string(), &shuffled(&shadow, &mut rng).to_string()));
    }

    #[test]
    fn another_ignore_never_adds_a_difference(rules in rules(), (live, shadow) in pairs(), more in paths()) {
        let (live, shadow) = (live.to_string(), shadow.to_string());
        let before = differences(&rules, &live, &shadow);
        let ignore = rules.ignore.iter().cloned().chain([more]).collect();
        let after = differences(&JsonRules { ignore, ..rules }, &live, &shadow);
        prop_assert!(after.len() <= before.len(), "{:?} {:?}", before, after);
        // Where nothing else is left, what remains may be an order.
        let is_known = |it: &(String, DifferenceKind)| it.1 == DifferenceKind::Order || before.contains(it);
        prop_assert!(after.iter().all(is_known), "{:?} {:?}", before, after);
    }

    #[test]
    fn the_other_way_round_missing_is_extra(rules in rules(), (live, shadow) in pairs()) {
        let (live, shadow) = (live.to_string(), shadow.to_string());
        let turned = differences(&rules, &shadow, &live).into_iter().map(|(path, kind)| match kind {
            DifferenceKind::Missing => (path, DifferenceKind::Extra),
            DifferenceKind::Extra => (path, DifferenceKind::Missing),
            other => (path, other),
        });
        let mut turned: Vec<_> = turned.collect();
        turned.sort();
        prop_assert_eq!(differences(&rules, &live, &shadow), turned);
    }

    #[test]
    fn the_naive_comparison_says_the_same(rules in rules(), (live, shadow) in pairs(), seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let found = differences(&rules, &rewritten(&live, &mut rng), &rewritten(&shadow, &mut rng));
        prop_assert_eq!(found, reference::differences(&rules, &live, &shadow));
    }

    #[test]
    fn the_naive_comparison_says_the_same_of_times_and_shapes(
        rules in rules(), (live, shadow) in pairs(), near in vec(paths(), 0..3), alike in vec((paths(), any::<bool>()), 0..3),
    ) {
        // Times and words in place of numbers and strings, so that both rules have something to say.
        let (live, shadow) = (dated(&live), dated(&shadow));
        let times = near.into_iter().map(|path| (path, Duration::from_secs(1))).collect();
        let word = || ValueShape::Expression(Regex::new("[xyXY]+").unwrap());
        let shapes = alike.into_iter().map(|(path, is_hex)| (path, if is_hex { ValueShape::Hex } else { word() }));
        let rules = JsonRules { times, shapes: shapes.collect(), strings: Vec::new(), only: Vec::new(), ..rules };
        let found = differences(&rules, &live.to_string(), &shadow.to_string());
        prop_assert_eq!(found, reference::differences(&rules, &live, &shadow));
    }

    #[test]
    fn the_naive_comparison_says_the_same_of_tolerances(
        rules in rules(), (live, shadow) in pairs(), close in vec(paths(), 1..3),
    ) {
        let numbers = close.into_iter().map(|path| (path, Tolerance { absolute: Some(1.0), relative: None })).collect();
        let rules = JsonRules { numbers, only: Vec::new(), ..rules };
        let found = differences(&rules, &live.to_string(), &shadow.to_string());
        prop_assert_eq!(found, reference::differences(&rules, &live, &shadow));
    }
}
