//! `telemetry/metrics` and its like: what the service tells of itself.

use std::{net::SocketAddr, time::Duration};

/// `extra_config.telemetry/metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// `collection_time`: how often distributions begin anew, 60 s unless given.
    pub collection_time: Duration,
    /// `listen_address`, port 8090 of every address unless given; `None` with `endpoint_disabled`.
    pub listen: Option<SocketAddr>,
    /// Unless `router_disabled`: replies of endpoints are counted.
    pub router: bool,
    /// Unless `proxy_disabled`: calls of endpoints are counted.
    pub proxy: bool,
    /// Unless `backend_disabled`: calls of backends are counted.
    pub backend: bool,
}

/// `extra_config.telemetry/logging`, with `telemetry/logstash` beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// `level`: what is less urgent is not logged.
    pub level: LogLevel,
    /// `prefix`: begins lines of the default form, names the module in those of `telemetry/logstash`.
    pub prefix: String,
    /// `stdout`: lines go to standard output.
    pub stdout: bool,
    /// `syslog`: lines go to the machine's log, under this facility (16 to 23 for `local0` to `local7`).
    pub syslog: Option<u8>,
    /// `format`: how lines on standard output look.
    pub form: LogForm,
}

/// `extra_config.@access_log`: how requests are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessForm {
    /// As the original does, for people.
    #[default]
    Text,
    /// An object of JSON a line, for machines.
    Json,
}

/// How urgent a line is, the least urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `DEBUG`
    Debug,
    /// `INFO`
    Info,
    /// `NOTICE`
    Notice,
    /// `WARNING`
    Warning,
    /// `ERROR`
    Error,
    /// `CRITICAL`
    Critical,
}

impl LogLevel {
    /// Every level, the least urgent first.
    pub const ALL: [Self; 6] = [Self::Debug, Self::Info, Self::Notice, Self::Warning, Self::Error, Self::Critical];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

/// How lines look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// The prefix, the time, the level in its colour, the message.
    Default,
    /// Like this pattern.
    Pattern(Vec<LogPart>),
    /// JSON of `"format": "logstash"`.
    Logstash,
    /// JSON of the component `telemetry/logstash`.
    Companion,
}

/// One part of a pattern of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPart {
    /// As it is.
    Text(String),
    /// The time, in Go's layout.
    Time(String),
    /// A figure of the line, this wide.
    Value(LogValue, Width),
    /// The colour of the level.
    Color,
    /// The same, bold.
    BoldColor,
    /// The end of colours.
    ColorEnd,
}

/// What a line knows about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogValue {
    /// Its number, from 1.
    Id,
    /// The number of the process.
    Pid,
    /// The name of the program.
    Program,
    /// How urgent it is.
    Level,
    /// `KRAKEND`, as whoever reads the lines expects.
    Module,
    /// What happened.
    Message,
    /// The file of the source and the line in it.
    LongFile,
    /// The same without folders.
    ShortFile,
    /// The part of the source.
    Origin,
}

/// How wide a value is written, as `%-5.3s` says in Go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Width {
    /// At least so many letters.
    pub min: usize,
    /// No more than so many.
    pub max: Option<usize>,
    /// Filled up on the right.
    pub left: bool,
    /// Filled up with zeros.
    pub zeros: bool,
}
