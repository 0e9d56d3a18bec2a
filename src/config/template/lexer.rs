//! A template's text as tokens: literal text, and what stands between `{{` and `}}`.
//!
//! Promises: every token knows its byte offset; trim markers and comments are resolved here.

use super::{literal, value::Value};

/// What a token is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Text outside of actions.
    Text(String),
    /// `{{`.
    Open,
    /// `}}`.
    Close,
    /// A word: a keyword, a function, `true`, `false`, `nil`.
    Word(String),
    /// `.name`, without the dot.
    Field(String),
    /// `$name`, with the dollar.
    Variable(String),
    /// A constant.
    Constant(Value),
    /// `.` alone.
    Dot,
    /// `|`, `(`, `)`, `,`, `=` or `:=`.
    Sign(&'static str),
}

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    /// Whether white space stands before it.
    pub(super) spaced: bool,
    /// What it is.
    pub(super) kind: Kind,
}

/// What is wrong, and where in bytes.
pub(super) type Fault = (usize, String);

/// Splits a template into tokens.
///
/// # Errors
/// The first place that cannot be read.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut lexer = Lexer { text, at: 0, tokens: Vec::new(), parentheses: Vec::new() };
    lexer.document()?;
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    /// Where the open parentheses of this action are.
    parentheses: Vec<usize>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, at: usize, spaced: bool, kind: Kind) {
        self.tokens.push(Token { at, spaced, kind });
    }

    fn document(&mut self) -> Result<(), Fault> {
        let mut trims = false;
        loop {
            let (start, rest) = (self.at, self.rest());
            let literal = rest.split_once("{{").map_or(rest, |(literal, _)| literal);
            let is_last = literal.len() == rest.len();
            self.at += literal.len();
            let trims_end = !is_last && marker(self.rest().get(2..).unwrap_or_default());
            let mut shown = literal;
            if trims {
                shown = shown.trim_start_matches(is_space);
            }
            if trims_end {
                shown = shown.trim_end_matches(is_space);
            }
            if !shown.is_empty() {
                self.push(start, false, Kind::Text(shown.to_owned()));
            }
            if is_last {
                return Ok(());
            }
            trims = self.action(trims_end)?;
        }
    }

    /// One `{{ … }}`; answers whether it trims what follows.
    fn action(&mut self, marked: bool) -> Result<bool, Fault> {
        let open = self.at;
        self.at += if marked { 4 } else { 2 };
        if self.rest().starts_with("/*") {
            return self.comment(open);
        }
        self.push(open, false, Kind::Open);
        self.parentheses.clear();
        loop {
            let rest = self.rest();
            let inner = rest.trim_start_matches(is_space);
            let spaced = inner.len() < rest.len();
            self.at += rest.len() - inner.len();
            let at = self.at;
            let closing = if spaced && inner.starts_with("-}}") { 3 } else { 2 };
            if closing == 3 || inner.starts_with("}}") {
                if let Some(open) = self.parentheses.pop() {
                    return Err((open, "unclosed left paren".to_owned()));
                }
                self.at += closing;
                self.push(at, spaced, Kind::Close);
                return Ok(closing == 3);
            }
            let Some(first) = inner.chars().next() else {
                return Err((open, "unclosed action".to_owned()));
            };
            let (kind, length) = self.token(first, inner).map_err(|message| (at, message))?;
            self.at += length;
            self.push(at, spaced, kind);
        }
    }

    fn comment(&mut self, open: usize) -> Result<bool, Fault> {
        let Some((inside, after)) = self.rest().split_once("*/") else {
            return Err((open, "unclosed comment".to_owned()));
        };
        let tail = after.trim_start_matches(is_space);
        let spaced = tail.len() < after.len();
        let (trims, length) = match (tail.starts_with("-}}"), after.starts_with("}}")) {
            (true, _) if spaced => (true, after.len() - tail.len() + 3),
            (_, true) => (false, 2),
            _ => return Err((open, "comment ends before closing delimiter".to_owned())),
        };
        self.at += inside.len() + 2 + length;
        Ok(trims)
    }

    fn token(&mut self, first: char, inner: &str) -> Result<(Kind, usize), String> {
        match first {
            '"' => quoted(inner, '"'),
            '\'' => quoted(inner, '\''),
            '`' => {
                let raw = inner.get(1..).and_then(|rest| rest.split_once('`'));
                let (raw, _) = raw.ok_or("unterminated raw quoted string")?;
                Ok((Kind::Constant(Value::text(&raw.replace('\r', ""))), raw.len() + 2))
            }
            '$' => {
                let name = word(inner.get(1..).unwrap_or_default());
                Ok((Kind::Variable(format!("${name}")), name.len() + 1))
            }
            '.' if !inner.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) => {
                let name = word(inner.get(1..).unwrap_or_default());
                let kind = if name.is_empty() { Kind::Dot } else { Kind::Field(name.to_owned()) };
                Ok((kind, name.len() + 1))
            }
            '.' | '+' | '-' | '0'..='9' => number(inner),
            '(' => {
                self.parentheses.push(self.at);
                Ok((Kind::Sign("("), 1))
            }
            ')' => match self.parentheses.pop() {
                Some(_) => Ok((Kind::Sign(")"), 1)),
                None => Err("unexpected right paren".to_owned()),
            },
            _ if is_letter(first) => {
                let name = word(inner);
                Ok((Kind::Word(name.to_owned()), name.len()))
            }
            _ => sign(inner).ok_or_else(|| format!("unexpected {first:?} in action")),
        }
    }
}

fn sign(inner: &str) -> Option<(Kind, usize)> {
    let sign = [":=", "=", "|", ","].into_iter().find(|sign| inner.starts_with(sign))?;
    Some((Kind::Sign(sign), sign.len()))
}

fn quoted(inner: &str, quote: char) -> Result<(Kind, usize), String> {
    let mut escaped = false;
    for (place, character) in inner.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => break,
            _ if character == quote => {
                let content = inner.get(1..place).unwrap_or_default();
                let value = if quote == '"' {
                    literal::unquote(content).map(|text| Value::text(&text))?
                } else {
                    literal::character(content)?
                };
                return Ok((Kind::Constant(value), place + 1));
            }
            _ => {}
        }
    }
    let what = if quote == '"' { "quoted string" } else { "character constant" };
    Err(format!("unterminated {what}"))
}

fn number(inner: &str) -> Result<(Kind, usize), String> {
    let hexadecimal =
        inner.trim_start_matches(['+', '-']).get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"));
    let mut before = ' ';
    let end = inner.find(|c: char| {
        let exponent = !hexadecimal && matches!(before, 'e' | 'E');
        let inside =
            before == ' ' || c.is_alphanumeric() || matches!(c, '.' | '_') || (exponent && matches!(c, '+' | '-'));
        before = c;
        !inside
    });
    let text = inner.get(..end.unwrap_or(inner.len())).unwrap_or_default();
    literal::number(text).map(|value| (Kind::Constant(value), text.len()))
}

/// Whether a trim marker (`- `) stands right after an opening delimiter.
fn marker(inner: &str) -> bool {
    inner.strip_prefix('-').is_some_and(|rest| rest.starts_with(is_space))
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !is_letter(c) && !c.is_numeric()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn is_letter(character: char) -> bool {
    character == '_' || character.is_alphabetic()
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}
