//! `telemetry/logging` and its companion `telemetry/logstash`: which lines are logged, how they look, where they go.

use crate::config::{
    LogForm, LogLevel, Logging, Node,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    log_pattern,
};

/// The facility of `local0`; the others follow.
const LOCAL0: u8 = 16;
/// The facility unless the file names one: `local3`.
const FACILITY: u8 = LOCAL0 + 3;

/// Reads both components of an `extra_config`; `None` leaves the log as it is without them.
pub(super) fn logging(extra: &Node<'_>, findings: &mut Findings) -> Option<Logging> {
    let (node, companion) = (extra.namespace("telemetry/logging"), extra.namespace("telemetry/logstash"));
    if !node.exact_object(findings) {
        if !companion.is_absent() {
            findings.warning(companion.pointer(), "telemetry/logstash does nothing without telemetry/logging");
        }
        return None;
    }
    if companion.value().get("enabled").is_some_and(|enabled| *enabled == false) {
        findings.warning(companion.pointer(), "\"enabled\" is not read, as in KrakenD: leave the component out");
    }
    // Everything is read before it is decided, so that all findings come at once.
    let level = level(&node.member("level"), findings);
    let form = form(&node, findings);
    let (stdout, syslog) = (output(&node.member("stdout"), findings), output(&node.member("syslog"), findings));
    let facility = facility(&node.member("syslog_facility"), findings);
    let prefix = node.member("prefix").exact_text(findings).unwrap_or_default();
    if !stdout && !syslog {
        let message = "neither \"stdout\" nor \"syslog\" is true: nothing but the access log is written";
        findings.warning(node.pointer(), message);
    }
    Some(Logging {
        level: level?,
        prefix,
        stdout,
        syslog: syslog.then_some(facility),
        form: if companion.is_absent() { form } else { LogForm::Companion },
    })
}

/// The original goes on with its basic log when it doesn't know the level.
fn level(node: &Node<'_>, findings: &mut Findings) -> Option<LogLevel> {
    let written = node.value().as_str();
    let known =
        written.and_then(|text| LogLevel::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(text)));
    if known.is_none() {
        let message = match node.is_absent() {
            true => "telemetry/logging needs a level: the log stays as it is without the component".to_owned(),
            false => format!("{} is not a level: the log stays as it is without the component", brief(node.value())),
        };
        let finding = Diagnostic::new(Severity::Mistake, node.pointer(), message);
        findings.push(finding.hint("write DEBUG, INFO, NOTICE, WARNING, ERROR or CRITICAL"));
    }
    known
}

/// The original panics at what is not true or false.
fn output(node: &Node<'_>, findings: &mut Findings) -> bool {
    if !node.is_absent() && !node.value().is_boolean() {
        node.mistyped::<()>(findings, "true or false");
    }
    node.value() == true
}

fn facility(node: &Node<'_>, findings: &mut Findings) -> u8 {
    let Some(name) = node.exact_text(findings) else { return FACILITY };
    let lower = name.to_lowercase();
    let number = lower.strip_prefix("local").and_then(|number| number.parse::<u8>().ok()).filter(|number| *number < 8);
    if number.is_none() {
        findings
            .warning(node.pointer(), format!("\"{name}\" is not local0 to local7: local3 is taken, as KrakenD does"));
    }
    number.map_or(FACILITY, |number| LOCAL0 + number)
}

fn form(node: &Node<'_>, findings: &mut Findings) -> LogForm {
    let (format, custom) = (node.member("format"), node.member("custom_format"));
    let pattern = custom.exact_text(findings);
    match format.exact_text(findings).as_deref() {
        Some("logstash") => return LogForm::Logstash,
        Some("custom") => match log_pattern::parse(&pattern.unwrap_or_default()) {
            Ok(parts) => return LogForm::Pattern(parts),
            Err(why) => {
                let finding = Diagnostic::new(Severity::Error, custom.pointer(), why).value(custom.value());
                findings.push(finding.hint("write something like \"%{time} %{level} %{message}\""));
            }
        },
        None | Some("" | "default") => {}
        Some(other) => {
            findings.warning(format.pointer(), format!("\"{other}\" is read as \"default\", as KrakenD does"));
        }
    }
    LogForm::Default
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::LogPart;

    fn read(extra: &Value) -> (Option<Logging>, Findings) {
        let mut findings = Findings::default();
        (logging(&Node::root(extra), &mut findings), findings)
    }

    fn with(keys: &Value) -> (Option<Logging>, Findings) {
        let mut keys = keys.clone();
        let members = keys.as_object_mut().unwrap();
        members.entry("level").or_insert(json!("INFO"));
        members.entry("stdout").or_insert(json!(true));
        read(&json!({ "telemetry/logging": keys }))
    }

    #[test]
    fn every_key_is_heard() {
        let (read, findings) = with(&json!({
            "level": "warning", "prefix": "[KV]", "syslog": true, "syslog_facility": "LOCAL7",
            "format": "custom", "custom_format": "%{message}",
        }));
        assert!(!findings.any_error());
        let read = read.unwrap();
        assert_eq!((read.level, read.prefix.as_str(), read.syslog), (LogLevel::Warning, "[KV]", Some(23)));
        assert!(matches!(read.form, LogForm::Pattern(parts) if matches!(parts[..], [LogPart::Value(..)])));
        assert_eq!(with(&json!({ "format": "logstash" })).0.unwrap().form, LogForm::Logstash);
        let plain = with(&json!({})).0.unwrap();
        assert_eq!((plain.syslog, plain.form), (None, LogForm::Default));
    }

    #[test]
    fn the_companion_wins_and_does_nothing_alone() {
        let both = json!({ "telemetry/logging": { "level": "INFO", "stdout": true }, "telemetry/logstash": {} });
        assert_eq!(read(&both).0.unwrap().form, LogForm::Companion);
        assert_eq!(read(&json!({ "telemetry/logstash": { "enabled": true } })).0, None);
    }

    #[test]
    fn an_unknown_level_leaves_the_log_as_it_is_and_is_told() {
        for keys in [json!({ "level": "LOUD" }), json!({ "level": 3 }), json!({ "level": null })] {
            let (read, findings) = with(&keys);
            assert_eq!(read, None, "{keys}");
            assert!(findings.into_list().iter().any(|finding| finding.severity == Severity::Mistake), "{keys}");
        }
    }

    #[test]
    fn what_the_original_panics_at_is_an_error() {
        for keys in [
            json!({ "stdout": "true" }),
            json!({ "syslog": 1 }),
            json!({ "format": "custom" }),
            json!({ "format": "custom", "custom_format": "%{who}" }),
        ] {
            assert!(with(&keys).1.any_error(), "{keys}");
        }
    }
}
