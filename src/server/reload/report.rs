//! What came of a reload, in words and as JSON.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    config::{Diagnostic, Severity},
    stats::ReloadResult,
};

/// Who asked for a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// SIGHUP.
    Signal,
    /// A file changed.
    Watch,
    /// Somebody at the admin listener.
    Admin,
}

impl Cause {
    /// For the log.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Signal => "SIGHUP",
            Self::Watch => "a change of files",
            Self::Admin => "the admin listener",
        }
    }
}

/// What came of a reload.
#[derive(Debug, Serialize)]
pub struct Report {
    /// In one word.
    pub result: ReloadResult,
    /// The number of the configuration that is served now, from 1.
    pub generation: u64,
    /// What is different, if it was replaced.
    pub changes: Vec<String>,
    /// What stays as it was until a restart, and other things to know.
    pub warnings: Vec<String>,
    /// What was found in the file.
    pub diagnostics: Vec<Told>,
}

/// A finding as JSON.
#[derive(Debug)]
pub struct Told(pub Diagnostic);

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(found) = self;
        let mut told = serializer.serialize_struct("Told", 7)?;
        told.serialize_field("severity", &found.severity.to_string())?;
        told.serialize_field("file", &found.file)?;
        told.serialize_field("line", &found.position.map(|(line, _)| line))?;
        told.serialize_field("column", &found.position.map(|(_, column)| column))?;
        told.serialize_field("pointer", &found.pointer)?;
        told.serialize_field("message", &found.message)?;
        told.serialize_field("hint", &found.hint)?;
        told.end()
    }
}

impl Report {
    /// Writes it into the log: findings first, the outcome last.
    pub fn log(&self, cause: Cause) {
        let cause = cause.label();
        if self.result == ReloadResult::Unchanged {
            tracing::info!("reload for {cause}: the configuration is the same, nothing changed");
            return;
        }
        for Told(found) in &self.diagnostics {
            match found.severity {
                Severity::Error | Severity::Mistake => tracing::error!("{found}"),
                Severity::Warning => tracing::warn!("{found}"),
                Severity::Info => tracing::info!("{found}"),
            }
        }
        if self.result == ReloadResult::Refused {
            tracing::error!("reload for {cause}: the configuration can't be used, the former one is served on");
            return;
        }
        self.changes.iter().for_each(|change| tracing::info!("reload: {change}"));
        self.warnings.iter().for_each(|warning| tracing::warn!("reload: {warning}"));
        tracing::info!("reload for {cause}: configuration {} is served", self.generation);
    }
}
