//! What the series are called: the endpoints and backends of one plan, by number.
//!
//! Fixed when a file is loaded and shared behind an `Arc`; while serving, series are only ever named by their number.

/// An endpoint: its place in [`Names::endpoints`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(pub u32);

/// A backend, live or shadow: its place in [`Names::backends`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(pub u32);

/// What an endpoint is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointName {
    /// Its method, in capitals.
    pub method: String,
    /// Its path as the file has it, with `{parameters}`.
    pub path: String,
}

/// What a backend is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BackendName {
    /// The place of its endpoint in [`Names::endpoints`].
    pub endpoint: usize,
    /// Method and url pattern, as in `GET /v1/user/{id}`.
    pub label: String,
    /// Its hosts, for people.
    pub hosts: String,
    /// Whether its answers are never returned.
    pub shadow: bool,
}

/// The names of all series of one plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The endpoints; an [`EndpointId`] is a place in here.
    pub endpoints: Vec<EndpointName>,
    /// The backends; a [`BackendId`] is a place in here.
    pub backends: Vec<BackendName>,
}
