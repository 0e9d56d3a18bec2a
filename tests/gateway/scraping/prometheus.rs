//! A real Prometheus: started on a port that the system chooses, asked over its interface, and ended.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{
    client,
    gnomon::Folder,
    patience::{LIMIT, wait_for},
};

/// What it writes before the address that it listens on.
const LISTENING: &str = "msg=\"Listening on\" address=";

/// A running Prometheus; dropping it kills it.
pub(super) struct Prometheus {
    child: Child,
    address: SocketAddr,
    _folder: Folder,
}

impl Prometheus {
    /// One that scrapes this address and judges these rules, both twice a second; `None` where the program is not
    /// installed.
    pub(super) fn scraping(target: SocketAddr, rules: &str) -> Option<Self> {
        let folder = Folder::new();
        let file = folder.file(
            "prometheus.yml",
            &format!(
                "global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}}\n\
                 rule_files: [{rules:?}]\n\
                 scrape_configs:\n  - job_name: gnomon\n    static_configs: [{{targets: [\"{target}\"]}}]\n"
            ),
        );
        let started = Command::new("prometheus")
            .arg(format!("--config.file={file}"))
            .arg(format!("--storage.tsdb.path={}", folder.path("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--enable-feature=exemplar-storage"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        match started {
            Ok(mut child) => {
                let prometheus = Self { address: listens_on(&mut child), child, _folder: folder };
                // It listens before it answers.
                let ready = || client::try_get(prometheus.address, "/-/ready").filter(|answer| answer.status == 200);
                assert!(wait_for(ready).is_some(), "prometheus does not get ready");
                Some(prometheus)
            }
            Err(error) => {
                println!("skipped: prometheus is not installed: {error}");
                None
            }
        }
    }

    /// The `data` of an answer of its interface.
    pub(super) fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value, String> {
        let pair = |(name, value): &(&str, &str)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        let query: Vec<_> = parameters.iter().map(pair).collect();
        let target = format!("/api/v1/{path}?{}", query.join("&"));
        let answer = client::try_get(self.address, &target).ok_or("no answer")?;
        let told: Value =
            serde_json::from_str(&answer.text()).map_err(|error| format!("{error}: {}", answer.text()))?;
        if told["status"] == "success" { Ok(told["data"].clone()) } else { Err(answer.text()) }
    }

    /// The series that an expression has now.
    pub(super) fn query(&self, expression: &str) -> Result<Vec<Value>, String> {
        let data = self.ask("query", &[("query", expression)])?;
        data["result"].as_array().cloned().ok_or_else(|| format!("no series: {data}"))
    }

    /// The number that an expression has now; `None` where it has none or more than one.
    pub(super) fn number(&self, expression: &str) -> Option<f64> {
        match self.query(expression).ok()?.as_slice() {
            [one] => one["value"][1].as_str()?.parse().ok(),
            _ => None,
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Reads what it writes until it says where it listens, and goes on reading, or it would stop at a full pipe.
fn listens_on(child: &mut Child) -> SocketAddr {
    let written = BufReader::new(child.stderr.take().expect("it is a pipe"));
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for line in written.lines().map_while(Result::ok) {
            tell.send(line).ok();
        }
    });
    let mut before = Vec::new();
    loop {
        match told.recv_timeout(LIMIT) {
            Ok(line) => match line.split_once(LISTENING) {
                Some((_, address)) => return address.trim().parse().expect("an address"),
                None => before.push(line),
            },
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                child.kill().ok();
                panic!("prometheus does not say where it listens:\n{}", before.join("\n"))
            }
        }
    }
}
