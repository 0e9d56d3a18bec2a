//! Files served instead of an upstream's answer.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{ErrorKind, Read},
    path::PathBuf,
};

use bytes::Bytes;
use http::StatusCode;

/// A larger file is not served, in bytes: it is held in memory whole.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Which files answer which paths.
#[derive(Debug)]
pub(super) struct StaticFiles {
    pub(super) root: PathBuf,
    /// Paths of URLs with the file below the root that answers them.
    pub(super) explicit: BTreeMap<String, String>,
}

impl StaticFiles {
    /// The file for a decoded path with its content type, or the status that says why there is none. Reads the disk
    /// on the calling thread, which suits the small files this is made for.
    pub(super) fn read(&self, path: &str) -> Result<(Bytes, &'static str), StatusCode> {
        let clean = cleaned(path);
        let below = self.explicit.get(&clean).cloned().map_or(clean, |file| cleaned(&file));
        let file = self.root.join(below.trim_start_matches('/'));
        let content_type = content_type(file.extension().and_then(|ending| ending.to_str()).unwrap_or_default());
        let mut bytes = Vec::new();
        let opened = File::open(&file).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
        match opened {
            Ok(_) if bytes.len() as u64 > FILE_BYTES_MAX => Err(StatusCode::INTERNAL_SERVER_ERROR),
            Ok(_) => Ok((bytes.into(), content_type)),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(StatusCode::NOT_FOUND),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(StatusCode::UNAUTHORIZED),
            Err(_other) => Err(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// The path without `.`, `..` and double slashes; it never leads above its root.
fn cleaned(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    format!("/{}", kept.join("/"))
}

fn content_type(ending: &str) -> &'static str {
    match ending.to_ascii_lowercase().as_str() {
        "json" => "application/json",
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "xml" => "text/xml; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "webp" => "image/webp",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn no_path_leads_above_the_root() {
        for (path, clean) in [("/../../etc/passwd", "/etc/passwd"), ("/a/./b//../c", "/a/c"), ("", "/"), ("..", "/")] {
            assert_eq!(cleaned(path), clean);
        }
    }
}
