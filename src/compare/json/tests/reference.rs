//! The same comparison once more, without a thought for time: against this one the fast one is held.

use std::time::Duration;

use serde_json::Value;

use crate::{
    compare::DifferenceKind,
    config::shadow::{ArrayRule, FieldPath, FieldStep, JsonRules, StringRule, Tolerance, ValueShape},
};

/// A step, whose index may be unknown.
#[derive(Clone, Debug)]
pub(super) enum At {
    Name(String),
    Index(Option<usize>),
}

pub(super) type Found = Vec<(String, DifferenceKind)>;

/// All differences that count, ordered. Knows `ignore`, `only`, `arrays`, `numbers`, `strings`, null for missing, and some of
/// `times` and `shapes`.
pub(super) fn differences(rules: &JsonRules, live: &Value, shadow: &Value) -> Found {
    let mut found = Found::new();
    Reference { rules }.values(&[], live, shadow, &mut found);
    found.sort();
    found
}

struct Reference<'a> {
    rules: &'a JsonRules,
}

/// The text of a string or a number.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Knows seconds as numbers, and times like `2026-01-01T00:00:07Z` on that day.
fn are_near(live: &str, shadow: &str, within: Duration) -> bool {
    let second = |text: &str| {
        let digits = text.strip_prefix("2026-01-01T00:00:").and_then(|rest| rest.strip_suffix('Z'));
        digits.map_or_else(|| text.parse().ok().map(|second: u64| (second, false)), |it| Some((it.parse().ok()?, true)))
    };
    match (second(live), second(shadow)) {
        (Some((live, one)), Some((shadow, other))) => one == other && live.abs_diff(shadow) <= within.as_secs(),
        _ => false,
    }
}

/// Knows hexadecimal digits and one expression.
fn have_shape(live: &str, shadow: &str, shape: &ValueShape) -> bool {
    let all = |text: &str, fits: fn(char) -> bool| !text.is_empty() && text.chars().all(fits);
    match shape {
        ValueShape::Hex => {
            live.len() == shadow.len() && [live, shadow].iter().all(|text| all(text, |it| it.is_ascii_hexdigit()))
        }
        ValueShape::Expression(_) => [live, shadow].iter().all(|text| all(text, |it| "xyXY".contains(it))),
        _ => false,
    }
}

fn fits(step: &FieldStep, at: &At) -> bool {
    match (step, at) {
        (FieldStep::Name(step), At::Name(at)) => step == at,
        (FieldStep::Index(step), At::Index(at)) => Some(*step) == *at,
        (FieldStep::AnyName, At::Name(_)) | (FieldStep::AnyIndex, At::Index(_)) => true,
        _ => false,
    }
}

fn leads(path: &FieldPath, place: &[At]) -> bool {
    path.0.len() == place.len() && path.0.iter().zip(place).all(|(step, at)| fits(step, at))
}

fn covers(path: &FieldPath, place: &[At]) -> bool {
    path.0.len() <= place.len() && leads(path, &place[..path.0.len()])
}

fn winner<'r, T>(rules: &'r [(FieldPath, T)], place: &[At]) -> Option<&'r T> {
    let fitting = rules.iter().filter(|(path, _)| leads(path, place));
    // Of equals the last is taken.
    fitting.max_by_key(|(path, _)| path.specificity()).map(|(_, rule)| rule)
}

fn below(place: &[At], at: At) -> Vec<At> {
    [place, &[at]].concat()
}

fn named(place: &[At]) -> String {
    let steps = place.iter().map(|at| match at {
        At::Name(name) => FieldStep::Name(name.clone()),
        At::Index(_) => FieldStep::AnyIndex,
    });
    FieldPath(steps.collect()).to_string()
}

impl Reference<'_> {
    fn counts(&self, place: &[At]) -> bool {
        let wanted = self.rules.only.is_empty() || self.rules.only.iter().any(|path| covers(path, place));
        wanted && !self.rules.ignore.iter().any(|path| covers(path, place))
    }

    fn differ(&self, place: &[At], kind: DifferenceKind, found: &mut Found) {
        if self.counts(place) {
            found.push((named(place), kind));
        }
    }

    fn same(&self, place: &[At], live: &Value, shadow: &Value) -> bool {
        let mut found = Found::new();
        self.values(place, live, shadow, &mut found);
        found.is_empty()
    }

    fn absent(&self, place: &[At], value: &Value, kind: DifferenceKind, found: &mut Found) {
        if self.counts(place) {
            return found.push((named(place), kind));
        }
        for (at, child) in self.children(value) {
            self.absent(&below(place, at), child, kind, found);
        }
    }

    fn children<'v>(&self, value: &'v Value) -> Vec<(At, &'v Value)> {
        match value {
            Value::Array(elements) => {
                elements.iter().enumerate().map(|(index, element)| (At::Index(Some(index)), element)).collect()
            }
            Value::Object(members) => members
                .iter()
                .filter(|(_, member)| !(self.rules.null_is_missing && member.is_null()))
                .map(|(name, member)| (At::Name(name.clone()), member))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn values(&self, place: &[At], live: &Value, shadow: &Value, found: &mut Found) {
        match (live, shadow) {
            (Value::Object(mine), Value::Object(theirs)) => {
                let has = |members: &serde_json::Map<String, Value>, name: &String| {
                    members.get(name).is_some_and(|member| !(self.rules.null_is_missing && member.is_null()))
                };
                let mut names: Vec<_> = mine.keys().chain(theirs.keys()).collect();
                names.sort();
                names.dedup();
                for name in names {
                    let below = below(place, At::Name(name.clone()));
                    match (has(mine, name), has(theirs, name)) {
                        (true, true) => self.values(&below, &mine[name], &theirs[name], found),
                        (true, false) => self.absent(&below, &mine[name], DifferenceKind::Missing, found),
                        (false, true) => self.absent(&below, &theirs[name], DifferenceKind::Extra, found),
                        (false, false) => {}
                    }
                }
            }
            (Value::Array(live), Value::Array(shadow)) => self.arrays(place, live, shadow, found),
            _ if std::mem::discriminant(live) == std::mem::discriminant(shadow) => {
                if !self.scalars(place, live, shadow) {
                    self.differ(place, DifferenceKind::Value, found);
                }
            }
            _ => {
                self.differ(place, DifferenceKind::Type, found);
                if !self.counts(place) {
                    self.absent(place, live, DifferenceKind::Missing, found);
                    self.absent(place, shadow, DifferenceKind::Extra, found);
                }
            }
        }
    }

    fn scalars(&self, place: &[At], live: &Value, shadow: &Value) -> bool {
        let within = winner(&self.rules.times, place);
        let shape = winner(&self.rules.shapes, place);
        if let (Some(live), Some(shadow)) = (plain(live), plain(shadow)) {
            if within.is_some_and(|within| are_near(&live, &shadow, *within)) {
                return true;
            }
            if shape.is_some_and(|shape| have_shape(&live, &shadow, shape)) {
                return true;
            }
        }
        let string = winner(&self.rules.strings, place).copied().unwrap_or(StringRule::default());
        let number = winner(&self.rules.numbers, place).copied().unwrap_or(Tolerance::default());
        match (live, shadow) {
            (Value::String(live), Value::String(shadow)) => {
                let bare = |text: &str| if string.ignores_case { text.to_lowercase() } else { text.to_owned() };
                bare(live) == bare(shadow)
            }
            (Value::Number(live), Value::Number(shadow)) => {
                let apart = (live.as_f64().unwrap() - shadow.as_f64().unwrap()).abs();
                apart <= number.absolute.unwrap_or(0.0)
            }
            _ => live == shadow,
        }
    }

    fn arrays(&self, place: &[At], live: &[Value], shadow: &[Value], found: &mut Found) {
        match winner(&self.rules.arrays, place) {
            None | Some(ArrayRule::Ordered) => self.ordered(place, live, shadow, found),
            Some(ArrayRule::Set) => {
                let element = below(place, At::Index(None));
                let fits = |one: &Value, other: &Value| self.same(&element, one, other);
                self.alone(&element, live, shadow, &pairs(live, shadow, &fits), found);
            }
            Some(ArrayRule::Key(name)) => {
                let element = below(place, At::Index(None));
                let key = |list: &[Value], index: usize| {
                    let of = |value: &Value| value.as_object().and_then(|it| it.get(name)).cloned();
                    let rank = list[..index].iter().filter(|other| of(other) == of(&list[index])).count();
                    (of(&list[index]), rank)
                };
                let mut partners = Vec::new();
                for (index, value) in live.iter().enumerate() {
                    let partner = (0..shadow.len()).find(|other| key(shadow, *other) == key(live, index));
                    if let Some(partner) = partner {
                        self.values(&element, value, &shadow[partner], found);
                    }
                    partners.push(partner);
                }
                self.alone(&element, live, shadow, &partners, found);
            }
        }
    }

    fn alone(&self, element: &[At], live: &[Value], shadow: &[Value], partners: &[Option<usize>], found: &mut Found) {
        for (value, partner) in live.iter().zip(partners) {
            if partner.is_none() {
                self.absent(element, value, DifferenceKind::Missing, found);
            }
        }
        for (index, value) in shadow.iter().enumerate() {
            if !partners.contains(&Some(index)) {
                self.absent(element, value, DifferenceKind::Extra, found);
            }
        }
    }

    fn ordered(&self, place: &[At], live: &[Value], shadow: &[Value], found: &mut Found) {
        let anywhere = below(place, At::Index(None));
        let mut both = live.len().min(shadow.len());
        if live.len() != shadow.len() && self.counts(place) {
            found.push((named(place), DifferenceKind::Size));
            let ends = live.iter().rev().zip(shadow.iter().rev());
            both -= ends.take_while(|(live, shadow)| self.same(&anywhere, live, shadow)).count();
        }
        let mut here = Found::new();
        for index in 0..both {
            self.values(&below(place, At::Index(Some(index))), &live[index], &shadow[index], &mut here);
        }
        // An order is one only of elements that are the same without what may differ; a shape is no such thing.
        let exact = JsonRules { numbers: Vec::new(), times: Vec::new(), ..self.rules.clone() };
        let exact = Reference { rules: &exact };
        let permuted = || pairs(live, shadow, &|one, other| exact.same(&anywhere, one, other));
        if live.len() == shadow.len() {
            if self.counts(place) && !here.is_empty() && permuted().iter().all(Option::is_some) {
                here = vec![(named(place), DifferenceKind::Order)];
            }
        } else if !self.counts(place) {
            for (list, kind) in [(live, DifferenceKind::Missing), (shadow, DifferenceKind::Extra)] {
                for (index, value) in list.iter().enumerate().skip(both) {
                    self.absent(&below(place, At::Index(Some(index))), value, kind, &mut here);
                }
            }
        }
        found.extend(here);
    }
}

/// The partner of each on the left, for as many as can have one.
fn pairs(live: &[Value], shadow: &[Value], fits: &dyn Fn(&Value, &Value) -> bool) -> Vec<Option<usize>> {
    fn find(one: usize, fits: &dyn Fn(usize, usize) -> bool, taken: &mut [Option<usize>], tried: &mut [bool]) -> bool {
        for other in 0..taken.len() {
            if !tried[other] && fits(one, other) {
                tried[other] = true;
                if taken[other].is_none_or(|holder| find(holder, fits, taken, tried)) {
                    taken[other] = Some(one);
                    return true;
                }
            }
        }
        false
    }
    let mut taken = vec![None; shadow.len()];
    for one in 0..live.len() {
        find(one, &|one, other| fits(&live[one], &shadow[other]), &mut taken, &mut vec![false; shadow.len()]);
    }
    (0..live.len()).map(|one| taken.iter().position(|holder| *holder == Some(one))).collect()
}
