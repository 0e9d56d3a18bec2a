//! Attributes, and who measures, in the words of OTLP.

use super::messages::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, Resource, any_value};
use crate::telemetry::{
    Value,
    exposition::{self, SCOPE},
    span::Attribute,
};

/// What the service says about itself.
pub(super) fn resource(about: &exposition::Resource) -> Resource {
    let attributes = about.iter().map(|(name, value)| key_value(name, &Value::from(value.clone())));
    Resource { attributes: attributes.collect() }
}

pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope { name: SCOPE.to_owned(), version: String::new() }
}

pub(super) fn attributes<'a>(all: impl IntoIterator<Item = &'a Attribute>) -> Vec<KeyValue> {
    all.into_iter().map(|(name, value)| key_value(name, value)).collect()
}

pub(super) fn key_value(name: &str, value: &Value) -> KeyValue {
    KeyValue { key: name.to_owned(), value: Some(any(value)) }
}

fn any(value: &Value) -> AnyValue {
    let text = |text: &str| any_value::Value::StringValue(text.to_owned());
    let value = match value {
        Value::Text(said) => text(said),
        Value::Int(number) => any_value::Value::IntValue(*number),
        Value::Bool(flag) => any_value::Value::BoolValue(*flag),
        Value::Double(number) => any_value::Value::DoubleValue(*number),
        Value::Texts(texts) => {
            let values = texts.iter().map(|said| AnyValue { value: Some(text(said)) }).collect();
            any_value::Value::ArrayValue(ArrayValue { values })
        }
    };
    AnyValue { value: Some(value) }
}
