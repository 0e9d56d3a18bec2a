//! What series are called: numbers turned into labels, away from the threads that count.

use std::{borrow::Cow, cmp::Ordering};

use http::StatusCode;

use super::{
    Family, Series, Value,
    meter::{METHODS, OTHER_HOST, UNROUTED},
};

/// A label: its name as OpenTelemetry writes it, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Label(pub Cow<'static, str>, pub Value);

/// The labels of one series, sorted by name.
pub type LabelSet = Vec<Label>;

/// An endpoint in labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointLabels {
    /// `http_route`.
    pub route: String,
    /// `http_request_method`.
    pub method: String,
    /// More labels of its requests at the listener.
    pub of_global: Vec<(String, String)>,
    /// More labels of its calls.
    pub of_proxy: Vec<(String, String)>,
}

/// A backend in labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendLabels {
    /// The number of its endpoint.
    pub endpoint: usize,
    /// `http_route`, which is `clientname` too.
    pub route: String,
    /// `http_request_method`.
    pub method: String,
    /// Its hosts and their ports.
    pub hosts: Vec<(String, u16)>,
    /// Whether nobody sees its answers.
    pub shadow: bool,
    /// More labels.
    pub more: Vec<(String, String)>,
}

/// What the numbers of one plan are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The endpoints, by number.
    pub endpoints: Vec<EndpointLabels>,
    /// The backends, by number.
    pub backends: Vec<BackendLabels>,
    /// `url_scheme`.
    pub scheme: &'static str,
    /// More labels of requests at the listener.
    pub of_global: Vec<(String, String)>,
    /// Whether names and units of figures are those of version 1.27 of the conventions.
    pub semantic_1_27: bool,
}

impl Labels {
    /// The labels of a series; `None` for a number that names nothing.
    #[must_use]
    pub fn of(&self, series: &Series) -> Option<LabelSet> {
        let mut labels = match series.family {
            Family::Server => self.server(series)?,
            Family::Proxy => {
                let endpoint = self.endpoint(series.place)?;
                let mut labels = vec![
                    text("http.request.method", endpoint.method.clone()),
                    text("http.route", endpoint.route.clone()),
                ];
                labels.extend(end(series));
                labels.extend(more(&endpoint.of_proxy));
                labels
            }
            Family::Backend => {
                let mut labels = self.backend(series.place)?;
                labels.extend(end(series));
                labels
            }
            Family::Client => self.client(series)?,
            Family::Read => {
                let mut labels = self.backend(series.place)?;
                if series.end.error {
                    labels.push(text("error", "true".to_owned()));
                }
                labels
            }
        };
        // What stands first wins: nobody takes the place of the gateway's own labels.
        labels.sort_by(|one, other| one.0.cmp(&other.0));
        labels.dedup_by(|second, first| second.0 == first.0);
        Some(labels)
    }

    fn endpoint(&self, place: u32) -> Option<&EndpointLabels> {
        self.endpoints.get(usize::try_from(place).ok()?)
    }

    fn server(&self, series: &Series) -> Option<LabelSet> {
        let endpoint = if series.place == UNROUTED { None } else { Some(self.endpoint(series.place)?) };
        let route = endpoint.map_or_else(|| unrouted(series.status), |endpoint| endpoint.route.clone());
        let method = METHODS.get(usize::from(series.method)).copied().unwrap_or_default();
        let mut labels = vec![
            Label("http.request.method".into(), method.into()),
            text("http.route", route),
            Label("url.scheme".into(), self.scheme.into()),
            Label("http.response.status_code".into(), Value::Int(series.status.into())),
        ];
        labels.extend(more(&self.of_global));
        labels.extend(endpoint.into_iter().flat_map(|endpoint| more(&endpoint.of_global)));
        Some(labels)
    }

    fn backend(&self, place: u32) -> Option<LabelSet> {
        let backend = self.backends.get(usize::try_from(place).ok()?)?;
        let endpoint = self.endpoints.get(backend.endpoint)?;
        let mut labels = vec![
            text("http.request.method", backend.method.clone()),
            text("http.route", backend.route.clone()),
            text("krakend.endpoint.route", endpoint.route.clone()),
            text("krakend.endpoint.method", endpoint.method.clone()),
        ];
        if backend.shadow {
            labels.push(Label("krakend.shadow".into(), Value::Bool(true)));
        }
        labels.extend(more(&backend.more));
        Some(labels)
    }

    fn client(&self, series: &Series) -> Option<LabelSet> {
        let mut labels = self.backend(series.place)?;
        let backend = self.backends.get(usize::try_from(series.place).ok()?)?;
        let (host, port) = match backend.hosts.get(usize::from(series.host)) {
            Some((host, port)) if series.host != OTHER_HOST => (host.clone(), *port),
            _ => ("_OTHER".to_owned(), 0),
        };
        labels.extend([
            text("clientname", backend.route.clone()),
            text("server.address", host),
            Label("server.port".into(), Value::Int(port.into())),
            Label("http.response.status_code".into(), Value::Int(series.status.into())),
        ]);
        Some(labels)
    }
}

/// What stands for a route where there is none: `404 Not Found`.
#[must_use]
pub fn unrouted(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    format!("{status} {}", reason.unwrap_or_default()).trim_end().to_owned()
}

fn text(name: &'static str, text: String) -> Label {
    Label(name.into(), text.into())
}

fn end(series: &Series) -> [Label; 3] {
    let flag = |name: &'static str, flag: bool| Label(name.into(), Value::Bool(flag));
    let end = series.end;
    [flag("error", end.error), flag("canceled", end.cancelled), flag("complete", end.complete)]
}

fn more(attributes: &[(String, String)]) -> impl Iterator<Item = Label> {
    attributes.iter().map(|(name, value)| Label(name.clone().into(), value.clone().into()))
}

/// Orders label sets, so that expositions come in one order.
#[must_use]
pub fn ordered(one: &LabelSet, other: &LabelSet) -> Ordering {
    let key = |set: &LabelSet| -> Vec<(String, String)> {
        set.iter().map(|Label(name, value)| (name.to_string(), shown(value))).collect()
    };
    key(one).cmp(&key(other))
}

/// A value as a text.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Double(number) => number.to_string(),
        Value::Texts(texts) => texts.join(","),
    }
}
