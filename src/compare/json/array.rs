//! Two lists, in order, as sets, or by a key.
//!
//! **In order**: elements in the same place belong together. Lists of different lengths differ in size; what they end with
//! in common is left out, so that one element put in somewhere is one difference. Lists of the same elements in another
//! order differ in order, and in nothing else. **Sets**: each element as often; an element with one other field is another
//! element. **By a key**: elements with the same key belong together, those of one key (or of none) in the order in which
//! they stand.
//!
//! No list is ever compared each with each, but elements with tolerances that nothing else tells apart, and of those only
//! as many as [`super::matching`] tries.

use std::cmp::Ordering;

use crate::compare::{DifferenceKind, field_names::Step};

use super::{
    document::Item,
    matching::{Left, pair},
    place::Place,
    print::Print,
    walk::{Side, Walk},
};

/// An element of a set.
struct Member<'a> {
    print: Print,
    index: usize,
    item: Item<'a>,
}

impl<'a> Walk<'a, '_, '_> {
    pub(super) fn ordered(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) {
        let (lives, shadows) = (live.size(), shadow.size());
        let both = lives.min(shadows);
        if lives != shadows && place.counts() {
            self.differ(place, DifferenceKind::Size, Some(live), Some(shadow));
            let same = if self.is_over() { 0 } else { self.same_end(place, live, shadow) };
            self.in_place(place, (live, shadow), both - same);
            return;
        }
        let mark = self.findings.mark();
        let differing = self.in_place(place, (live, shadow), both);
        if lives != shadows {
            self.differ(place, DifferenceKind::Size, Some(live), Some(shadow));
            self.rest(place, live, both, Side::Live);
            self.rest(place, shadow, both, Side::Shadow);
        } else if place.counts() && !differing.is_empty() && self.are_permuted(place, (live, shadow), &differing) {
            self.findings.rewind(mark);
            self.differ(place, DifferenceKind::Order, Some(live), Some(shadow));
        }
    }

    pub(super) fn set(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) {
        let element = place.element(None);
        let (lives, shadows) = (self.sorted(&element, live), self.sorted(&element, shadow));
        let (mut live, mut shadow) = (lives.as_slice(), shadows.as_slice());
        while !self.is_over() {
            let Some(least) = live.first().into_iter().chain(shadow.first()).map(|it| it.print.loose).min() else {
                return;
            };
            let of_group = |members: &[Member<'a>]| members.partition_point(|member| member.print.loose <= least);
            let (mine, theirs) = (of_group(live), of_group(shadow));
            let (ours, rest) = live.split_at(mine);
            let (others, remains) = shadow.split_at(theirs);
            (live, shadow) = (rest, remains);
            self.group(&element, ours, others);
        }
    }

    pub(super) fn keyed(&mut self, place: &Place<'_>, name: &str, live: Item<'a>, shadow: Item<'a>) {
        let plain = place.without_rules();
        let element = place.element(None);
        let [lives, shadows] = [live, shadow].map(|list| self.printer().keyed(&plain, list, name));
        let (mut lives, mut shadows) = (lives.into_iter().peekable(), shadows.into_iter().peekable());
        while !self.is_over() {
            let order = match (lives.peek(), shadows.peek()) {
                (Some(live), Some(shadow)) => (live.key, live.rank).cmp(&(shadow.key, shadow.rank)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return,
            };
            let mine = if order.is_le() { lives.next() } else { None };
            let theirs = if order.is_ge() { shadows.next() } else { None };
            match (mine, theirs) {
                (Some(live), Some(shadow)) => {
                    self.at(Step::Index(live.index), |walk| walk.values(&element, live.item, shadow.item));
                }
                (Some(live), None) => self.lone(&element, live.index, live.item, Side::Live),
                (None, Some(shadow)) => self.lone(&element, shadow.index, shadow.item, Side::Shadow),
                (None, None) => {}
            }
        }
    }

    /// Compares the first `count` elements of both, place by place; which of them differ, in order.
    fn in_place(&mut self, place: &Place<'_>, (live, shadow): (Item<'a>, Item<'a>), count: usize) -> Vec<usize> {
        let mut differing = Vec::new();
        for (index, (live, shadow)) in live.children().zip(shadow.children()).take(count).enumerate() {
            if self.is_over() {
                break;
            }
            if !self.is_alike(live, shadow) {
                let mark = self.findings.mark();
                self.at(Step::Index(index), |walk| walk.unlike(&place.element(Some(index)), live, shadow));
                if self.findings.has_grown(mark) {
                    differing.push(index);
                }
            }
        }
        differing
    }

    /// With how many elements both end that are the same.
    fn same_end(&mut self, place: &Place<'_>, live: Item<'a>, shadow: Item<'a>) -> usize {
        let element = place.element(None);
        let ends = live.elements_from_the_end().zip(shadow.elements_from_the_end());
        let mut same = 0;
        for (live, shadow) in ends {
            if !self.is_same(&element, live, shadow) {
                break;
            }
            same += 1;
        }
        same
    }

    /// What one list has beyond the other.
    fn rest(&mut self, place: &Place<'_>, list: Item<'a>, from: usize, side: Side) {
        for (index, item) in list.children().enumerate().skip(from) {
            self.at(Step::Index(index), |walk| walk.absent(&place.element(Some(index)), item, side));
        }
    }

    /// Whether both have the same elements in another order. All elements are asked, also those that a rule about their
    /// place ignores: if such a rule could turn an order into values, one more rule could make more differences. Where no
    /// rule leads, what does not differ in its place has the same print, and only those that do are looked at.
    fn are_permuted(&mut self, place: &Place<'_>, (live, shadow): (Item<'a>, Item<'a>), differing: &[usize]) -> bool {
        if self.trial.is_some() {
            return false;
        }
        let element = place.element(None);
        let mut differing = differing.iter().copied().peekable();
        let asked = live.children().zip(shadow.children()).enumerate().filter(|(index, (live, shadow))| {
            differing.next_if_eq(index).is_some() || (place.has_rules() && !live.is_known_as(*shadow))
        });
        let asked: Vec<_> = asked.map(|(_, pair)| pair).collect();
        // In most lists values have changed: the first that differs stands nowhere else. Without rules that is seen early.
        if let Some((first, _)) = asked.first()
            && !place.has_rules()
            && !asked.iter().any(|(_, shadow)| self.is_same(&element, *first, *shadow))
        {
            return false;
        }
        let mut printer = self.printer();
        let mut print = |item| printer.print(&element, item).map(|print| print.exact);
        let (mut lives, mut shadows): (Vec<_>, Vec<_>) =
            asked.into_iter().map(|(live, shadow)| (print(live), print(shadow))).unzip();
        lives.sort_unstable();
        shadows.sort_unstable();
        lives == shadows && !self.steps.is_out()
    }

    /// The elements of which something counts, like ones together.
    fn sorted(&mut self, element: &Place<'_>, list: Item<'a>) -> Vec<Member<'a>> {
        let mut printer = self.printer();
        let members = list.children().enumerate().filter_map(|(index, item)| {
            let print = printer.print(element, item)?;
            Some(Member { print, index, item })
        });
        let mut members: Vec<_> = members.collect();
        let key = |member: &Member<'a>| member.print.key.unwrap_or_default();
        members.sort_by(|one, other| {
            (one.print.loose.cmp(&other.print.loose))
                .then_with(|| key(one).total_cmp(&key(other)))
                .then_with(|| one.print.exact.cmp(&other.print.exact))
        });
        members
    }

    /// Elements that are the same as far as their prints tell.
    fn group(&mut self, element: &Place<'_>, live: &[Member<'a>], shadow: &[Member<'a>]) {
        let is_fuzzy = live.iter().chain(shadow).any(|member| member.print.is_fuzzy());
        let left = if is_fuzzy && !self.are_pairs(element, live, shadow) {
            self.paired(element, live, shadow)
        } else {
            let both = live.len().min(shadow.len());
            Some(Left { live: (both..live.len()).collect(), shadow: (both..shadow.len()).collect() })
        };
        // Too many to try: as if all the work that may be done had been.
        let Some(left) = left else { return self.steps.take(u64::MAX) };
        for (places, members, side) in [(left.live, live, Side::Live), (left.shadow, shadow, Side::Shadow)] {
            for member in places.into_iter().filter_map(|place| members.get(place)) {
                self.lone(element, member.index, member.item, side);
            }
        }
    }

    /// Whether elements in the same places of two sorted groups are the same, the shortest way to see that all are.
    fn are_pairs(&mut self, element: &Place<'_>, live: &[Member<'a>], shadow: &[Member<'a>]) -> bool {
        live.len() == shadow.len()
            && live.iter().zip(shadow).all(|(live, shadow)| self.is_same(element, live.item, shadow.item))
    }

    fn paired(&mut self, element: &Place<'_>, live: &[Member<'a>], shadow: &[Member<'a>]) -> Option<Left> {
        let walk = std::cell::RefCell::new(self);
        let is_same = |one: usize, other: usize| {
            let (Some(one), Some(other)) = (live.get(one), shadow.get(other)) else { return false };
            let mut walk = walk.borrow_mut();
            !walk.steps.is_out() && walk.is_same(element, one.item, other.item)
        };
        let work = |steps: usize| {
            let mut walk = walk.borrow_mut();
            walk.steps.take(steps as u64);
            !walk.steps.is_out()
        };
        pair(live.len(), shadow.len(), is_same, work)
    }

    fn lone(&mut self, element: &Place<'_>, index: usize, item: Item<'a>, side: Side) {
        self.at(Step::Index(index), |walk| walk.absent(element, item, side));
    }
}
