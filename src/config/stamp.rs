//! A document with the state of the files it names, so that two readings of it can be compared.
//!
//! Scripts, certificates, keys and secrets stand in files of their own. A document that names the same files is only the
//! same as before when these are. Nothing is read here: size, time and identity of a file say whether it is another one.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use serde_json::Value;

/// The longest path that the system takes, in bytes.
const PATH_BYTES_MAX: usize = 4096;

/// The same document, in which every text that names a file also says which state that file is in.
#[must_use]
pub fn stamped(document: &Value) -> Value {
    match document {
        Value::String(text) => match of_named(text) {
            // No path holds this character, so nobody can write such a text to look like a file.
            Some(stamp) => Value::String(format!("{text}\0{stamp}")),
            None => document.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(stamped).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), stamped(value))).collect())
        }
        other => other.clone(),
    }
}

fn of_named(text: &str) -> Option<String> {
    let may_be_path = text.contains(['/', '.']) && text.len() <= PATH_BYTES_MAX && !text.contains(['{', '\0', '\n']);
    if may_be_path { of_file(Path::new(text)) } else { None }
}

/// The state of a file; `None` if there is none.
#[must_use]
pub fn of_file(path: &Path) -> Option<String> {
    let facts = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let (device, inode, bytes) = (facts.dev(), facts.ino(), facts.len());
    Some(format!(
        "{device}:{inode} {bytes} {}.{:09} {}.{:09}",
        facts.mtime(),
        facts.mtime_nsec(),
        facts.ctime(),
        facts.ctime_nsec()
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_texts_that_name_files_change() {
        let document = json!({ "a": ["Cargo.toml", "no/such.file", "src/", 1], "b": { "c": "/users/{id}" } });
        let stamped = stamped(&document);
        assert!(stamped["a"][0].as_str().unwrap().starts_with("Cargo.toml\0"), "{stamped}");
        let rest = |value: &Value| (value["a"].as_array().unwrap()[1..].to_vec(), value["b"].clone());
        assert_eq!(rest(&stamped), rest(&document));
    }

    #[test]
    fn a_file_that_is_replaced_is_another_one() {
        let folder = std::env::temp_dir().join(format!("gnomon-stamp-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, next) = (folder.join("script.lua"), folder.join("next"));
        fs::write(&path, "one").unwrap();
        let before = of_file(&path).unwrap();
        assert_eq!(of_file(&path).as_ref(), Some(&before));
        fs::write(&next, "two").unwrap();
        fs::rename(&next, &path).unwrap();
        assert_ne!(of_file(&path).unwrap(), before);
        fs::remove_dir_all(&folder).unwrap();
    }
}
