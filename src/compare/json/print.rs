//! What a value hashes to under the rules, so that lists can be matched without comparing each element with each.
//!
//! Values that are the same under the rules have the same loose print. Without tolerances and times below, values with the
//! same loose print are the same, collisions aside, which a secret seed keeps from being made.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::config::shadow::ArrayRule;

use super::{
    decimal::Decimal,
    document::{Content, Item},
    moment,
    place::{Place, Sayings},
    scalar::bare,
};

/// A hash of a value.
#[derive(Clone, Copy)]
pub(super) struct Print {
    /// Without what may differ.
    pub(super) loose: u64,
    /// With it.
    pub(super) exact: u64,
    /// The first number or time in it that may differ, to order by.
    pub(super) key: Option<f64>,
}

impl Print {
    fn of(hash: u64) -> Self {
        Self { loose: hash, exact: hash, key: None }
    }

    /// Whether values with the same loose print may still be different.
    pub(super) fn is_fuzzy(&self) -> bool {
        self.key.is_some()
    }

    /// This, followed by another.
    fn then(self, salt: u64, next: Self) -> Self {
        Self {
            loose: mix(self.loose ^ salt, next.loose),
            exact: mix(self.exact ^ salt, next.exact),
            key: self.key.or(next.key),
        }
    }

    /// This and another, in any order.
    fn and(self, salt: u64, other: Self) -> Self {
        Self {
            loose: self.loose.wrapping_add(mix(salt, other.loose)),
            exact: self.exact.wrapping_add(mix(salt, other.exact)),
            key: self.key.or(other.key),
        }
    }
}

/// The work that one comparison may still do. One step is about one value looked at.
pub(super) struct Steps {
    left: u64,
}

impl Steps {
    pub(super) fn new(most: u64) -> Self {
        Self { left: most }
    }

    pub(super) fn take(&mut self, steps: u64) {
        self.left = self.left.saturating_sub(steps);
    }

    pub(super) fn is_out(&self) -> bool {
        self.left == 0
    }

    pub(super) fn left(&self) -> u64 {
        self.left
    }
}

/// An element of a list that is taken as a member of no certain place by the value of one of its members.
pub(super) struct Keyed<'a> {
    /// What the key hashes to; the same for all elements without one.
    pub(super) key: u64,
    /// How many elements before it have the same key.
    pub(super) rank: usize,
    pub(super) index: usize,
    pub(super) item: Item<'a>,
}

/// What hashes values.
pub(super) struct Printer<'s> {
    pub(super) seed: u64,
    pub(super) steps: &'s mut Steps,
}

const NULL: u64 = 1;
const NUMBER: u64 = 2;
const TEXT: u64 = 3;
const ARRAY: u64 = 4;
const OBJECT: u64 = 5;
const OPEN: u64 = 6;
const SHAPE: u64 = 7;
const NOTHING: u64 = 8;
const NO: u64 = 9;
const YES: u64 = 10;

impl Printer<'_> {
    /// The print of a value; `None` if nothing in it counts.
    pub(super) fn print(&mut self, place: &Place<'_>, item: Item<'_>) -> Option<Print> {
        self.steps.take(1);
        if place.is_dead() || self.steps.is_out() {
            return None;
        }
        match item.content() {
            Content::Object => self.object(place, item),
            Content::Array => self.array(place, item),
            scalar => place.counts().then(|| self.scalar(scalar, &place.sayings)),
        }
    }

    /// The elements of a list by the member that the rule names, those of one key together.
    pub(super) fn keyed<'a>(&mut self, plain: &Place<'_>, list: Item<'a>, name: &str) -> Vec<Keyed<'a>> {
        let mut elements = Vec::with_capacity(list.size());
        for (index, item) in list.children().enumerate() {
            self.steps.take(item.size() as u64 / 8);
            let key = item.member(name).and_then(|key| self.print(plain, key)).map_or(0, |print| print.exact);
            elements.push(Keyed { key, rank: 0, index, item });
        }
        elements.sort_by_key(|element| element.key);
        let mut last = None;
        for element in &mut elements {
            element.rank = match last {
                Some((key, rank)) if key == element.key => rank + 1,
                _ => 0,
            };
            last = Some((element.key, element.rank));
        }
        elements
    }

    fn object(&mut self, place: &Place<'_>, item: Item<'_>) -> Option<Print> {
        let mut print = Print::of(self.seed ^ if place.counts() { OBJECT } else { OPEN });
        let mut has_any = place.counts();
        for member in item.children() {
            if member.is_null() && place.null_is_missing() {
                continue;
            }
            if let Some(found) = self.print(&place.member(member.name()), member) {
                print = print.then(self.hash(member.name().as_bytes()), found);
                has_any = true;
            }
        }
        has_any.then_some(print)
    }

    fn array(&mut self, place: &Place<'_>, item: Item<'_>) -> Option<Print> {
        match place.sayings.array {
            None | Some(ArrayRule::Ordered) => self.ordered(place, item),
            Some(ArrayRule::Set) => {
                let element = place.element(None);
                let prints = item.children().map(|child| (0, self.print(&element, child)));
                let prints: Vec<_> = prints.collect();
                self.unordered(place, prints)
            }
            Some(ArrayRule::Key(name)) => {
                let plain = place.without_rules();
                let element = place.element(None);
                let keyed = self.keyed(&plain, item, name);
                let prints =
                    keyed.iter().map(|it| (mix(it.key, it.rank as u64 ^ self.seed), self.print(&element, it.item)));
                let prints: Vec<_> = prints.collect();
                self.unordered(place, prints)
            }
        }
    }

    fn ordered(&mut self, place: &Place<'_>, item: Item<'_>) -> Option<Print> {
        let counts = place.counts();
        let mut print = Print::of(if counts { mix(self.seed ^ ARRAY, item.size() as u64) } else { self.seed ^ OPEN });
        let mut has_any = counts;
        for (index, child) in item.children().enumerate() {
            let found = self.print(&place.element(Some(index)), child);
            if let Some(found) = found.or_else(|| counts.then(|| Print::of(NOTHING))) {
                print = print.then(index as u64, found);
                has_any = true;
            }
        }
        has_any.then_some(print)
    }

    /// Elements with what they are salted with.
    fn unordered(&self, place: &Place<'_>, elements: Vec<(u64, Option<Print>)>) -> Option<Print> {
        let mut sum = Print::of(self.seed ^ if place.counts() { ARRAY } else { OPEN });
        let mut has_any = place.counts();
        for (salt, print) in elements {
            if let Some(print) = print {
                sum = sum.and(salt ^ self.seed, print);
                has_any = true;
            }
        }
        has_any.then_some(sum)
    }

    fn scalar(&mut self, content: Content<'_>, sayings: &Sayings<'_>) -> Print {
        match content {
            Content::Bool(false) => Print::of(self.seed ^ NO),
            Content::Bool(true) => Print::of(self.seed ^ YES),
            Content::Number(number) => {
                self.steps.take(sayings.work(number.len()));
                let exact = mix(self.seed ^ NUMBER, self.number(number));
                let is_fuzzy = sayings.tolerance.is_some() || sayings.within.is_some() || sayings.shape.is_some();
                let key = is_fuzzy.then(|| number.parse().unwrap_or_default());
                Print { loose: if is_fuzzy { self.seed ^ NUMBER } else { exact }, exact, key }
            }
            Content::Text(text) => {
                self.steps.take(sayings.work(text.quoted.len()));
                self.text(&text.meaning(), sayings)
            }
            _ => Print::of(self.seed ^ NULL),
        }
    }

    fn number(&self, number: &str) -> u64 {
        Decimal::of(number)
            .map_or_else(|| self.hash(number.as_bytes()), |decimal| decimal.hash(|digits| self.hash(digits), mix))
    }

    fn text(&self, text: &str, sayings: &Sayings<'_>) -> Print {
        let exact = mix(self.seed ^ TEXT, self.hash(text.as_bytes()));
        if sayings.within.is_some() || (sayings.shape.is_some() && sayings.string.is_some()) {
            return Print { loose: self.seed ^ TEXT, exact, key: Some(moment::seconds(text).unwrap_or_default()) };
        }
        if let Some(class) = sayings.shape.and_then(|shape| shape.class(text)) {
            return Print::of(mix(self.seed ^ SHAPE, class));
        }
        match sayings.string {
            Some(rule) => Print::of(mix(self.seed ^ TEXT, self.hash(bare(text, *rule).as_bytes()))),
            None => Print::of(exact),
        }
    }

    fn hash(&self, bytes: &[u8]) -> u64 {
        xxh3_64_with_seed(bytes, self.seed)
    }
}

/// Two numbers as one that depends on each bit of both, and on their order.
pub(super) fn mix(one: u64, other: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let product = u128::from(one ^ ODD).wrapping_mul(u128::from(other.rotate_left(32) ^ 0xd6e8_feb8_6659_fd93));
    let [high, low] = [(product >> 64) as u64, product as u64];
    high ^ low.wrapping_add(ODD)
}
