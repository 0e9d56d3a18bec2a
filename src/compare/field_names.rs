//! The fields that an experiment has seen, each a pattern such as `$.items[*].price`, in a table that can't grow without
//! bound whatever traffic calls its fields.
//!
//! A name that is new when there is no room, or one of too many in one object, becomes `{*}`.

use std::{collections::HashMap, fmt::Write};

/// How many patterns are kept.
pub const PATTERNS_MAX: usize = 2000;

/// How many of them are left for `{*}` and `[*]`.
const SPARE: usize = 200;

/// How many members of one object have patterns of their own; more are data, not names.
const MEMBERS_MAX: usize = 256;

/// A longer name is data, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// A longer pattern ends before it, in bytes.
const PATTERN_BYTES_MAX: usize = 512;

/// The longest description of a very place, in bytes.
const PLACE_BYTES_MAX: usize = 1024;

/// So many pairs are looked at for fields before only one of so many is.
const RECORDED_PAIRS: u64 = 64;

/// The patterns that were seen, and the names of differences.
#[derive(Debug)]
pub struct FieldNames {
    fields: Vec<Field>,
    pairs: u64,
}

#[derive(Debug, Default)]
struct Field {
    pattern: Box<str>,
    members: HashMap<Box<str>, u32>,
    any_member: Option<u32>,
    any_element: Option<u32>,
}

/// One step down in a document.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// To a member.
    Name(&'a str),
    /// To an element, from 0.
    Index(usize),
}

/// The place of a pattern in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FieldId(u32);

/// Of a whole document.
pub(super) const ROOT: FieldId = FieldId(0);

/// Of all headers.
const HEADERS: FieldId = FieldId(1);

/// Of the status.
pub(super) const STATUS: FieldId = FieldId(2);

/// Of a body that has no fields.
pub(super) const BODY: FieldId = FieldId(3);

/// So many stand in the table from the beginning.
const FIXED: usize = 4;

impl Default for FieldNames {
    fn default() -> Self {
        let field = |pattern: &str| Field { pattern: pattern.into(), ..Field::default() };
        Self { fields: ["$", "header:", "status", "body"].map(field).into(), pairs: 0 }
    }
}

impl FieldNames {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many patterns were seen: fields of compared documents, and whatever differed.
    #[must_use]
    pub fn seen(&self) -> usize {
        self.fields.len() - FIXED
    }

    /// The patterns that were seen, in the order in which they first were.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().skip(FIXED).map(|field| &*field.pattern)
    }

    /// Counts a pair; whether its fields are to be recorded.
    pub(super) fn begin_pair(&mut self) -> bool {
        let pair = self.pairs;
        self.pairs = pair.wrapping_add(1);
        pair < RECORDED_PAIRS || pair.is_multiple_of(RECORDED_PAIRS)
    }

    /// The field of a place.
    pub(super) fn field(&mut self, trail: &[Step<'_>]) -> FieldId {
        let mut field = ROOT;
        for step in trail {
            match self.below(field, *step) {
                Some(below) => field = below,
                None => break,
            }
        }
        field
    }

    /// The field of a header.
    pub(super) fn header(&mut self, name: &str) -> FieldId {
        self.below(HEADERS, Step::Name(name)).unwrap_or(HEADERS)
    }

    /// The pattern one step further; `None` if there is no room even for `{*}`.
    pub(super) fn below(&mut self, field: FieldId, step: Step<'_>) -> Option<FieldId> {
        let here = self.fields.get(field.0 as usize)?;
        let known = match step {
            Step::Name(name) => {
                here.members.get(name).or_else(|| here.any_member.as_ref().filter(|_| !self.has_room(here, name)))
            }
            Step::Index(_) => here.any_element.as_ref(),
        };
        if let Some(known) = known {
            return Some(FieldId(*known));
        }
        let name = match step {
            Step::Name(name) if self.has_room(here, name) => Some(name),
            _ => None,
        };
        let mut pattern = here.pattern.to_string();
        match (name, step) {
            (Some(name), _) if field.0 == HEADERS.0 => pattern.push_str(name),
            (Some(name), _) => write_name(&mut pattern, name),
            (None, Step::Name(_)) => pattern.push_str("{*}"),
            (None, Step::Index(_)) => pattern.push_str("[*]"),
        }
        self.grow(field, name, step, pattern)
    }

    fn has_room(&self, here: &Field, name: &str) -> bool {
        self.fields.len() < PATTERNS_MAX - SPARE && here.members.len() < MEMBERS_MAX && name.len() <= NAME_BYTES_MAX
    }

    fn grow(&mut self, field: FieldId, name: Option<&str>, step: Step<'_>, pattern: String) -> Option<FieldId> {
        let next = u32::try_from(self.fields.len()).ok()?;
        if self.fields.len() >= PATTERNS_MAX || pattern.len() > PATTERN_BYTES_MAX {
            return None;
        }
        let here = self.fields.get_mut(field.0 as usize)?;
        match (name, step) {
            (Some(name), _) => {
                here.members.insert(name.into(), next);
            }
            (None, Step::Name(_)) => here.any_member = Some(next),
            (None, Step::Index(_)) => here.any_element = Some(next),
        }
        self.fields.push(Field { pattern: pattern.into(), ..Field::default() });
        Some(FieldId(next))
    }

    /// The pattern of a field.
    pub(super) fn text(&self, field: FieldId) -> &str {
        self.fields.get(field.0 as usize).map(|field| &*field.pattern).unwrap_or_default()
    }
}

/// A very place in words: `$.items[3].price`. Cut where it grows too long.
pub(super) fn place(trail: &[Step<'_>]) -> String {
    let mut place = String::from("$");
    for step in trail {
        match step {
            Step::Name(name) if name.len() > NAME_BYTES_MAX => {
                write_name(&mut place, beginning(name, NAME_BYTES_MAX));
                place.push('…');
            }
            Step::Name(name) => write_name(&mut place, name),
            Step::Index(index) => _ = write!(place, "[{index}]"),
        }
        if place.len() > PLACE_BYTES_MAX {
            let cut = beginning(&place, PLACE_BYTES_MAX).len();
            place.truncate(cut);
            place.push('…');
            break;
        }
    }
    place
}

/// A name as a path of the file writes it.
fn write_name(out: &mut String, name: &str) {
    let quotes = name.is_empty() || name.contains(['.', '[', '{', '*', '\'']);
    let _written = if quotes { write!(out, "['{name}']") } else { write!(out, ".{name}") };
}

/// The first bytes of a text, cut at a character.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    // A letter has four bytes at most.
    (0..4).find_map(|back| text.get(..bytes.min(text.len()).checked_sub(back)?)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(names: &mut FieldNames, trail: &[Step<'_>]) -> String {
        let field = names.field(trail);
        names.text(field).to_owned()
    }
    use crate::config::shadow::FieldStep;

    #[test]
    fn names_are_written_as_the_file_writes_them() {
        for name in ["a", "", "a.b", "a[0]", "{*}", "it's", "größe", "a b"] {
            let mut written = String::new();
            write_name(&mut written, name);
            assert_eq!(written, FieldStep::Name(name.to_owned()).to_string());
        }
        let trail = [Step::Name("items"), Step::Index(3), Step::Name("a.b")];
        assert_eq!(place(&trail), "$.items[3]['a.b']");
        assert_eq!(pattern(&mut FieldNames::new(), &trail), "$.items[*]['a.b']");
    }

    #[test]
    fn many_members_of_one_object_are_data() {
        let mut names = FieldNames::new();
        for number in 0..MEMBERS_MAX {
            assert_eq!(pattern(&mut names, &[Step::Name(&format!("n{number}"))]), format!("$.n{number}"));
        }
        assert_eq!(pattern(&mut names, &[Step::Name("new"), Step::Name("id")]), "${*}.id");
        assert_eq!(pattern(&mut names, &[Step::Name("n7"), Step::Name("id")]), "$.n7.id");
        assert_eq!(pattern(&mut names, &[Step::Name("other"), Step::Name("id")]), "${*}.id");
        assert_eq!(names.seen(), MEMBERS_MAX + 3);
    }

    #[test]
    fn the_table_never_grows_beyond_its_limits() {
        let mut names = FieldNames::new();
        for number in 0..100_u32 {
            for other in 0..100_u32 {
                let (one, other) = (format!("a{number}"), format!("b{other}"));
                let _any_pattern = pattern(&mut names, &[Step::Name(&one), Step::Index(0), Step::Name(&other)]).len();
                let _any_header = names.header(&format!("x-{one}-{other}"));
            }
        }
        assert!(names.seen() < PATTERNS_MAX && names.seen() > PATTERNS_MAX - 2 * SPARE);
        assert_eq!(names.patterns().count(), names.seen());
        // What was known before stays known; what is new has no name of its own.
        assert_eq!(pattern(&mut names, &[Step::Name("a0"), Step::Index(5), Step::Name("b0")]), "$.a0[*].b0");
        assert_eq!(pattern(&mut names, &[Step::Name("never")]), "${*}");
    }

    #[test]
    fn long_and_deep_names_are_cut() {
        let mut names = FieldNames::new();
        let long = "é".repeat(5000);
        assert_eq!(pattern(&mut names, &[Step::Name(&long)]), "${*}");
        assert!(place(&[Step::Name(&long); 64]).len() <= PLACE_BYTES_MAX + 3);
        assert!(pattern(&mut names, &[Step::Name(&"n".repeat(100)); 64]).len() <= PATTERN_BYTES_MAX);
        assert_eq!((beginning("aé", 2), beginning("aé", 3), beginning("aé", 9)), ("a", "aé", "aé"));
    }
}
