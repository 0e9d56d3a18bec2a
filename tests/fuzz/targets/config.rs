//! A configuration in each of its three formats: read, checked, linted, audited, and compiled where no file is named.
//!
//! Laws: there is a service if and only if no finding is an error; the document as it was read, written as JSON and
//! read again, gives the same service.
#![no_main]

use gnomon::{
    config::{Environment, Severity, Source, audit, load, schema::lint},
    plan::compile,
};
use libfuzzer_sys::fuzz_target;

/// Words of settings that make the compiler read files.
const OF_FILES: [&str; 4] = ["path", "sources", "root", "file"];

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for name in ["k.json", "k.yaml", "k.toml"] {
        obeys(name, text);
    }
});

fn obeys(name: &str, text: &str) {
    let loaded = read(name, text.to_owned());
    let any_error = loaded.diagnostics.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(loaded.service.is_none(), any_error);
    assert!(loaded.diagnostics.iter().all(|finding| !finding.to_string().is_empty()));
    let Some(document) = loaded.places.document() else { return };
    let _findings = loaded.places.locate(lint(document));
    let severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW"].map(str::to_owned).to_vec();
    let _advice = audit::recommend(document, &audit::Selection { ignored: vec![], severities });
    let written = document.to_string();
    let again = read("again.json", written.clone());
    assert_eq!(format!("{:?}", loaded.service), format!("{:?}", again.service));
    if let Some(service) = loaded.service.filter(|_| !OF_FILES.iter().any(|word| written.contains(word))) {
        let (_plan, findings) = compile(&service);
        let _told = loaded.places.locate(findings);
    }
}

fn read(name: &str, text: String) -> gnomon::config::Loaded {
    load(&Source::Text { name: name.to_owned(), text }, &Environment::default())
}
