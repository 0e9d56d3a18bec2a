//! Claims about templates as configurations: folders, findings and the rendered file.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::config::{Environment, Loaded, Source, load};

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("gnomon-flexible-{}-{number}", std::process::id()));
        for name in ["settings", "partials", "templates"] {
            fs::create_dir_all(path.join(name)).unwrap();
        }
        Folder(path)
    }

    fn with(self, name: &str, text: &str) -> Self {
        fs::write(self.0.join(name), text).unwrap();
        self
    }

    fn environment(&self, more: &[(&str, &str)]) -> Environment {
        let at = |name: &str| self.0.join(name).display().to_string();
        let folders = [("FC_SETTINGS", "settings"), ("FC_PARTIALS", "partials"), ("FC_TEMPLATES", "templates")];
        let pairs = folders.map(|(variable, name)| (variable.to_owned(), at(name)));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        pairs.into_iter().chain([("FC_ENABLE".to_owned(), "0".to_owned())]).chain(more).collect()
    }

    fn load(&self, template: &str, more: &[(&str, &str)]) -> Loaded {
        let source = Source::Text { name: "krakend.tmpl".to_owned(), text: template.to_owned() };
        load(&source, &self.environment(more))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _already_gone = fs::remove_dir_all(&self.0);
    }
}

fn said(loaded: &Loaded) -> String {
    loaded.diagnostics.iter().map(|finding| format!("{finding}\n")).collect()
}

#[test]
fn settings_partials_and_templates_make_one_configuration() {
    let folder = Folder::new()
        .with("settings/urls.json", r#"{"list": [{"p": "/a", "b": "/x"}, {"p": "/b/{id}", "b": "/y/{id}"}]}"#)
        .with("partials/name.txt", "\"name\": \"{{ from a partial }}\",")
        .with(
            "templates/e.tmpl",
            r#"{"endpoint": "{{ .p }}", "backend": [{"url_pattern": "{{ .b }}", "host": "http://a"}]}"#,
        );
    let template = "{\"version\": 3, {{ include \"name.txt\" }} \"endpoints\": [\
        {{ range $i, $e := .urls.list }}{{ if $i }},{{ end }}{{ template \"e.tmpl\" $e }}{{ end }}]}";
    let loaded = folder.load(template, &[("KRAKEND_TIMEOUT", "9s")]);
    let service = loaded.service.as_ref().unwrap_or_else(|| panic!("{}", said(&loaded)));
    assert_eq!(service.name, "{{ from a partial }}");
    assert_eq!(service.endpoints.iter().map(|endpoint| endpoint.path.as_str()).collect::<Vec<_>>(), ["/a", "/b/{id}"]);
    assert_eq!(service.endpoints[0].timeout.as_secs(), 9);
}

#[test]
fn every_setting_that_cannot_be_read_is_named() {
    let folder = Folder::new()
        .with("settings/a.json", "[1]")
        .with("settings/b.json", "{\n\"x\" 1}")
        .with("settings/c.json", "{}");
    let said = said(&folder.load("{}", &[]));
    assert!(said.contains("loading flexible-config settings:\n\t- a.json: the document is not an object\n"), "{said}");
    assert!(said.contains("\t- b.json: 2:5: expected `:`"), "{said}");
    assert!(!said.contains("c.json"), "{said}");
}

#[test]
fn a_wrong_template_is_an_error_at_its_place_and_nothing_is_read_on() {
    let folder = Folder::new().with("templates/e.tmpl", "\n {{ genCA }}");
    let loaded = folder.load("{{ template \"e.tmpl\" }}", &[]);
    assert!(loaded.service.is_none());
    let file = folder.0.join("templates/e.tmpl");
    assert_eq!(
        said(&loaded),
        format!("{}:2:5: error: in the template: the function \"genCA\" is not supported\n", file.display())
    );
}

#[test]
fn later_findings_are_about_the_rendered_text() {
    let loaded = Folder::new().load("{{ $x := 3 }}{\"version\": 3,\n\n \"timeout\": \"5x\"}", &[]);
    assert!(said(&loaded).starts_with("krakend.tmpl (rendered):3:2: error at /timeout"), "{}", said(&loaded));
}

#[test]
fn the_extension_of_the_kept_text_decides_how_it_is_read() {
    let folder = Folder::new();
    let out = folder.0.join("out.yaml").display().to_string();
    let loaded = folder.load("version: 3\nname: {{ upper \"x\" }}\n", &[("FC_OUT", &out)]);
    assert_eq!(loaded.service.as_ref().map(|service| service.name.as_str()), Some("X"), "{}", said(&loaded));
    assert_eq!(fs::read_to_string(out).unwrap(), "version: 3\nname: X\n");
}

#[test]
fn folders_that_are_missing_are_named() {
    for (variable, part) in
        [("FC_SETTINGS", "settings:\n\t- no/such"), ("FC_TEMPLATES", "no/such"), ("FC_OUT", "no/such")]
    {
        let said = said(&Folder::new().load("{}", &[(variable, "no/such/place")]));
        assert!(said.contains(part) && said.contains("no such file or directory"), "{variable}: {said}");
    }
}

#[test]
fn without_the_switch_nothing_is_rendered() {
    let source =
        Source::Text { name: "k.json".to_owned(), text: "{\"version\": 3, \"name\": \"{{ .x }}\"}".to_owned() };
    let loaded = load(&source, &[("FC_ENABLE", "")].into_iter().collect());
    assert_eq!(loaded.service.map(|service| service.name), Some("{{ .x }}".to_owned()));
}
