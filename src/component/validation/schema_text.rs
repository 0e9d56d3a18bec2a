//! What is wrong with a body, in the words of the validator that KrakenD uses (gojsonschema).

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind as Wrong},
};
use serde_json::Value;

/// One line: `- user.age: Invalid type. Expected: integer, given: string`.
#[must_use]
pub fn line(error: &ValidationError<'_>) -> String {
    let field = field(error.instance_path().as_str());
    let told = told(error, &field);
    format!("- {field}: {told}")
}

/// A JSON pointer with dots: `(root)`, `user`, `tags.0`.
fn field(pointer: &str) -> String {
    match pointer.strip_prefix('/') {
        None => "(root)".to_owned(),
        Some(path) => path.replace('/', ".").replace("~1", "/").replace("~0", "~"),
    }
}

fn told(error: &ValidationError<'_>, field: &str) -> String {
    match error.kind() {
        Wrong::AdditionalItems { .. } => "No additional items allowed on array".into(),
        Wrong::AdditionalProperties { unexpected } | Wrong::UnevaluatedProperties { unexpected } => {
            let lines = unexpected.iter().map(|name| format!("Additional property {name} is not allowed"));
            lines.collect::<Vec<_>>().join(&format!("\n- {field}: "))
        }
        Wrong::AnyOf { .. } => "Must validate at least one schema (anyOf)".into(),
        Wrong::OneOfMultipleValid { .. } | Wrong::OneOfNotValid { .. } => {
            "Must validate one and only one schema (oneOf)".into()
        }
        Wrong::Not { .. } => "Must not validate the schema (not)".into(),
        Wrong::Constant { expected_value } => format!("{field} does not match: {expected_value}"),
        Wrong::Contains => "At least one of the items must match".into(),
        Wrong::Enum { options } => format!("{field} must be one of the following: {}", listed(options)),
        Wrong::ExclusiveMaximum { limit } => format!("Must be less than {limit}"),
        Wrong::ExclusiveMinimum { limit } => format!("Must be greater than {limit}"),
        Wrong::Maximum { limit } => format!("Must be less than or equal to {limit}"),
        Wrong::Minimum { limit } => format!("Must be greater than or equal to {limit}"),
        Wrong::MultipleOf { multiple_of } => format!("Must be a multiple of {multiple_of}"),
        Wrong::FalseSchema => "False always fails validation".into(),
        Wrong::Format { format } => format!("Does not match format '{format}'"),
        Wrong::Pattern { pattern } => format!("Does not match pattern '{pattern}'"),
        Wrong::MaxItems { limit } => format!("Array must have at most {limit} items"),
        Wrong::MinItems { limit } => format!("Array must have at least {limit} items"),
        Wrong::MaxLength { limit } => format!("String length must be less than or equal to {limit}"),
        Wrong::MinLength { limit } => format!("String length must be greater than or equal to {limit}"),
        Wrong::MaxProperties { limit } => format!("Must have at most {limit} properties"),
        Wrong::MinProperties { limit } => format!("Must have at least {limit} properties"),
        Wrong::PropertyNames { error } => {
            format!("Property name of {} does not match", error.instance())
        }
        Wrong::Required { property } => format!("{} is required", plain(property)),
        Wrong::Type { kind } => {
            format!("Invalid type. Expected: {}, given: {}", expected(kind), given(error.instance()))
        }
        Wrong::UniqueItems => "array items must be unique".into(),
        _ => error.to_string(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn listed(options: &Value) -> String {
    let options = options.as_array().into_iter().flatten();
    options.map(Value::to_string).collect::<Vec<_>>().join(", ")
}

fn expected(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(wanted) => wanted.to_string(),
        TypeKind::Multiple(wanted) => {
            let names: Vec<String> = wanted.iter().map(|wanted| wanted.to_string()).collect();
            format!("[{}]", names.join(","))
        }
    }
}

fn given(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
