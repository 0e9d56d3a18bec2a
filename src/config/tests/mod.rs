//! What loading promises, from text to service and findings.

mod comparison_findings;
mod comparisons;
mod documents;
mod findings;
mod never_panics;
mod policies;
mod policy_merge;
mod splits;

pub(super) use policy_merge::rich as rich_policy;

use super::{Environment, Loaded, Source, load};

fn read(name: &str, text: &str) -> Loaded {
    load(&Source::Text { name: name.to_owned(), text: text.to_owned() }, &Environment::default())
}

/// The findings of a JSON text as lines.
fn lines(text: &str) -> Vec<String> {
    read("k.json", text).diagnostics.iter().map(ToString::to_string).collect()
}
