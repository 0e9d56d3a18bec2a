//! One upstream call of an endpoint as configured, with what it inherits filled in.

use std::time::Duration;

use super::{BackendLayer, Extra};

/// One `backend[]` object.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Its `extra_config`, for the components.
    pub extra: Extra,
    /// `url_pattern` with one leading slash, placeholders as written: `/v1/user/{id}?x=1`.
    pub url_pattern: String,
    /// Base addresses, sanitised (`http://host:port`) unless `disable_host_sanitize`; may be empty.
    pub hosts: Vec<String>,
    /// Upper-case method to send; the endpoint's unless given.
    pub method: String,
    /// `encoding` as written; `no-op` when the endpoint is no-op.
    pub encoding: String,
    /// `is_collection`.
    pub is_collection: bool,
    /// `target`, empty if none.
    pub target: String,
    /// `allow`.
    pub allow: Vec<String>,
    /// `deny`.
    pub deny: Vec<String>,
    /// `mapping`, old name to new name, in key order.
    pub mapping: Vec<(String, String)>,
    /// `group`, empty if none.
    pub group: String,
    /// `proxy.flatmap_filter`.
    pub flatmap: Vec<FlatmapOp>,
    /// The second header filter (`input_headers` of the backend), canonical names; empty means none.
    pub input_headers: Vec<String>,
    /// The second query filter; empty means none.
    pub input_query_strings: Vec<String>,
    /// `sd`.
    pub discovery: Discovery,
    /// `backend/http`: what to do with failing statuses.
    pub error_policy: ErrorPolicy,
    /// `backend/http/client.send_body_on_redirect`.
    pub send_body_on_redirect: bool,
    /// Present when this backend is a shadow.
    pub shadow: Option<Shadow>,
    /// `@split`: the backends that take a part of its calls.
    pub split: Option<Box<super::Split>>,
    /// `telemetry/opentelemetry`: what takes the place of the service's layer, if anything does.
    pub telemetry: Option<BackendLayer>,
    /// Where the backend stands in the file, as a JSON pointer.
    pub pointer: String,
}

impl Backend {
    /// This one and, after it, those that take a part of its calls: the order in which all are numbered.
    pub fn with_variants(&self) -> impl Iterator<Item = &Backend> {
        let variants = self.split.iter().flat_map(|split| &split.variants);
        std::iter::once(self).chain(variants.map(|variant| &variant.backend))
    }
}

/// How hosts are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// The `host` list.
    Static,
    /// SRV records of the first host, addressed with this scheme.
    Dns {
        /// `sd_scheme`.
        scheme: String,
    },
}

/// `backend/http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorPolicy {
    /// Anything but 200 and 201 is an error.
    Plain,
    /// `return_error_code`: the client gets the backend's status.
    Code,
    /// `return_error_details`: the error becomes data under `error_<name>`.
    Details(String),
}

/// One `flatmap_filter` operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlatmapOp {
    /// `del`, `move`, `append`; others are ignored.
    pub kind: String,
    /// Its paths.
    pub args: Vec<String>,
}

/// A backend marked `"proxy": {"shadow": true}`.
#[derive(Clone, Debug)]
pub struct Shadow {
    /// `shadow_timeout`, the endpoint's timeout unless given.
    pub timeout: Duration,
    /// What is copied and how, in policy mode; `None` in plain mode.
    pub policy: Option<std::sync::Arc<super::shadow::Policy>>,
}
