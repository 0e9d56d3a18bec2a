//! `validation/json-schema`: an endpoint takes only bodies that satisfy a JSON Schema.
//!
//! Promises: what it refuses never reaches a backend, live or shadow; a body that passes goes on as it came. Texts are
//! those of the original's validator, which answers show with `return_error_msg`. References lead nowhere outside.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::{HeaderValue, StatusCode};
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use crate::{
    component::{Exchange, Layer, Next, tables::Place},
    config::{
        Node,
        diagnostic::{Diagnostic, Findings, Severity},
    },
    model::{Body, Data, Failure, Kind, Reply, failure::UpstreamAnswer},
};

use super::schema_text;

/// Bodies must satisfy this schema.
#[derive(Debug)]
pub struct JsonSchema(Validator);

/// Reads the component: its whole value is the schema. One that does not compile validates nothing, as in KrakenD.
pub fn make(node: &Node<'_>, _place: Place<'_>, findings: &mut Findings) -> Option<Arc<dyn Layer<Exchange, Reply>>> {
    match compiled(node.value()) {
        Ok(validator) => Some(Arc::new(JsonSchema(validator))),
        Err(cause) => {
            let message = format!("this schema cannot be used, so requests are NOT validated, as in KrakenD: {cause}");
            findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message).hint("correct the schema"));
            None
        }
    }
}

/// The schema as its own `$schema` says, else by draft 7, else by draft 4, the two the original's validator mixes.
fn compiled(schema: &Value) -> Result<Validator, String> {
    let by = |draft: Option<Draft>| {
        let options = jsonschema::options()
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true);
        let options = draft.into_iter().fold(options, |options, draft| options.with_draft(draft));
        options.build(schema).map_err(|error| error.to_string())
    };
    if schema.get("$schema").is_some() {
        return by(None);
    }
    by(Some(Draft::Draft7)).or_else(|cause| by(Some(Draft::Draft4)).map_err(|_of_draft_4| cause))
}

impl JsonSchema {
    /// What is wrong with a body, in words; nothing if it satisfies the schema.
    fn objection(&self, body: &Bytes) -> Option<String> {
        if body.is_empty() {
            return Some("could not validate an empty body".to_owned());
        }
        let text = match Data::parse(body) {
            Ok(data) => data.to_bytes(),
            Err(error) => return Some(error.to_string()),
        };
        let value: Value = match serde_json::from_slice(&text) {
            Ok(value) => value,
            Err(error) => return Some(error.to_string()),
        };
        let lines: Vec<String> = self.0.iter_errors(&value).map(|error| schema_text::line(&error)).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

impl Layer<Exchange, Reply> for JsonSchema {
    fn call<'a>(&'a self, exchange: Exchange, next: Next<'a, Exchange, Reply>) -> LocalBoxFuture<'a, Reply> {
        Box::pin(async move {
            let body = match &exchange.body {
                Body::Held(held) => held.to_bytes(),
                Body::Empty | Body::Transit(_) => Bytes::new(),
            };
            match self.objection(&body) {
                None => next.run(exchange).await,
                Some(text) => Reply::failed(refused(text)),
            }
        })
    }

    fn reads_body(&self) -> bool {
        true
    }
}

fn refused(text: String) -> Failure {
    let answer = UpstreamAnswer {
        status: StatusCode::BAD_REQUEST,
        content_type: Some(HeaderValue::from_static("text/plain; charset=utf-8")),
        body: Bytes::from(text.clone()),
    };
    Failure { answer: Some(Box::new(answer)), ..Failure::new(Kind::Refused, text) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::component::tables::tests::at;

    fn objection(schema: &Value, body: &str) -> Option<String> {
        JsonSchema(compiled(schema).unwrap()).objection(&Bytes::from(body.to_owned()))
    }

    #[test]
    fn objections_are_told_in_the_originals_words() {
        let schema = json!({"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
            "name": {"type": "string", "minLength": 2, "pattern": "^[a-z]"},
            "age": {"type": ["integer", "null"], "minimum": 0},
            "kind": {"enum": ["a", 1]},
            "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
            "home": {"type": "object", "required": ["street"]}
        }});
        for (body, text) in [
            (r#"{"name":"ann"}"#, None),
            (r#"{}"#, Some("- (root): name is required")),
            (r#"[]"#, Some("- (root): Invalid type. Expected: object, given: array")),
            (r#"{"name":"A"}"#, Some("- name: String length must be greater than or equal to 2")),
            (r#"{"name":"Ann"}"#, Some("- name: Does not match pattern '^[a-z]'")),
            (r#"{"name":"ann","age":"3"}"#, Some("- age: Invalid type. Expected: [integer,null], given: string")),
            (r#"{"name":"ann","age":-1}"#, Some("- age: Must be greater than or equal to 0")),
            (r#"{"name":"ann","kind":"c"}"#, Some("- kind: kind must be one of the following: \"a\", 1")),
            (r#"{"name":"ann","tags":["a","b","c"]}"#, Some("- tags: Array must have at most 2 items")),
            (r#"{"name":"ann","tags":["a",2.5]}"#, Some("- tags.1: Invalid type. Expected: string, given: number")),
            (r#"{"name":"ann","home":{}}"#, Some("- home: street is required")),
            (r#"{"name":"ann","x":1}"#, Some("- (root): Additional property x is not allowed")),
            ("", Some("could not validate an empty body")),
            ("{", Some("unexpected EOF")),
        ] {
            let told = objection(&schema, body);
            match text {
                None => assert_eq!(told, None, "{body}"),
                Some(text) => assert!(told.as_deref().is_some_and(|told| told.contains(text)), "{body}: {told:?}"),
            }
        }
    }

    #[test]
    fn schemas_without_a_draft_may_mix_drafts_4_and_7() {
        let of_4 = json!({"properties": {"n": {"minimum": 1, "exclusiveMinimum": true}}});
        assert!(objection(&of_4, r#"{"n":1}"#).is_some());
        let of_7 = json!({"properties": {"n": {"exclusiveMinimum": 1}}});
        assert!(objection(&of_7, r#"{"n":1}"#).is_some());
    }

    #[test]
    fn a_schema_that_does_not_compile_validates_nothing_and_check_fails() {
        for schema in [json!({"type": "nonsense"}), json!({"$ref": "https://example.org/schema.json"})] {
            let mut findings = Findings::default();
            assert!(at(&json!({}), |place| make(&Node::root(&schema), place, &mut findings)).is_none());
            assert!(findings.into_list().iter().all(|finding| finding.severity == Severity::Mistake));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>) {
            let schema = json!({"type": "object"});
            let _objection = JsonSchema(compiled(&schema).unwrap()).objection(&Bytes::from(body));
        }
    }
}
