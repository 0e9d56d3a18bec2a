//! Flexible configuration: the file is a template, rendered with settings, partials and other templates.
//!
//! Promises: everything that is wrong is a finding with its place; unlike KrakenD, which logs an error of a template
//! and reads the unrendered file, nothing unrendered is ever read on. Folders and variables come from the environment
//! that is handed in.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{
    diagnostic::{Diagnostic, Severity},
    source::{Environment, Format, Source},
    template::{Surroundings, TemplateError, render},
};

/// What rendering gives to read on.
#[derive(Debug)]
pub struct Rendered {
    /// What findings about the text call it.
    pub name: String,
    /// The text.
    pub text: String,
    /// How it is read: by the extension of `FC_OUT`, else as JSON.
    pub format: Format,
}

/// Whether the environment asks for templates: any text in `FC_ENABLE`, even `0`.
#[must_use]
pub fn is_enabled(environment: &Environment) -> bool {
    folder(environment, "FC_ENABLE").is_some()
}

/// Renders `text`, the content of `source`.
///
/// # Errors
/// One finding: settings that cannot be read, a template that is wrong, or a place where nothing can be written.
pub fn rendered(source: &Source, text: String, environment: &Environment) -> Result<Rendered, Box<Diagnostic>> {
    let settings = settings(folder(environment, "FC_SETTINGS"))?;
    let mut files = vec![(source.name(), text)];
    if let Some(folder) = folder(environment, "FC_TEMPLATES") {
        for path in files_in(&folder, "tmpl").map_err(|error| failure(&folder, &error))? {
            let read = Source::File(path.clone()).read()?;
            files.push((path.display().to_string(), read));
        }
    }
    let partials = folder(environment, "FC_PARTIALS");
    let partial = |name: &str| partial(partials.as_deref(), name);
    let variable = |name: &str| environment.get(name).map(str::to_owned);
    let surroundings = Surroundings { settings: &settings, partial: &partial, variable: &variable, colored: false };
    let text = render(&files, &surroundings).map_err(|error| Box::new(finding(*error)))?;
    let mut format = Format::Json;
    if let Some(path) = output(environment) {
        std::fs::write(&path, &text).map_err(|error| failure(&path, &error))?;
        format = Format::of(&path.display().to_string());
    }
    Ok(Rendered { name: format!("{} (rendered)", source.name()), text, format })
}

/// The folders whose files are rendered into the configuration, if templates are asked for.
#[must_use]
pub fn folders(environment: &Environment) -> Vec<PathBuf> {
    let names = ["FC_SETTINGS", "FC_TEMPLATES", "FC_PARTIALS"];
    if is_enabled(environment) {
        names.iter().filter_map(|name| folder(environment, name)).collect()
    } else {
        Vec::new()
    }
}

/// The file that the rendered text is written to, if that is asked for.
#[must_use]
pub fn output(environment: &Environment) -> Option<PathBuf> {
    folder(environment, "FC_OUT")
}

fn folder(environment: &Environment, variable: &str) -> Option<PathBuf> {
    environment.get(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Every `x.json` of the folder as the member `x`.
fn settings(folder: Option<PathBuf>) -> Result<Map<String, Value>, Box<Diagnostic>> {
    let Some(folder) = folder else { return Ok(Map::new()) };
    let mut settings = Map::new();
    let mut troubles = Vec::new();
    let paths = files_in(&folder, "json").unwrap_or_else(|error| {
        troubles.push(format!("{}: {}", folder.display(), reason(&error)));
        Vec::new()
    });
    for path in paths {
        match setting(&path) {
            Ok(members) => {
                let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                settings.insert(name, Value::Object(members));
            }
            Err(trouble) => {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                troubles.push(format!("{name}: {trouble}"));
            }
        }
    }
    if troubles.is_empty() {
        return Ok(settings);
    }
    let message = format!("loading flexible-config settings:\n\t- {}", troubles.join("\n\t- "));
    Err(Box::new(Diagnostic::new(Severity::Error, "", message)))
}

fn setting(path: &Path) -> Result<Map<String, Value>, String> {
    let text = Source::File(path.to_owned()).read().map_err(|finding| finding.message)?;
    match Format::Json.parse(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err("the document is not an object".to_owned()),
        Err(finding) => Err(match finding.position {
            Some((line, column)) => format!("{line}:{column}: {}", finding.message),
            None => finding.message,
        }),
    }
}

/// The raw text of a partial; one that is missing is empty, as in KrakenD.
fn partial(folder: Option<&Path>, name: &str) -> Result<String, String> {
    let path = folder.unwrap_or(Path::new("")).join(name.trim_start_matches('/'));
    if !path.is_file() {
        return Ok(String::new());
    }
    Source::File(path).read().map_err(|finding| finding.message)
}

/// The files of that extension directly in a folder, by name.
fn files_in(folder: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        _ => error.to_string(),
    }
}

fn failure(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let message = format!("flexible configuration: {}: {}", path.display(), reason(error));
    Box::new(Diagnostic::new(Severity::Error, "", message))
}

fn finding(error: TemplateError) -> Diagnostic {
    let mut finding = Diagnostic::new(Severity::Error, "", format!("in the template: {}", error.message));
    finding.file = error.file;
    finding.position = Some(error.position);
    finding
}

#[cfg(test)]
#[path = "flexible_tests.rs"]
mod tests;
