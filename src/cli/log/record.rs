//! What happened, taken down where it happens and made a line of elsewhere.

use std::{
    fmt::{self, Write as _},
    time::SystemTime,
};

use tracing::{Event, Level, Subscriber, field::Field};
use tracing_subscriber::layer::{Context, Layer};

use crate::config::LogLevel;

use super::lines::{Entry, Lines, MESSAGE_BYTES_MAX};

/// The target of the access log, which is a log of its own in the original.
pub(super) const ACCESS: &str = "access";
/// The target of the access log in JSON.
pub(super) const ACCESS_JSON: &str = "access_json";

/// Which log an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// What happens to the gateway itself.
    Gateway,
    /// The access log, for people.
    Access,
    /// The access log, for machines: the message is an object of JSON.
    AccessJson,
}

impl Stream {
    /// By the target of an event.
    fn of(target: &str) -> Self {
        match target {
            ACCESS => Self::Access,
            ACCESS_JSON => Self::AccessJson,
            _ => Self::Gateway,
        }
    }
}

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) at: SystemTime,
    pub(super) level: LogLevel,
    pub(super) message: String,
    /// What is told beside the message, as text.
    pub(super) extras: Vec<(&'static str, String)>,
    pub(super) origin: &'static str,
    pub(super) file: &'static str,
    pub(super) line: u32,
    pub(super) stream: Stream,
}

impl Record {
    /// A record of ours, made here and now.
    pub(super) fn warning(message: String) -> Self {
        Self {
            at: SystemTime::now(),
            level: LogLevel::Warning,
            message,
            extras: Vec::new(),
            origin: module_path!(),
            file: file!(),
            line: line!(),
            stream: Stream::Gateway,
        }
    }
}

/// Puts every event into the queue.
pub(super) struct Records(pub(super) Lines);

impl<S: Subscriber> Layer<S> for Records {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let about = event.metadata();
        let mut record = Record {
            at: SystemTime::now(),
            level: level(about.level()),
            message: String::new(),
            extras: Vec::new(),
            origin: about.module_path().unwrap_or_default(),
            file: about.file().unwrap_or("???"),
            line: about.line().unwrap_or(0),
            stream: Stream::of(about.target()),
        };
        event.record(&mut Fields(&mut record));
        bound(&mut record.message);
        record.extras.iter_mut().for_each(|(_, text)| bound(text));
        self.0.push(Entry::Record(Box::new(record)));
    }
}

/// Cuts a text that is longer than anybody reads.
fn bound(text: &mut String) {
    if text.len() > MESSAGE_BYTES_MAX {
        // A character has four bytes at most, so one of these is where one begins.
        let end = (MESSAGE_BYTES_MAX - 3..=MESSAGE_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push_str(" ...");
    }
}

fn level(level: &Level) -> LogLevel {
    match *level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warning,
        Level::INFO => LogLevel::Info,
        Level::DEBUG | Level::TRACE => LogLevel::Debug,
    }
}

struct Fields<'a>(&'a mut Record);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _into_a_string = write!(self.0.message, "{value:?}");
        } else {
            self.0.extras.push((field.name(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.0.message.push_str(value);
        } else {
            self.0.extras.push((field.name(), value.to_owned()));
        }
    }
}
