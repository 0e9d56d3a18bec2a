//! The rules of the house, read from the sources: who may name whom, how large a file may grow, what a page may claim.
//!
//! Every rule is a function from text to complaints, tried on text that breaks it, so that it is known to be able to
//! fail. To bend a rule, add the exception here with its reason.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use gnomon::compare::{Incomparable, Verdict};
use serde_json::Value;

/// Which stages a stage may name. The order is that of a request; what is not listed here is refused.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("stats", &[]),
    ("config", &[]),
    // Webhooks are posted by the client that calls upstreams.
    ("control", &["config", "model", "backend"]),
    ("sample", &["config", "model"]),
    ("telemetry", &["model", "stats"]),
    ("encoding", &["model"]),
    ("shape", &["model"]),
    ("compare", &["config", "model", "stats"]),
    ("tls", &["config"]),
    ("component", &["config", "model"]),
    // `PoolLimits` of backend and `StaticData` of endpoint are prepared once, with the plan.
    ("plan", &["config", "model", "encoding", "shape", "component", "stats", "backend", "endpoint", "telemetry"]),
    ("backend", &["model", "config", "tls", "component", "plan", "stats", "telemetry"]),
    ("shadow", &["compare", "config", "control", "model", "plan", "sample", "stats", "backend"]),
    ("split", &["config", "control", "model", "plan", "sample", "stats"]),
    ("endpoint", &["model", "compare", "config", "component", "plan", "backend", "shadow", "split"]),
    (
        "server",
        &[
            "model",
            "compare",
            "config",
            "control",
            "tls",
            "component",
            "plan",
            "stats",
            "backend",
            "shadow",
            "split",
            "endpoint",
            "telemetry",
        ],
    ),
    ("demo", &[]),
    ("cli", &["config", "encoding", "plan", "server", "demo"]),
];

/// Words, the only places that may say them, and why.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    (
        "actix_web",
        &["server/", "demo/", "cli/demo.rs", "backend/transport/middleware.rs"],
        "the web server is the edge; the rest must not know it",
    ),
    ("actix_http", &["server/wire/"], "what lies below a client's request is one folder"),
    (
        "h2",
        &["server/wire/", "server/tls.rs", "server/export/grpc.rs"],
        "the same; TLS only offers it, and gRPC of OTLP speaks it",
    ),
    (
        "awc",
        &[
            "backend/client.rs",
            "backend/redirect.rs",
            "backend/transport/",
            "demo/",
            "cli/shadow/client.rs",
            "cli/shadow/command.rs",
        ],
        "calls go through one client, so that there is one place for limits and failures",
    ),
    (
        "actix",
        &["backend/", "control/webhook.rs", "shadow/", "endpoint/", "stats/", "server/", "cli/", "demo/"],
        "configuration, plan and what travels know no actors",
    ),
    (
        "Context<Self>",
        &["backend/actor.rs", "shadow/actor.rs", "endpoint/actor.rs", "stats/actor.rs"],
        "actors are shells, one a folder, in actor.rs",
    ),
    ("dashmap", &["stats/registry.rs"], "no shared map on the live path"),
    (
        "Rc",
        &[
            "config/template/",
            "component/modifier/lua/",
            "backend/",
            "shadow/",
            "endpoint/",
            "stats/",
            "telemetry/probe.rs",
            "server/",
            "demo/",
        ],
        "plans are shared by threads",
    ),
    ("println!", &["cli/"], "only the command line prints"),
];

/// Files that may be longer than [`LINES_MAX`], and why.
const LONG: &[(&str, &str)] = &[("config/known.rs", "one table, a row a key")];

/// Lines of a file, its tests not counted.
const LINES_MAX: usize = 400;

/// Words that say nothing about what they name.
const EMPTY_WORDS: &[&str] = &["manager", "helper", "helpers", "util", "utils", "misc", "processor"];

/// Packages that are there in two versions, and why.
const TWICE: &[(&str, &str)] = &[
    ("base64", "awc has 0.22, the certificates of the tests are written with 0.23"),
    ("bit-set", "jsonschema's patterns and proptest's"),
    ("bit-vec", "with bit-set"),
    ("core-foundation", "not on our platform; hickory-resolver and rustls-native-certs"),
    ("getrandom", "ring has 0.2, jsonschema 0.3, proptest 0.4"),
    ("hashbrown", "dashmap 6 and indexmap"),
    ("http", "ours is actix's 0.2; awc's connector names 1.x, which we never touch"),
    ("r-efi", "with getrandom, not on our platform"),
    ("syn", "macros move to 3 one by one"),
    ("synstructure", "with syn"),
    ("windows-sys", "not on our platform; ring has 0.52"),
];

struct File {
    /// Below `src/`.
    path: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Files with this ending below a folder, hidden ones and what was built left out.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with('.') || name == "target" || name == "node_modules" {
        } else if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path(), ending));
        } else if name.ends_with(ending) {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

fn sources(folder: &str) -> Vec<File> {
    let base = root().join(folder);
    let file = |path: PathBuf| File {
        path: path.strip_prefix(&base).unwrap().to_str().unwrap().to_owned(),
        text: fs::read_to_string(&path).unwrap(),
    };
    files(&base, ".rs").into_iter().map(file).collect()
}

/// Sources that are built into the program: no test files, and of the others what stands before their tests.
fn program() -> Vec<File> {
    let is_test = |path: &str| path.ends_with("tests.rs") || path.contains("/tests/");
    let files = sources("src").into_iter().filter(|file| !is_test(&file.path));
    files.map(|file| File { text: without_tests(&file.text).to_owned(), ..file }).collect()
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

/// The text without comments, as far as they begin a line.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

pub(crate) fn said(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

fn undocumented(file: &File) -> Option<String> {
    (!file.text.starts_with("//! ")).then(|| format!("{}: must open with `//!` and say what it is", file.path))
}

/// The stages that code names as `crate::stage` or within `crate::{…}`.
fn stages_named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            named.extend(stage(after));
            continue;
        };
        let (mut depth, mut word) = (0_i32, String::new());
        for letter in group.chars() {
            depth += i32::from(letter == '{') - i32::from(letter == '}');
            match letter {
                _ if depth < 0 => break,
                ',' if depth == 0 => named.extend(stage(&std::mem::take(&mut word))),
                _ if depth == 0 => word.push(letter),
                _ => {}
            }
        }
        named.extend(stage(&word));
    }
    named
}

fn stage(import: &str) -> Option<String> {
    let name: String =
        import.trim().chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    (!name.is_empty()).then_some(name)
}

fn wrong_imports(file: &File) -> Vec<String> {
    let Some((own, _)) = file.path.split_once('/') else { return Vec::new() };
    let Some((_, allowed)) = MAY_NAME.iter().find(|(stage, _)| *stage == own) else {
        return vec![format!("{}: the stage {own} has no row in MAY_NAME", file.path)];
    };
    let named = stages_named(&code(&file.text));
    let wrong = named.iter().filter(|stage| *stage != own && !allowed.contains(&stage.as_str()));
    wrong.map(|stage| format!("{}: {own} may not name {stage}", file.path)).collect()
}

fn wrong_words(file: &File) -> Vec<String> {
    let code = code(&file.text);
    let misplaced = |(word, places, _): &&(&str, &[&str], &str)| {
        has_word(&code, word) && !places.iter().any(|place| file.path.starts_with(place))
    };
    let wrong = ONLY_IN.iter().filter(misplaced);
    wrong.map(|(word, places, why)| format!("{}: `{word}` belongs to {places:?}: {why}", file.path)).collect()
}

/// Whether the word stands there on its own, not as a part of another.
fn has_word(text: &str, word: &str) -> bool {
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = text.split_at(at);
        !before.ends_with(of_name) && !after.trim_start_matches(word).starts_with(of_name)
    })
}

fn too_long(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    let listed = LONG.iter().any(|(path, _)| *path == file.path);
    (lines > LINES_MAX && !listed).then(|| format!("{}: {lines} lines, more than {LINES_MAX}", file.path))
}

/// Names of files and of what they declare that say nothing.
fn empty_names(file: &File) -> Vec<String> {
    let code = code(&file.text);
    let words: Vec<&str> = code.split_whitespace().collect();
    let declared = words
        .windows(2)
        .filter(|pair| ["fn", "struct", "enum", "trait", "type", "mod", "const", "static"].contains(&pair[0]));
    let names = declared.filter_map(|pair| stage(pair[1])).chain(file.path.split(['/', '.']).map(str::to_owned));
    let empty = names.filter(|name| words_of(name).iter().any(|word| EMPTY_WORDS.contains(&word.as_str())));
    empty.map(|name| format!("{}: `{name}` says nothing about what it is", file.path)).collect()
}

/// `camelCase`, `CamelCase` and `snake_case` as words.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_ascii_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter != '_') {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words
}

/// Targets of links that are neither addresses nor places on the same page.
fn relative_links(page: &str) -> Vec<&str> {
    let targets = page.split("](").skip(1).filter_map(|after| after.split(')').next());
    let relative = targets.filter(|target| !target.contains("://") && !target.starts_with(['#', '<']));
    relative.filter_map(|target| target.split('#').next()).collect()
}

/// Words in backquotes that open the rows of a page's tables.
pub(crate) fn row_names(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect()
}

/// What one list has and the other lacks.
fn differences<'a>(
    what: &str,
    wanted: impl IntoIterator<Item = &'a str>,
    found: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let (wanted, found): (BTreeSet<_>, BTreeSet<_>) = (wanted.into_iter().collect(), found.into_iter().collect());
    let missing = wanted.difference(&found).map(|name| format!("{what}: {name} is missing"));
    missing.chain(found.difference(&wanted).map(|name| format!("{what}: {name} does not exist"))).collect()
}

#[test]
fn every_source_says_what_it_is() {
    let all = sources("src").into_iter().chain(sources("tests"));
    said(&all.filter_map(|file| undocumented(&file)).collect::<Vec<_>>());
}

#[test]
fn stages_name_only_those_they_may() {
    said(&program().iter().flat_map(wrong_imports).collect::<Vec<_>>());
}

#[test]
fn crates_are_named_only_where_they_belong() {
    said(&program().iter().flat_map(wrong_words).collect::<Vec<_>>());
}

#[test]
fn files_stay_small_enough_to_read() {
    said(&program().iter().filter_map(too_long).collect::<Vec<_>>());
}

#[test]
fn names_say_what_things_are() {
    let all = sources("src").into_iter().chain(sources("tests"));
    said(&all.flat_map(|file| empty_names(&file)).collect::<Vec<_>>());
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut complaints = Vec::new();
    for page in files(&root(), ".md") {
        let text = fs::read_to_string(&page).unwrap();
        let broken = relative_links(&text).into_iter().filter(|target| !page.with_file_name(target).exists());
        complaints.extend(broken.map(|target| format!("{}: {target} is not there", page.display())));
    }
    said(&complaints);
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let sections = ["dependencies", "dev-dependencies"].map(|section| manifest[section].as_table().unwrap());
    let wanted = sections.iter().flat_map(|section| section.keys().map(String::as_str));
    let page = read("docs/dependencies.md");
    said(&differences("docs/dependencies.md", wanted, row_names(&page)));
}

#[test]
fn packages_come_once_and_from_one_place() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let (mut names, mut complaints) = (BTreeSet::new(), Vec::new());
    for package in packages {
        let name = package["name"].as_str().unwrap();
        if !names.insert(name) && !TWICE.iter().any(|(listed, _)| *listed == name) {
            complaints.push(format!("Cargo.lock: {name} is there in two versions"));
        }
        let source = package.get("source").map_or("", |source| source.as_str().unwrap());
        if name != "gnomon" && source != "registry+https://github.com/rust-lang/crates.io-index" {
            complaints.push(format!("Cargo.lock: {name} comes from {source:?}"));
        }
    }
    said(&complaints);
}

#[test]
fn the_readme_shows_the_file_and_the_command_that_exist() {
    let readme = read("README.md");
    let shown = readme.split("```json\n").nth(1).and_then(|after| after.split("```").next()).expect("a file");
    let shipped: Value = serde_json::from_str(&read("config/krakend.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(shown).unwrap(), shipped);
    assert!(readme.contains("```sh\n./tests/run\n```"));
    assert!(read(".ci/run").contains("\nstep ./tests/run\n"));
}

#[test]
fn the_page_on_shadows_lists_every_reason_and_every_key() {
    let page = read("docs/shadowing.md");
    let reasons = gnomon::shadow::DropReason::ALL.map(gnomon::shadow::DropReason::label);
    let keys: Vec<String> = gnomon::config::known_keys().filter_map(|row| name_of_shadow_key(&row)).collect();
    let verdicts = [Verdict::Match, Verdict::Ignored, Verdict::Noise, Verdict::Mismatch].map(Verdict::label);
    let outcomes = Incomparable::ALL.map(Incomparable::label).into_iter().chain(verdicts);
    let wanted = reasons.into_iter().chain(outcomes).chain(keys.iter().map(String::as_str));
    said(&differences("docs/shadowing.md", wanted, row_names(&page)));
}

/// What the page calls a key of ours about shadows and splits: `threads`, `sample.rate`, `@split.to.rate`.
fn name_of_shadow_key(row: &gnomon::config::known::KnownKey) -> Option<String> {
    let is_supported = row.status == gnomon::config::known::Status::Supported;
    if row.scope.title().starts_with("@split") {
        return is_supported.then(|| format!("{}.{}", row.scope.title(), row.key));
    }
    let group = row.scope.title().strip_prefix("@shadow")?.trim_start_matches("_policy").trim_start_matches('.');
    is_supported.then(|| if group.is_empty() { row.key.to_owned() } else { format!("{group}.{}", row.key) })
}

#[test]
fn the_page_on_operations_lists_every_metric() {
    let sources = files(&root().join("src/stats/prometheus"), ".rs");
    let text_of =
        |path: &PathBuf| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let source: String = sources.iter().map(|path| without_tests(&text_of(path)).to_owned()).collect();
    let literals: Vec<&str> = source.split('"').skip(1).step_by(2).collect();
    let of_metric = |name: &&str| name.starts_with("gnomon_") || name.starts_with("process_");
    let page = read("docs/operations.md");
    let listed = row_names(&page).into_iter().filter(of_metric);
    said(&differences("docs/operations.md", literals.into_iter().filter(of_metric), listed));
}

fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn each_rule_can_fail() {
    assert!(undocumented(&file("model/a.rs", "// not a doc")).is_some());
    assert!(undocumented(&file("model/a.rs", "//! A thing.")).is_none());
    for text in ["use crate::server::Tree;", "use crate::{\n model::{A, B},\n endpoint::C,\n};", "x(crate::shadow::G)"]
    {
        assert_eq!(wrong_imports(&file("backend/a.rs", text)).len(), 1, "{text}");
    }
    assert!(
        wrong_imports(&file("backend/a.rs", "// crate::server\nuse crate::{model::{A, server::B}, plan};")).is_empty()
    );
    assert_eq!(wrong_imports(&file("attic/a.rs", "")).len(), 1);
    assert_eq!(wrong_words(&file("model/a.rs", "use actix_web::App;")).len(), 1);
    assert_eq!(wrong_words(&file("endpoint/a.rs", "let client = awc::Client::new();")).len(), 1);
    assert!(wrong_words(&file("model/a.rs", "// actix_web\nuse my_actix_web_like;")).is_empty());
    assert!(too_long(&file("model/a.rs", &"x\n".repeat(LINES_MAX + 1))).is_some());
    for (path, text) in [("model/a.rs", "struct BodyManager;"), ("model/a.rs", "fn do_misc()"), ("model/util.rs", "")] {
        assert_eq!(empty_names(&file(path, text)).len(), 1, "{path}: {text}");
    }
    assert!(empty_names(&file("model/utility.rs", "fn commonly() {}")).is_empty());
}

#[test]
fn pages_are_read_right() {
    assert_eq!(relative_links("[a](b.md#c) [d](https://e) [f](#g) ![h](i.png)"), ["b.md", "i.png"]);
    assert_eq!(row_names("| `a` | b |\n| c | d |\n text `e`"), ["a"]);
    assert_eq!(differences("p", ["a", "b"], ["b", "c"]), ["p: a is missing", "p: c does not exist"]);
}
