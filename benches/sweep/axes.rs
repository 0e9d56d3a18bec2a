//! What is varied: each axis with its cells, and the file and the request of each cell.

use serde_json::{Value, json};

use super::measured::Measured;

/// Connections of the load unless they are what is varied.
const CONNECTIONS: usize = 32;

/// Bytes of the plain answer.
const SMALL: usize = 200;

/// Something that is varied.
pub(crate) struct Axis {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What the first column is.
    pub(crate) along: &'static str,
    pub(crate) cells: Vec<Cell>,
    pub(crate) plots: Vec<Plot>,
}

/// A drawing of one figure along an axis.
pub(crate) struct Plot {
    pub(crate) name: &'static str,
    /// What it is, with its unit.
    pub(crate) figure_name: &'static str,
    pub(crate) figure: fn(&Measured) -> f64,
}

/// One gateway under one load.
#[derive(Clone)]
pub(crate) struct Cell {
    pub(crate) at: String,
    pub(crate) series: &'static str,
    pub(crate) connections: usize,
    pub(crate) workers: usize,
    endpoints: usize,
    backends: usize,
    answer: usize,
    body: usize,
    no_op: bool,
    /// Of how many requests in a hundred a shadow gets a copy; `None` without a shadow.
    copied: Option<f64>,
}

const PLAIN: Cell = Cell {
    at: String::new(),
    series: "",
    connections: CONNECTIONS,
    workers: 1,
    endpoints: 1,
    backends: 1,
    answer: SMALL,
    body: 0,
    no_op: false,
    copied: None,
};

const CPU: fn(&Measured) -> f64 = |measured| measured.cpu_us;
const CPU_NAME: &str = "CPU of the gateway, µs a request";

fn cpu_plot(name: &'static str) -> Plot {
    Plot { name, figure_name: CPU_NAME, figure: CPU }
}

pub(crate) fn all() -> Vec<Axis> {
    vec![connections(), endpoints(), backends(), bodies(), shadow(), workers()]
}

fn connections() -> Axis {
    let cell = |connections: usize| Cell { at: connections.to_string(), series: "200 B JSON", connections, ..PLAIN };
    Axis {
        name: "connections",
        title: "Connections of clients",
        along: "connections",
        cells: [1, 10, 100, 1000].map(cell).into(),
        plots: vec![cpu_plot("connections")],
    }
}

fn endpoints() -> Axis {
    let cell = |endpoints: usize| Cell { at: endpoints.to_string(), series: "200 B JSON", endpoints, ..PLAIN };
    Axis {
        name: "endpoints",
        title: "Endpoints of the file, of which one is asked",
        along: "endpoints",
        cells: [1, 10, 100, 1000, 10_000].map(cell).into(),
        plots: vec![
            cpu_plot("endpoints"),
            Plot { name: "start", figure_name: "from start to first answer, ms", figure: |one| one.start_ms },
            Plot { name: "memory", figure_name: "resident memory after the start, MB", figure: |one| one.idle_mb },
        ],
    }
}

fn backends() -> Axis {
    let cell =
        |backends: usize| Cell { at: backends.to_string(), series: "2 KB JSON each", backends, answer: 2000, ..PLAIN };
    Axis {
        name: "backends",
        title: "Backends whose answers are merged",
        along: "backends",
        cells: [1, 2, 3, 5, 8].map(cell).into(),
        plots: vec![cpu_plot("backends")],
    }
}

fn bodies() -> Axis {
    let sizes = [(200, "200 B"), (2_000, "2 KB"), (10_000, "10 KB"), (50_000, "50 KB"), (200_000, "200 KB")];
    let cells = sizes.into_iter().flat_map(|(bytes, at)| {
        let sized = Cell { at: at.to_owned(), ..PLAIN };
        [
            Cell { series: "answer, JSON", answer: bytes, ..sized.clone() },
            Cell { series: "answer, no-op", answer: bytes, no_op: true, ..sized.clone() },
            Cell { series: "request body", body: bytes, ..sized },
        ]
    });
    Axis {
        name: "bodies",
        title: "Size of bodies",
        along: "size",
        cells: cells.collect(),
        plots: vec![cpu_plot("bodies")],
    }
}

fn shadow() -> Axis {
    let cell = |percent: f64| Cell { at: format!("{percent} %"), series: "200 B JSON", copied: Some(percent), ..PLAIN };
    let without = Cell { at: "no shadow".to_owned(), series: "200 B JSON", ..PLAIN };
    let shares = [0.0, 1.0, 10.0, 25.0, 50.0, 100.0].map(cell);
    Axis {
        name: "shadow",
        title: "Share of the requests that a shadow gets",
        along: "copied",
        cells: std::iter::once(without).chain(shares).collect(),
        plots: vec![cpu_plot("shadow")],
    }
}

fn workers() -> Axis {
    let cell = |workers: usize| Cell { at: workers.to_string(), series: "200 B JSON", workers, ..PLAIN };
    Axis { name: "workers", title: "Worker threads", along: "workers", cells: [1, 2].map(cell).into(), plots: vec![] }
}

impl Cell {
    /// The configuration, for a gateway and an upstream on these ports.
    pub(crate) fn file(&self, port: u16, upstream: u16) -> Value {
        let backend = |path: String, proxy: Value| {
            json!({
                "url_pattern": path,
                "method": self.method(),
                "encoding": self.encoding(),
                "host": [format!("http://127.0.0.1:{upstream}")],
                "extra_config": { "proxy": proxy },
            })
        };
        let live =
            (0..self.backends).map(|place| backend(format!("/answer/{}/{place}/{{id}}", self.answer), json!({})));
        let shadow = self.copied.map(|percent| {
            let policy = json!({ "sample": { "rate": percent / 100.0 }, "holdout": 0 });
            backend(
                format!("/answer/{}/shadow/{{id}}", self.answer),
                json!({ "shadow": true, "@shadow_policy": policy }),
            )
        });
        let backends: Vec<Value> = live.chain(shadow).collect();
        let endpoints: Vec<Value> = (0..self.endpoints)
            .map(|place| {
                json!({
                    "endpoint": format!("/area{place}/{{id}}"),
                    "method": self.method(),
                    "output_encoding": self.encoding(),
                    "timeout": "10s",
                    "backend": backends,
                })
            })
            .collect();
        json!({ "version": 3, "listen_ip": "127.0.0.1", "port": port, "endpoints": endpoints })
    }

    /// The request, which goes to the last endpoint.
    pub(crate) fn request(&self) -> Vec<u8> {
        let (method, last) = (self.method(), self.endpoints.saturating_sub(1));
        let head = format!("{method} /area{last}/42 HTTP/1.1\r\nHost: gateway\r\nUser-Agent: sweep\r\nAccept: */*\r\n");
        if self.body == 0 {
            return format!("{head}\r\n").into_bytes();
        }
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", self.body);
        [head.into_bytes(), super::upstream::json_of("body", self.body)].concat()
    }

    fn encoding(&self) -> &'static str {
        if self.no_op { "no-op" } else { "json" }
    }

    fn method(&self) -> &'static str {
        if self.body > 0 { "POST" } else { "GET" }
    }
}
