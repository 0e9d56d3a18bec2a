//! The walk over two documents at once that finds where they differ.
//!
//! Recurses no deeper than documents nest, which the reader bounds. What has the same text is the same under every rule,
//! so most of a document is left out by one comparison of bytes. Of an object or list that one side lacks, the outermost
//! part that counts is one difference.

use std::cmp::Ordering;

use crate::{
    compare::{
        DifferenceKind, Excerpt, Incomparable, ValueKind,
        field_names::{FieldId, FieldNames, ROOT, Step, place},
        findings::Findings,
    },
    config::shadow::ArrayRule,
};

use super::{
    document::{Content, Document, Item},
    place::Place,
    print::{Print, Printer, Steps},
    reader::Size,
    rules::Rules,
    scalar,
};

/// How much work one pair may be, in steps of about one value each: what the largest documents need if each of their
/// values is looked at fifty times.
pub(crate) fn steps_for(size: Size) -> u64 {
    (size.values_max as u64).saturating_mul(50).max(STEPS_MIN)
}

/// So many steps there are for the smallest ones.
const STEPS_MIN: u64 = 10_000;

/// Who has what the other lacks.
#[derive(Clone, Copy)]
pub(super) enum Side {
    Live,
    Shadow,
}

/// What a walk works with.
pub(super) struct Walk<'a, 'f, 'n> {
    pub(super) findings: &'f mut Findings<'n>,
    pub(super) steps: Steps,
    /// What nobody outside knows, so that nobody can make two values with the same print.
    pub(super) seed: u64,
    pub(super) trail: Vec<Step<'a>>,
    /// While it is only asked whether two values differ, and whether they do.
    pub(super) trial: Option<bool>,
}

/// Compares two documents; how many steps that took.
pub(crate) fn compare(
    rules: &Rules,
    seed: u64,
    (live, shadow): (&Document<'_>, &Document<'_>),
    steps_max: u64,
    findings: &mut Findings<'_>,
) -> u64 {
    let (Some(live), Some(shadow)) = (live.root(), shadow.root()) else { return 0 };
    let mut walk = Walk { findings, steps: Steps::new(steps_max), seed, trail: Vec::new(), trial: None };
    walk.values(&Place::root(rules), live, shadow);
    if walk.steps.is_out() {
        walk.findings.give_up(Incomparable::TooLarge);
    }
    steps_max - walk.steps.left()
}

/// Records the fields of a document.
pub(crate) fn record(document: &Document<'_>, names: &mut FieldNames) {
    if let Some(root) = document.root() {
        record_below(root, ROOT, names);
    }
}

fn record_below(item: Item<'_>, field: FieldId, names: &mut FieldNames) {
    let is_list = item.is_list();
    for (index, child) in item.children().enumerate() {
        let step = if is_list { Step::Index(index) } else { Step::Name(child.name()) };
        if let Some(below) = names.below(field, step) {
            record_below(child, below, names);
        }
    }
}

impl<'a> Walk<'a, '_, '_> {
    pub(super) fn values(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) {
        if !self.is_alike(live, shadow) {
            self.unlike(place, live, shadow);
        }
    }

    /// Whether both have the same text: then they are the same at every place, and nobody needs to know which it is.
    pub(super) fn is_alike(&mut self, live: Item<'a>, shadow: Item<'a>) -> bool {
        self.steps.take(1 + u64::from(live.length()) / 256);
        live.is_known_as(shadow)
    }

    /// Compares what has not the same text.
    pub(super) fn unlike(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) {
        if self.is_over() {
            return;
        }
        if place.is_dead() {
            return self.dead(place, live, shadow);
        }
        match (live.content(), shadow.content()) {
            (Content::Object, Content::Object) => self.members(place, live, shadow),
            (Content::Array, Content::Array) => match place.sayings.array {
                None | Some(ArrayRule::Ordered) => self.ordered(place, live, shadow),
                Some(ArrayRule::Set) => self.set(place, live, shadow),
                Some(ArrayRule::Key(name)) => self.keyed(place, name, live, shadow),
            },
            (one, other) if kind(one) == kind(other) => {
                self.steps.take(place.sayings.work((live.length() as usize).saturating_add(shadow.length() as usize)));
                if !scalar::is_same(one, other, &place.sayings) {
                    self.differ(place, DifferenceKind::Value, Some(live), Some(shadow));
                }
            }
            _ => self.other_type(place, live, shadow),
        }
    }

    /// Notes a difference at the place where the walk stands.
    pub(super) fn differ(
        &mut self,
        place: &Place<'_>,
        kind: DifferenceKind,
        live: Option<Item<'a>>,
        shadow: Option<Item<'a>>,
    ) {
        match &mut self.trial {
            Some(differs) => *differs |= place.counts(),
            None if !place.counts() => self.findings.ignore(),
            None if self.findings.is_full() => self.note_more(kind),
            None => self.note(place, kind, live, shadow),
        }
    }

    /// Notes what only one side has: all of it, or what of it counts.
    pub(super) fn absent(&mut self, place: &Place<'_>, item: Item<'a>, from: Side) {
        self.steps.take(1);
        if self.is_over() {
            return;
        }
        if place.counts() || place.is_dead() || item.size() == 0 {
            return match from {
                Side::Live => self.differ(place, DifferenceKind::Missing, Some(item), None),
                Side::Shadow => self.differ(place, DifferenceKind::Extra, None, Some(item)),
            };
        }
        let is_list = item.is_list();
        for (index, child) in item.children().enumerate() {
            if is_list {
                self.at(Step::Index(index), |walk| walk.absent(&place.element(Some(index)), child, from));
            } else if !child.is_null() || !place.null_is_missing() {
                self.at(Step::Name(child.name()), |walk| walk.absent(&place.member(child.name()), child, from));
            }
        }
    }

    /// Whether two values are the same under the rules.
    pub(super) fn is_same(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) -> bool {
        let outer = self.trial.replace(false);
        self.values(place, live, shadow);
        std::mem::replace(&mut self.trial, outer) == Some(false)
    }

    /// Does something one step further down.
    pub(super) fn at(&mut self, step: Step<'a>, look: impl FnOnce(&mut Self)) {
        self.trail.push(step);
        look(self);
        self.trail.pop();
    }

    /// Whether nothing more can come of walking on.
    pub(super) fn is_over(&self) -> bool {
        self.steps.is_out() || self.trial == Some(true) || self.findings.is_truncated()
    }

    pub(super) fn printer(&mut self) -> Printer<'_> {
        Printer { seed: self.seed, steps: &mut self.steps }
    }

    fn members(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) {
        if !place.null_is_missing() && live.has_names_of(shadow) {
            for (live, shadow) in live.children().zip(shadow.children()) {
                if self.is_over() {
                    return;
                }
                if !self.is_alike(live, shadow) {
                    self.member(place, Some(live), Some(shadow));
                }
            }
            return;
        }
        let has_meaning = |member: &Item<'a>| !(place.null_is_missing() && member.is_null());
        let (mut lives, mut shadows) = (live.children().filter(has_meaning), shadow.children().filter(has_meaning));
        let (mut live, mut shadow) = (lives.next(), shadows.next());
        while !self.is_over() {
            let order = match (live, shadow) {
                (Some(live), Some(shadow)) => live.by_name(shadow),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            let mine = if order.is_le() { std::mem::replace(&mut live, lives.next()) } else { None };
            let theirs = if order.is_ge() { std::mem::replace(&mut shadow, shadows.next()) } else { None };
            if let (Some(live), Some(shadow)) = (mine, theirs)
                && self.is_alike(live, shadow)
            {
                continue;
            }
            self.member(place, mine, theirs);
        }
    }

    /// Compares a member that both have in other texts, or notes that only one has it.
    fn member(&mut self, place: &Place<'_>, live: Option<Item<'a>>, shadow: Option<Item<'a>>) {
        let Some(either) = live.or(shadow) else { return };
        let below = place.member(either.name());
        self.at(Step::Name(either.name()), |walk| match (live, shadow) {
            (Some(live), Some(shadow)) => walk.unlike(&below, live, shadow),
            (Some(live), None) => walk.absent(&below, live, Side::Live),
            (None, Some(shadow)) => walk.absent(&below, shadow, Side::Shadow),
            (None, None) => {}
        });
    }

    fn other_type(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) {
        self.differ(place, DifferenceKind::Type, Some(live), Some(shadow));
        if !place.counts() {
            for (item, from) in [(live, Side::Live), (shadow, Side::Shadow)] {
                if item.size() > 0 {
                    self.absent(place, item, from);
                }
            }
        }
    }

    /// What is ignored differs only if it means something else.
    fn dead(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) {
        if self.trial.is_some() {
            return;
        }
        let plain = place.without_rules();
        let mut printer = self.printer();
        let [live, shadow] = [live, shadow].map(|item| printer.print(&plain, item).map(|print| print.exact));
        if live != shadow {
            self.findings.ignore();
        }
    }

    /// Notes a difference beyond those that are kept.
    fn note_more(&mut self, kind: DifferenceKind) {
        self.steps.take(1 + self.trail.len() as u64);
        let field = self.findings.names.field(&self.trail);
        self.findings.note_more(field, kind);
    }

    fn note(&mut self, place: &Place<'_>, kind: DifferenceKind, live: Option<Item<'a>>, shadow: Option<Item<'a>>) {
        let plain = place.without_rules();
        let [live, shadow] = [live, shadow].map(|item| item.map(|item| self.excerpt(&plain, item)));
        // What has only half a hash must not be kept.
        if !self.steps.is_out() {
            let field = self.findings.names.field(&self.trail);
            self.findings.add(field, &self::place(&self.trail), kind, (live, shadow));
        }
    }

    fn excerpt(&mut self, plain: &Place<'_>, item: Item<'a>) -> Excerpt {
        // The same for the same value in every pair, so not with the seed.
        let print = Printer { seed: 0, steps: &mut self.steps }.print(plain, item);
        Excerpt::new(kind(item.content()), item.text(), print.map_or(0, |print: Print| print.exact))
    }
}

pub(super) fn kind(content: Content<'_>) -> ValueKind {
    match content {
        Content::Null => ValueKind::Null,
        Content::Bool(_) => ValueKind::Bool,
        Content::Number(_) => ValueKind::Number,
        Content::Text(_) => ValueKind::String,
        Content::Array => ValueKind::Array,
        Content::Object => ValueKind::Object,
    }
}
