//! Tables of a page that a program measures, between marks, so that nobody types them.

use std::{fs, io, path::PathBuf};

/// The page with all figures.
pub(crate) const PAGE: &str = "docs/performance.md";

/// A file of the repository.
pub(crate) fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Puts a table where the page says `<!-- measured: NAME -->`, up to `<!-- end -->`.
///
/// # Errors
/// When the page can't be read or written, or has no such place.
pub(crate) fn fill(name: &str, table: &str) -> io::Result<()> {
    let page = in_repository(PAGE);
    let text = fs::read_to_string(&page)?;
    let (begin, end) = (format!("<!-- measured: {name} -->\n"), "<!-- end -->");
    let place = text.split_once(begin.as_str()).and_then(|(before, after)| Some((before, after.split_once(end)?.1)));
    let Some((before, after)) = place else {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{PAGE} has no place for {name}")));
    };
    fs::write(page, format!("{before}{begin}{}\n{end}{after}", table.trim_end()))
}
