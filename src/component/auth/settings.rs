//! Settings that the original decodes into a structure as a whole: keys in any letter case, and one value of the wrong
//! type spoils all of them. Then every request is refused, there and here.

use crate::config::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    duration::Nanoseconds,
};
use std::{path::PathBuf, time::Duration};

use super::{algorithm::Algorithm, key_host::KeyHost};

/// A reader that remembers whether a value had the wrong type.
#[derive(Debug)]
pub struct Settings<'a, 'f> {
    node: &'a Node<'a>,
    findings: &'f mut Findings,
    is_spoilt: bool,
}

/// Where keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A file on this machine.
    File(PathBuf),
    /// An address.
    Host(KeyHost),
}

impl<'a, 'f> Settings<'a, 'f> {
    /// Reads from `node`.
    pub fn new(node: &'a Node<'a>, findings: &'f mut Findings) -> Self {
        let mut settings = Self { node, findings, is_spoilt: false };
        if !node.value().is_object() {
            settings.spoil(node, "an object");
        }
        settings
    }

    /// Whether nothing of the settings holds.
    #[must_use]
    pub fn are_spoilt(&self) -> bool {
        self.is_spoilt
    }

    /// A text, empty unless given.
    pub fn text(&mut self, key: &str) -> String {
        let node = self.node.field(key);
        match node.value().as_str() {
            Some(text) => text.to_owned(),
            None => self.absent_or_spoilt(&node, "a text"),
        }
    }

    /// Texts, none unless given.
    pub fn texts(&mut self, key: &str) -> Vec<String> {
        let node = self.node.field(key);
        let Some(list) = node.value().as_array() else { return self.absent_or_spoilt(&node, "a list of texts") };
        let texts: Option<Vec<String>> = list.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        texts.unwrap_or_else(|| self.absent_or_spoilt(&node, "a list of texts"))
    }

    /// Lists of texts, none unless given.
    pub fn lists(&mut self, key: &str) -> Vec<Vec<String>> {
        const WANTED: &str = "a list of pairs of texts";
        let node = self.node.field(key);
        let Some(list) = node.value().as_array() else { return self.absent_or_spoilt(&node, WANTED) };
        let texts = |item: &serde_json::Value| {
            item.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        let lists: Option<Vec<Vec<String>>> = list.iter().map(texts).collect();
        lists.unwrap_or_else(|| self.absent_or_spoilt(&node, WANTED))
    }

    /// A truth value, false unless given.
    pub fn flag(&mut self, key: &str) -> bool {
        let node = self.node.field(key);
        node.value().as_bool().unwrap_or_else(|| self.absent_or_spoilt(&node, "true or false"))
    }

    /// A number of seconds, 0 unless given.
    pub fn seconds(&mut self, key: &str) -> Duration {
        let node = self.node.field(key);
        let seconds = node.value().as_u64().filter(|seconds| u32::try_from(*seconds).is_ok());
        Duration::from_secs(seconds.unwrap_or_else(|| self.absent_or_spoilt(&node, "a number of seconds")))
    }

    /// A time written as in Go; nothing unless given or when it cannot be read, of which is warned.
    pub fn duration(&mut self, key: &str) -> Option<Duration> {
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        let duration = Nanoseconds::parse(&text).and_then(Nanoseconds::positive);
        if duration.is_none() {
            let node = self.node.field(key);
            let message = format!("{} is not a duration, ignored as KrakenD does", brief(node.value()));
            self.findings.push(Diagnostic::new(Severity::Warning, node.pointer(), message).value(node.value()));
        }
        duration
    }

    /// `alg`.
    pub fn algorithm(&mut self) -> Option<Algorithm> {
        let name = self.text("alg");
        let found = Algorithm::named(&name);
        let pointer = self.node.field("alg").pointer().to_owned();
        match found {
            None => self.findings.error(&pointer, format!("alg \"{name}\" is no algorithm")),
            Some(found) if !found.is_available() => {
                let finding = Diagnostic::new(Severity::Mistake, pointer, format!("{name} is not supported yet"));
                self.findings.push(finding.hint("every request is refused"));
            }
            Some(_) => {}
        }
        found
    }

    /// Where the keys come from; nothing where the original refuses the place, of which is told.
    pub fn key_place(&mut self) -> Option<KeyPlace> {
        let (url, file) = (self.text("jwk_url"), self.text("jwk_local_path"));
        let is_insecure = self.flag("disable_jwk_security");
        let authority = self.text("jwk_local_ca");
        if !is_insecure && !url.starts_with("https://") {
            self.mistake("jwk_url", "must begin with https:// unless disable_jwk_security is true");
            return None;
        }
        if !file.is_empty() {
            return Some(KeyPlace::File(file.into()));
        }
        let authority = (!authority.is_empty()).then(|| authority.into());
        Some(KeyPlace::Host(KeyHost { url, is_insecure, authority }))
    }

    /// Tells of a setting with which every request is refused.
    pub fn mistake(&mut self, key: &str, what: &str) {
        let node = self.node.field(key);
        let message = format!("{key} {what}; every request is refused, as in KrakenD");
        self.findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message));
    }

    /// Tells of a setting with which the original does not start.
    pub fn error(&mut self, key: &str, what: impl Into<String>) {
        self.findings.error(self.node.field(key).pointer(), what);
    }

    fn absent_or_spoilt<T: Default>(&mut self, node: &Node<'_>, wanted: &str) -> T {
        if !node.is_absent() {
            self.spoil(node, wanted);
        }
        T::default()
    }

    fn spoil(&mut self, node: &Node<'_>, wanted: &str) {
        self.is_spoilt = true;
        let message = format!("{} is not {wanted}; every request is refused, as in KrakenD", brief(node.value()));
        self.findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message).value(node.value()));
    }
}
