//! What loading promises, from text to service and findings.

mod documents;

use super::{Environment, Loaded, Source, load};

fn read(name: &str, text: &str) -> Loaded {
    load(&Source::Text { name: name.to_owned(), text: text.to_owned() }, &Environment::default())
}
