//! What the file says about one place's scripts, with their texts read.

use std::{fs::File, io::Read};

use serde_json::Value;

use crate::config::{
    Diagnostic, Node, Severity,
    diagnostic::{Findings, brief},
};

use super::{checksum::md5, error::ScriptError, machine};

/// A larger source file is not read, in bytes.
const SOURCE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The scripts of one place.
#[derive(Debug)]
pub(super) struct Settings {
    paths: Vec<String>,
    /// What the files held at the start; the error says which could not be read.
    sources: Result<Sources, ScriptError>,
    /// The script before what is below.
    pub(super) pre: String,
    /// The script after it.
    pub(super) post: String,
    is_live: bool,
    /// Whether scripts may use more than the base, table and package libraries.
    pub(super) open_libraries: bool,
    /// Whether what is below is left out.
    pub(super) skip_next: bool,
}

/// Source files, joined, with what is needed to say where an error is.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// All of them, a line break between.
    pub(super) text: String,
    /// Where they come from, with the number of lines of each.
    pub(super) files: Vec<(String, usize)>,
}

impl Settings {
    /// Reads the settings; `None`, with a finding, where the original runs no script at all.
    pub(super) fn read(node: &Node<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.value().is_object() {
            let text = format!("{} is not an object: NO script runs, as in KrakenD", brief(node.value()));
            findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), text).value(node.value()));
            return None;
        }
        let flag = |key: &str, findings: &mut Findings| node.member(key).exact_flag(findings).unwrap_or_default();
        let text = |key: &str, findings: &mut Findings| node.member(key).exact_text(findings).unwrap_or_default();
        let paths = node.member("sources").exact_texts(findings).unwrap_or_default();
        let settings = Self {
            sources: read(&paths),
            paths,
            pre: text("pre", findings),
            post: text("post", findings),
            is_live: flag("live", findings),
            open_libraries: flag("allow_open_libs", findings),
            skip_next: flag("skip_next", findings),
        };
        settings.has_its_checksums(&node.member("md5"), findings).then_some(())?;
        settings.tell_of_errors(node, findings);
        Some(settings)
    }

    /// The sources, read again if they are live.
    pub(super) fn sources(&self) -> Result<Sources, ScriptError> {
        if self.is_live { read(&self.paths) } else { self.sources.clone() }
    }

    /// Whether a word stands anywhere in the scripts, as far as that is known.
    pub(super) fn mention(&self, word: &str) -> bool {
        let in_sources = self.sources.as_ref().is_ok_and(|sources| sources.text.contains(word));
        self.is_live || in_sources || self.pre.contains(word) || self.post.contains(word)
    }

    fn has_its_checksums(&self, node: &Node<'_>, findings: &mut Findings) -> bool {
        if self.is_live {
            return true;
        }
        for (path, wanted) in node.members() {
            let actual = read_file(path).map(|text| md5(text.as_bytes()));
            if let (Value::String(wanted), Some(actual)) = (wanted.value(), &actual)
                && wanted == actual
            {
                continue;
            }
            let told = actual.map_or_else(|| "no such file".to_owned(), |actual| format!("it is \"{actual}\""));
            let text = format!("{} is not the checksum of {path:?}: NO script runs, as in KrakenD", wanted.value());
            findings.push(Diagnostic::new(Severity::Mistake, wanted.pointer(), text).value(wanted.value()).hint(told));
            return false;
        }
        true
    }

    /// Tells of what will make every request fail.
    fn tell_of_errors(&self, node: &Node<'_>, findings: &mut Findings) {
        let mut tell = |key: &str, message: &str| {
            let text = format!("{message}: every request will fail, as in KrakenD");
            findings.push(Diagnostic::new(Severity::Mistake, node.member(key).pointer(), text));
        };
        match &self.sources {
            Err(error) => tell("sources", &error.message),
            Ok(sources) => {
                if let Err(error) = machine::check("sources", &sources.text) {
                    tell("sources", &error.message);
                }
            }
        }
        for (key, name, text) in [("pre", "pre-script", &self.pre), ("post", "post-script", &self.post)] {
            if let Err(error) = machine::check(name, text) {
                tell(key, &error.message);
            }
        }
        if self.mention("http_response") {
            tell("pre", "http_response is not supported yet, a script that uses it ends with an error");
        }
    }
}

fn read(paths: &[String]) -> Result<Sources, ScriptError> {
    let mut sources = Sources::default();
    for path in paths {
        let missing = || ScriptError::plain(format!("lua: unable to load required source {path}"));
        let text = read_file(path).ok_or_else(missing)?;
        sources.files.push((path.clone(), text.matches('\n').count() + 1));
        sources.text.push_str(&text);
        sources.text.push('\n');
    }
    Ok(sources)
}

fn read_file(path: &str) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(SOURCE_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}
