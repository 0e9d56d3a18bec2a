//! Comparisons, as Go's templates make them: types must agree, and a number of a settings file is a `float64`.

use std::cmp::Ordering;

use super::super::{equal::deep_equal, value::Value};
use super::{
    arguments::Arguments,
    table::{Function, takes, takes_more},
};

const INCOMPATIBLE: &str = "incompatible types for comparison";

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes_more(1, "eq", |_, arguments| {
        if arguments.count() == 1 {
            return Err("missing argument for comparison".to_owned());
        }
        for other in arguments.from(1) {
            if same(&arguments.any(0), other)? {
                return Ok(Value::Flag(true));
            }
        }
        Ok(Value::Flag(false))
    }),
    takes(2, "ne", |_, arguments| Ok(Value::Flag(!same(&arguments.any(0), &arguments.any(1))?))),
    takes(2, "lt", |_, arguments| Ok(Value::Flag(less(arguments)?))),
    takes(2, "le", |_, arguments| Ok(Value::Flag(less(arguments)? || same(&arguments.any(0), &arguments.any(1))?))),
    takes(2, "gt", |_, arguments| Ok(Value::Flag(!less(arguments)? && !same(&arguments.any(0), &arguments.any(1))?))),
    takes(2, "ge", |_, arguments| Ok(Value::Flag(!less(arguments)?))),
    takes(2, "deepEqual", |host, arguments| deep_equal(&arguments.any(0), &arguments.any(1), host).map(Value::Flag)),
];

fn same(left: &Value, right: &Value) -> Result<bool, String> {
    match (left, right) {
        (left, right) if left.is_nil() || right.is_nil() => Ok(left.is_nil() && right.is_nil()),
        (Value::Flag(left), Value::Flag(right)) => Ok(left == right),
        (Value::Int(left) | Value::Long(left), Value::Int(right) | Value::Long(right)) => Ok(left == right),
        #[expect(clippy::float_cmp, reason = "Go compares exactly")]
        (Value::Float(left), Value::Float(right)) => Ok(left == right),
        (Value::Text(left), Value::Text(right)) => Ok(left == right),
        (Value::List(_) | Value::Map(_), Value::List(_) | Value::Map(_)) => {
            Err(format!("non-comparable types {}, {}", left.type_name(), right.type_name()))
        }
        _ => Err(mixed(left, right)),
    }
}

fn less(arguments: &Arguments) -> Result<bool, String> {
    match (arguments.any(0), arguments.any(1)) {
        (Value::Int(left) | Value::Long(left), Value::Int(right) | Value::Long(right)) => Ok(left < right),
        (Value::Float(left), Value::Float(right)) => Ok(left.partial_cmp(&right) == Some(Ordering::Less)),
        (Value::Text(left), Value::Text(right)) => Ok(left < right),
        (left, right) if std::mem::discriminant(&left) == std::mem::discriminant(&right) => {
            Err("invalid type for comparison".to_owned())
        }
        (left, right) => Err(mixed(&left, &right)),
    }
}

/// Says more than Go does, because this is met so often.
fn mixed(left: &Value, right: &Value) -> String {
    let is_whole = |value: &Value| matches!(value, Value::Int(_) | Value::Long(_));
    let is_float = |value: &Value| matches!(value, Value::Float(_));
    let numbers = (is_whole(left) && is_float(right)) || (is_float(left) && is_whole(right));
    let hint = if numbers { "; numbers of settings are float64, write 1.0 or use int" } else { "" };
    format!("{INCOMPATIBLE}: {} and {}{hint}", left.type_name(), right.type_name())
}
