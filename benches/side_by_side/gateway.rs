//! The gateway under test: the real program, as this build made it, or the one that GNOMON names.

use serde_json::{Value, json};

use super::books::Books;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A running gateway; dropping it ends it.
pub(crate) struct Gateway {
    pub(crate) port: u16,
    pub(crate) admin: u16,
    child: Child,
}

impl Gateway {
    /// Starts one for a method with a live backend and perhaps a shadow, with or without a policy, and waits until it
    /// answers.
    pub(crate) fn start(method: &str, live: u16, shadow: Option<(u16, Value)>) -> Self {
        let (port, admin) = (free_port(), free_port());
        let path = std::env::temp_dir().join(format!("gnomon-side-by-side-{}-{port}.json", std::process::id()));
        std::fs::write(&path, file(method, port, live, shadow)).expect("the folder for temporary files can be written");
        let program = std::env::var("GNOMON").unwrap_or_else(|_not_set| env!("CARGO_BIN_EXE_gnomon").to_owned());
        let child = Command::new(program)
            .args(["run", "--workers", "1", "--admin", &format!("127.0.0.1:{admin}"), "-c"])
            .arg(&path)
            .stderr(Stdio::null())
            .spawn()
            .expect("the program was built");
        let gateway = Self { port, admin, child };
        while ask(port, "/__health").is_none() {
            #[expect(clippy::disallowed_methods, reason = "waits for a program to start; nothing else runs here")]
            std::thread::sleep(Duration::from_millis(20));
        }
        let _no_longer_needed = std::fs::remove_file(path);
        gateway
    }

    /// Processor time used so far, in microseconds, over all threads.
    pub(crate) fn cpu_us(&self) -> u64 {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let times = threads.filter_map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
        times.sum::<u64>() / 1000
    }

    /// Resident memory in MB.
    pub(crate) fn memory_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
    }

    /// Open files and sockets.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }

    /// The books of the shadow, as they stand.
    pub(crate) fn books(&self) -> Books {
        let stats: Value = ask(self.admin, "/__stats")
            .and_then(|answer| serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok())
            .unwrap_or_default();
        let backends = stats.pointer("/endpoints/0/backends").and_then(|list| list.as_array().cloned());
        let books = backends.into_iter().flatten().find_map(|backend| backend.get("books").cloned());
        Books::read(&books.unwrap_or_default())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn file(method: &str, port: u16, live: u16, shadow: Option<(u16, Value)>) -> String {
    let backend = |port: u16, proxy: Value| {
        let host = format!("http://127.0.0.1:{port}");
        let extra = json!({ "proxy": proxy });
        json!({ "url_pattern": "/user/{id}", "method": method, "host": [host], "extra_config": extra })
    };
    let mut backends = vec![backend(live, json!({}))];
    backends.extend(shadow.map(|(port, policy)| {
        let policed = json!({ "shadow": true, "@shadow_policy": policy });
        backend(port, if policy.is_null() { json!({ "shadow": true }) } else { policed })
    }));
    let endpoint = json!({ "endpoint": "/user/{id}", "method": method, "timeout": "2s", "backend": backends });
    json!({ "version": 3, "listen_ip": "127.0.0.1", "port": port, "endpoints": [endpoint] }).to_string()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn ask(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
