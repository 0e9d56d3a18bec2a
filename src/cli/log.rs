//! Log lines on their way to standard error, never in the way of a request.
//!
//! Lines go over a bounded queue to a thread that writes them; when it is behind, lines are dropped and counted, and
//! the next line that gets through says how many. A message is one entry however long it is and whatever stands in it:
//! its other lines are indented, so that no client can write an entry of its own.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt::MakeWriter, layer::SubscriberExt};

/// Lines that may wait to be written.
const LINES_WAITING_MAX: usize = 4096;

/// So much of a message is written, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// Takes lines without waiting.
#[derive(Clone)]
pub struct Lines {
    queue: SyncSender<Vec<u8>>,
    dropped: Arc<AtomicU64>,
}

/// The thread that writes them; dropping it waits until all are written.
pub struct Writer {
    queue: SyncSender<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        // An empty line is the end; the subscriber keeps a sender of its own for ever.
        let _writer_is_gone = self.queue.send(Vec::new());
        if let Some(thread) = self.thread.take() {
            let _it_panicked = thread.join();
        }
    }
}

/// Starts logging at `level` and above; of the server's own machinery warnings and errors only.
#[must_use]
pub fn start(level: tracing::Level) -> Writer {
    let (queue, lines) = sync_channel(LINES_WAITING_MAX);
    let dropped = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&dropped);
    let thread = std::thread::Builder::new().name("log".into()).spawn(move || write_lines(&lines, &counter)).ok();
    let writer = Writer { queue: queue.clone(), thread };
    // The end of every idle worker is nobody's news.
    let wanted = Targets::new().with_default(level).with_target("actix", LevelFilter::WARN.min(level.into()));
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
        .with_writer(Lines { queue, dropped })
        .finish()
        .with(wanted);
    let _already_logging = tracing::subscriber::set_global_default(subscriber);
    writer
}

fn write_lines(lines: &Receiver<Vec<u8>>, dropped: &AtomicU64) {
    for line in lines {
        let missing = dropped.swap(0, Ordering::Relaxed);
        let mut out = io::stderr().lock();
        if missing > 0 {
            let _closed = writeln!(out, "{missing} log lines were dropped: standard error is too slow");
        }
        if line.is_empty() {
            return;
        }
        let _closed = out.write_all(&line);
    }
}

/// A message as it is written.
fn entry(message: &[u8]) -> Vec<u8> {
    let message = message.strip_suffix(b"\n").unwrap_or(message);
    let written = message.get(..MESSAGE_BYTES_MAX).unwrap_or(message);
    let mut entry = Vec::with_capacity(written.len() + 1);
    for byte in written {
        match byte {
            b'\n' => entry.extend_from_slice(b"\n\t"),
            b'\r' => {}
            other => entry.push(*other),
        }
    }
    if written.len() < message.len() {
        entry.extend_from_slice(b" ...");
    }
    entry.push(b'\n');
    entry
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(entry(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_entry_of_bounded_length() {
        assert_eq!(entry(b"INFO all is well\n"), b"INFO all is well\n");
        assert_eq!(entry(b"INFO said\r\nERROR forged\n"), b"INFO said\n\tERROR forged\n");
        assert_eq!(entry(&[b'x'; MESSAGE_BYTES_MAX + 1]).len(), MESSAGE_BYTES_MAX + 5);
    }
}
