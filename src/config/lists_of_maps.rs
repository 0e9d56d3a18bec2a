//! Lists where a map is wanted, read as KrakenD's decoder reads them: `[]` is an empty map, a list of maps is their sum.
//!
//! Promises: only `extra_config` and `mapping` are touched, and only lists that hold nothing but objects; of a key that
//! stands in several the last one counts.

use serde_json::{Map, Value};

/// Makes maps of the lists of a whole service.
pub(super) fn summed(service: &mut Map<String, Value>) {
    sum(service, "extra_config");
    for endpoint in elements(service, "endpoints") {
        sum(endpoint, "extra_config");
        for backend in elements(endpoint, "backend") {
            sum(backend, "extra_config");
            sum(backend, "mapping");
        }
    }
}

fn named<'a>(object: &'a mut Map<String, Value>, key: &str) -> impl Iterator<Item = &'a mut Value> {
    object.iter_mut().filter(move |(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

/// The objects of a list, or the one that stands in its place.
fn elements<'a>(object: &'a mut Map<String, Value>, key: &str) -> Vec<&'a mut Map<String, Value>> {
    named(object, key)
        .flat_map(|value| match value {
            Value::Array(list) => list.iter_mut().collect(),
            lone => vec![lone],
        })
        .filter_map(Value::as_object_mut)
        .collect()
}

fn sum(object: &mut Map<String, Value>, key: &str) {
    for value in named(object, key) {
        let Value::Array(list) = value else { continue };
        if list.iter().all(Value::is_object) {
            let maps = std::mem::take(list).into_iter().filter_map(|map| match map {
                Value::Object(members) => Some(members),
                _ => None,
            });
            *value = Value::Object(maps.flatten().collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::summed;

    #[test]
    fn lists_of_maps_are_their_sum_wherever_a_map_is_wanted() {
        let mut value = json!({"extra_config": [], "endpoints": [{"extra_config": [{"a": 1}],
            "backend": [{"Mapping": [{"a": "b", "c": "d"}, {"a": "e"}], "extra_config": [1], "deny": []}]}]});
        let Value::Object(members) = &mut value else { panic!("an object") };
        summed(members);
        let expected = json!({"extra_config": {}, "endpoints": [{"extra_config": {"a": 1},
            "backend": [{"Mapping": {"a": "e", "c": "d"}, "extra_config": [1], "deny": []}]}]});
        assert_eq!(value, expected);
    }
}
