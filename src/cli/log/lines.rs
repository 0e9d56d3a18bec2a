//! The queue of lines, and the thread that writes what is in it.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, channel, sync_channel},
    },
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

use super::record::Record;

/// Lines that may wait to be written.
const LINES_WAITING_MAX: usize = 4096;

/// So much of a message is written, in bytes.
pub(super) const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// How long the end of the program waits for the last lines: whoever doesn't read them must not keep it.
const LAST_LINES_TIME: Duration = Duration::from_secs(2);

/// What waits to be written.
pub(super) enum Entry {
    /// A line as it is, for standard error.
    Text(Vec<u8>),
    /// Something to be made a line of.
    Record(Box<Record>),
    /// Wakes the thread up to see that it is the end.
    End,
}

/// Where the thread writes to. Nothing here is called by anybody who serves.
pub(super) trait Output: Send + 'static {
    /// Writes one entry; what can't be written is lost.
    fn write(&mut self, entry: Entry);

    /// Says that so many lines never got here.
    fn tell_dropped(&mut self, lines: u64);
}

/// Takes lines without waiting.
#[derive(Clone)]
pub(super) struct Lines {
    queue: SyncSender<Entry>,
    dropped: Dropped,
}

/// Lines that were dropped.
#[derive(Clone, Default)]
struct Dropped {
    /// Those that nobody was told about yet.
    untold: Arc<AtomicU64>,
    /// All of them.
    all: Arc<AtomicU64>,
}

/// The thread that writes; dropping it waits until all is written, but not for ever.
pub struct Writer {
    queue: SyncSender<Entry>,
    ending: Arc<AtomicBool>,
    done: Receiver<()>,
    dropped: Arc<AtomicU64>,
}

impl Writer {
    /// Counts the lines that were dropped since the start.
    #[must_use]
    pub fn lines_dropped(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.dropped)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
        // A full queue wakes the thread up as well.
        let _full = self.queue.try_send(Entry::End);
        let _nobody_reads = self.done.recv_timeout(LAST_LINES_TIME);
    }
}

impl Lines {
    /// A queue, and the thread at its other end.
    pub(super) fn start(output: impl Output) -> (Self, Writer) {
        let (queue, waiting) = sync_channel(LINES_WAITING_MAX);
        let (tell, done) = channel();
        let (dropped, ending) = (Dropped::default(), Arc::new(AtomicBool::new(false)));
        let lines = Self { queue: queue.clone(), dropped: dropped.clone() };
        let writer = Writer { queue, ending: Arc::clone(&ending), done, dropped: dropped.all };
        let run = move || {
            write_all(&waiting, &dropped.untold, &ending, output);
            let _nobody_waits = tell.send(());
        };
        // Without the thread the queue fills up, and everything is dropped and counted.
        let _detached = std::thread::Builder::new().name("log".into()).spawn(run);
        (lines, writer)
    }

    /// Puts an entry into the queue, or counts it as lost.
    pub(super) fn push(&self, entry: Entry) {
        if self.queue.try_send(entry).is_err() {
            self.dropped.untold.fetch_add(1, Ordering::Relaxed);
            self.dropped.all.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write_all(waiting: &Receiver<Entry>, dropped: &AtomicU64, ending: &AtomicBool, mut output: impl Output) {
    let mut next = waiting.recv().ok();
    while let Some(entry) = next {
        let missing = dropped.swap(0, Ordering::Relaxed);
        if missing > 0 {
            output.tell_dropped(missing);
        }
        output.write(entry);
        next = if ending.load(Ordering::Acquire) { waiting.try_recv().ok() } else { waiting.recv().ok() };
    }
}

/// A message as it is written: one entry however long it is and whatever stands in it. Its other lines are indented, so
/// that no client can write an entry of its own.
fn one_entry(message: &[u8]) -> Vec<u8> {
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
        self.push(Entry::Text(one_entry(line)));
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
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    #[test]
    fn a_message_is_one_entry_of_bounded_length() {
        assert_eq!(one_entry(b"INFO all is well\n"), b"INFO all is well\n");
        assert_eq!(one_entry(b"INFO said\r\nERROR forged\n"), b"INFO said\n\tERROR forged\n");
        assert_eq!(one_entry(&[b'x'; MESSAGE_BYTES_MAX + 1]).len(), MESSAGE_BYTES_MAX + 5);
    }

    /// Hands on what it gets, each entry only when it is let through.
    struct Gated {
        gate: Receiver<()>,
        written: Sender<String>,
    }

    impl Output for Gated {
        fn write(&mut self, entry: Entry) {
            let _open = self.gate.recv();
            if let Entry::Text(line) = entry {
                self.written.send(String::from_utf8(line).unwrap()).unwrap();
            }
        }

        fn tell_dropped(&mut self, lines: u64) {
            self.written.send(format!("dropped {lines}")).unwrap();
        }
    }

    #[test]
    fn what_finds_no_room_is_counted_and_told_and_never_waited_for() {
        let ((open, gate), (written, read)) = (channel(), channel());
        let (mut lines, writer) = Lines::start(Gated { gate, written });
        let pushed = LINES_WAITING_MAX + 100;
        for _ in 0..pushed {
            lines.write_all(b"x").unwrap();
        }
        drop(open);
        let dropped = writer.lines_dropped();
        drop(writer);
        let written: Vec<String> = read.iter().collect();
        let lost: usize = written.iter().filter_map(|line| line.strip_prefix("dropped ")?.parse::<usize>().ok()).sum();
        assert!((1..=100).contains(&lost), "{lost}");
        assert_eq!(dropped.load(Ordering::Relaxed), lost as u64);
        assert_eq!(written.iter().filter(|line| *line == "x\n").count() + lost, pushed);
    }

    #[test]
    fn an_output_that_is_stuck_does_not_keep_the_program_from_ending() {
        let ((open, gate), (written, _read)) = (channel::<()>(), channel());
        let (lines, writer) = Lines::start(Gated { gate, written });
        (0..=LINES_WAITING_MAX).for_each(|_| lines.push(Entry::Text(b"x".to_vec())));
        drop(writer);
        assert!(open.send(()).is_ok(), "the thread was not stuck any more");
    }
}
