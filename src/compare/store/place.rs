//! The place of a difference: how it is shown, and whether its name tells that the values there are secret.
//!
//! Names of fields come from traffic: one that looks like a secret is replaced. A path that can't be read back to the
//! same names is not shown at all, and what stands there counts as secret.

use crate::config::shadow::{FieldPath, FieldStep};

use super::{Redactor, looks, names::NAME_BYTES_MAX, value::beginning};

/// The longest path that is kept, in bytes.
pub(super) const PATH_BYTES_MAX: usize = 512;

/// How the place of a header begins.
const HEADER: &str = "header:";

/// Headers whose values are addresses with paths and queries.
const OF_ADDRESSES: [&str; 2] = ["location", "content-location"];

/// A place as it may be shown.
pub(super) struct Place {
    /// Its path.
    pub(super) shown: Box<str>,
    /// Whether what stands there is secret by its name or by a name above it.
    pub(super) is_secret: bool,
    /// Whether it is an address.
    pub(super) is_address: bool,
}

impl Redactor {
    /// The place that a path leads to.
    pub(super) fn place(&self, path: &str) -> Place {
        let place = if self.shows_all() {
            Place { shown: path.into(), is_secret: false, is_address: false }
        } else if let Some(name) = path.strip_prefix(HEADER) {
            self.header(name)
        } else if path.starts_with('$') {
            self.field(path)
        } else {
            // `status` and `body`, which traffic can't choose.
            let is_known = path.len() <= NAME_BYTES_MAX && !looks::is_secret(path);
            let shown = if is_known { path.into() } else { self.inline(path).into() };
            Place { shown, is_secret: !is_known, is_address: false }
        };
        Place { shown: self.cut_path(&place.shown, path), ..place }
    }

    fn header(&self, name: &str) -> Place {
        let shown = format!("{HEADER}{}", self.name(name)).into();
        let is_address = OF_ADDRESSES.iter().any(|header| header.eq_ignore_ascii_case(name));
        Place { shown, is_secret: self.names.tell(name), is_address }
    }

    fn field(&self, path: &str) -> Place {
        let read = FieldPath::parse(path).ok().filter(|read| read.to_string() == path);
        let Some(FieldPath(mut steps)) = read else {
            return Place { shown: format!("$.{}", self.inline(path)).into(), is_secret: true, is_address: false };
        };
        let mut is_secret = false;
        for step in &mut steps {
            if let FieldStep::Name(name) = step {
                is_secret |= self.names.tell(name);
                *name = self.name(name);
            }
        }
        Place { shown: written(&steps).into(), is_secret, is_address: false }
    }

    /// A name of a field, of a header or of a parameter.
    pub(super) fn name(&self, name: &str) -> String {
        let is_shown = name.len() <= NAME_BYTES_MAX && !looks::is_secret(name);
        if is_shown { name.to_owned() } else { self.inline(name) }
    }

    /// A path that is too long, with a mark of the whole at its end: two that begin alike stay apart.
    fn cut_path(&self, shown: &str, path: &str) -> Box<str> {
        let shown = printable(shown);
        if shown.len() <= PATH_BYTES_MAX {
            return shown.into();
        }
        let mark = self.inline(path);
        format!("{}…{mark}", beginning(&shown, PATH_BYTES_MAX - mark.len() - '…'.len_utf8())).into()
    }
}

/// A text that may stand in a line of the log: what would end the line or steer a terminal is U+FFFD.
pub(super) fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// A path in which names that were replaced stand without quotes.
fn written(steps: &[FieldStep]) -> String {
    let mut path = String::from("$");
    for step in steps {
        match step {
            FieldStep::Name(name) if name.starts_with("{redacted:") => {
                path.push('.');
                path.push_str(name);
            }
            step => path.push_str(&step.to_string()),
        }
    }
    path
}
