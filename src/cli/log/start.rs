//! Begins logging: as the file asks for in `telemetry/logging`, or as it is without.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt};

use crate::config::{LogLevel, Logging};

use super::{
    Writer,
    lines::{Entry, Lines, Output, StandardError},
    record::{ACCESS, Record, Records},
    render::Renderer,
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
            let wanted = wanted(filter(level, logging)).with_target(ACCESS, LevelFilter::INFO);
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
    let (lines, writer) = Lines::start(StandardError);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_writer(lines)
        .finish()
        .with(wanted(level.into()));
    let _already_logging = tracing::subscriber::set_global_default(subscriber);
    writer
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
        if self.stdout || record.is_access {
            let _closed = io::stdout().lock().write_all(self.renderer.line(&record).as_bytes());
        }
        if let Some(syslog) = self.syslog.as_mut().filter(|_| !record.is_access) {
            syslog.send(&record);
        }
    }

    fn tell_dropped(&mut self, lines: u64) {
        let message = format!("{lines} log lines were dropped: their reader is too slow");
        self.write(Entry::Record(Box::new(Record::warning(message))));
    }
}
