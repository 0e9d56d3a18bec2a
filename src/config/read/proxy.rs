//! `extra_config.proxy` of endpoints and backends, the shadow mark excepted.

use serde_json::Value;

use crate::config::{FlatmapOp, Node, Static, Strategy, diagnostic::Findings};

/// `flatmap_filter`; entries without a `type` are left out.
pub(super) fn flatmap(node: &Node<'_>, findings: &mut Findings) -> Vec<FlatmapOp> {
    if !node.value().is_array() {
        node.ignored::<()>(findings, "a list of operations");
        return Vec::new();
    }
    node.elements().iter().filter_map(|entry| operation(entry, findings)).collect()
}

fn operation(node: &Node<'_>, findings: &mut Findings) -> Option<FlatmapOp> {
    if !node.exact_object(findings) {
        return None;
    }
    let Some(kind) = node.member("type").exact_text(findings) else {
        findings.warning(node.pointer(), "an operation without a type, ignored as KrakenD does");
        return None;
    };
    let args = node.member("args").exact_texts(findings).unwrap_or_default();
    let wanted = match kind.as_str() {
        "del" => 1,
        "move" | "append" => 2,
        _ => {
            let message = format!("\"{kind}\" is not an operation, ignored as KrakenD does");
            findings.warning(node.member("type").pointer(), message);
            0
        }
    };
    if args.len() < wanted {
        let message = format!("\"{kind}\" needs {wanted} args: KrakenD stops when it gets there, here it does nothing");
        findings.warning(node.pointer(), message);
    }
    Some(FlatmapOp { kind, args })
}

/// `static`; `None` when its data is not an object.
pub(super) fn static_data(node: &Node<'_>, findings: &mut Findings) -> Option<Static> {
    if !node.exact_object(findings) {
        return None;
    }
    let data = node.member("data");
    if !data.exact_object(findings) {
        findings.warning(node.pointer(), "static without data, ignored as KrakenD does");
        return None;
    }
    let data = data.members().map(|(name, member)| (name.to_owned(), json_of_go(member.value()))).collect();
    Some(Static { data, strategy: strategy(&node.member("strategy"), findings) })
}

fn strategy(node: &Node<'_>, findings: &mut Findings) -> Strategy {
    match node.exact_text(findings).as_deref() {
        Some("success") => Strategy::Success,
        Some("complete") => Strategy::Complete,
        Some("errored") => Strategy::Errored,
        Some("incomplete") => Strategy::Incomplete,
        None | Some("always") => Strategy::Always,
        Some(other) => {
            findings
                .warning(node.pointer(), format!("\"{other}\" is not a strategy, read as \"always\" as KrakenD does"));
            Strategy::Always
        }
    }
}

/// JSON text as Go writes values it decoded: all numbers are floats there.
fn json_of_go(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), go_float),
        Value::Array(list) => {
            let items: Vec<_> = list.iter().map(json_of_go).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), json_of_go(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        _ => value.to_string(),
    }
}

/// Plain digits from 1e-6 up to 1e21, else an exponent of at least one digit.
fn go_float(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    if size >= 1e21 { text.replace('e', "e+") } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::json_of_go;

    #[test]
    fn numbers_are_written_as_go_writes_floats() {
        for (value, text) in [
            (json!(1), "1"),
            (json!(1.0), "1"),
            (json!(0.25), "0.25"),
            (json!(-3), "-3"),
            (json!(12_345_678_901_234_567_890_u64), "12345678901234567000"),
            (json!(1e21), "1e+21"),
            (json!(1e-7), "1e-7"),
            (json!({"a": [1.0, null, "x"]}), r#"{"a":[1,null,"x"]}"#),
        ] {
            assert_eq!(json_of_go(&value), text);
        }
    }
}
