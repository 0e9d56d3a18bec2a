//! Every function by its name.

use super::super::{limits::TEXT_BYTES_MAX, value::Value};
use super::{Host, arguments::Arguments, basic, compare, convert, lists, maps, numbers, pattern, texts};

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
    if UNSUPPORTED.contains(&name) {
        return Err(format!("the function \"{name}\" is not supported"));
    }
    Err(format!("function \"{name}\" not defined"))
}

fn all() -> impl Iterator<Item = &'static Function> {
    let tables = [
        basic::FUNCTIONS,
        compare::FUNCTIONS,
        convert::FUNCTIONS,
        lists::FUNCTIONS,
        maps::FUNCTIONS,
        numbers::FUNCTIONS,
        pattern::FUNCTIONS,
        texts::FUNCTIONS,
    ];
    tables.into_iter().flatten()
}

/// What every function is called.
#[cfg(test)]
pub(in crate::config::template) fn names() -> Vec<&'static str> {
    all().map(|function| function.name).collect()
}

/// What Go and sprig have and we don't.
const UNSUPPORTED: &[&str] = &[
    "abbrev",
    "abbrevboth",
    "addf",
    "add1f",
    "adler32sum",
    "ago",
    "b32dec",
    "b32enc",
    "base",
    "bcrypt",
    "buildCustomCert",
    "call",
    "camelcase",
    "chunk",
    "clean",
    "date",
    "dateInZone",
    "dateModify",
    "date_in_zone",
    "date_modify",
    "decryptAES",
    "deepCopy",
    "derivePassword",
    "dir",
    "divf",
    "duration",
    "durationRound",
    "encryptAES",
    "ext",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "getHostByName",
    "hello",
    "htmlDate",
    "htmlDateInZone",
    "htpasswd",
    "initials",
    "isAbs",
    "kebabcase",
    "maxf",
    "mergeOverwrite",
    "minf",
    "mulf",
    "mustAppend",
    "mustChunk",
    "mustCompact",
    "mustDateModify",
    "mustDeepCopy",
    "mustFirst",
    "mustFromJson",
    "mustHas",
    "mustInitial",
    "mustLast",
    "mustMerge",
    "mustMergeOverwrite",
    "mustPrepend",
    "mustPush",
    "mustRegexFind",
    "mustRegexFindAll",
    "mustRegexMatch",
    "mustRegexReplaceAll",
    "mustRegexReplaceAllLiteral",
    "mustRegexSplit",
    "mustRest",
    "mustReverse",
    "mustSlice",
    "mustToDate",
    "mustToJson",
    "mustToPrettyJson",
    "mustToRawJson",
    "mustUniq",
    "mustWithout",
    "must_date_modify",
    "now",
    "osBase",
    "osClean",
    "osDir",
    "osExt",
    "osIsAbs",
    "plural",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "regexQuoteMeta",
    "regexReplaceAllLiteral",
    "regexSplit",
    "semver",
    "semverCompare",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "shuffle",
    "snakecase",
    "subf",
    "swapcase",
    "toDate",
    "toDecimal",
    "unixEpoch",
    "untitle",
    "urlJoin",
    "urlParse",
    "uuidv4",
    "wrap",
    "wrapWith",
];
