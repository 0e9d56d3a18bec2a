//! Where in a document the comparison stands, and what the rules say of that place.
//!
//! The most specific rule wins, kind by kind. `ignore` beats `only`, so that another `ignore` never adds a difference;
//! both hold for all that is below, the other rules for the very place.

use std::time::Duration;

use crate::config::shadow::{ArrayRule, StringRule, Tolerance};

use super::{
    rules::{Ranked, Rules},
    shape::Shape,
};

/// A place in a document, as the rules see it.
pub(super) struct Place<'a> {
    rules: &'a Rules,
    /// The branches of rules that lead here: mostly none, seldom more than one.
    first: Option<u32>,
    others: Vec<u32>,
    is_ignored: bool,
    is_wanted: bool,
    pub(super) sayings: Sayings<'a>,
}

/// What the rules say of the very place.
#[derive(Clone, Copy, Default)]
pub(super) struct Sayings<'a> {
    pub(super) array: Option<&'a ArrayRule>,
    pub(super) tolerance: Option<&'a Tolerance>,
    pub(super) within: Option<&'a Duration>,
    pub(super) shape: Option<&'a Shape>,
    pub(super) string: Option<&'a StringRule>,
}

impl Sayings<'_> {
    /// How many steps it is worth to look at so many bytes of a scalar: expressions and times cost more than equality.
    pub(super) fn work(&self, bytes: usize) -> u64 {
        let is_plain = self.shape.is_none() && self.within.is_none() && self.string.is_none();
        bytes as u64 / if is_plain { 64 } else { 8 }
    }
}

impl<'a> Place<'a> {
    /// Of a whole document.
    pub(super) fn root(rules: &'a Rules) -> Self {
        let start = Self {
            rules,
            first: None,
            others: Vec::new(),
            is_ignored: false,
            is_wanted: !rules.has_only,
            sayings: Sayings::default(),
        };
        start.reached([Some(0), None].into_iter())
    }

    /// Whether a difference here counts.
    pub(super) fn counts(&self) -> bool {
        self.is_wanted && !self.is_ignored
    }

    /// Whether no difference here or below counts.
    pub(super) fn is_dead(&self) -> bool {
        self.is_ignored || (!self.is_wanted && self.first.is_none())
    }

    /// Whether there are rules about this place or what is below it, but for those that hold everywhere.
    pub(super) fn has_rules(&self) -> bool {
        self.first.is_some()
    }

    /// That of a member.
    pub(super) fn member(&self, name: &str) -> Self {
        if self.first.is_none() {
            return self.reached(std::iter::empty());
        }
        self.reached(self.branches().flat_map(|branch| branch.member(name)))
    }

    /// That of an element; without an index, of one that stands elsewhere on the other side, for which rules about one
    /// place in a list don't hold.
    pub(super) fn element(&self, index: Option<usize>) -> Self {
        if self.first.is_none() {
            return self.reached(std::iter::empty());
        }
        self.reached(self.branches().flat_map(|branch| branch.element(index)))
    }

    /// A place for which there are no rules.
    pub(super) fn without_rules(&self) -> Self {
        Self { is_ignored: false, is_wanted: true, ..self.reached(std::iter::empty()) }
    }

    /// Whether members that are null are taken for missing.
    pub(super) fn null_is_missing(&self) -> bool {
        self.rules.null_is_missing
    }

    fn branches(&self) -> impl Iterator<Item = &'a super::rules::Branch> {
        let rules = self.rules;
        self.first.into_iter().chain(self.others.iter().copied()).filter_map(move |place| rules.branch(place))
    }

    fn reached(&self, branches: impl Iterator<Item = Option<u32>>) -> Self {
        let mut branches = branches.flatten();
        let mut place = Self {
            rules: self.rules,
            first: branches.next(),
            others: branches.collect(),
            is_ignored: self.is_ignored,
            is_wanted: self.is_wanted,
            sayings: Sayings::default(),
        };
        if place.first.is_some() {
            place.listen();
        }
        place
    }

    fn listen(&mut self) {
        let (mut array, mut tolerance, mut within, mut shape, mut string) = (None, None, None, None, None);
        let (mut is_ignored, mut is_wanted) = (self.is_ignored, self.is_wanted);
        for said in self.branches().filter_map(|branch| branch.said.as_deref()) {
            is_ignored |= said.is_ignored;
            is_wanted |= said.is_wanted;
            prefer(&mut array, said.array.as_ref());
            prefer(&mut tolerance, said.tolerance.as_ref());
            prefer(&mut within, said.within.as_ref());
            prefer(&mut shape, said.shape.as_ref());
            prefer(&mut string, said.string.as_ref());
        }
        (self.is_ignored, self.is_wanted) = (is_ignored, is_wanted);
        self.sayings = Sayings {
            array: array.map(|ranked| &ranked.rule),
            tolerance: tolerance.map(|ranked| &ranked.rule),
            within: within.map(|ranked| &ranked.rule),
            shape: shape.map(|ranked| &ranked.rule),
            string: string.map(|ranked| &ranked.rule),
        };
    }
}

fn prefer<'a, T>(held: &mut Option<&'a Ranked<T>>, said: Option<&'a Ranked<T>>) {
    if let Some(said) = said
        && held.is_none_or(|held| held.rank < said.rank)
    {
        *held = Some(said);
    }
}
