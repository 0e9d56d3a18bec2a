//! One finding about a configuration file: how bad, where, what, and what to write instead.
//!
//! Promises: a finding reads as one line; findings are values collected beside the result, never thrown.

use std::fmt;

/// How bad a finding is. Only [`Severity::Error`] keeps a configuration from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something the reader may want to know.
    Info,
    /// The file probably doesn't do what its author thinks.
    Warning,
    /// The file surely does not do what its author means, though KrakenD would run it: `check` fails, and `run` says so
    /// as an error and goes on as KrakenD does, because a file that runs there runs here.
    Mistake,
    /// The file cannot be used.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Mistake | Severity::Error => "error",
        })
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file's name as given by the user.
    pub file: String,
    /// Line and column (both from 1, columns in characters), where the format allows it.
    pub position: Option<(usize, usize)>,
    /// Where, as a JSON pointer; empty means the whole document.
    pub pointer: String,
    /// What is wrong, lower case, without a full stop.
    pub message: String,
    /// The value found, as compact JSON, shortened.
    pub value: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A finding at `pointer`; file and position are filled in when loading ends.
    #[must_use]
    pub fn new(severity: Severity, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity,
            file: String::new(),
            position: None,
            pointer: pointer.into(),
            message: message.into(),
            value: None,
            hint: None,
        }
    }

    /// The same finding with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same finding with the value it is about.
    #[must_use]
    pub fn value(mut self, value: &serde_json::Value) -> Self {
        self.value = Some(brief(value));
        self
    }
}

/// `krakend.json:12:9: error at /endpoints/0/timeout: "150" is not a duration (write "150ms")`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file)?;
        if let Some((line, column)) = self.position {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {}", self.severity)?;
        if !self.pointer.is_empty() {
            write!(formatter, " at {}", self.pointer)?;
        }
        write!(formatter, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// A value as compact JSON, cut after some sixty characters.
#[must_use]
pub fn brief(value: &serde_json::Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    text.chars().take(57).chain("...".chars()).collect()
}

/// The findings so far.
#[derive(Debug, Default)]
pub struct Findings {
    list: Vec<Diagnostic>,
}

impl Findings {
    /// Adds one finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds an error.
    pub fn error(&mut self, pointer: &str, message: impl Into<String>) {
        self.push(Diagnostic::new(Severity::Error, pointer, message));
    }

    /// Adds a warning.
    pub fn warning(&mut self, pointer: &str, message: impl Into<String>) {
        self.push(Diagnostic::new(Severity::Warning, pointer, message));
    }

    /// Adds an information.
    pub fn info(&mut self, pointer: &str, message: impl Into<String>) {
        self.push(Diagnostic::new(Severity::Info, pointer, message));
    }

    /// Adds a mistake: the file does not do what its author means, and runs all the same.
    pub fn mistake(&mut self, pointer: &str, message: impl Into<String>) {
        self.push(Diagnostic::new(Severity::Mistake, pointer, message));
    }

    /// Adds findings about settings that protect something: a wrong value there is never only a warning.
    pub fn append_as_mistakes(&mut self, findings: Self) {
        for mut finding in findings.list {
            finding.severity = finding.severity.max(Severity::Mistake);
            self.list.push(finding);
        }
    }

    /// Adds findings, those left out that say what was said at the same place already.
    pub fn absorb(&mut self, findings: Self) {
        for finding in findings.list {
            if !self.list.contains(&finding) {
                self.list.push(finding);
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether any finding keeps the configuration from being used.
    #[must_use]
    pub fn any_error(&self) -> bool {
        self.list.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// All findings, in the order they were made.
    #[must_use]
    pub fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }
}
