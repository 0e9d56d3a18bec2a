//! The first element of a document as data.
//!
//! All values are strings. Of several texts in one element the last counts; but where one stands before all children of
//! an element without attributes, it is that one, as in the original. What follows the first element is not read.

use std::borrow::Cow;

use quick_xml::{
    Reader,
    errors::{Error, IllFormedError},
    escape::unescape,
    events::{BytesRef, BytesStart, Event},
};

use super::{TEXT, write::stays_in_a_name};
use crate::model::{
    Data, DecodeError,
    data::{OPENED_LEVELS_MAX, Object},
};

/// What becomes of `x:name`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::encoding) enum Names {
    /// It is called `name`, as in the original.
    Local,
    /// It is called what it is called.
    Qualified,
}

/// An object whose only member is the document's first element.
///
/// # Errors
/// When the document is not well-formed, nests too deep, or is in an unknown character set.
pub(in crate::encoding) fn decode(body: &[u8]) -> Result<Data, DecodeError> {
    let (name, value) = first_element(body, Names::Local)?;
    Ok(Data::Object(Object::from([(name, value)])))
}

/// The document's first element: its name and what is in it.
pub(in crate::encoding) fn first_element(body: &[u8], names: Names) -> Result<(String, Data), DecodeError> {
    let document = document_text(body)?;
    let mut parser = Parser { reader: Reader::from_str(&document), names, open: Vec::new(), text: String::new() };
    loop {
        match parser.step() {
            Ok(Some(element)) => return Ok(element),
            Ok(None) => {}
            Err(problem) => {
                let read = usize::try_from(parser.reader.buffer_position()).unwrap_or(usize::MAX);
                return Err(problem.into_error(&document, read));
            }
        }
    }
}

/// The document in the character set that its first line names.
fn document_text(body: &[u8]) -> Result<Cow<'_, str>, DecodeError> {
    let declared = declaration(body);
    let encoding = declared.as_deref().and_then(|text| match Reader::from_str(text).read_event() {
        Ok(Event::Decl(declaration)) => {
            declaration.encoding().map(|label| (label.ok().map(Cow::into_owned), declaration.encoder()))
        }
        _ => None,
    });
    match encoding {
        Some((label, None)) => Err(DecodeError::new(format!("unsupported charset: {:?}", label.unwrap_or_default()))),
        Some((_, Some(encoding))) if encoding.name() != "UTF-8" => Ok(encoding.decode(body).0),
        _ => {
            let text = std::str::from_utf8(body)
                .map_err(|_not_text| DecodeError::new("XML syntax error on line 1: invalid UTF-8"))?;
            Ok(text.strip_prefix('\u{feff}').unwrap_or(text).into())
        }
    }
}

/// `<?xml … ?>`, if the body begins with it.
fn declaration(body: &[u8]) -> Option<Cow<'_, str>> {
    let body = body.trim_ascii_start();
    if !body.starts_with(b"<?xml") {
        return None;
    }
    let end = body.windows(2).position(|two| two == b"?>")? + 2;
    Some(String::from_utf8_lossy(body.get(..end)?))
}

/// A document being read.
struct Parser<'a> {
    reader: Reader<&'a [u8]>,
    names: Names,
    open: Vec<Element>,
    /// The character data since the last tag, comment or section.
    text: String,
}

/// An element whose end has not come yet.
struct Element {
    name: String,
    members: Object,
    /// The last text while there were no members.
    first: Option<String>,
    /// The last text since there were some.
    text: Option<String>,
}

/// Why reading stopped.
enum Problem {
    Ended {
        inside: bool,
    },
    TooDeep,
    Entity(String),
    /// Something else stands where the name of an element or of an attribute belongs.
    Unnamed(&'static str),
    Malformed(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Malformed(error)
    }
}

impl Problem {
    fn into_error(self, document: &str, read: usize) -> DecodeError {
        let before = document.as_bytes().get(..read).unwrap_or(document.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let what = match self {
            Self::Ended { inside: false } => return DecodeError::empty(),
            Self::TooDeep => return DecodeError::new("exceeded max depth"),
            Self::Ended { inside: true } | Self::Malformed(Error::Syntax(_)) => "unexpected EOF".into(),
            Self::Unnamed(message) => message.into(),
            Self::Entity(name) => format!("invalid character entity &{name};"),
            Self::Malformed(Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found })) => {
                format!("element <{expected}> closed by </{found}>")
            }
            Self::Malformed(Error::IllFormed(IllFormedError::UnmatchedEndTag(found))) => {
                format!("unexpected end element </{found}>")
            }
            Self::Malformed(Error::InvalidAttr(_)) => "attribute name without = in element".into(),
            Self::Malformed(Error::Escape(_)) => "invalid character entity".into(),
            Self::Malformed(_) => "invalid markup".into(),
        };
        DecodeError::new(format!("XML syntax error on line {line}: {what}"))
    }
}

impl Parser<'_> {
    /// Reads one piece; the document's element when its end has come.
    fn step(&mut self) -> Result<Option<(String, Data)>, Problem> {
        match self.reader.read_event()? {
            Event::Start(tag) => self.start(&tag)?,
            Event::Empty(tag) => {
                self.start(&tag)?;
                return Ok(self.end());
            }
            Event::End(_) => return Ok(self.end()),
            Event::Text(text) => self.text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => self.text.push(character(&reference)?),
            Event::CData(section) => {
                self.settle_text();
                self.text.push_str(&section.xml10_content());
                self.settle_text();
            }
            Event::Eof => return Err(Problem::Ended { inside: !self.open.is_empty() }),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => self.settle_text(),
        }
        Ok(None)
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), Problem> {
        self.settle_text();
        if self.open.len() >= OPENED_LEVELS_MAX {
            return Err(Problem::TooDeep);
        }
        let mut members = Object::new();
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(Error::from)?;
            let value = unescape(&attribute.value).map_err(Error::from)?.into_owned();
            let name = self.name(attribute.key.into_inner(), "expected attribute name in element")?;
            members.insert(format!("-{name}"), Data::String(value));
        }
        let name = self.name(tag.name().into_inner(), "expected element name after <")?.to_owned();
        self.open.push(Element { name, members, first: None, text: None });
        Ok(())
    }

    /// What a tag or an attribute is called.
    fn name<'n>(&self, written: &'n str, otherwise: &'static str) -> Result<&'n str, Problem> {
        if !is_name(written) {
            return Err(Problem::Unnamed(otherwise));
        }
        Ok(match (self.names, written.split_once(':')) {
            (Names::Local, Some((space, local))) if !space.is_empty() && !local.is_empty() => local,
            _ => written,
        })
    }

    /// Closes the innermost element; what it is if it was the outermost.
    fn end(&mut self) -> Option<(String, Data)> {
        self.settle_text();
        let Element { name, mut members, first, text } = self.open.pop()?;
        let text = first.or(text);
        let value = if members.is_empty() {
            Data::String(text.unwrap_or_default())
        } else {
            members.extend(text.map(|text| (TEXT.to_owned(), Data::String(text))));
            Data::Object(members)
        };
        match self.open.last_mut() {
            Some(parent) => {
                add(&mut parent.members, name, value);
                None
            }
            None => Some((name, value)),
        }
    }

    /// Gives the character data so far to the element it is in, unless it is white space.
    fn settle_text(&mut self) {
        let text = self.text.trim_matches(['\t', '\r', '\u{8}', '\n', ' ']);
        if let (Some(element), false) = (self.open.last_mut(), text.is_empty()) {
            let held = if element.members.is_empty() { &mut element.first } else { &mut element.text };
            *held = Some(text.to_owned());
        }
        self.text.clear();
    }
}

/// Whether this names anything. More is a name here than in the original, which refuses to read names that it writes.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(stays_in_a_name) && text.matches(':').count() <= 1
}

/// Adds a child; the second of one name makes a list of both.
fn add(members: &mut Object, name: String, value: Data) {
    match members.get_mut(&name) {
        Some(Data::Array(elements)) => elements.push(value),
        Some(first) => {
            let held = std::mem::replace(first, Data::Null);
            *first = Data::Array(vec![held, value]);
        }
        None => {
            members.insert(name, value);
        }
    }
}

fn character(reference: &BytesRef<'_>) -> Result<char, Problem> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character);
    }
    Ok(match &**reference {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        unknown => return Err(Problem::Entity(unknown.to_owned())),
    })
}
