//! Every function by its name.

use super::super::{limits::TEXT_BYTES_MAX, value::Value};
use super::{
    Host, arguments::Arguments, basic, cases, compare, convert, dates, digests, lists, maps, numbers, pattern, places,
    texts, versions,
};

/// What a function does.
pub(super) type Run = fn(&Host<'_>, &Arguments) -> Result<Value, String>;

/// One function.
pub(in crate::config::template) struct Function {
    /// What it is called.
    pub(in crate::config::template) name: &'static str,
    least: usize,
    most: Option<usize>,
    run: Run,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// A function of exactly so many arguments.
pub(super) const fn takes(count: usize, name: &'static str, run: Run) -> Function {
    Function { name, least: count, most: Some(count), run }
}

/// A function of at least so many arguments.
pub(super) const fn takes_more(least: usize, name: &'static str, run: Run) -> Function {
    Function { name, least, most: None, run }
}

impl Function {
    /// Calls it.
    ///
    /// # Errors
    /// In words, without its name: wrong arguments, or too much work.
    pub(in crate::config::template) fn call(&self, host: &Host<'_>, arguments: Vec<Value>) -> Result<Value, String> {
        let count = arguments.len();
        if count < self.least || self.most.is_some_and(|most| count > most) {
            let bound = if self.most.is_none() { "at least " } else { "" };
            return Err(format!("wrong number of args: want {bound}{} got {count}", self.least));
        }
        host.spend(arguments.iter().map(size_of_text).sum())?;
        let value = (self.run)(host, &Arguments::new(arguments))?;
        host.spend(size_of_text(&value))?;
        if size_of_text(&value) > TEXT_BYTES_MAX {
            return Err(format!("a text of more than {} MiB", TEXT_BYTES_MAX >> 20));
        }
        Ok(value)
    }
}

fn size_of_text(value: &Value) -> usize {
    if let Value::Text(text) = value { text.len() } else { 1 }
}

/// The function of that name.
///
/// # Errors
/// In words, when there is none or it is not supported.
pub(in crate::config::template) fn find(name: &str) -> Result<&'static Function, String> {
    if let Some(found) = all().find(|function| function.name == name) {
        return Ok(found);
    }
    if let Some((_, plain)) = CAREFUL.iter().find(|(careful, _)| *careful == name)
        && let Some(found) = all().find(|function| function.name == *plain)
    {
        return Ok(found);
    }
    if UNSUPPORTED.contains(&name) {
        return Err(format!("the function \"{name}\" is not supported"));
    }
    Err(format!("function \"{name}\" not defined"))
}

fn all() -> impl Iterator<Item = &'static Function> {
    let tables = [
        basic::FUNCTIONS,
        cases::FUNCTIONS,
        compare::FUNCTIONS,
        convert::FUNCTIONS,
        dates::FUNCTIONS,
        digests::FUNCTIONS,
        lists::FUNCTIONS,
        maps::FUNCTIONS,
        numbers::FUNCTIONS,
        pattern::FUNCTIONS,
        places::FUNCTIONS,
        texts::FUNCTIONS,
        versions::FUNCTIONS,
    ];
    tables.into_iter().flatten()
}

/// What every function is called.
#[cfg(test)]
pub(in crate::config::template) fn names() -> Vec<&'static str> {
    all().map(|function| function.name).chain(CAREFUL.iter().map(|(name, _)| *name)).collect()
}

/// sprig has some functions twice: one that panics, and one that answers with an error. Ours never panic.
const CAREFUL: &[(&str, &str)] = &[
    ("mustAppend", "append"),
    ("mustChunk", "chunk"),
    ("mustCompact", "compact"),
    ("mustDeepCopy", "deepCopy"),
    ("mustFirst", "first"),
    ("mustHas", "has"),
    ("mustInitial", "initial"),
    ("mustLast", "last"),
    ("mustMerge", "merge"),
    ("mustMergeOverwrite", "mergeOverwrite"),
    ("mustPrepend", "prepend"),
    ("mustPush", "push"),
    ("mustRegexFind", "regexFind"),
    ("mustRegexFindAll", "regexFindAll"),
    ("mustRegexMatch", "regexMatch"),
    ("mustRegexReplaceAll", "regexReplaceAll"),
    ("mustRegexReplaceAllLiteral", "regexReplaceAllLiteral"),
    ("mustRegexSplit", "regexSplit"),
    ("mustRest", "rest"),
    ("mustReverse", "reverse"),
    ("mustSlice", "slice"),
    ("mustToJson", "toJson"),
    ("mustToPrettyJson", "toPrettyJson"),
    ("mustToRawJson", "toRawJson"),
    ("mustUniq", "uniq"),
    ("mustWithout", "without"),
];

/// What Go and sprig have and we don't.
const UNSUPPORTED: &[&str] = &[
    "abbrevboth",
    "addf",
    "add1f",
    "adler32sum",
    "ago",
    "b32dec",
    "b32enc",
    "bcrypt",
    "buildCustomCert",
    "call",
    "dateModify",
    "date_modify",
    "decryptAES",
    "derivePassword",
    "divf",
    "duration",
    "durationRound",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
    "hello",
    "htpasswd",
    "mulf",
    "mustDateModify",
    "mustToDate",
    "must_date_modify",
    "randAscii",
    "randBytes",
    "randInt",
    "semver",
    "shuffle",
    "subf",
    "toDate",
    "toDecimal",
    "urlJoin",
    "wrap",
    "wrapWith",
];
