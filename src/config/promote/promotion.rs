//! Which steps make a shadow live, and why there are none.

use serde_json::{Value, json};

use super::{Operation, notes::notes, status::reversed};
use crate::config::{
    Backend, Diagnostic, Endpoint, Environment, Node, Service, Severity, Source, load, node::child, shadow::Policy,
};

/// A shadow made live.
#[derive(Debug)]
pub struct Promotion {
    /// The steps from the document to the next one.
    pub patch: Vec<Operation>,
    /// The whole next document.
    pub document: Value,
    /// What it means.
    pub service: Service,
    /// What should be known before it is used.
    pub notes: Vec<String>,
}

/// Why a shadow can't be made live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is none of that ID; these are there.
    Unknown(Vec<String>),
    /// In words.
    Impossible(String),
}

/// Lets the shadow `id` (`METHOD:PATH:NUMBER`) and its live backend change places in `document`, of which `service` was
/// read.
///
/// # Errors
/// When there is no such shadow, or the result would not be what was compared.
pub fn promote(service: &Service, document: &Value, id: &str) -> Result<Promotion, Refusal> {
    let (endpoint, shadow) = find(service, id)?;
    let policy = shadow.shadow.as_ref().and_then(|shadow| shadow.policy.as_deref());
    let (place, live) = replaced(endpoint, policy)?;
    check_sequence(endpoint)?;
    check_copies(policy)?;
    let backends = Backends::find(document, shadow, live).ok_or_else(|| {
        Refusal::Impossible("its endpoint is not written as expected: two backends in one list".to_owned())
    })?;
    let mut patch = tests(document, endpoint, &backends);
    patch.extend(swapped_marks(&backends, policy));
    patch.extend(swapped_places(&backends));
    let mut next = document.clone();
    if !patch.iter().all(|operation| operation.apply(&mut next)) {
        return Err(Refusal::Impossible("its backends are not written as expected".to_owned()));
    }
    let (service, findings) = loaded(document, &next)?;
    let mut notes = notes(endpoint, shadow, place);
    notes.extend(findings);
    Ok(Promotion { patch, document: next, service, notes })
}

/// The shadow of that ID.
fn find<'a>(service: &'a Service, id: &str) -> Result<(&'a Endpoint, &'a Backend), Refusal> {
    let mut ids = Vec::new();
    for endpoint in &service.endpoints {
        let shadows = endpoint.backends.iter().filter(|backend| backend.shadow.is_some());
        for (number, shadow) in shadows.enumerate() {
            let own = format!("{}:{}:{number}", endpoint.method, endpoint.path);
            if own == id {
                return Ok((endpoint, shadow));
            }
            ids.push(own);
        }
    }
    Err(Refusal::Unknown(ids))
}

/// The live backend that the shadow stands in for, and its place among the live ones.
fn replaced<'a>(endpoint: &'a Endpoint, policy: Option<&Policy>) -> Result<(usize, &'a Backend), Refusal> {
    let live: Vec<_> = endpoint.backends.iter().filter(|backend| backend.shadow.is_none()).collect();
    let named = policy.and_then(|policy| policy.compare.as_deref()).map(|compare| compare.against.place());
    let place = named.or_else(|| (live.len() == 1).then_some(0));
    let found = place.and_then(|place| Some((place, *live.get(place)?)));
    found.ok_or_else(|| {
        let path = &endpoint.path;
        Refusal::Impossible(format!(
            "{path} has several live backends: say in \"compare\" \"against\" which one it stands in for"
        ))
    })
}

/// Backends of a sequence that take values from each other's answers know them by their places.
fn check_sequence(endpoint: &Endpoint) -> Result<(), Refusal> {
    let refers = |backend: &Backend| {
        let names = crate::config::rules::placeholders::names(&backend.url_pattern);
        names.into_iter().any(|name| name.strip_prefix("resp").is_some_and(|rest| rest.starts_with(char::is_numeric)))
    };
    let has_references = endpoint.backends.iter().any(refers) || !endpoint.propagated_params.is_empty();
    if endpoint.sequential && has_references {
        let message = format!(
            "{} is a sequence whose backends take values from answers before theirs, among shadows and live ones apart: \
             change it by hand",
            endpoint.path
        );
        return Err(Refusal::Impossible(message));
    }
    Ok(())
}

/// Copies that were made to differ are not what a live backend would get.
fn check_copies(policy: Option<&Policy>) -> Result<(), Refusal> {
    let Some(rewrite) = policy.map(|policy| &policy.rewrite) else { return Ok(()) };
    let refused = |what: &str| Err(Refusal::Impossible(format!("{what}: live calls can't be changed so")));
    if rewrite.body_patch.is_some() {
        return refused("its copies are changed by \"body_patch\"");
    }
    if rewrite.host.is_some() {
        return refused("its copies are sent with a \"host\" of their own");
    }
    Ok(())
}

/// Where the two backends are written.
struct Backends<'a> {
    /// The list.
    list: String,
    shadow: (usize, Node<'a>),
    live: (usize, Node<'a>),
    policy: Option<&'static str>,
}

impl<'a> Backends<'a> {
    fn find(document: &'a Value, shadow: &Backend, live: &Backend) -> Option<Self> {
        let place = |backend: &Backend| {
            let (list, place) = backend.pointer.rsplit_once('/')?;
            let value = document.pointer(&backend.pointer)?;
            Some((list.to_owned(), (place.parse().ok()?, Node::at(value, &backend.pointer))))
        };
        let ((list, shadow), (other, live)) = (place(shadow)?, place(live)?);
        let proxy = proxy(&shadow.1);
        let policy = ["@shadow_policy", "shadow_policy"].into_iter().find(|key| !proxy.member(key).is_absent());
        (list == other).then_some(Self { list, shadow, live, policy })
    }
}

fn extra<'a>(backend: &Node<'a>) -> Node<'a> {
    backend.field("extra_config")
}

fn proxy<'a>(backend: &Node<'a>) -> Node<'a> {
    extra(backend).namespace("proxy")
}

/// That the patch meets the document it was made for.
fn tests(document: &Value, endpoint: &Endpoint, backends: &Backends<'_>) -> Vec<Operation> {
    let path = document.pointer(&endpoint.pointer).map(|value| Node::at(value, &endpoint.pointer).field("endpoint"));
    let flag = proxy(&backends.shadow.1).member("shadow");
    let test = |node: Node<'_>| Operation::Test { path: node.pointer().to_owned(), value: node.value().clone() };
    path.into_iter().chain([flag]).map(test).collect()
}

/// Takes what makes a shadow from one backend and gives it to the other, both where they still are.
fn swapped_marks(backends: &Backends<'_>, policy: Option<&Policy>) -> Vec<Operation> {
    let (shadow, live) = (&backends.shadow.1, &backends.live.1);
    let (from, to) = (proxy(shadow), proxy(live));
    let add = |path: String, value: Value| Operation::Add { path, value };
    let mut steps = Vec::new();
    for node in [extra(live), to.clone()] {
        if node.is_absent() {
            steps.push(add(node.pointer().to_owned(), json!({})));
        }
    }
    steps.push(add(child(to.pointer(), "shadow"), json!(true)));
    let timeout = "shadow_timeout";
    match (from.value().get(timeout), to.value().get(timeout)) {
        (Some(_), _) => steps.push(moved(&from, &to, timeout)),
        (None, Some(_)) => steps.push(Operation::Remove { path: child(to.pointer(), timeout) }),
        (None, None) => {}
    }
    steps.extend(backends.policy.map(|key| moved(&from, &to, key)));
    steps.extend(status(backends, &to, policy));
    steps.extend(emptied(backends));
    steps
}

fn moved(from: &Node<'_>, to: &Node<'_>, key: &str) -> Operation {
    Operation::Move { from: child(from.pointer(), key), path: child(to.pointer(), key) }
}

/// Takes the mark away, and what is empty without it.
fn emptied(backends: &Backends<'_>) -> Vec<Operation> {
    let (extra, proxy) = (extra(&backends.shadow.1), proxy(&backends.shadow.1));
    let goes = |key: &str| ["shadow", "shadow_timeout"].contains(&key) || Some(key) == backends.policy;
    let remove = |path: &str| vec![Operation::Remove { path: path.to_owned() }];
    if proxy.members().any(|(key, _)| !goes(key)) {
        remove(&child(proxy.pointer(), "shadow"))
    } else if extra.members().any(|(_, node)| node.pointer() != proxy.pointer()) {
        remove(proxy.pointer())
    } else {
        remove(extra.pointer())
    }
}

/// Which statuses may stand for which, seen from the other side.
fn status(backends: &Backends<'_>, to: &Node<'_>, policy: Option<&Policy>) -> Vec<Operation> {
    let Some(rule) = policy.and_then(|policy| policy.compare.as_ref()).and_then(|compare| reversed(&compare.status))
    else {
        return Vec::new();
    };
    let add = |path: String, value: Value| Operation::Add { path, value };
    let Some(key) = backends.policy else {
        return vec![add(child(to.pointer(), "@shadow_policy"), json!({ "compare": { "status": rule } }))];
    };
    let compare = proxy(&backends.shadow.1).member(key).member("compare");
    let place = child(&child(to.pointer(), key), "compare");
    if compare.is_absent() {
        return vec![add(place, json!({ "status": rule }))];
    }
    vec![add(child(&place, "status"), rule)]
}

/// Lets the two change places in their list, in which the order of live backends and of shadows has a meaning.
fn swapped_places(backends: &Backends<'_>) -> Vec<Operation> {
    let (one, other) = (backends.shadow.0, backends.live.0);
    let (first, last) = (one.min(other), one.max(other));
    let step = |from: usize, to: usize| Operation::Move {
        from: child(&backends.list, &from.to_string()),
        path: child(&backends.list, &to.to_string()),
    };
    let forth = step(last, first);
    if last == first + 1 { vec![forth] } else { vec![forth, step(first + 1, last)] }
}

/// What the next document means, and what is only said about it.
fn loaded(document: &Value, next: &Value) -> Result<(Service, Vec<String>), Refusal> {
    let read = |document: &Value| {
        let text = document.to_string();
        load(&Source::Text { name: "promoted.json".to_owned(), text }, &Environment::default())
    };
    let (before, after) = (read(document), read(next));
    let is_new = |found: &&Diagnostic| !before.diagnostics.iter().any(|old| old.message == found.message);
    let new: Vec<_> = after.diagnostics.iter().filter(is_new).collect();
    let told = |found: &Diagnostic| {
        let hint = found.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}: {}{hint}", found.pointer, found.message)
    };
    if let Some(worst) = new.iter().find(|found| found.severity >= Severity::Mistake) {
        return Err(Refusal::Impossible(format!("the result could not be used: {}", told(worst))));
    }
    let notes = new.iter().filter(|found| found.severity == Severity::Warning).map(|found| told(found)).collect();
    let service = after.service.ok_or_else(|| Refusal::Impossible("the result could not be used".to_owned()))?;
    Ok((service, notes))
}
