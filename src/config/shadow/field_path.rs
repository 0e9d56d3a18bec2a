//! A place in a JSON document, or many of them at once.

use std::fmt;

/// A path such as `$.items[*].price` or `$.users{*}.name`, without recursion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(pub Vec<FieldStep>);

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldStep {
    /// `.name` or `['name']`: this member of an object.
    Name(String),
    /// `{*}` or `.*`: any member.
    AnyName,
    /// `[3]`: this element of a list, from 0.
    Index(usize),
    /// `[*]`: any element.
    AnyIndex,
}

impl FieldPath {
    /// Reads a path.
    ///
    /// # Errors
    /// With what is wrong and where, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text.strip_prefix('$').ok_or_else(|| format!("\"{text}\" does not begin with $"))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, left) = step(rest).ok_or_else(|| wrong(text, rest))?;
            steps.push(step);
            rest = left;
        }
        Ok(Self(steps))
    }

    /// How many steps say which member or element is meant.
    #[must_use]
    pub fn specificity(&self) -> usize {
        self.0.iter().filter(|step| matches!(step, FieldStep::Name(_) | FieldStep::Index(_))).count()
    }
}

fn wrong(text: &str, rest: &str) -> String {
    format!("\"{text}\" is not understood at \"{rest}\": write .name, ['a name'], {{*}}, [3] or [*]")
}

fn step(rest: &str) -> Option<(FieldStep, &str)> {
    for (mark, step) in [("{*}", FieldStep::AnyName), (".*", FieldStep::AnyName), ("[*]", FieldStep::AnyIndex)] {
        if let Some(left) = rest.strip_prefix(mark) {
            return Some((step, left));
        }
    }
    if let Some(quoted) = rest.strip_prefix("['") {
        let (name, left) = quoted.split_once("']")?;
        return Some((FieldStep::Name(name.to_owned()), left));
    }
    if let Some(numbered) = rest.strip_prefix('[') {
        let (digits, left) = numbered.split_once(']')?;
        return Some((FieldStep::Index(digits.parse().ok()?), left));
    }
    let named = rest.strip_prefix('.')?;
    let end = named.find(['.', '[', '{']).unwrap_or(named.len());
    let (name, left) = named.split_at_checked(end)?;
    (!name.is_empty()).then(|| (FieldStep::Name(name.to_owned()), left))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("$")?;
        self.0.iter().try_for_each(|step| write!(formatter, "{step}"))
    }
}

impl fmt::Display for FieldStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) if name.is_empty() || name.contains(['.', '[', '{', '*', '\'']) => {
                write!(formatter, "['{name}']")
            }
            Self::Name(name) => write!(formatter, ".{name}"),
            Self::AnyName => formatter.write_str("{*}"),
            Self::Index(index) => write!(formatter, "[{index}]"),
            Self::AnyIndex => formatter.write_str("[*]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_read_and_written_alike() {
        for path in ["$", "$.a.b", "$.items[*].price", "$.users{*}.name", "$['a.b'][3]", "$[*][0]{*}"] {
            assert_eq!(FieldPath::parse(path).unwrap().to_string(), path);
        }
        assert_eq!(FieldPath::parse("$.a.*").unwrap().to_string(), "$.a{*}");
    }

    #[test]
    fn what_is_not_understood_is_shown() {
        for (path, at) in [("$..a", "..a"), ("$.a[x]", "[x]"), ("$.a[", "["), ("$a", "a"), ("$.", ".")] {
            assert!(FieldPath::parse(path).unwrap_err().contains(&format!("at \"{at}\"")), "{path}");
        }
        assert!(FieldPath::parse("a.b").unwrap_err().contains("begin with $"));
    }

    #[test]
    fn names_and_numbers_are_specific() {
        assert_eq!(FieldPath::parse("$.a[*].b{*}[2]").unwrap().specificity(), 3);
    }

    proptest! {
        #[test]
        fn arbitrary_paths_never_panic(path in ".{0,40}") {
            if let Ok(read) = FieldPath::parse(&path) {
                prop_assert_eq!(FieldPath::parse(&read.to_string()), Ok(read));
            }
        }
    }
}
