//! The file whose presence switches all shadows off, watched on a thread of its own: a disk that hangs must hold up nothing.

use std::{
    io::ErrorKind,
    path::Path,
    sync::Weak,
    thread::{Builder, park_timeout},
};

use super::Control;
use crate::control::{Moment, TICK};

/// Whether the file is there. One that can't be looked for counts as there: who wants to switch off must be heard.
pub(super) fn is_there(path: Option<&Path>) -> bool {
    path.is_some_and(|path| match std::fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    })
}

/// Looks for the file of whatever configuration is served, until the controls are gone.
pub(super) fn watch(control: Weak<Control>) {
    let look = move || {
        while let Some(control) = control.upgrade() {
            let path = control.kill_file();
            control.see_kill_file(is_there(path.as_deref()), Moment::now());
            drop(control);
            park_timeout(TICK);
        }
    };
    if let Err(error) = Builder::new().name("kill-file".into()).spawn(look) {
        tracing::error!("the kill file is not watched: no thread for it ({error})");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_is_surely_absent_kills_nothing() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(is_there(Some(&here.join("Cargo.toml"))));
        assert!(!is_there(Some(&here.join("no/such/file"))));
        assert!(!is_there(Some(&here.join("Cargo.toml/below/a/file"))));
        assert!(!is_there(None));
        assert!(is_there(Some(Path::new(&"x".repeat(5000)))), "a name that no disk takes");
    }
}
