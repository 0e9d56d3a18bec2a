//! Which value of the live document belongs to the one that comes next in the shadow's.
//!
//! Most answers of a pair are nearly the same, so while the shadow's is read it is known what to expect: of an element the
//! one in the same place, of a member the one of that name. Where the same bytes stand there, nobody has to look into
//! them. It is only about where to look first, so rules about fields are of no matter here.

use super::{
    document::{Kind, Tape, Value},
    names::{Names, small},
};

/// No value, or none that is known.
pub(super) const NONE: u32 = u32::MAX;

/// A larger list or object is looked into instead of being compared at once, or many levels of them would be compared
/// again and again; in bytes.
const WHOLE_BYTES_MAX: usize = 4096;

/// The live document, and where the members of its objects stand.
pub(super) struct Twins<'l> {
    values: &'l [Value],
    text: &'l [u8],
    /// Of the objects that are open and have members in another order, where each of them stands.
    places: Vec<u32>,
}

/// What belongs to a list or an object that is open.
#[derive(Clone, Copy)]
pub(super) struct Twin {
    /// Its place; [`NONE`] if there is none.
    pub(super) place: u32,
    /// What it holds; see [`Value::holds`].
    holds: u32,
    /// What in it comes next.
    next: u32,
    left: u32,
    /// Where in [`Twins::places`] its members begin, if they are there.
    members: u32,
    /// Whether all that was in it so far is the same.
    pub(super) is_same: bool,
}

impl Twin {
    /// That of something that has none.
    pub(super) const NOBODY: Self = Self { place: NONE, holds: 0, next: NONE, left: 0, members: NONE, is_same: false };
}

impl<'l> Twins<'l> {
    pub(super) fn of(live: Option<&'l Tape<'l>>) -> Self {
        let (values, text) = live.map(|live| (live.values.as_slice(), live.text.as_bytes())).unwrap_or_default();
        Self { values, text, places: Vec::new() }
    }

    /// What belongs to the whole document.
    pub(super) fn root(&self) -> u32 {
        if self.values.is_empty() { NONE } else { 0 }
    }

    #[inline]
    fn value(&self, place: u32) -> Option<&'l Value> {
        self.values.get(place as usize)
    }

    /// If the value in this place is what `text` begins with: the value, and how long it is.
    #[inline]
    pub(super) fn same(&self, place: u32, text: &[u8]) -> Option<(&'l Value, usize)> {
        let value = self.value(place)?;
        let known = self.text.get(value.start as usize..value.end as usize)?;
        let is_worth_it = known.len() <= WHOLE_BYTES_MAX || !matches!(value.kind, Kind::Array | Kind::Object);
        if !is_worth_it || text.get(..known.len())? != known {
            return None;
        }
        // A number may go on.
        let goes_on = value.kind == Kind::Number
            && matches!(text.get(known.len()), Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
        if goes_on { None } else { Some((value, known.len())) }
    }

    /// What belongs to a list or an object, if `place` has one of the same kind.
    pub(super) fn enter(&self, place: u32, kind: Kind, names: &Names<'_>) -> Twin {
        let Some(value) = self.value(place).filter(|value| value.kind == kind) else { return Twin::NOBODY };
        let left = if kind == Kind::Object { small(names.length(value.holds)) } else { value.holds };
        Twin { place, holds: value.holds, next: place + 1, left, members: NONE, is_same: true }
    }

    /// What belongs to the next element.
    #[inline]
    pub(super) fn element(&self, list: &mut Twin) -> u32 {
        match self.value(list.next) {
            Some(value) if list.left > 0 => self.step(list, value),
            _ => NONE,
        }
    }

    /// What belongs to the member that ends this sequence of names.
    #[inline]
    pub(super) fn member(&mut self, object: &mut Twin, sequence: u32, names: &mut Names<'_>) -> u32 {
        match self.value(object.next) {
            Some(value) if object.members == NONE && value.name == sequence && object.left > 0 => {
                self.step(object, value)
            }
            _ => self.elsewhere(object, sequence, names),
        }
    }

    #[inline]
    fn step(&self, outer: &mut Twin, value: &Value) -> u32 {
        let place = outer.next;
        (outer.next, outer.left) = (value.next, outer.left - 1);
        place
    }

    /// The same where members stand in another order.
    #[inline(never)]
    fn elsewhere(&mut self, object: &mut Twin, sequence: u32, names: &mut Names<'_>) -> u32 {
        if object.members == NONE {
            self.gather(object);
        }
        let position = names.position(object.holds, sequence);
        self.places.get(object.members.saturating_add(position) as usize).copied().unwrap_or(NONE)
    }

    /// Notes where the members stand.
    #[cold]
    fn gather(&mut self, object: &mut Twin) {
        object.members = small(self.places.len());
        let mut place = object.place + 1;
        let end = self.value(object.place).map_or(0, |value| value.next);
        while place < end {
            self.places.push(place);
            place = self.value(place).map_or(NONE, |value| value.next);
        }
    }

    /// Something is closed to which this belonged; if all that is in both is the same, what that is.
    pub(super) fn leave(&mut self, twin: Twin, kind: Kind, holds: u32, names: &Names<'_>) -> Option<Value> {
        if twin.members != NONE {
            self.places.truncate(twin.members as usize);
        }
        let value = *self.value(twin.place).filter(|_| twin.is_same)?;
        let is_whole = match kind {
            Kind::Object => {
                names.are_same(holds, value.holds) && names.has_each_once(holds) && names.has_each_once(value.holds)
            }
            _ => holds == value.holds,
        };
        is_whole.then_some(value)
    }
}
