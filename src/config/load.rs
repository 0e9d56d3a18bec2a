//! From a source to a service and everything there is to say about it.
//!
//! Promises: never panics, whatever the text; a service is answered if and only if no finding is an error.

use serde_json::{Map, Value};

use super::{
    Node, Service,
    diagnostic::{Diagnostic, Findings, Severity},
    flexible, known, legacy, lists_of_maps,
    position::Positions,
    proxies, read,
    source::{Environment, Format, Source},
    unknown,
};

/// What loading found.
#[derive(Debug)]
pub struct Loaded {
    /// The service, unless a finding is an error.
    pub service: Option<Service>,
    /// All findings, by their place in the file.
    pub diagnostics: Vec<Diagnostic>,
    /// Names of the service's components (`extra_config`), as written.
    pub components: Vec<String>,
    /// Where its parts stand.
    pub places: Places,
}

/// Where the parts of a loaded document stand, for findings that are made after loading.
#[derive(Debug)]
pub struct Places {
    text: Option<String>,
    document: Option<Document>,
    name: String,
}

impl Places {
    /// The document as it was read: rendered, overridden and migrated; `None` if there is none.
    #[must_use]
    pub fn document(&self) -> Option<&Value> {
        self.document.as_ref().map(|document| &document.value)
    }

    /// The findings with file and position, in the order of the file.
    #[must_use]
    pub fn locate(&self, findings: Findings) -> Vec<Diagnostic> {
        let positions = self.text.as_deref().map(Positions::of);
        let mut diagnostics = findings.into_list();
        for diagnostic in &mut diagnostics {
            diagnostic.file.clone_from(&self.name);
            if let (None, Some(document)) = (diagnostic.position, &self.document) {
                document.locate(diagnostic, positions.as_ref());
            }
        }
        // A stable sort: what has no position stays in front, in the order it was found.
        diagnostics.sort_by_key(|diagnostic| diagnostic.position);
        diagnostics
    }
}

/// Reads, checks and normalises one configuration.
#[must_use]
pub fn load(source: &Source, environment: &Environment) -> Loaded {
    let mut name = source.name();
    let mut text = match source.read() {
        Ok(text) => text,
        Err(finding) => return refused(*finding, &name),
    };
    let mut format = Format::of(&name);
    if flexible::is_enabled(environment) {
        match flexible::rendered(source, text, environment) {
            Ok(rendered) => (name, text, format) = (rendered.name, rendered.text, rendered.format),
            Err(finding) => return refused(*finding, &name),
        }
    }
    let value = match format.parse(&text) {
        Ok(value) => value,
        Err(finding) => return refused(*finding, &name),
    };
    let value = match value {
        // As in KrakenD, a file that says nothing lacks a version, not an object.
        Value::Null if format == Format::Yaml => Value::Object(Map::new()),
        value => value,
    };
    let Value::Object(members) = value else {
        return refused(Diagnostic::new(Severity::Error, "", "the document is not an object").value(&value), &name);
    };
    let mut findings = Findings::default();
    let document = Document::prepare(members, environment, &mut findings);
    let root = Node::root(&document.value);
    let service = read::service(&root, environment, &mut findings);
    unknown::report(&root, &mut findings);
    proxies::report(&service, environment, &mut findings);
    let service = (!findings.any_error()).then_some(service);
    if format == Format::Json {
        repeated(&Positions::of(&text)).into_iter().for_each(|finding| findings.push(finding));
    }
    let extra = root.field("extra_config");
    let components = extra.members().map(|(name, _)| name.to_owned()).collect();
    let places = Places { text: (format == Format::Json).then_some(text), document: Some(document), name };
    Loaded { service, diagnostics: places.locate(findings), components, places }
}

/// Keys that stand twice in one object, which is hardly ever meant.
fn repeated(positions: &Positions<'_>) -> Vec<Diagnostic> {
    let told = |pointer: String| {
        let message = "the key stands here more than once, the last one counts";
        let position = positions.find(&pointer);
        Diagnostic { position, ..Diagnostic::new(Severity::Warning, pointer, message) }
    };
    positions.repeated_keys().into_iter().map(told).collect()
}

fn refused(mut finding: Diagnostic, name: &str) -> Loaded {
    // A finding about a template already names its file.
    if finding.file.is_empty() {
        name.clone_into(&mut finding.file);
    }
    let places = Places { text: None, document: None, name: name.to_owned() };
    Loaded { service: None, diagnostics: vec![finding], components: Vec::new(), places }
}

/// The document as it is read: overridden, migrated, and with a service around a lone endpoint.
#[derive(Debug)]
struct Document {
    value: Value,
    /// Root keys that came from the environment.
    overridden: Vec<String>,
    /// Whether the file held one endpoint only.
    lone_endpoint: bool,
}

impl Document {
    fn prepare(mut members: Map<String, Value>, environment: &Environment, findings: &mut Findings) -> Self {
        let lone_endpoint = is_lone_endpoint(&members);
        if lone_endpoint {
            findings.info("", "one endpoint without a service around it: read as the only endpoint of a service");
            members = surround(members);
        }
        let overridden = override_all(&mut members, environment, findings);
        if legacy::is_version_2(&members) {
            let renamed = legacy::migrate(&mut members);
            let list = if renamed.is_empty() { String::new() } else { format!(": {}", renamed.join(", ")) };
            findings.info("/version", format!("a file of version 2, read as version 3{list}"));
        }
        lists_of_maps::summed(&mut members);
        Self { value: Value::Object(members), overridden, lone_endpoint }
    }

    /// Fills in the position, and says so where the value came from the environment.
    fn locate(&self, diagnostic: &mut Diagnostic, positions: Option<&Positions<'_>>) {
        let pointer = diagnostic.pointer.as_str();
        let first = pointer.split('/').nth(1).unwrap_or_default();
        if self.overridden.iter().any(|key| key == first) {
            let origin = format!("set by KRAKEND_{}", first.to_ascii_uppercase());
            diagnostic.hint = Some(diagnostic.hint.take().map_or(origin.clone(), |hint| format!("{hint}; {origin}")));
            return;
        }
        // The reader of a lone endpoint knows of no service around it.
        if self.lone_endpoint
            && let Some(inside) = pointer.strip_prefix("/endpoints/0")
        {
            diagnostic.pointer = inside.to_owned();
        }
        diagnostic.position = positions.and_then(|positions| positions.find(&diagnostic.pointer));
    }
}

fn is_lone_endpoint(members: &Map<String, Value>) -> bool {
    members.contains_key("endpoint") && members.contains_key("backend") && !members.contains_key("endpoints")
}

/// Puts a service around an endpoint; keys that only a service has move up.
fn surround(members: Map<String, Value>) -> Map<String, Value> {
    let (service, endpoint): (Map<_, _>, Map<_, _>) = members.into_iter().partition(|(key, _)| {
        known::find(known::Scope::Service, key).is_some() && known::find(known::Scope::Endpoint, key).is_none()
    });
    let mut service = service;
    service.entry("version").or_insert(Value::from(3));
    service.insert("endpoints".to_owned(), Value::Array(vec![Value::Object(endpoint)]));
    service
}

/// Applies every `KRAKEND_X`; answers the root keys set.
fn override_all(members: &mut Map<String, Value>, environment: &Environment, findings: &mut Findings) -> Vec<String> {
    let mut overridden = Vec::new();
    for (key, value) in environment.overrides() {
        if known::find(known::Scope::Service, &key).is_none() {
            let name = key.to_ascii_uppercase();
            findings
                .info("", format!("the variable KRAKEND_{name} sets no key that is known, ignored as KrakenD does"));
            continue;
        }
        members.insert(key.clone(), Value::from(value));
        overridden.push(key);
    }
    overridden
}
