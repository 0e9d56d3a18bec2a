//! The figures of `/__stats`: the only file of these tests that knows their shape.

use serde_json::Value;

/// All figures at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Stats(pub(crate) Value);

/// The figures of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) requests: u64,
    pub(crate) in_flight: u64,
    pub(crate) backends: Vec<Backend>,
}

/// The figures of one backend.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    pub(crate) label: String,
    pub(crate) requests: u64,
    /// Shadows only.
    pub(crate) books: Option<Books>,
}

/// Where the requests offered to one shadow went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Books {
    pub(crate) offered: u64,
    /// By reason.
    pub(crate) skipped: Vec<(String, u64)>,
    /// By reason.
    pub(crate) dropped: Vec<(String, u64)>,
    pub(crate) waiting: u64,
    pub(crate) sent: u64,
    pub(crate) in_flight: u64,
    /// By class of status.
    pub(crate) completed: Vec<(String, u64)>,
    /// By kind of failure.
    pub(crate) failed: Vec<(String, u64)>,
    pub(crate) abandoned: u64,
    pub(crate) buffered_bytes: u64,
}

/// Where the pairs of one comparison went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs {
    pub(crate) begun: u64,
    pub(crate) void: u64,
    pub(crate) waiting: u64,
    /// By verdict.
    pub(crate) verdicts: Vec<(String, u64)>,
    /// By reason.
    pub(crate) incomparable: Vec<(String, u64)>,
}

impl Pairs {
    fn new(from: &Value) -> Self {
        Self {
            begun: number(from, "begun"),
            void: number(from, "void"),
            waiting: number(from, "waiting"),
            verdicts: counts(from, "verdicts"),
            incomparable: counts(from, "incomparable"),
        }
    }

    /// Pairs that could be compared.
    pub(crate) fn compared(&self) -> u64 {
        sum(&self.verdicts)
    }

    /// Whether every pair is accounted for.
    pub(crate) fn balanced(&self) -> bool {
        self.begun == self.void + self.waiting + self.compared() + sum(&self.incomparable)
    }
}

impl Stats {
    /// The pairs of every shadow whose answers are compared, in the order of the file.
    pub(crate) fn pairs(&self) -> Vec<Pairs> {
        let backends = list(&self.0, "endpoints").iter().flat_map(|endpoint| list(endpoint, "backends"));
        let compared = backends.filter_map(|backend| backend.get("standing")?.get("comparison"));
        compared.filter(|one| !one.is_null()).map(Pairs::new).collect()
    }

    /// Every endpoint, in the order of the file.
    pub(crate) fn endpoints(&self) -> Vec<Endpoint> {
        list(&self.0, "endpoints").iter().map(Endpoint::new).collect()
    }

    /// One endpoint, by its path in the file.
    pub(crate) fn endpoint(&self, path: &str) -> Endpoint {
        let found = self.endpoints().into_iter().find(|endpoint| endpoint.path == path);
        found.unwrap_or_else(|| panic!("no endpoint {path} in {:#}", self.0))
    }

    /// The books of every shadow, in the order of the file.
    pub(crate) fn books(&self) -> Vec<Books> {
        self.endpoints()
            .into_iter()
            .flat_map(|endpoint| endpoint.backends)
            .filter_map(|backend| backend.books)
            .collect()
    }

    /// The books of the only shadow there is.
    pub(crate) fn the_books(&self) -> Books {
        let mut all = self.books();
        assert_eq!(all.len(), 1, "one shadow is expected in {:#}", self.0);
        all.pop().unwrap_or_default()
    }
}

impl Endpoint {
    fn new(from: &Value) -> Self {
        Self {
            method: text(from, "method"),
            path: text(from, "path"),
            requests: number(from, "requests"),
            in_flight: number(from, "in_flight"),
            backends: list(from, "backends").iter().map(Backend::new).collect(),
        }
    }
}

impl Backend {
    fn new(from: &Value) -> Self {
        let shadow = from.get("shadow").and_then(Value::as_bool).unwrap_or_default();
        Self {
            label: text(from, "label"),
            requests: number(from, "requests"),
            books: shadow.then(|| Books::new(from.get("books").unwrap_or(&Value::Null))),
        }
    }
}

impl Books {
    fn new(from: &Value) -> Self {
        Self {
            offered: number(from, "offered"),
            skipped: counts(from, "skipped"),
            dropped: counts(from, "dropped"),
            waiting: number(from, "waiting"),
            sent: number(from, "sent"),
            in_flight: number(from, "in_flight"),
            completed: counts(from, "completed"),
            failed: counts(from, "failed"),
            abandoned: number(from, "abandoned"),
            buffered_bytes: number(from, "buffered_bytes"),
        }
    }

    /// Whether every offered request, and every sent one, is accounted for.
    pub(crate) fn balanced(&self) -> bool {
        let offered = sum(&self.skipped) + sum(&self.dropped) + self.waiting + self.sent;
        let sent = sum(&self.completed) + sum(&self.failed) + self.abandoned + self.in_flight;
        self.offered == offered && self.sent == sent
    }

    /// Whether nothing is under way and nothing is held.
    pub(crate) fn settled(&self) -> bool {
        self.waiting == 0 && self.in_flight == 0 && self.buffered_bytes == 0
    }

    /// How many were dropped for this reason.
    pub(crate) fn dropped_for(&self, reason: &str) -> u64 {
        self.dropped.iter().filter(|(name, _)| name == reason).map(|(_, count)| count).sum()
    }

    /// How many were answered at all.
    pub(crate) fn answered(&self) -> u64 {
        sum(&self.completed)
    }

    /// How many failed at all.
    pub(crate) fn broken(&self) -> u64 {
        sum(&self.failed)
    }
}

fn sum(counts: &[(String, u64)]) -> u64 {
    counts.iter().map(|(_, count)| count).sum()
}

fn list<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(object: &Value, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no text {name} in {object:#}")).to_owned()
}

fn number(object: &Value, name: &str) -> u64 {
    object.get(name).and_then(Value::as_u64).unwrap_or_else(|| panic!("no number {name} in {object:#}"))
}

fn counts(object: &Value, name: &str) -> Vec<(String, u64)> {
    let counts = object.get(name).cloned().unwrap_or_else(|| panic!("no counts {name} in {object:#}"));
    serde_json::from_value(counts).unwrap_or_else(|error| panic!("{name} are no counts ({error}): {object:#}"))
}
