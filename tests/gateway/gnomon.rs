//! The built program as a child process: started on free ports, watched, and ended.

use std::{
    ffi::OsString,
    io::Read,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    client::{self, Answer, Connection},
    files::with,
    footprint::Footprint,
    patience::{LIMIT, wait_for},
    stats::{Books, Stats},
};

/// How often other ports are tried when somebody was faster.
const STARTS_MAX: u32 = 5;

/// What its file is called.
const FILE: &str = "krakend.json";

/// A running gateway; dropping it kills it.
pub(crate) struct Gnomon {
    child: Child,
    address: SocketAddr,
    admin: SocketAddr,
    output: Arc<Mutex<Vec<u8>>>,
    folder: Option<Folder>,
}

impl Gnomon {
    /// `gnomon run` with this file, on ports of its own.
    pub(crate) fn run(file: &Value) -> Self {
        Self::run_when(file, &[], is_healthy, &[])
    }

    /// The same with more on the command line.
    pub(crate) fn run_with(file: &Value, more: &[&str]) -> Self {
        Self::run_when(file, &[], is_healthy, more)
    }

    /// The same, and nobody has read its figures yet.
    pub(crate) fn run_unread(file: &Value, more: &[&str]) -> Self {
        Self::run_when(file, &[], |gnomon| is_up(gnomon.address, "/__health"), more)
    }

    /// The same with variables in its environment.
    pub(crate) fn run_in(file: &Value, environment: &[(&str, String)]) -> Self {
        Self::run_when(file, environment, is_healthy, &[])
    }

    /// The same for a file with `tls`: it is up when it accepts connections.
    pub(crate) fn run_secure(file: &Value) -> Self {
        Self::run_when(file, &[], |gnomon| TcpStream::connect(gnomon.address).is_ok() && has_admin(gnomon), &[])
    }

    /// The program with these variables and these arguments, made anew for each attempt from a free port and a free
    /// address for the dashboard; it is up when it says so, wherever it listens, or has its dashboard up, whatever it
    /// logs.
    pub(crate) fn run_as(environment: &[(&str, String)], arguments: impl Fn(u16, SocketAddr) -> Vec<OsString>) -> Self {
        Self::launch_in(
            environment,
            |gnomon| gnomon.output().contains(" listening on ") || has_admin(gnomon),
            arguments,
        )
    }

    /// The same with this many worker threads, while its calls to the kernel on files and sockets are written down by
    /// `strace`.
    pub(crate) fn run_traced(file: &Value, workers: &str, log: &Path) -> Self {
        let log = log.as_os_str();
        // Traced by a grandchild, so that the child is the gateway.
        let flags = ["-D", "-f", "-qq", "-e", "signal=none", "-e", "trace=%network,%desc,futex", "-o"];
        Self::run_by(file, is_healthy, &["--workers", workers], |own| {
            let mut traced = Command::new("strace");
            traced.args(flags).arg(log).arg(own.get_program()).args(own.get_args());
            traced
        })
    }

    /// `gnomon run` with this file by another command, made of its own.
    pub(crate) fn run_by_own(file: &Value, by: impl Fn(Command) -> Command) -> Self {
        Self::run_by(file, is_healthy, &[], by)
    }

    fn run_when(file: &Value, environment: &[(&str, String)], is_ready: fn(&Self) -> bool, more: &[&str]) -> Self {
        Self::run_by(file, is_ready, more, |mut own| {
            own.envs(environment.iter().cloned());
            own
        })
    }

    /// `gnomon run` with this file, on ports of its own, by another command that is made of its own.
    fn run_by(file: &Value, is_ready: fn(&Self) -> bool, more: &[&str], by: impl Fn(Command) -> Command) -> Self {
        let folder = Folder::new();
        let path = folder.path(FILE);
        let mut gnomon = Self::launch_by(is_ready, |port, admin| {
            write(&path, &placed(file, port).to_string());
            let arguments =
                ["run".into(), "-c".into(), path.clone().into(), "--admin".into(), admin.to_string().into()];
            by(program(arguments.into_iter().chain(more.iter().map(OsString::from))))
        });
        gnomon.folder = Some(folder);
        gnomon
    }

    /// `gnomon demo`, on ports of its own.
    pub(crate) fn demo() -> Self {
        Self::demo_at(50)
    }

    /// The same with so many requests a second.
    pub(crate) fn demo_at(rate: u32) -> Self {
        Self::launch(is_healthy, |port, admin| {
            let (port, admin, rate) = (port.to_string(), admin.to_string(), rate.to_string());
            ["demo", "--port", &port, "--admin", &admin, "--rate", &rate].map(Into::into).into()
        })
    }

    /// Starts the program and waits until it is ready.
    fn launch(is_ready: fn(&Self) -> bool, arguments: impl Fn(u16, SocketAddr) -> Vec<OsString>) -> Self {
        Self::launch_in(&[], is_ready, arguments)
    }

    fn launch_in(
        environment: &[(&str, String)],
        is_ready: fn(&Self) -> bool,
        arguments: impl Fn(u16, SocketAddr) -> Vec<OsString>,
    ) -> Self {
        Self::launch_by(is_ready, |port, admin| {
            let mut command = program(arguments(port, admin));
            command.envs(environment.iter().cloned());
            command
        })
    }

    fn launch_by(is_ready: fn(&Self) -> bool, command: impl Fn(u16, SocketAddr) -> Command) -> Self {
        for _ in 0..STARTS_MAX {
            let address = free_address();
            let admin = free_address();
            let mut gnomon = Self::spawn(command(address.port(), admin), address, admin);
            let ready = wait_for(|| match gnomon.child.try_wait() {
                Ok(None) => is_ready(&gnomon).then_some(true),
                _ => Some(false),
            });
            match ready {
                Some(true) => return gnomon,
                Some(false) if gnomon.output().contains("in use") => {}
                Some(false) => panic!("the gateway ended before it was up:\n{}", gnomon.output()),
                None => panic!("the gateway was not up within {LIMIT:?}:\n{}", gnomon.output()),
            }
        }
        panic!("no free ports in {STARTS_MAX} attempts");
    }

    fn spawn(mut command: Command, address: SocketAddr, admin: SocketAddr) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program was built, and tests/run installs what it runs under");
        let output = Arc::default();
        collect(child.stdout.take(), &output);
        collect(child.stderr.take(), &output);
        Self { child, address, admin, output, folder: None }
    }

    /// Replaces its file, as an editor does: by one with another name that is renamed.
    pub(crate) fn rewrite(&self, file: &Value) {
        self.rewrite_text(&placed(file, self.address.port()).to_string());
    }

    /// The same with a text.
    pub(crate) fn rewrite_text(&self, text: &str) {
        let folder = self.folder.as_ref().expect("it was started with a file");
        write(&folder.path("next"), text);
        std::fs::rename(folder.path("next"), folder.path(FILE)).expect("the folder is ours");
    }

    /// Has it load its file again.
    pub(crate) fn reload(&self) -> Answer {
        client::ask(self.admin, "POST", "/__reload", &[client::MEANT], b"")
    }

    /// Serves another file, which can be used.
    pub(crate) fn replace(&self, file: &Value) -> Value {
        self.rewrite(file);
        let answer = self.reload();
        assert_eq!((answer.status, &answer.json()["result"]), (200, &json!("replaced")), "{}", answer.text());
        answer.json()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where it serves clients.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the dashboard is.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// One GET on a connection of its own.
    pub(crate) fn get(&self, target: &str) -> Answer {
        client::get(self.address, target)
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        client::ask(self.address, method, target, headers, body)
    }

    /// Asks the admin listener for a change.
    pub(crate) fn change(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/json"), client::MEANT];
        client::ask(self.admin, method, path, &headers, body.to_string().as_bytes())
    }

    /// The same, of a change that is made.
    pub(crate) fn changed(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.change(method, path, body);
        assert_eq!(answer.status, 200, "{method} {path} {body}: {}", answer.text());
        answer.json()
    }

    /// A new connection.
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// What it holds of the machine now.
    pub(crate) fn footprint(&self) -> Footprint {
        Footprint::of(self.child.id())
    }

    /// What it printed so far, stdout and stderr together.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// The figures as they are now. The books of every shadow balance whenever they are read.
    pub(crate) fn stats(&self) -> Stats {
        let answer = client::get(self.admin, "/__stats");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let stats = Stats(answer.json());
        for books in stats.books() {
            assert!(books.balanced(), "the books don't balance: {books:#?}\n{}", self.output());
        }
        stats
    }

    /// The books of the only shadow.
    pub(crate) fn books(&self) -> Books {
        self.stats().the_books()
    }

    /// Reads the figures until they are as wanted; `what` says what was waited for.
    pub(crate) fn wait_until(&self, what: &str, wanted: impl Fn(&Stats) -> bool) -> Stats {
        let found = wait_for(|| Some(self.stats()).filter(&wanted));
        found.unwrap_or_else(|| panic!("not within {LIMIT:?}: {what}\n{:#}\n{}", self.stats().0, self.output()))
    }

    /// Waits until nothing is mirrored any more and returns the figures, with books that balance.
    pub(crate) fn settle(&self) -> Stats {
        self.wait_until("every mirrored request has ended", |stats| stats.books().iter().all(Books::settled))
    }

    /// Ends a test: every shadow's books balance with nothing in flight, and the gateway still serves.
    pub(crate) fn finish(self) -> Stats {
        let stats = self.settle();
        assert!(is_up(self.address, "/__health"), "the gateway is not healthy any more:\n{}", self.output());
        stats
    }

    /// Sends a signal by its name, as in `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill is installed").success(), "the gateway is gone:\n{}", self.output());
    }

    /// Waits until nobody listens where clients connect.
    pub(crate) fn wait_until_closed(&self) {
        let closed = wait_for(|| TcpStream::connect(self.address).is_err().then_some(()));
        assert!(closed.is_some(), "the gateway still accepts connections:\n{}", self.output());
    }

    /// Waits until the program has closed its output, which it does when it ends.
    pub(crate) fn wait_until_ended(&self) {
        let ended = wait_for(|| (Arc::strong_count(&self.output) == 1).then_some(()));
        assert!(ended.is_some(), "the gateway did not end within {LIMIT:?}:\n{}", self.output());
    }

    /// Waits for the end of the program.
    pub(crate) fn wait_for_exit(&mut self) -> ExitStatus {
        let ended = wait_for(|| self.child.try_wait().expect("the program is ours"));
        ended.unwrap_or_else(|| panic!("the gateway did not end within {LIMIT:?}:\n{}", self.output()))
    }
}

impl Drop for Gnomon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("the gateway at {} printed:\n{}", self.address, self.output());
        }
    }
}

/// A file for one port of this machine.
fn placed(file: &Value, port: u16) -> Value {
    with(file.clone(), &json!({ "listen_ip": "127.0.0.1", "port": port }))
}

/// Runs the program to its end, as in `gnomon check`; one that doesn't end by itself is killed.
pub(crate) fn complete(arguments: &[&str]) -> Output {
    let mut command = program(arguments.iter().map(OsString::from));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program was built");
    // What it prints may be more than a pipe holds.
    let (stdout, stderr) = (Arc::default(), Arc::default());
    collect(child.stdout.take(), &stdout);
    collect(child.stderr.take(), &stderr);
    let ended = wait_for(|| child.try_wait().expect("the program is ours"));
    if ended.is_none() {
        child.kill().ok();
    }
    let status = child.wait().expect("the program is ours");
    let output = Output { status, stdout: collected(&stdout), stderr: collected(&stderr) };
    assert!(ended.is_some(), "{arguments:?} did not end within {LIMIT:?}: {output:?}");
    output
}

fn program(arguments: impl IntoIterator<Item = OsString>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gnomon"));
    command.args(arguments);
    command
}

/// Keeps reading, for a program whose output nobody reads stops when the pipe is full.
pub(crate) fn collect(from: Option<impl Read + Send + 'static>, output: &Arc<Mutex<Vec<u8>>>) {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        let Some(mut from) = from else { return };
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    });
}

/// All that was read of an output that its program has closed.
fn collected(output: &Arc<Mutex<Vec<u8>>>) -> Vec<u8> {
    let read = wait_for(|| (Arc::strong_count(output) == 1).then_some(()));
    assert!(read.is_some(), "somebody else holds the output of the program");
    output.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn is_healthy(gnomon: &Gnomon) -> bool {
    is_up(gnomon.address, "/__health") && has_admin(gnomon)
}

fn has_admin(gnomon: &Gnomon) -> bool {
    is_up(gnomon.admin, "/__stats")
}

fn is_up(address: SocketAddr, target: &str) -> bool {
    client::try_get(address, target).is_some_and(|answer| answer.status == 200)
}

/// The ports that are looked at: below those the kernel gives to whoever asks for any, so that no upstream and no
/// connection of other tests gets one before the program does.
const PORTS: std::ops::Range<u32> = 10_000..32_000;

/// A port that was free a moment ago, and that no other test of this process gets.
pub(crate) fn free_address() -> SocketAddr {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // Test processes beside this one begin elsewhere.
    let begin = std::process::id().wrapping_mul(7919);
    loop {
        let place = begin.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed)) % (PORTS.end - PORTS.start);
        let port = u16::try_from(PORTS.start + place).expect("ports are numbers of 16 bits");
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener.local_addr().expect("a listener has an address");
        }
    }
}

/// A folder of its own for one test, removed with everything in it when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("gnomon-gateway-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder is writable");
        Self(path)
    }

    /// Where a file of this name belongs.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file and returns its path as text.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        write(&path, content);
        path.to_str().expect("temporary paths are text").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn write(path: &Path, content: &str) {
    std::fs::write(path, content).expect("the temporary folder is writable");
}
