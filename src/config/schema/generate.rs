//! The schema as a JSON document.

use serde_json::{Map, Value, json};

use super::kind::{Kind, kind};
use crate::config::{
    known::{KnownKey, Scope, Status, known_keys},
    legacy,
};

/// Durations as Go writes them, without a sign.
const DURATION: &str = r"^(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+$";
const SIZE: &str = r"^ *[0-9]+ *(B|kB|KB|MB|GB|KiB|MiB|GiB)? *$";
/// What of a request is hashed.
const SAMPLE_KEY: &str = "^(random|path|ip|trace_id|(header|cookie|jwt|query|param):.+)$";
const PERCENT: &str = r"^[0-9]+(\.[0-9]*)?%$";
const STATUS_CODE: &str = "^[1-5][0-9][0-9]$";
const AGAINST: &str = "^(backend:[0-9]+|merged(:[0-9]+)?)$";
const SHAPE: &str = "^(uuid|iso8601|epoch|hex|jwt|regex:.+)$";
const STRING_RULE: &str = "^(ci|trim)$";
/// Keys that are comments outside of our own objects.
const COMMENT: &str = "^[@$_#]";

/// The JSON Schema (draft 2020-12) of a configuration file.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    for row in known_keys() {
        let title = row.scope.title();
        if !definitions.contains_key(title) {
            definitions.insert(title.to_owned(), object(row.scope));
        }
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Gnomon",
        "description": "A configuration of KrakenD, version 3, with Gnomon's own keys",
        "$ref": reference(Scope::Service),
        "$defs": definitions,
    })
}

fn reference(scope: Scope) -> String {
    // A slash in a name is written ~1 in a pointer, a space %20 in a reference.
    format!("#/$defs/{}", scope.title().replace('/', "~1").replace(' ', "%20"))
}

fn object(scope: Scope) -> Value {
    let mut properties = Map::new();
    // What takes a part of a backend's calls is a backend.
    let is_variant = scope == Scope::SplitVariant;
    for row in known_keys().filter(|row| row.scope == scope || is_variant && row.scope == Scope::Backend) {
        let described = described(row);
        for name in names(row) {
            properties.insert(name.to_owned(), described.clone());
        }
    }
    let is_strict = scope.is_ours();
    let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if let Some(members) = object.as_object_mut() {
        if !is_strict {
            members.insert("patternProperties".to_owned(), json!({ COMMENT: true }));
        }
        if let Some(required) = required(scope) {
            members.insert("required".to_owned(), json!(required));
        }
    }
    object
}

fn required(scope: Scope) -> Option<&'static [&'static str]> {
    match scope {
        Scope::Service => Some(&["version"]),
        Scope::Endpoint => Some(&["endpoint", "backend"]),
        Scope::Static => Some(&["data", "strategy"]),
        Scope::FlatmapOperation => Some(&["type", "args"]),
        Scope::TlsKeys => Some(&["public_key", "private_key"]),
        Scope::ClientCerts => Some(&["certificate", "private_key"]),
        Scope::PolicyRamp => Some(&["start", "steps"]),
        Scope::PolicyDispatch => Some(&["delayed"]),
        Scope::PolicyStep => Some(&["rate"]),
        Scope::PolicyPeer => Some(&["key"]),
        Scope::Split => Some(&["to"]),
        _ => None,
    }
}

/// A key, and its older spellings where it is a component.
fn names(row: KnownKey) -> impl Iterator<Item = &'static str> {
    let is_component =
        matches!(row.scope, Scope::ServiceComponents | Scope::EndpointComponents | Scope::BackendComponents);
    let aliases = is_component.then(|| legacy::aliases(row.key)).into_iter().flatten();
    std::iter::once(row.key).chain(aliases)
}

fn described(row: KnownKey) -> Value {
    let mut value = typed(kind(row.scope, row.key));
    if row.scope == Scope::Service && row.key == "version" {
        value = json!({ "const": 3 });
    }
    let status = match row.status {
        Status::Supported => "",
        Status::NotYet => "not supported",
        Status::Ignored => "ignored",
    };
    let parts: Vec<_> = [status, row.note].into_iter().filter(|part| !part.is_empty()).collect();
    if let (Some(members), false) = (value.as_object_mut(), parts.is_empty()) {
        members.insert("description".to_owned(), Value::from(parts.join(": ")));
    }
    value
}

fn typed(kind: Kind) -> Value {
    match kind {
        Kind::Any => json!({}),
        Kind::Text => json!({ "type": "string" }),
        Kind::Choice(choices) => json!({ "type": "string", "enum": choices }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count => json!({ "type": "integer", "minimum": 0 }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Duration => json!({ "type": "string", "pattern": DURATION }),
        Kind::Size => json!({ "type": ["integer", "string"], "minimum": 0, "pattern": SIZE }),
        Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Kind::Integers => json!({ "type": "array", "items": { "type": "integer" } }),
        Kind::TextMap => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        Kind::Share => {
            json!({ "type": ["number", "string"], "minimum": 0, "maximum": 1, "pattern": PERCENT })
        }
        Kind::ShareOrOff => {
            let pattern = format!("{PERCENT}|^off$");
            json!({ "type": ["number", "string"], "minimum": 0, "maximum": 1, "pattern": pattern })
        }
        Kind::Amount => json!({ "type": "number", "minimum": 0 }),
        Kind::Rate => json!({ "type": ["number", "string"], "minimum": 0, "pattern": "^off$" }),
        Kind::SizeOrOff => json!({ "type": ["integer", "string"], "minimum": 0, "pattern": format!("{SIZE}|^off$") }),
        Kind::DurationOrOff => json!({ "type": "string", "pattern": format!("{DURATION}|^off$") }),
        Kind::SampleKey => json!({ "type": "string", "pattern": SAMPLE_KEY }),
        Kind::TextOrTexts => json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        Kind::TextsMap => json!({
            "type": "object",
            "additionalProperties": { "type": ["string", "array"], "items": { "type": "string" } },
        }),
        Kind::Statuses => json!({
            "type": ["string", "array"],
            "pattern": "^any$",
            "items": { "type": ["string", "integer"], "pattern": "^([1-5]xx|[1-5][0-9][0-9])$" },
        }),
        Kind::Durations => json!({ "type": "array", "items": { "type": "string", "pattern": DURATION } }),
        Kind::FlagOr(scope) => json!({ "anyOf": [{ "type": "boolean" }, { "$ref": reference(scope) }] }),
        Kind::WordOr(words, scope) => {
            json!({ "anyOf": [{ "type": "string", "enum": words }, { "$ref": reference(scope) }] })
        }
        Kind::TextsOr(scope) => {
            json!({ "type": "array", "items": { "anyOf": [{ "type": "string" }, { "$ref": reference(scope) }] } })
        }
        Kind::TextsOrAll => {
            json!({ "type": ["array", "string"], "items": { "type": "string" }, "pattern": "^all$" })
        }
        Kind::Against => json!({ "type": "string", "pattern": AGAINST }),
        Kind::StatusRule => status_rule(),
        Kind::Paths => json!({ "type": "array", "items": { "type": "string", "pattern": r"^\$" } }),
        Kind::Shapes => map_of(&json!({ "type": "string", "pattern": SHAPE })),
        Kind::StringRules => map_of(&json!({
            "type": ["string", "array"],
            "pattern": STRING_RULE,
            "items": { "type": "string", "pattern": STRING_RULE },
        })),
        Kind::MapOf(scope) => map_of(&json!({ "$ref": reference(scope) })),
        Kind::MapOfWordOr(words, scope) => map_of(&typed(Kind::WordOr(words, scope))),
        Kind::Object => json!({ "type": "object" }),
        Kind::Scope(scope) => json!({ "$ref": reference(scope) }),
        Kind::List(scope) => json!({ "type": "array", "items": { "$ref": reference(scope) } }),
    }
}

fn map_of(member: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": member })
}

fn status_rule() -> Value {
    let codes = json!({ "type": "array", "items": { "type": ["string", "integer"], "pattern": STATUS_CODE } });
    json!({ "anyOf": [{ "type": "string", "enum": ["exact", "class"] }, map_of(&codes)] })
}
