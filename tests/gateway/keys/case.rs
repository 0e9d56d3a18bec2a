//! One key, a file around it, and what it changes.

use gnomon::config::known::Scope;
use serde_json::{Value, json};

use super::{places, scene::Scene};
use crate::upstream::Behaviour;

/// Something that is looked at in a running scene.
type Observation = Box<dyn Fn(&Scene) -> Value + Send + Sync>;

/// A proof that a key counts.
pub(super) struct Case {
    pub(super) scope: Scope,
    pub(super) key: &'static str,
    value: Value,
    /// What stands there in the second run; `None` leaves the key out.
    otherwise: Option<Value>,
    /// The file without the key.
    file: Value,
    /// What the upstream does.
    pub(super) upstream: Behaviour,
    /// What it does on some paths.
    pub(super) paths: Vec<(&'static str, Behaviour)>,
    /// Files beside the configuration, by name.
    pub(super) files: Vec<(&'static str, String)>,
    /// What is typed after `run -c FILE`.
    pub(super) arguments: Vec<&'static str>,
    pub(super) environment: Vec<(&'static str, &'static str)>,
    pub(super) observe: Observation,
    pub(super) expected: Value,
}

/// A case of this key with this value, put into the first object of its scope (made if it isn't there).
///
/// Unless more is said, the file has one endpoint `/a` over the backend `{upstream}/b`, the upstream answers
/// everything with `{"a":1}`, the second run is without the key, and the answer to `GET /a` is what is observed.
///
/// In every text of the file these are filled in:
/// - `{upstream}`: the upstream; `{secure}`, `{secure_1_2}`, `{secure_1_3}`, `{mutual}`: the same behind TLS, with all
///   versions, with one only, and wanting a certificate of the client; `{nowhere}`: a host that refuses connections;
///   `{deaf}`: one that lets them wait; `{names}`: a name server, without scheme;
/// - `{folder}`: the folder of the case's files, which also has those of [`super::certificates`];
/// - `{port}`, `{admin}`: where the gateway and its dashboard listen; `{other_port}`: a port where nobody does. A text
///   that is nothing but a port becomes a number, as do `{grpc}` and `{http}`: ports of receivers of OTLP.
pub(super) fn case(scope: Scope, key: &'static str, value: Value) -> Case {
    Case {
        scope,
        key,
        value,
        otherwise: None,
        file: plain_file(),
        upstream: json!({ "a": 1 }).into(),
        paths: Vec::new(),
        files: Vec::new(),
        arguments: vec!["--admin", "{admin}", "--workers", "1"],
        environment: Vec::new(),
        observe: Box::new(|scene| scene.get("/a").json()),
        expected: Value::Null,
    }
}

/// The file of every case before anything is changed.
pub(super) fn plain_file() -> Value {
    let backend = json!({ "host": ["{upstream}"], "url_pattern": "/b" });
    let endpoint = json!({ "endpoint": "/a", "backend": [backend] });
    json!({ "version": 3, "listen_ip": "127.0.0.1", "port": "{port}", "timeout": "10s", "endpoints": [endpoint] })
}

impl Case {
    /// The key has this value in the second run, for keys that a file can't do without.
    pub(super) fn otherwise(mut self, value: Value) -> Self {
        self.otherwise = Some(value);
        self
    }

    /// More members of the first object of a scope, replacing those it has; they stay in both runs.
    pub(super) fn with(mut self, scope: Scope, members: Value) -> Self {
        let Value::Object(members) = members else { panic!("members come as an object: {members}") };
        places::object(&mut self.file, scope).extend(members);
        self
    }

    /// A member less, in both runs.
    pub(super) fn without(mut self, scope: Scope, key: &str) -> Self {
        places::object(&mut self.file, scope).remove(key);
        self
    }

    /// The backends of the only endpoint.
    pub(super) fn backends(self, backends: &Value) -> Self {
        self.with(Scope::Endpoint, json!({ "backend": backends }))
    }

    /// The upstream behaves like this wherever it isn't told otherwise; JSON is answered as it is.
    pub(super) fn upstream(mut self, behaviour: impl Into<Behaviour>) -> Self {
        self.upstream = behaviour.into();
        self
    }

    /// The upstream behaves like this on a path.
    pub(super) fn on(mut self, path: &'static str, behaviour: impl Into<Behaviour>) -> Self {
        self.paths.push((path, behaviour.into()));
        self
    }

    /// A file in `{folder}`; its text may have the same placeholders.
    pub(super) fn file(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.files.push((name, text.into()));
        self
    }

    /// What is typed after `run -c FILE`, instead of `--admin {admin} --workers 1`; it may have the same placeholders.
    pub(super) fn arguments(mut self, arguments: &[&'static str]) -> Self {
        self.arguments = arguments.to_vec();
        self
    }

    /// A variable of the program; its value may have the same placeholders.
    pub(super) fn environment(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// `GET /a` is answered with this JSON.
    pub(super) fn shows(mut self, expected: Value) -> Self {
        self.expected = expected;
        self
    }

    /// This is observed; it must not panic without the key either.
    pub(super) fn sees(
        mut self,
        observe: impl Fn(&Scene) -> Value + Send + Sync + 'static,
        expected: impl Into<Value>,
    ) -> Self {
        self.observe = Box::new(observe);
        self.expected = expected.into();
        self
    }

    /// The file of the first run, with placeholders.
    pub(super) fn file_with(&self) -> Value {
        let mut file = self.file.clone();
        places::object(&mut file, self.scope).insert(self.key.to_owned(), self.value.clone());
        file
    }

    /// The file of the second run: exactly the key is missing or has its other value.
    pub(super) fn file_without(&self) -> Value {
        let mut file = self.file_with();
        let object = places::object(&mut file, self.scope);
        match &self.otherwise {
            Some(other) => object.insert(self.key.to_owned(), other.clone()),
            None => object.remove(self.key),
        };
        file
    }
}
