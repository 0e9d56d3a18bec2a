//! sprig's `semverCompare`: whether a version is within what a constraint allows.
//!
//! Promises: a version with a pre-release is allowed only by a term that names one itself, as in sprig's library.

use std::cmp::Ordering;

use super::super::value::Value;
use super::table::{Function, takes};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[takes(2, "semverCompare", |_, arguments| {
    let (constraint, version) = (arguments.text(0)?, arguments.text(1)?);
    let version = parsed(version).filter(|version| version.known > 0).ok_or("Invalid Semantic Version")?;
    let mut allowed = false;
    for way in constraint.split("||") {
        allowed |= terms(way)?.iter().all(|term| term.allows(&version));
    }
    Ok(Value::Flag(allowed))
})];

#[derive(Clone, Debug, Default)]
struct Version {
    /// Major, minor, patch; zero where it is not given.
    numbers: [u64; 3],
    /// How many of them are given.
    known: usize,
    pre: Vec<String>,
}

impl Version {
    fn order(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (false, false) => order_of_pre(&self.pre, &other.pre),
            (is_release, other_is) => is_release.cmp(&other_is),
        })
    }

    /// Whether the first so many numbers are the same.
    fn agrees(&self, other: &Self, count: usize) -> bool {
        self.numbers.iter().zip(&other.numbers).take(count).all(|(one, other)| one == other)
    }
}

/// Numbers below words, numbers by size, words by letters, and the longer list above its own beginning.
fn order_of_pre(one: &[String], other: &[String]) -> Ordering {
    for (one, other) in one.iter().zip(other) {
        let order = match (one.parse::<u64>(), other.parse::<u64>()) {
            (Ok(one), Ok(other)) => one.cmp(&other),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => one.cmp(other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    one.len().cmp(&other.len())
}

/// Reads `v1.2.3-rc.1+build`, where numbers may be missing or `x` from one on.
fn parsed(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text).split('+').next()?;
    let (numbers, pre) = text.split_once('-').map_or((text, None), |(numbers, pre)| (numbers, Some(pre)));
    let mut version = Version::default();
    let mut parts = numbers.split('.');
    let mut is_open = false;
    for (number, part) in version.numbers.iter_mut().zip(parts.by_ref()) {
        is_open |= matches!(part, "x" | "X" | "*");
        if !is_open {
            let is_number = !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
            *number = part.parse().ok().filter(|_| is_number)?;
            version.known += 1;
        }
    }
    if let Some(pre) = pre {
        version.pre = pre.split('.').map(str::to_owned).collect();
    }
    let is_whole = parts.next().is_none() && version.pre.iter().all(|word| !word.is_empty());
    is_whole.then_some(version)
}

#[derive(Debug)]
struct Term<'a> {
    operator: &'a str,
    version: Version,
}

/// The terms of one way to be allowed, all of which must hold.
fn terms(way: &str) -> Result<Vec<Term<'_>>, String> {
    let wrong = || format!("improper constraint: {way}");
    if let Some((from, to)) = way.split_once(" - ") {
        let bound = |operator, text: &str| Some(Term { operator, version: parsed(text.trim())? });
        return bound(">=", from).zip(bound("<=", to)).map(|(from, to)| vec![from, to]).ok_or_else(wrong);
    }
    let is_operator = |letter: char| "=!<>~^".contains(letter);
    let mut terms = Vec::new();
    let mut rest = way.trim_start_matches([' ', ',']);
    while !rest.is_empty() {
        let after = rest.trim_start_matches(is_operator);
        let operator = rest.strip_suffix(after).unwrap_or_default();
        let after = after.trim_start();
        let end = after.find(|letter: char| letter == ',' || letter == ' ' || is_operator(letter));
        let (version, next) = after.split_at_checked(end.unwrap_or(after.len())).ok_or_else(wrong)?;
        if !["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"].contains(&operator) {
            return Err(wrong());
        }
        terms.push(Term { operator, version: parsed(version).ok_or_else(wrong)? });
        rest = next.trim_start_matches([' ', ',']);
    }
    if terms.is_empty() { Err(wrong()) } else { Ok(terms) }
}

impl Term<'_> {
    fn allows(&self, version: &Version) -> bool {
        if !version.pre.is_empty() && self.version.pre.is_empty() {
            return false;
        }
        let (own, known) = (&self.version, self.version.known);
        let order = version.order(own);
        match self.operator {
            "!=" if known == 3 => order != Ordering::Equal,
            "!=" => !version.agrees(own, known),
            ">" => order == Ordering::Greater && (known == 3 || !version.agrees(own, known)),
            "<" => order == Ordering::Less,
            ">=" | "=>" => order != Ordering::Less,
            "<=" | "=<" => order != Ordering::Greater || (known < 3 && version.agrees(own, known)),
            "^" => order != Ordering::Less && version.agrees(own, steady(own)),
            "~" | "~>" => order != Ordering::Less && version.agrees(own, known.min(2)),
            _ if known == 3 => order == Ordering::Equal,
            _ => version.agrees(own, known),
        }
    }
}

/// How many numbers `^` holds fast: up to the first that is not zero, of those that are given.
fn steady(version: &Version) -> usize {
    let zeros = version.numbers.iter().take_while(|number| **number == 0).count();
    (zeros + 1).min(version.known)
}
