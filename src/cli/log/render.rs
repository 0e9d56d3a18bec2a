//! A record as a line, in the form that `telemetry/logging` asks for.
//!
//! Promises: one record, one line: what came from elsewhere can't begin another.

use std::{borrow::Cow, fmt::Write as _, time::SystemTime};

use chrono::{DateTime, Local, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use crate::config::{Layout, LogForm, LogLevel, LogPart, LogValue, Logging, Width, log_pattern};

use super::record::{Record, Stream};

/// What the original calls the part of it that logs.
const MODULE: &str = "KRAKEND";

/// The members of every line of `telemetry/logstash`'s form.
const LOGSTASH_NAMES: [&str; 5] = ["@timestamp", "@version", "level", "message", "module"];

/// Makes lines of records.
pub(super) struct Renderer {
    form: Form,
    /// What begins every line.
    prefix: String,
    /// What the companion calls the module.
    module: String,
    host: String,
    program: String,
    access_time: Layout,
    json_time: Layout,
    lines: u64,
}

enum Form {
    Pattern(Vec<(LogPart, Option<Layout>)>),
    Logstash,
    Companion,
}

impl Renderer {
    /// Lines as these settings ask for.
    pub(super) fn new(logging: &Logging) -> Self {
        let form = match &logging.form {
            LogForm::Default => Form::Pattern(default_parts()),
            LogForm::Pattern(parts) => Form::Pattern(with_layouts(parts)),
            LogForm::Logstash => Form::Logstash,
            LogForm::Companion => Form::Companion,
        };
        let micros = if matches!(form, Form::Companion) { "000-07:00" } else { "+00:00" };
        let module = if logging.prefix.is_empty() { MODULE.to_owned() } else { logging.prefix.clone() };
        Self {
            form,
            prefix: if logging.form == LogForm::Default { logging.prefix.clone() } else { String::new() },
            module,
            host: host(),
            program: program(),
            access_time: Layout::new("2006/01/02 - 15:04:05"),
            json_time: Layout::new(&format!("2006-01-02T15:04:05.000{micros}")),
            lines: 0,
        }
    }

    /// The line, with its end.
    pub(super) fn line(&mut self, record: &Record) -> String {
        self.lines += 1;
        let at = local(record.at);
        let mut line = String::new();
        if record.stream == Stream::AccessJson {
            return access_object(record);
        }
        if record.stream == Stream::Access {
            line.push_str("[GIN] ");
            self.access_time.write(&at, &mut line);
            let _into_a_string = writeln!(line, " {}", visible(&record.message));
            return line;
        }
        line.push_str(&self.prefix);
        match &self.form {
            Form::Pattern(parts) => {
                parts.iter().for_each(|(part, layout)| self.write_part(part, layout.as_ref(), record, &at, &mut line));
            }
            Form::Logstash => self.write_logstash(record, &at, &mut line),
            Form::Companion => self.write_companion(record, &at, &mut line),
        }
        line.push('\n');
        line
    }

    fn write_part(
        &self,
        part: &LogPart,
        layout: Option<&Layout>,
        record: &Record,
        at: &DateTime<Local>,
        line: &mut String,
    ) {
        match part {
            LogPart::Text(text) => line.push_str(text),
            LogPart::Time(_) => {
                if let Some(layout) = layout {
                    layout.write(at, line);
                }
            }
            LogPart::Value(value, width) => pad(&self.value(*value, record), *width, line),
            LogPart::Color => line.push_str(color(record.level).0),
            LogPart::BoldColor => line.push_str(color(record.level).1),
            LogPart::ColorEnd => line.push_str("\x1b[0m"),
        }
    }

    fn value<'a>(&'a self, value: LogValue, record: &'a Record) -> Cow<'a, str> {
        match value {
            LogValue::Id => self.lines.to_string().into(),
            LogValue::Pid => std::process::id().to_string().into(),
            LogValue::Program => self.program.as_str().into(),
            LogValue::Level => record.level.name().into(),
            LogValue::Module => MODULE.into(),
            LogValue::Message => told(record),
            LogValue::LongFile => format!("{}:{}", record.file, record.line).into(),
            LogValue::ShortFile => {
                format!("{}:{}", record.file.rsplit('/').next().unwrap_or_default(), record.line).into()
            }
            LogValue::Origin => record.origin.into(),
        }
    }

    /// As the original's pattern has it, spaces and all; but what is in quotes is escaped, and what is told beside the
    /// message stands behind all that.
    fn write_logstash(&self, record: &Record, at: &DateTime<Local>, line: &mut String) {
        line.push_str("{\"@timestamp\":\"");
        self.json_time.write(at, line);
        let (level, message) = (record.level.name(), Value::from(record.message.as_str()));
        let _into_a_string = write!(
            line,
            "\", \"@version\": 1, \"level\": \"{level}\", \"message\": {message}, \"module\": \"{MODULE}\""
        );
        for (name, value) in record.extras.iter().filter(|(name, _)| !LOGSTASH_NAMES.contains(name)) {
            let _into_a_string = write!(line, ", \"{name}\": {}", Value::from(value.as_str()));
        }
        line.push('}');
    }

    fn write_companion(&self, record: &Record, at: &DateTime<Local>, line: &mut String) {
        let mut time = String::new();
        self.json_time.write(at, &mut time);
        let mut members: Map<String, Value> =
            record.extras.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect();
        for (name, value) in [
            ("@timestamp", json!(time)),
            ("@version", json!(1)),
            ("host", json!(self.host)),
            ("level", json!(record.level.name())),
            ("message", json!(record.message)),
            ("module", json!(self.module)),
        ] {
            members.insert(name.to_owned(), value);
        }
        let _into_a_string = write!(line, "{}", Value::Object(members));
    }
}

/// A line of the access log in JSON: what the message says of the request, with the time before it.
pub(super) fn access_object(record: &Record) -> String {
    let time = DateTime::<Utc>::from(record.at).to_rfc3339_opts(SecondsFormat::Millis, true);
    let members = record.message.strip_prefix('{').unwrap_or("}");
    format!("{{\"time\":\"{time}\",{members}\n")
}

fn default_parts() -> Vec<(LogPart, Option<Layout>)> {
    with_layouts(&log_pattern::parse(log_pattern::DEFAULT).unwrap_or_default())
}

fn with_layouts(parts: &[LogPart]) -> Vec<(LogPart, Option<Layout>)> {
    let layout = |part: &LogPart| match part {
        LogPart::Time(layout) => Some(Layout::new(layout)),
        _ => None,
    };
    parts.iter().map(|part| (part.clone(), layout(part))).collect()
}

/// A moment in the machine's own time zone, as Go logs it.
pub(super) fn local(at: SystemTime) -> DateTime<Local> {
    at.into()
}

/// The message and what is told beside it, as in `no answer kind=timeout`.
pub(super) fn told(record: &Record) -> Cow<'_, str> {
    let extras = record.extras.iter().map(|(name, value)| {
        let bare = !value.is_empty() && !value.contains([' ', '"', '=']);
        if bare { format!(" {name}={value}") } else { format!(" {name}={}", Value::from(value.as_str())) }
    });
    let beside: String = extras.collect();
    if beside.is_empty() {
        visible(&record.message)
    } else {
        visible(&(record.message.clone() + &beside)).into_owned().into()
    }
}

/// A message without what would end its line or change a terminal.
pub(super) fn visible(message: &str) -> Cow<'_, str> {
    if !message.contains(|letter: char| letter.is_control() && letter != '\t') {
        return message.into();
    }
    let shown = |letter: char| match letter.is_control() && letter != '\t' {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    message.chars().map(shown).collect::<String>().into()
}

fn pad(text: &str, width: Width, line: &mut String) {
    let cut: Cow<'_, str> = width.max.map_or(text.into(), |max| text.chars().take(max).collect::<String>().into());
    let missing = width.min.saturating_sub(cut.chars().count());
    let fill = |letter: char, line: &mut String| line.extend(std::iter::repeat_n(letter, missing));
    match (width.left, width.zeros) {
        (true, _) => {
            line.push_str(&cut);
            fill(' ', line);
        }
        (false, zeros) => {
            fill(if zeros { '0' } else { ' ' }, line);
            line.push_str(&cut);
        }
    }
}

/// The colour of a level, plain and bold.
fn color(level: LogLevel) -> (&'static str, &'static str) {
    match level {
        LogLevel::Debug => ("\x1b[36m", "\x1b[36;1m"),
        LogLevel::Info => ("", ""),
        LogLevel::Notice => ("\x1b[32m", "\x1b[32;1m"),
        LogLevel::Warning => ("\x1b[33m", "\x1b[33;1m"),
        LogLevel::Error => ("\x1b[31m", "\x1b[31;1m"),
        LogLevel::Critical => ("\x1b[35m", "\x1b[35;1m"),
    }
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "localhost".to_owned() } else { name.trim().to_owned() }
}

/// What the program is called.
pub(super) fn program() -> String {
    let path = std::env::args_os().next().map(std::path::PathBuf::from).unwrap_or_default();
    path.file_name().map_or_else(|| "gnomon".to_owned(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logging(form: LogForm) -> Logging {
        Logging { level: LogLevel::Debug, prefix: "[KV]".into(), stdout: true, syslog: None, form }
    }

    fn line(form: LogForm, message: &str) -> String {
        let record =
            Record { message: message.into(), extras: vec![("kind", "late".into())], ..Record::warning("".into()) };
        Renderer::new(&logging(form)).line(&record)
    }

    fn pattern(text: &str) -> LogForm {
        LogForm::Pattern(log_pattern::parse(text).unwrap())
    }

    #[test]
    fn the_default_form_has_prefix_time_and_coloured_level() {
        let line = line(LogForm::Default, "hello");
        let (before, after) = line.split_once('▶').unwrap();
        assert!(before.starts_with("[KV] 20") && before.ends_with(" \x1b[33m"), "{line:?}");
        assert_eq!(before.len(), "[KV] 2006/01/02 - 15:04:05.000 \x1b[33m".len());
        assert_eq!(after, " WARNING\x1b[0m hello kind=late\n");
    }

    #[test]
    fn a_custom_form_has_no_prefix_and_is_as_wide_as_it_says() {
        assert_eq!(
            line(pattern("%{id:04d}|%{level:.4s}|%{message:-17s}|%{message:3.2s}|%{module}"), "hello"),
            "0001|WARN|hello kind=late  | he|KRAKEND\n"
        );
        let line = line(pattern("%{color:bold}%{shortfile} %{pid}"), "");
        assert!(line.starts_with("\x1b[33;1mrecord.rs:"), "{line:?}");
    }

    #[test]
    fn both_kinds_of_json_can_be_read_whatever_the_message_is() {
        let message = "quo\"te\nnew line\u{1b}[31m";
        let logstash = line(LogForm::Logstash, message);
        assert!(
            logstash.starts_with("{\"@timestamp\":\"20") && logstash.contains(", \"@version\": 1, \"level\""),
            "{logstash}"
        );
        let read: Value = serde_json::from_str(&logstash).unwrap();
        assert_eq!(
            (&read["message"], &read["module"], &read["kind"]),
            (&json!(message), &json!("KRAKEND"), &json!("late"))
        );
        let read: Value = serde_json::from_str(&line(LogForm::Companion, message)).unwrap();
        assert_eq!(
            (&read["message"], &read["module"], &read["kind"]),
            (&json!(message), &json!("[KV]"), &json!("late"))
        );
        assert_eq!(read["@timestamp"].as_str().unwrap().len(), "2006-01-02T15:04:05.000000-07:00".len());
    }

    #[test]
    fn what_is_told_beside_a_message_can_be_told_apart_and_begins_no_line() {
        let record = Record {
            message: "hello".into(),
            extras: vec![
                ("plain", "a1".into()),
                ("spaced", "a b".into()),
                ("none", "".into()),
                ("hostile", "a\n\"b".into()),
            ],
            ..Record::warning(String::new())
        };
        assert_eq!(told(&record), r#"hello plain=a1 spaced="a b" none="" hostile="a\n\"b""#);
        let bare = Record { extras: Vec::new(), ..record };
        assert_eq!(told(&bare), "hello");
    }

    #[test]
    fn a_request_in_json_has_its_time_before_all_else_whatever_the_form_of_the_log() {
        let record = Record {
            at: SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_700_000_000_123),
            message: r#"{"status":200}"#.into(),
            stream: Stream::AccessJson,
            ..Record::warning(String::new())
        };
        for form in [LogForm::Default, LogForm::Logstash, LogForm::Companion, pattern("<%{message}>")] {
            let line = Renderer::new(&logging(form)).line(&record);
            assert_eq!(line, "{\"time\":\"2023-11-14T22:13:20.123Z\",\"status\":200}\n");
        }
    }

    #[test]
    fn no_message_begins_a_line_of_its_own() {
        assert_eq!(line(pattern("%{message}"), "a\nb\r\x1b[0m\tc"), "a\\nb\\r\\u{1b}[0m\tc kind=late\n");
    }
}
