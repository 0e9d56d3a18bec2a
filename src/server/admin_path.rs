//! What a path below one of the roots of the admin listener says.

use percent_encoding::percent_decode_str;

/// What stands below the root, of a path as the client wrote it; `None` if that is another root's, or no text.
pub(super) fn below(root: &str, path: &str) -> Option<String> {
    let written = path.strip_prefix(root)?.strip_prefix('/')?;
    Some(percent_decode_str(written).decode_utf8().ok()?.into_owned())
}

/// An id and what is asked for about it. An id ends in `:` and a number, and no verb has a colon in it.
pub(super) fn id_and_verb(rest: &str) -> (&str, &str) {
    match rest.rsplit_once('/') {
        Some((id, verb)) if !verb.contains(':') => (id, verb),
        _ => (rest, ""),
    }
}
