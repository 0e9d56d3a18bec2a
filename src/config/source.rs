//! Where a configuration comes from: a file or a text, and the variables that override it.
//!
//! Promises: reading and parsing answer with a finding, never with a panic; the format goes by the name's extension.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::Value;

use super::{
    diagnostic::{Diagnostic, Severity},
    position::line_and_column,
};

/// What to load.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file on disk.
    File(PathBuf),
    /// A text under a name whose extension decides the format.
    Text {
        /// Shown in findings.
        name: String,
        /// The content.
        text: String,
    },
}

impl Source {
    /// The name shown in findings.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::Text { name, .. } => name.clone(),
        }
    }

    /// The content.
    ///
    /// # Errors
    /// A finding when the file cannot be read as UTF-8 text.
    pub fn read(&self) -> Result<String, Box<Diagnostic>> {
        match self {
            Source::File(path) => std::fs::read_to_string(path).map_err(|error| Box::new(unreadable(path, &error))),
            Source::Text { text, .. } => Ok(text.clone()),
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    };
    Diagnostic::new(Severity::Error, "", format!("open {}: {reason}", path.display()))
}

/// The surroundings that count, injected so that loading depends on nothing else.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    cores: usize,
    now: Option<SystemTime>,
}

impl Environment {
    /// The variables and cores of this process; variables that are not Unicode are left out.
    #[must_use]
    pub fn of_process() -> Self {
        let pairs = std::env::vars_os();
        let text = pairs.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { cores, now: Some(SystemTime::now()), ..text.collect() }
    }

    /// The same with another clock.
    #[must_use]
    pub fn at(self, now: SystemTime) -> Self {
        Self { now: Some(now), ..self }
    }

    /// The time of day, if it is to count.
    #[must_use]
    pub fn now(&self) -> Option<SystemTime> {
        self.now
    }

    /// How many cores there are, at least 1.
    #[must_use]
    pub fn cores(&self) -> usize {
        self.cores.max(1)
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Every `KRAKEND_X=v` as `("x", v)`, by name.
    pub fn overrides(&self) -> impl Iterator<Item = (String, &str)> {
        let named = |(name, value): (&'_ String, _)| Some((name.strip_prefix("KRAKEND_")?.to_ascii_lowercase(), value));
        self.variables.iter().map(|(name, value)| (name, value.as_str())).filter_map(named)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self {
            variables: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            cores: 1,
            now: None,
        }
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Strict JSON: any extension that is not named below.
    Json,
    /// `.yaml`, `.yml`.
    Yaml,
    /// `.toml`.
    Toml,
}

impl Format {
    /// The format of a file of that name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match Path::new(name).extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => Format::Yaml,
            Some("toml") => Format::Toml,
            _ => Format::Json,
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// One finding, with line and column where the parser knows them.
    pub fn parse(self, text: &str) -> Result<Value, Box<Diagnostic>> {
        match self {
            Format::Json => serde_json::from_str(text).map_err(|error| Box::new(json_finding(text, &error))),
            Format::Yaml => yaml(text),
            Format::Toml => toml::from_str(text).map_err(|error| {
                let message = first_line(error.message());
                let mut finding = Diagnostic::new(Severity::Error, "", message);
                finding.position = error.span().map(|span| line_and_column(text, span.start));
                Box::new(finding)
            }),
        }
    }
}

fn json_finding(text: &str, error: &serde_json::Error) -> Diagnostic {
    let position = (error.line(), error.column().max(1));
    // The words of the original for a text that stops too early; its other messages carry no position, ours do.
    let message = if error.is_eof() {
        "unexpected end of JSON input".to_owned()
    } else {
        let whole = error.to_string();
        whole.rsplit_once(" at line ").map_or(whole.clone(), |(message, _)| message.to_owned())
    };
    let mut finding = Diagnostic::new(Severity::Error, "", message);
    finding.position = (error.line() > 0 && !text.trim().is_empty()).then_some(position);
    if text.starts_with('\u{feff}') {
        // No editor shows it.
        return finding.hint("the file starts with a byte order mark, save it as UTF-8 without one");
    }
    finding
}

fn yaml(text: &str) -> Result<Value, Box<Diagnostic>> {
    // YAML 1.2 as the original reads it: only `true` and `false` are truth values, `yes` is a text.
    let options = serde_saphyr::options! { strict_booleans: true };
    let read = match serde_saphyr::from_str_with_options(text, options.clone()) {
        // As in KrakenD, whatever follows the first document is not read.
        Err(error) if matches!(error.without_snippet(), serde_saphyr::Error::MultipleDocuments { .. }) => {
            let mut bytes = text.as_bytes();
            serde_saphyr::read_with_options(&mut bytes, options).next().unwrap_or(Ok(Value::Null))
        }
        read => read,
    };
    read.map_err(|error| {
        let plain = error.without_snippet().to_string();
        // The place is said by the finding itself.
        let message = first_line(plain.strip_prefix("error: ").unwrap_or(&plain));
        let message = message.split_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        let message =
            message.split_once(": ").filter(|(place, _)| place.starts_with("line ")).map_or(message, |(_, rest)| rest);
        // The library gives advice to those who program with it.
        let message = message.split_once(", set DuplicateKeyPolicy").map_or(message, |(message, _)| message);
        let mut finding = Diagnostic::new(Severity::Error, "", message);
        let place = |location: serde_saphyr::Location| {
            Some((location.line().try_into().ok()?, location.column().try_into().ok()?))
        };
        finding.position = error.location().and_then(place);
        Box::new(finding)
    })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
