//! A template with a second template and a partial, rendered with settings of every kind.
//!
//! Laws: a rendering ends, is bounded and always the same; text without actions is its own rendering.
#![no_main]

use gnomon::config::template::{Surroundings, render};
use gnomon_fuzz::part;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

/// What a rendering may have at most, in bytes.
const RENDERED_MAX: usize = 64 << 20;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let [main, other, included] = [(); 3].map(|()| String::from_utf8_lossy(part(&mut rest)).into_owned());
    let settings = settings();
    let partial = |_name: &str| Ok(included.clone());
    let variable = |name: &str| (name == "HOME").then(|| "/home/x".to_owned());
    let surroundings = Surroundings { settings: &settings, partial: &partial, variable: &variable, colored: false };
    let files = [("main.tmpl".to_owned(), main.clone()), ("t/other.tmpl".to_owned(), other)];
    let rendered = render(&files, &surroundings);
    assert_eq!(rendered, render(&files, &surroundings));
    match rendered {
        Ok(text) => {
            assert!(text.len() <= RENDERED_MAX);
            assert!(main.contains("{{") || text == main);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn settings() -> Map<String, Value> {
    let settings = json!({
        "service": {"port": 8080, "name": "x", "timeout": "3s", "on": true, "none": null, "ratio": 0.5},
        "list": [{"path": "/a", "host": "http://h"}, {"path": "/b/{id}"}, [1, 2, 3], "text", -7],
    });
    settings.as_object().cloned().unwrap_or_default()
}
