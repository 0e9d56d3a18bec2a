//! One part of a split as a row.

use serde_json::Value;

use super::text::escaped;

/// See the module. Shares are of 0 to 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) split: String,
    pub(super) variant: String,
    pub(super) state: String,
    pub(super) rate: Option<f64>,
    pub(super) calls: Option<f64>,
    pub(super) failed: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) backend: String,
}

impl Part {
    /// All parts of all splits that a gateway tells of, in the order of the file.
    pub(super) fn all(told: &Value) -> Vec<Self> {
        let splits = told.get("splits").and_then(Value::as_array).into_iter().flatten();
        let parts = splits.flat_map(|split| {
            let parts = split.get("parts").and_then(Value::as_array).into_iter().flatten();
            parts.map(move |part| Self::read(split, part))
        });
        parts.collect()
    }

    fn read(split: &Value, part: &Value) -> Self {
        let word = |of: &Value, name: &str| escaped(of.get(name).and_then(Value::as_str).unwrap_or_default());
        let number = |pointer: &str| part.pointer(pointer).and_then(Value::as_f64);
        Self {
            split: word(split, "id"),
            variant: word(part, "variant"),
            state: word(part, "state"),
            rate: number("/rate"),
            calls: number("/recent/requests"),
            failed: number("/recent/failed_share"),
            p99_ms: number("/recent/p99_ms"),
            backend: word(part, "backend"),
        }
    }

    /// Whether it has this in what it is called or calls.
    pub(super) fn is_called(&self, find: &str) -> bool {
        let find = find.trim().to_lowercase();
        [&self.split, &self.variant, &self.backend].iter().any(|text| text.to_lowercase().contains(&find))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_part_is_a_row() {
        let recent = json!({ "requests": 9, "failed_share": 0.125, "p99_ms": 3.25 });
        let part =
            json!({ "variant": "canary", "state": "running", "rate": 0.05, "recent": recent, "backend": "GET /v2" });
        let parts = Part::all(&json!({ "splits": [{ "id": "GET:/a:0", "parts": [part, {}] }, {}] }));
        let canary = Part {
            split: "GET:/a:0".to_owned(),
            variant: "canary".to_owned(),
            state: "running".to_owned(),
            rate: Some(0.05),
            calls: Some(9.0),
            failed: Some(0.125),
            p99_ms: Some(3.25),
            backend: "GET /v2".to_owned(),
        };
        assert_eq!(parts, [canary.clone(), Part { split: canary.split, ..Part::default() }]);
        assert!(parts[0].is_called(" V2") && parts[0].is_called("") && !parts[1].is_called("v2"));
        for nonsense in [json!(null), json!({ "splits": [1] }), json!({ "splits": [{ "parts": 7 }] })] {
            assert_eq!(Part::all(&nonsense), []);
        }
    }
}
