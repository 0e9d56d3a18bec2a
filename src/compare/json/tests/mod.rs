//! What the comparison of documents promises.

mod laws;
mod limits;
mod reading;
mod reference;
mod rules;

use crate::{
    compare::{Comparison, DifferenceKind, FieldNames, findings::Findings},
    config::shadow::{COMPARED_VALUES_MAX, FieldPath, JsonRules},
};

use super::{
    document::{Document, Tape},
    names::Names,
    reader::Size,
    rules::Rules,
    walk,
};

/// How large documents may be, unless a file says otherwise.
const SIZE: Size = Size::of(COMPARED_VALUES_MAX);

/// How many steps comparing such ones may take.
pub(super) const STEPS_MAX: u64 = 1_000_000;

/// What comes of comparing two documents, and how many steps that took.
pub(super) fn compared(rules: &JsonRules, live: &str, shadow: &str) -> (Comparison, u64) {
    let (mut fields, mut names) = (FieldNames::new(), Names::default());
    let mut findings = Findings::new(&mut fields);
    let live = Tape::read(live.as_bytes(), SIZE, &mut names, None).unwrap();
    let shadow = Tape::read(shadow.as_bytes(), SIZE, &mut names, Some(&live)).unwrap();
    let live = Document::new(&live, &names, None);
    let shadow = Document::new(&shadow, &names, Some(&live));
    let steps = walk::compare(&Rules::new(rules), 42, (&live, &shadow), STEPS_MAX, &mut findings);
    (findings.finish(), steps)
}

/// The differences of two documents, ordered.
pub(super) fn differences(rules: &JsonRules, live: &str, shadow: &str) -> Vec<(String, DifferenceKind)> {
    let (comparison, _steps) = compared(rules, live, shadow);
    let differences = comparison.differences.iter();
    let mut differences: Vec<_> = differences.map(|it| (it.path.to_string(), it.kind)).collect();
    differences.sort();
    differences
}

pub(super) fn path(text: &str) -> FieldPath {
    FieldPath::parse(text).unwrap()
}
