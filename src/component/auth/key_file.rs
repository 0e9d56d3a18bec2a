//! A set of keys in a file, read once, at start.

use std::path::Path;

use super::key::{Key, read_set};

/// Reads the file.
///
/// # Errors
/// When it cannot be read, or holds no set of keys; the text names it.
pub fn read(path: &Path) -> Result<Vec<Key>, String> {
    let text = std::fs::read(path).map_err(|error| format!("cannot read {path:?}: {error}"))?;
    read_set(&text).map_err(|error| format!("{path:?}: {error}"))
}
