//! An answer that shows what was asked, with data for every kind of reshaping beside it.

use std::collections::BTreeMap;

use serde_json::json;

use super::{behaviour::Reply, record::Seen};

/// The answer to one request. A body is shown as text, a longer one by its length.
pub(super) fn answer(seen: &Seen) -> Reply {
    let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &seen.headers {
        headers.entry(name).or_default().push(value);
    }
    let body = match seen.body.len() {
        0..4096 => String::from_utf8_lossy(&seen.body).into_owned(),
        longer => format!("{longer} bytes"),
    };
    Reply::json(&json!({
        "id": 7, "method": seen.method, "target": seen.target, "headers": headers, "body": body,
        "price": 1.50, "large": 9_007_199_254_740_993_i64, "nothing": null, "is_open": true,
        "nested": { "a": { "b": [1, 2, { "c": "deep" }] }, "other": "text" },
        "list": [{ "name": "one", "hidden": 1 }, { "name": "two", "hidden": 2 }],
    }))
}
