//! A headless Chromium with a profile of its own, one at a time: it takes much of a small machine.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::gnomon::Folder;

use super::{Page, devtools::DevTools};

static TURN: Mutex<()> = Mutex::new(());

/// What keeps it from talking to anybody on its own.
const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--mute-audio",
];

/// A running browser; dropping it kills it.
pub(crate) struct Chromium {
    child: Child,
    url: String,
    _profile: Folder,
    _turn: MutexGuard<'static, ()>,
}

impl Chromium {
    /// Starts it and waits until it can be talked to.
    pub(crate) fn start() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = Folder::new();
        let mut command = Command::new("chromium");
        command.args(ARGUMENTS).arg(format!("--user-data-dir={}", profile.path("profile").display()));
        command.arg("about:blank").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("chromium is installed: ./tests/packages chromium");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let url = lines.by_ref().find_map(|line| {
            line.expect("it writes text").strip_prefix("DevTools listening on ").map(|url| url.trim().to_owned())
        });
        // Read on, or it would stop when the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: url.expect("it says where it listens"), _profile: profile, _turn: turn }
    }

    /// An empty page.
    pub(crate) fn page(&self) -> Page {
        Page::new(DevTools::attach(&self.url))
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
