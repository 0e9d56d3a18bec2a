//! What is kept of differences: paths, addresses and values of any kind, redacted.
//!
//! Laws: nothing panics; whatever is kept is bounded and is JSON on one line; a value under a secret name is hidden, and
//! with `shape` every value is.
#![no_main]

use std::{sync::Arc, time::SystemTime};

use gnomon::{
    compare::{
        Difference, DifferenceKind, Excerpt, ValueKind,
        store::{Clusters, Found, MarkKey, Redactor, StoreBudget, StoredValue},
    },
    config::shadow::{Store, StoredValues},
};
use gnomon_fuzz::part;
use libfuzzer_sys::fuzz_target;

const KINDS: [ValueKind; 8] = [
    ValueKind::Null,
    ValueKind::Bool,
    ValueKind::Number,
    ValueKind::String,
    ValueKind::Array,
    ValueKind::Object,
    ValueKind::Text,
    ValueKind::Bytes,
];

fn excerpt(kind: ValueKind, text: &str) -> Excerpt {
    let end = (0..=text.len().min(512)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    Excerpt { kind, text: text[..end].into(), bytes: text.len(), hash: 1 }
}

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let parts = [part(&mut rest), part(&mut rest), part(&mut rest)].map(String::from_utf8_lossy);
    let [path, target, text] = &parts;
    for values in [StoredValues::Redacted, StoredValues::Shape, StoredValues::Raw] {
        let store = Store { values, ..Store::default() };
        let redactor = Redactor::new(&store, MarkKey::random());
        assert!(redactor.redact_path(path).len() <= 512);
        assert!(redactor.redact_target(target).len() <= 1_024);
        let hides = |value: &StoredValue| matches!(value, StoredValue::Hidden { .. });
        let mut differences = Vec::new();
        for kind in KINDS {
            let value = excerpt(kind, text);
            let kept = redactor.redact_value(path, &value);
            assert_eq!(kept, redactor.redact_value(path, &value));
            assert!(hides(&kept) || values != StoredValues::Shape);
            assert!(hides(&redactor.redact_value("$.a.password[*]", &value)) || values == StoredValues::Raw);
            if let StoredValue::Shown { text, .. } = &kept {
                assert!(text.len() <= 512);
            }
            let (path, at) = (path.as_ref().into(), path.replace("[*]", "[0]").into());
            differences.push(Difference { path, at, kind: DifferenceKind::Value, live: Some(value), shadow: None });
        }
        let budget = Arc::new(StoreBudget::default());
        let mut clusters = Clusters::new(&store, Arc::clone(&budget), redactor);
        let at = SystemTime::UNIX_EPOCH;
        let (live_status, shadow_status, is_noise) = (Some(200), None, false);
        let differences = &differences;
        let found =
            Found { at, pair: 1, method: target, path: target, live_status, shadow_status, differences, is_noise };
        clusters.add(&found, at);
        assert_eq!(budget.bytes(), clusters.bytes());
        for line in clusters.export(at) {
            assert!(!line.contains('\n') && line.len() <= 128 << 10);
            serde_json::from_str::<serde_json::Value>(&line).expect("a line is JSON");
        }
        drop(clusters);
        assert_eq!((budget.samples(), budget.bytes()), (0, 0));
    }
});
