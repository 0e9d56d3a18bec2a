//! The gateway that is measured: the real program on a core of its own, where there is `taskset` and a second core.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;

use super::load;

/// More than the load and its upstream need.
const DESCRIPTORS: &str = "--nofile=16384";

/// A running gateway; dropping it ends it.
pub(crate) struct Gateway {
    pub(crate) port: u16,
    /// From the start of the process to its first answer.
    pub(crate) start_time: Duration,
    child: Child,
    file: PathBuf,
}

/// Moves this process away from the first core and lets it have descriptors enough; whether it has moved.
pub(crate) fn stay_on_other_core() -> bool {
    let own = std::process::id().to_string();
    let quiet = |program: &str, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    };
    if !quiet("prlimit", &["--pid", &own, DESCRIPTORS]) {
        eprintln!("without prlimit (util-linux) a thousand connections may be more than are allowed");
    }
    thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) && quiet("taskset", &["-a", "-cp", "1", &own])
}

impl Gateway {
    /// Starts it and waits until it answers. With one worker it has the first core for itself, with more it has all.
    pub(crate) fn start(file: impl Fn(u16) -> Value, workers: usize, is_pinned: bool) -> Self {
        let port = free_port();
        let path = env::temp_dir().join(format!("gnomon-sweep-{}-{port}.json", std::process::id()));
        fs::write(&path, file(port).to_string()).expect("the folder for temporary files can be written");
        let program = env::var("GNOMON").unwrap_or_else(|_not_set| env!("CARGO_BIN_EXE_gnomon").to_owned());
        let cores = if workers == 1 { "0" } else { "0-1023" };
        let mut command = if is_pinned { Command::new("taskset") } else { Command::new(&program) };
        if is_pinned {
            command.args(["-c", cores]).arg(&program);
        }
        command.args(["run", "--workers", &workers.to_string(), "--admin", "off", "-c"]).arg(&path);
        let started = Instant::now();
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program was built");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            #[expect(clippy::disallowed_methods, reason = "waits for a program to start; nothing else runs here")]
            thread::sleep(Duration::from_millis(1));
        }
        // The first answer: threads accept before they have their actors.
        load::run(port, b"GET /__health HTTP/1.1\r\nHost: gateway\r\n\r\n", 1, Duration::from_nanos(1));
        Self { port, start_time: started.elapsed(), child, file: path }
    }

    /// Processor time used so far, over all threads.
    pub(crate) fn cpu_ns(&self) -> u64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let time = |thread: fs::DirEntry| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        threads.filter_map(time).sum()
    }

    /// Resident memory.
    pub(crate) fn memory_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
        let _gone_already = fs::remove_file(&self.file);
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
