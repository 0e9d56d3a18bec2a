//! The signals: those that end the program, the first one in order, the second at once; the one that makes it load its
//! configuration again; and the one that switches all shadows off and on.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes the signals over from the system.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next one and gives its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "interrupt",
            _ = self.terminate.recv() => "terminated",
        }
    }
}

/// SIGHUP. Those that come while nobody waits count as one.
pub struct Hangups(Signal);

impl Hangups {
    /// Takes the signal over from the system; from then on it no longer ends the program.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::hangup())?))
    }

    /// Waits for the next one; `None` when there will be none.
    pub async fn next(&mut self) -> Option<()> {
        self.0.recv().await
    }
}

/// SIGUSR2.
pub struct Switches(Signal);

impl Switches {
    /// Takes the signal over from the system; from then on it no longer ends the program.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Self> {
        Ok(Self(signal(SignalKind::user_defined2())?))
    }

    /// Waits for the next one; `None` when there will be none.
    pub async fn next(&mut self) -> Option<()> {
        self.0.recv().await
    }
}
