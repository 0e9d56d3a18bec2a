//! XML as data: attributes are members named `-x`, text beside them is `#text`, elements of one name are a list.
//!
//! Promises: no entity but the five of XML and character references is ever expanded, elements nest to a limit, and
//! what is written cannot be broken out of, whatever the names and texts are.

mod read;
mod write;

#[cfg(test)]
mod tests;

pub(super) use read::{Names, decode, first_element};
pub(super) use write::encode;

/// The member that holds an element's text when it has attributes or children.
pub(super) const TEXT: &str = "#text";
