//! A value found by a dotted path, as the text that goes into the next backend's address.
//!
//! Follows KrakenD's sequential calls to the letter, quirk included: a path whose middle is missing goes on with its
//! last name in the object reached so far. Opens nothing.

use std::borrow::Cow;

use super::{Data, DataKind, figure};

/// How deep the text of an object or a list is spelled out; what is below appears as JSON.
const SPELLED_LEVELS_MAX: usize = 32;

impl Data {
    /// The text, if that is what it is.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let mut opened = self.clone();
        opened.expand();
        match opened {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of the value at `path` (`a.b.c`): strings and numbers as they are, lists joined by commas, objects as
    /// `map[k:1]`, null as `<nil>`. `None` if the last name is not there.
    #[must_use]
    pub fn lookup_text(&self, path: &str) -> Option<String> {
        let (middle, last) = path.rsplit_once('.').map_or((None, path), |(middle, last)| (Some(middle), last));
        let mut reached = Cow::Borrowed(self);
        for name in middle.into_iter().flat_map(|middle| middle.split('.')) {
            match reached.get(name).map(Cow::into_owned) {
                Some(below) if below.kind() == DataKind::Object => reached = Cow::Owned(below),
                _ => break,
            }
        }
        let mut found = reached.get(last)?.into_owned();
        if let Some(elements) = found.as_array_mut() {
            let texts: Vec<String> = elements.drain(..).map(|element| spelled(element, SPELLED_LEVELS_MAX)).collect();
            return Some(texts.join(","));
        }
        Some(spelled(found, SPELLED_LEVELS_MAX))
    }
}

/// Go's `%v`.
fn spelled(mut data: Data, levels: usize) -> String {
    let Some(below) = levels.checked_sub(1) else { return String::from_utf8_lossy(&data.to_bytes()).into_owned() };
    data.expand();
    match data {
        Data::Raw(text) => String::from_utf8_lossy(&text).into_owned(),
        Data::Null => "<nil>".into(),
        Data::Bool(value) => value.to_string(),
        Data::Number(digits) => digits.into(),
        Data::Figure(number) => figure::plain(number),
        Data::String(text) => text,
        Data::Array(elements) => {
            let texts: Vec<String> = elements.into_iter().map(|element| spelled(element, below)).collect();
            format!("[{}]", texts.join(" "))
        }
        Data::Object(members) => {
            let texts: Vec<String> =
                members.into_iter().map(|(name, value)| format!("{name}:{}", spelled(value, below))).collect();
            format!("map[{}]", texts.join(" "))
        }
    }
}
