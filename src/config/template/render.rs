//! From template files and settings to one rendered text.

use std::collections::BTreeMap;

use super::{
    eval::Evaluation,
    functions::Host,
    parser,
    tree::{Place, Templates},
    value::Heap,
};
use crate::config::position::line_and_column;

/// What a template may see besides its own text.
pub struct Surroundings<'a> {
    /// The settings, by the name they have in the template.
    pub settings: &'a serde_json::Map<String, serde_json::Value>,
    /// Answers the text of a partial.
    ///
    /// # Errors
    /// In words, when it is there and cannot be read.
    pub partial: &'a dyn Fn(&str) -> Result<String, String>,
    /// Answers a variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Whether there is a function `colored`, as formats of the audit have it; it leaves texts as they are.
    pub colored: bool,
}

/// Why there is no rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The name of the file, as it was given.
    pub file: String,
    /// Line and column, both from 1, columns in characters.
    pub position: (usize, usize),
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (line, column) = self.position;
        write!(formatter, "{}:{line}:{column}: {}", self.file, self.message)
    }
}

/// Renders the first of `files` (name and text); the others are templates it may use by their names.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn render(files: &[(String, String)], surroundings: &Surroundings<'_>) -> Result<String, Box<TemplateError>> {
    let heap = Heap::default();
    let mut templates = Templates::new();
    for (file, (name, text)) in files.iter().enumerate() {
        parser::parse(file, base_name(name), text, &mut templates)
            .map_err(|(offset, message)| error(files, Place { file, offset }, message))?;
    }
    let settings: BTreeMap<_, _> =
        surroundings.settings.iter().map(|(name, value)| (name.clone(), heap.decoded(value))).collect();
    let data = heap.map(settings);
    let host = Host::new(&heap, surroundings);
    let start = Place { file: 0, offset: 0 };
    let main = files.first().map(|(name, _)| base_name(name)).unwrap_or_default();
    let mut evaluation = Evaluation::new(&templates, &host);
    evaluation.call(start, main, &data).map_err(|(place, message)| error(files, place, message))?;
    Ok(evaluation.into_text())
}

/// The name under which a file is called: without its folders.
fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn error(files: &[(String, String)], place: Place, message: String) -> Box<TemplateError> {
    let (file, position) = match files.get(place.file) {
        Some((name, text)) => (name.clone(), line_and_column(text, place.offset)),
        None => (String::new(), (1, 1)),
    };
    Box::new(TemplateError { file, position, message })
}
