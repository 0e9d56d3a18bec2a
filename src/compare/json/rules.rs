//! The rules about fields, compiled so that going one step down in a document costs one look-up.
//!
//! All paths are one tree of steps, in one list; a place in a document stands in the few branches whose paths begin like
//! it, and mostly in none. Nothing here is looked at where no rule leads.

use std::time::Duration;

use crate::config::shadow::{ArrayRule, FieldPath, FieldStep, JsonRules, StringRule, Tolerance};

use super::shape::Shape;

/// All rules of an experiment about fields.
#[derive(Debug)]
pub(crate) struct Rules {
    branches: Vec<Branch>,
    pub(super) has_only: bool,
    pub(super) null_is_missing: bool,
}

/// What begins with the same steps.
#[derive(Debug, Default)]
pub(super) struct Branch {
    /// By name, ordered.
    names: Vec<(Box<str>, u32)>,
    any_name: Option<u32>,
    indices: Vec<(usize, u32)>,
    any_index: Option<u32>,
    pub(super) said: Option<Box<Said>>,
}

/// What the rules that end here say.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) is_ignored: bool,
    pub(super) is_wanted: bool,
    pub(super) array: Option<Ranked<ArrayRule>>,
    pub(super) tolerance: Option<Ranked<Tolerance>>,
    pub(super) within: Option<Ranked<Duration>>,
    pub(super) shape: Option<Ranked<Shape>>,
    pub(super) string: Option<Ranked<StringRule>>,
}

/// A rule and what decides between it and others for the same place: how specific it is, then where it stands.
#[derive(Debug)]
pub(super) struct Ranked<T> {
    pub(super) rank: (usize, usize),
    pub(super) rule: T,
}

impl Rules {
    /// Compiles the rules of a file.
    pub(crate) fn new(rules: &JsonRules) -> Self {
        let mut compiled = Self {
            branches: vec![Branch::default()],
            has_only: !rules.only.is_empty(),
            null_is_missing: rules.null_is_missing,
        };
        rules.ignore.iter().for_each(|path| compiled.say(path, |said| said.is_ignored = true));
        rules.only.iter().for_each(|path| compiled.say(path, |said| said.is_wanted = true));
        compiled.rank(&rules.arrays, Clone::clone, |said| &mut said.array);
        compiled.rank(&rules.numbers, |rule| *rule, |said| &mut said.tolerance);
        compiled.rank(&rules.times, |rule| *rule, |said| &mut said.within);
        compiled.rank(&rules.shapes, Shape::of, |said| &mut said.shape);
        compiled.rank(&rules.strings, |rule| *rule, |said| &mut said.string);
        compiled
    }

    pub(super) fn branch(&self, place: u32) -> Option<&Branch> {
        self.branches.get(place as usize)
    }

    fn rank<R, T>(
        &mut self,
        rules: &[(FieldPath, R)],
        compile: impl Fn(&R) -> T,
        slot: impl Fn(&mut Said) -> &mut Option<Ranked<T>>,
    ) {
        for (line, (path, rule)) in rules.iter().enumerate() {
            let rank = (path.specificity(), line);
            // The later of two with the same path is the more specific.
            self.say(path, |said| *slot(said) = Some(Ranked { rank, rule: compile(rule) }));
        }
    }

    fn say(&mut self, path: &FieldPath, say: impl FnOnce(&mut Said)) {
        let mut place = 0;
        for step in &path.0 {
            place = self.grow(place, step);
        }
        if let Some(branch) = self.branches.get_mut(place as usize) {
            say(branch.said.get_or_insert_default());
        }
    }

    /// The branch one step further, made if it is not there.
    fn grow(&mut self, place: u32, step: &FieldStep) -> u32 {
        let next = u32::try_from(self.branches.len()).unwrap_or(u32::MAX);
        let Some(branch) = self.branches.get_mut(place as usize) else { return place };
        let found = match step {
            FieldStep::AnyName => *branch.any_name.get_or_insert(next),
            FieldStep::AnyIndex => *branch.any_index.get_or_insert(next),
            FieldStep::Name(name) => {
                keep(&mut branch.names, |held| held.as_ref().cmp(name.as_str()), || name.as_str().into(), next)
            }
            FieldStep::Index(index) => keep(&mut branch.indices, |held| held.cmp(index), || *index, next),
        };
        if found == next {
            self.branches.push(Branch::default());
        }
        found
    }
}

impl Branch {
    /// Where a member leads.
    pub(super) fn member(&self, name: &str) -> [Option<u32>; 2] {
        let found = self.names.binary_search_by(|(held, _)| held.as_ref().cmp(name));
        [found.ok().and_then(|at| self.names.get(at)).map(|(_, branch)| *branch), self.any_name]
    }

    /// Where an element leads; `None` for one of no certain place.
    pub(super) fn element(&self, index: Option<usize>) -> [Option<u32>; 2] {
        let found = index.and_then(|index| self.indices.binary_search_by(|(held, _)| held.cmp(&index)).ok());
        [found.and_then(|at| self.indices.get(at)).map(|(_, branch)| *branch), self.any_index]
    }
}

/// What stands with the key, added in its order if it is not there.
fn keep<K>(
    held: &mut Vec<(K, u32)>,
    compare: impl Fn(&K) -> std::cmp::Ordering,
    key: impl FnOnce() -> K,
    next: u32,
) -> u32 {
    match held.binary_search_by(|(held, _)| compare(held)) {
        Ok(at) => held.get(at).map_or(next, |(_, branch)| *branch),
        Err(at) => {
            held.insert(at, (key(), next));
            next
        }
    }
}
