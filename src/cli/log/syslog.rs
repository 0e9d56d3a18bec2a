//! The machine's own log: one datagram a line to the socket that a log daemon listens on.
//!
//! Only the log's thread sends; a daemon that is slow slows nobody else. When it was restarted, the next line finds it.

use std::{io, os::unix::net::UnixDatagram, path::PathBuf};

use crate::config::{Layout, LogLevel};

use super::{
    record::Record,
    render::{local, program, told},
};

/// Names the daemon's socket instead of where daemons listen.
const PLACE: &str = "GNOMON_SYSLOG";
/// Where log daemons listen.
const PLACES: [&str; 3] = ["/dev/log", "/var/run/syslog", "/var/run/log"];

/// A way to the log daemon.
pub(super) struct Syslog {
    places: Vec<PathBuf>,
    socket: UnixDatagram,
    facility: u8,
    /// What lines are filed under.
    tag: String,
    time: Layout,
}

impl Syslog {
    /// Finds the daemon.
    ///
    /// # Errors
    /// When none listens.
    pub(super) fn connect(facility: u8, tag: &str) -> io::Result<Self> {
        let places =
            std::env::var_os(PLACE).map_or_else(|| PLACES.map(PathBuf::from).to_vec(), |place| vec![place.into()]);
        Self::connect_to(places, facility, tag)
    }

    fn connect_to(places: Vec<PathBuf>, facility: u8, tag: &str) -> io::Result<Self> {
        let tag = if tag.is_empty() { program() } else { tag.to_owned() };
        Ok(Self { socket: connected(&places)?, places, facility, tag, time: Layout::new("Jan _2 15:04:05") })
    }

    /// Sends one line; it is lost when nobody listens.
    pub(super) fn send(&mut self, record: &Record) {
        let line = self.line(record);
        if self.socket.send(line.as_bytes()).is_ok() {
            return;
        }
        if let Ok(socket) = connected(&self.places) {
            self.socket = socket;
            let _lost = self.socket.send(line.as_bytes());
        }
    }

    fn line(&self, record: &Record) -> String {
        let priority = u16::from(self.facility) * 8 + severity(record.level);
        let mut line = format!("<{priority}>");
        self.time.write(&local(record.at), &mut line);
        let (tag, id, level) = (&self.tag, std::process::id(), record.level.name());
        line + &format!(" {tag}[{id}]: {level} > {}\n", told(record))
    }
}

fn connected(places: &[PathBuf]) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    let mut outcome = Err(io::ErrorKind::NotFound.into());
    for place in places {
        outcome = socket.connect(place);
        if outcome.is_ok() {
            break;
        }
    }
    outcome.map(|()| socket)
}

/// How urgent a level is to a log daemon.
fn severity(level: LogLevel) -> u16 {
    match level {
        LogLevel::Critical => 2,
        LogLevel::Error => 3,
        LogLevel::Warning => 4,
        LogLevel::Notice => 5,
        LogLevel::Info => 6,
        LogLevel::Debug => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(daemon: &UnixDatagram) -> String {
        let mut buffer = [0; 1024];
        let length = daemon.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    #[test]
    fn a_line_reaches_the_daemon_also_after_it_was_restarted() {
        let folder = std::env::temp_dir().join(format!("gnomon-syslog-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let place = folder.join("log");
        let daemon = UnixDatagram::bind(&place).unwrap();
        let mut syslog = Syslog::connect_to(vec![folder.join("none"), place.clone()], 23, "[KV]").unwrap();
        syslog.send(&Record::warning("one\ntwo".into()));
        let line = received(&daemon);
        let (head, text) = line.split_once("]: ").unwrap();
        assert!(head.starts_with("<188>") && head.contains(&format!(" [KV][{}", std::process::id())), "{line}");
        assert_eq!(text, "WARNING > one\\ntwo\n");
        drop(daemon);
        std::fs::remove_file(&place).unwrap();
        let daemon = UnixDatagram::bind(&place).unwrap();
        syslog.send(&Record::warning("again".into()));
        assert!(received(&daemon).ends_with("WARNING > again\n"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn no_daemon_is_told() {
        assert!(Syslog::connect_to(vec!["/nowhere/log".into()], 16, "").is_err());
    }
}
