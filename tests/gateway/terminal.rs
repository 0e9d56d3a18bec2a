//! A terminal for the program: `script` makes one, a test types into it and reads what is drawn.

use std::{
    io::Write,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    gnomon::collect,
    patience::{LIMIT, wait_for},
};

/// What runs in it: the program under a shell that says how the terminal was set before and after it.
const SESSION: &str = "stty rows 40 cols 160; echo before $(stty -g); \
    sh -c 'echo pid $$; exec \"$0\" \"$@\"' \"$PROGRAM\" $ARGUMENTS; echo code $?; echo after $(stty -g)";

/// A program in a terminal of 160 by 40; dropping it ends both.
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    output: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    /// Runs the program with these arguments, none of which means anything to a shell.
    pub(crate) fn run(arguments: &str) -> Self {
        let mut command = Command::new("script");
        command.args(["--quiet", "--flush", "--command", SESSION, "/dev/null"]);
        command.env("SHELL", "/bin/sh").env("TERM", "xterm-256color").env("NO_COLOR", "1");
        command.env("PROGRAM", env!("CARGO_BIN_EXE_gnomon")).env("ARGUMENTS", arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("script is installed: ./tests/packages script");
        let output = Arc::default();
        collect(child.stdout.take(), &output);
        let keys = child.stdin.take().expect("it is piped");
        Self { child, keys, output }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("the terminal is there");
    }

    /// All that was written to it, with what commands it.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Waits until this is written after what was written before, and gives how much was written then.
    pub(crate) fn wait_for(&self, text: &str, after: usize) -> usize {
        let found = wait_for(|| {
            let output = self.output();
            output.get(after..).is_some_and(|new| new.contains(text)).then_some(output.len())
        });
        found.unwrap_or_else(|| panic!("no {text:?} within {LIMIT:?}:\n{}", self.output().escape_debug()))
    }

    /// What stands behind a word at the beginning of a line, once there is one.
    pub(crate) fn said(&self, word: &str) -> String {
        let said = || {
            let output = self.output();
            // A line that is not ended may go on.
            let (whole, _) = output.rsplit_once('\n')?;
            whole.lines().find_map(|line| Some(line.rsplit_once(&format!("{word} "))?.1.trim().to_owned()))
        };
        wait_for(said).unwrap_or_else(|| panic!("no {word} within {LIMIT:?}:\n{}", self.output().escape_debug()))
    }

    /// Sends a signal to the program.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.said("pid")]).status();
        assert!(sent.expect("kill is installed").success(), "it is gone: {}", self.output().escape_debug());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
