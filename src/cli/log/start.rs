//! Begins logging: as the file asks for in `telemetry/logging`, or as it is without.

use std::io::{self, Write};

use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer,
    filter::{Targets, filter_fn},
    fmt,
    layer::SubscriberExt,
    registry::LookupSpan,
};

use crate::config::{LogLevel, Logging};

use super::{
    Writer,
    lines::{Entry, Lines, Output},
    record::{ACCESS, ACCESS_JSON, Record, Records, Stream},
    render::{Renderer, access_object},
    syslog::Syslog,
};

/// Starts logging as `logging` asks; without it at `level` and above, to standard error. Of the server's own machinery
/// warnings and errors only.
///
/// A log that can't be had is told in the one there is.
#[must_use]
pub fn start(level: tracing::Level, logging: Option<&Logging>) -> Writer {
    let Some(logging) = logging else { return to_standard_error(level) };
    match Outputs::open(logging) {
        Ok(outputs) => {
            let (lines, writer) = Lines::start(outputs);
            let subscriber = tracing_subscriber::registry().with(Records(lines));
            let wanted =
                wanted(filter(level, logging)).with_targets([ACCESS, ACCESS_JSON].map(|log| (log, LevelFilter::INFO)));
            let _already_logging = tracing::subscriber::set_global_default(subscriber.with(wanted));
            writer
        }
        Err(error) => {
            let writer = to_standard_error(level);
            tracing::error!("[SERVICE: Logging] Unable to create the logger: {error}");
            writer
        }
    }
}

fn to_standard_error(level: tracing::Level) -> Writer {
    let (lines, writer) = Lines::start(Standard);
    let requests = Records(lines.clone()).with_filter(filter_fn(|about| about.target() == ACCESS_JSON));
    let subscriber = tracing_subscriber::registry().with(told(lines)).with(requests).with(wanted(level.into()));
    let _already_logging = tracing::subscriber::set_global_default(subscriber);
    writer
}

/// Everything but the access log in JSON, as lines for people.
fn told<S: Subscriber + for<'a> LookupSpan<'a>>(lines: Lines) -> impl Layer<S> {
    let with_colours = io::IsTerminal::is_terminal(&io::stderr());
    let layer = fmt::layer().with_target(false).with_ansi(with_colours).with_writer(lines);
    layer.with_filter(filter_fn(|about| about.target() != ACCESS_JSON))
}

/// The end of every idle worker is nobody's news.
fn wanted(level: LevelFilter) -> Targets {
    Targets::new().with_default(level).with_target("actix", LevelFilter::WARN.min(level))
}

/// What is logged beside the access log; more than the file asks for when more was asked for on the command line.
fn filter(typed: tracing::Level, logging: &Logging) -> LevelFilter {
    if !logging.stdout && logging.syslog.is_none() {
        return LevelFilter::OFF;
    }
    let written = match logging.level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Notice | LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Critical => LevelFilter::OFF,
    };
    if typed == tracing::Level::DEBUG { LevelFilter::DEBUG } else { written }
}

/// The log as it is without `telemetry/logging`: standard error, and standard output for the access log in JSON.
struct Standard;

impl Output for Standard {
    fn write(&mut self, entry: Entry) {
        let _closed = match entry {
            Entry::Text(line) => io::stderr().lock().write_all(&line),
            Entry::Record(record) => io::stdout().lock().write_all(access_object(&record).as_bytes()),
            Entry::End => Ok(()),
        };
    }

    fn tell_dropped(&mut self, lines: u64) {
        let _closed = writeln!(io::stderr().lock(), "{lines} log lines were dropped: their reader is too slow");
    }
}

/// Standard output and the machine's log.
struct Outputs {
    renderer: Renderer,
    stdout: bool,
    syslog: Option<Syslog>,
}

impl Outputs {
    fn open(logging: &Logging) -> io::Result<Self> {
        let syslog = logging.syslog.map(|facility| Syslog::connect(facility, &logging.prefix)).transpose()?;
        Ok(Self { renderer: Renderer::new(logging), stdout: logging.stdout, syslog })
    }
}

impl Output for Outputs {
    /// The access log goes to standard output whatever else does, as in the original.
    fn write(&mut self, entry: Entry) {
        let Entry::Record(record) = entry else { return };
        if self.stdout || record.stream != Stream::Gateway {
            let _closed = io::stdout().lock().write_all(self.renderer.line(&record).as_bytes());
        }
        if let Some(syslog) = self.syslog.as_mut().filter(|_| record.stream == Stream::Gateway) {
            syslog.send(&record);
        }
    }

    fn tell_dropped(&mut self, lines: u64) {
        let message = format!("{lines} log lines were dropped: their reader is too slow");
        self.write(Entry::Record(Box::new(Record::warning(message))));
    }
}
