//! The names of members, each once for both documents of a pair, and the sequences in which objects have them.
//!
//! Most objects of a document have the names of the one before, in the same order. So a sequence remembers what text led
//! to its next name: where the same bytes come again, a name costs one comparison of sixteen bytes, and its place in the
//! order of names is known. There are never more sequences than members.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
};

/// Names and sequences of names, of one pair of documents.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    names: Vec<Cow<'a, str>>,
    numbers: HashMap<Cow<'a, str>, u32>,
    /// Each with one name more than the one it goes on from; the first has none.
    sequences: Vec<Sequence<'a>>,
    /// Where a sequence goes on to with a name, if that is not the only way in which it does.
    branches: HashMap<(u32, u32), u32>,
    /// Parts of it are the orders of sequences.
    ranks: Vec<u32>,
    /// Which members of an object have a name, for sequences for which somebody asked.
    positions: HashMap<(u32, u32), u32>,
    /// Each set of names that an object has, in their order.
    sets: HashMap<Box<[u32]>, u32>,
}

/// A sequence of names that objects have, or begin with.
#[derive(Debug, Default)]
struct Sequence<'a> {
    /// The last of the names.
    name: u32,
    /// The sequence without it.
    before: u32,
    length: u32,
    end: Option<End>,
    /// Which member of an object with the first of these sequences has the last of the names here, as asked last.
    found: (u32, u32),
    has_positions: bool,
    /// What followed last.
    next: Next<'a>,
}

/// What is known of a sequence that is all that an object has.
#[derive(Clone, Copy, Debug)]
struct End {
    /// The same for the same names in any order.
    set: u32,
    /// How many they are: each once.
    size: u32,
    /// Where in [`Names::ranks`] it says of each member, as they stand, in which place it is by name; `None` if they stand
    /// in that order.
    ranks: Option<u32>,
}

/// The rank of a member that has the name of a later one.
pub(super) const OUTDONE: u32 = u32::MAX;

/// What stood between the last value of a sequence, or the beginning of the object, and the value that followed.
#[derive(Clone, Copy, Debug)]
struct Next<'a> {
    sequence: u32,
    length: usize,
    /// Its first sixteen bytes as a number, and which bits of it count.
    head: u128,
    mask: u128,
    /// The bytes after those.
    rest: &'a [u8],
}

impl Default for Next<'_> {
    /// What never follows, since valid text has no such bytes.
    fn default() -> Self {
        Self { sequence: 0, length: 0, head: 0, mask: u128::MAX, rest: &[] }
    }
}

/// The bytes that are compared at once.
const HEAD_BYTES: usize = 16;

/// Where a name is that an object has not.
pub(super) const NOWHERE: u32 = u32::MAX;

/// The sequence of an object without members.
pub(super) const NO_NAMES: u32 = 0;

impl Default for Names<'_> {
    fn default() -> Self {
        Self {
            names: Vec::with_capacity(32),
            numbers: HashMap::with_capacity(16),
            sequences: vec![Sequence::default()],
            branches: HashMap::new(),
            ranks: Vec::new(),
            positions: HashMap::new(),
            sets: HashMap::new(),
        }
    }
}

impl<'a> Names<'a> {
    /// The sequence that goes on with what `text` begins with, and how many bytes that is, if it is what followed last.
    #[inline]
    pub(super) fn foreseen(&self, sequence: u32, text: &[u8]) -> Option<(u32, usize)> {
        let next = &self.sequences.get(sequence as usize)?.next;
        let head = u128::from_le_bytes(*text.first_chunk::<HEAD_BYTES>()?);
        if (head ^ next.head) & next.mask != 0 {
            return None;
        }
        if next.length > HEAD_BYTES && text.get(HEAD_BYTES..next.length) != Some(next.rest) {
            return None;
        }
        Some((next.sequence, next.length))
    }

    /// The sequence that goes on from this one with a name, which `between` led to.
    pub(super) fn follow(&mut self, sequence: u32, name: Cow<'a, str>, between: &'a [u8]) -> u32 {
        let name = self.number(name);
        let last = self.sequences.get(sequence as usize).map_or(NO_NAMES, |before| before.next.sequence);
        let next = match last {
            NO_NAMES => self.grow(sequence, name),
            last if self.last(last) == name => last,
            last => {
                self.branches.insert((sequence, self.last(last)), last);
                self.branches.get(&(sequence, name)).copied().unwrap_or_else(|| self.grow(sequence, name))
            }
        };
        if let Some(sequence) = self.sequences.get_mut(sequence as usize) {
            sequence.next = Next::of(next, between);
        }
        next
    }

    /// A sequence with one name more.
    fn grow(&mut self, before: u32, name: u32) -> u32 {
        let new = small(self.sequences.len());
        let length = small(self.length(before) + 1);
        self.sequences.push(Sequence { name, before, length, found: (NOWHERE, NOWHERE), ..Sequence::default() });
        new
    }

    fn number(&mut self, name: Cow<'a, str>) -> u32 {
        match self.numbers.entry(name) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let number = small(self.names.len());
                self.names.push(free.key().clone());
                *free.insert(number)
            }
        }
    }

    /// An object with this sequence of names has ended: their order has to be known.
    #[inline]
    pub(super) fn note_end(&mut self, sequence: u32) {
        if self.sequences.get(sequence as usize).is_some_and(|sequence| sequence.end.is_none()) {
            self.sort(sequence);
        }
    }

    #[cold]
    fn sort(&mut self, sequence: u32) {
        let mut members: Vec<(u32, u32)> = Vec::with_capacity(self.length(sequence));
        let mut at = sequence;
        while let Some(here) = self.sequences.get(at as usize).filter(|here| here.length > 0) {
            members.push((here.name, here.length - 1));
            at = here.before;
        }
        members.reverse();
        let (count, is_sorted) =
            (members.len(), members.is_sorted_by(|one, other| self.text(one.0) < self.text(other.0)));
        if !is_sorted {
            members.sort_unstable_by(|one, other| self.text(one.0).cmp(self.text(other.0)).then(other.1.cmp(&one.1)));
            members.dedup_by_key(|member| member.0);
        }
        let ranks = (!is_sorted).then(|| {
            let start = self.ranks.len();
            self.ranks.resize(start + count, OUTDONE);
            for (rank, (_, place)) in members.iter().enumerate() {
                if let Some(free) = self.ranks.get_mut(start + *place as usize) {
                    *free = small(rank);
                }
            }
            small(start)
        });
        let new = small(self.sets.len());
        let size = small(members.len());
        let set = *self.sets.entry(members.into_iter().map(|(name, _)| name).collect()).or_insert(new);
        if let Some(sequence) = self.sequences.get_mut(sequence as usize) {
            sequence.end = Some(End { set, size, ranks });
        }
    }

    /// Of each member of an object with this sequence of names, as they stand, in which place it is by name, or that it is
    /// [`OUTDONE`]; `None` if they stand in that order.
    pub(super) fn ranks(&self, sequence: u32) -> Option<&[u32]> {
        let sequence = self.sequences.get(sequence as usize)?;
        let start = sequence.end?.ranks? as usize;
        self.ranks.get(start..start + sequence.length as usize)
    }

    /// Which member of an object with the sequence `of`, as they stand, has the last name of `sequence`; of several the
    /// last, without one [`NOWHERE`].
    #[inline]
    pub(super) fn position(&mut self, of: u32, sequence: u32) -> u32 {
        match self.sequences.get(sequence as usize) {
            Some(Sequence { found: (asked, found), .. }) if *asked == of => *found,
            _ => self.look_up(of, sequence),
        }
    }

    #[cold]
    fn look_up(&mut self, of: u32, sequence: u32) -> u32 {
        let has_positions =
            self.sequences.get_mut(of as usize).map(|of| std::mem::replace(&mut of.has_positions, true));
        if has_positions == Some(false) {
            let mut at = of;
            while let Some(here) = self.sequences.get(at as usize).filter(|here| here.length > 0) {
                self.positions.entry((of, here.name)).or_insert(here.length - 1);
                at = here.before;
            }
        }
        let found = self.positions.get(&(of, self.last(sequence))).copied().unwrap_or(NOWHERE);
        if let Some(sequence) = self.sequences.get_mut(sequence as usize) {
            sequence.found = (of, found);
        }
        found
    }

    /// Whether no two of the names in a sequence are the same.
    pub(super) fn has_each_once(&self, sequence: u32) -> bool {
        self.size(sequence) == self.length(sequence)
    }

    /// How many names there are in this sequence, each counted once.
    pub(super) fn size(&self, sequence: u32) -> usize {
        self.sequences.get(sequence as usize).and_then(|sequence| sequence.end).map_or(0, |end| end.size as usize)
    }

    /// Whether two sequences have the same names, in whatever order.
    pub(super) fn are_same(&self, one: u32, other: u32) -> bool {
        let set =
            |sequence: u32| self.sequences.get(sequence as usize).and_then(|sequence| sequence.end).map(|end| end.set);
        one == other || set(one) == set(other)
    }

    /// How many members an object with this sequence of names has, those included that have the name of a later one.
    pub(super) fn length(&self, sequence: u32) -> usize {
        self.sequences.get(sequence as usize).map_or(0, |sequence| sequence.length as usize)
    }

    /// The number of the last name of a sequence.
    pub(super) fn last(&self, sequence: u32) -> u32 {
        self.sequences.get(sequence as usize).map_or(u32::MAX, |sequence| sequence.name)
    }

    /// The number of a name, if any member has it.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name of this number.
    pub(super) fn text(&self, number: u32) -> &str {
        self.names.get(number as usize).map(Cow::as_ref).unwrap_or_default()
    }
}

impl<'a> Next<'a> {
    fn of(sequence: u32, between: &'a [u8]) -> Self {
        let mut head = [0; HEAD_BYTES];
        head.iter_mut().zip(between).for_each(|(place, byte)| *place = *byte);
        let mask =
            1_u128.checked_shl(u32::try_from(between.len() * 8).unwrap_or(u32::MAX)).map_or(u128::MAX, |bit| bit - 1);
        let rest = between.get(HEAD_BYTES..).unwrap_or_default();
        Self { sequence, length: between.len(), head: u128::from_le_bytes(head), mask, rest }
    }
}

/// A count of what stands in a text that is known to be shorter than 4 GiB.
pub(super) fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
