//! Equality as Go's `reflect.DeepEqual` sees it, with a bound on how long it may look.

use super::{functions::Host, limits::VALUE_DEPTH_MAX, print::too_deep, value::Value};

/// Whether two values are the same in type and content.
///
/// # Errors
/// When they nest too deep or the rendering has done too much work.
pub(super) fn deep_equal(left: &Value, right: &Value, host: &Host<'_>) -> Result<bool, String> {
    equal(left, right, 0, host)
}

fn equal(left: &Value, right: &Value, depth: usize, host: &Host<'_>) -> Result<bool, String> {
    if depth > VALUE_DEPTH_MAX {
        return Err(too_deep());
    }
    host.spend(1)?;
    match (left, right) {
        (Value::Missing | Value::Nil, Value::Missing | Value::Nil) => Ok(true),
        (Value::Flag(left), Value::Flag(right)) => Ok(left == right),
        (Value::Int(left), Value::Int(right)) | (Value::Long(left), Value::Long(right)) => Ok(left == right),
        #[expect(clippy::float_cmp, reason = "Go compares exactly")]
        (Value::Float(left), Value::Float(right)) => Ok(left == right),
        (Value::Text(left), Value::Text(right)) => Ok(left == right),
        (Value::List(left), Value::List(right)) => {
            if left.elements != right.elements || left.items().len() != right.items().len() {
                return Ok(false);
            }
            for (left, right) in left.items().iter().zip(right.items()) {
                if !equal(left, right, depth + 1, host)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Value::Map(left), Value::Map(right)) => {
            if left.is(right) {
                return Ok(true);
            }
            let (left, right) = (left.members(), right.members());
            if left.len() != right.len() {
                return Ok(false);
            }
            for ((left_key, left), (right_key, right)) in left.iter().zip(&right) {
                if left_key != right_key || !equal(left, right, depth + 1, host)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}
