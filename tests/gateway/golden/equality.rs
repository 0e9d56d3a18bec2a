//! The comparison, file by file.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use serde_json::Value;

use super::{
    ask::{answers, questions},
    upstreams::Upstreams,
};
use crate::{
    files::{backends_mut, comparing, is_shadow, without_baselines, without_shadows},
    gnomon::{Folder, Gnomon, complete},
    house,
    stats::Pairs,
};

/// Where the files of this test lie.
const OWN: &str = "tests/gateway/golden/files";

/// Every configuration with a shadow.
fn mirrored_files() -> Vec<(PathBuf, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = ["config", "tests"].into_iter().flat_map(|folder| house::files(&root.join(folder), ".json"));
    let read = |path: PathBuf| {
        let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).ok()?).ok()?;
        let has_shadow = backends_mut(&mut file).any(|backend| is_shadow(backend));
        has_shadow.then(|| (path.strip_prefix(root).unwrap_or(&path).to_owned(), file))
    };
    paths.filter_map(read).collect()
}

/// Runs a file with its shadows, with their answers compared if that is asked for, and without them, and compares what
/// clients get and what live upstreams see. Returns how many requests its shadows were offered, and how many pairs of
/// answers were begun.
fn compare(path: &Path, mut file: Value, is_compared: bool) -> (u64, u64) {
    let name = path.display();
    // That live upstreams see second calls is what a baseline is for.
    file = without_baselines(file);
    let upstreams = Upstreams::behind(&mut file);
    let questions = questions(&file);
    let run = |file: &Value| {
        let before = upstreams.counts();
        let gnomon = Gnomon::run(file);
        let answers = answers(&gnomon, &questions);
        let address = gnomon.address().to_string();
        let stats = gnomon.finish();
        let offered: u64 = stats.books().iter().map(|books| books.offered).sum();
        let pairs = stats.pairs();
        assert!(pairs.iter().all(Pairs::balanced), "{name}: {pairs:#?}");
        let begun: u64 = pairs.iter().map(|pairs| pairs.begun).sum();
        (answers, upstreams.live_sights(&before, &address), (offered, begun))
    };
    let (answers, sights, counts) = run(&if is_compared { comparing(file.clone()) } else { file.clone() });
    let (plain_answers, plain_sights, _none) = run(&without_shadows(file));
    for (with, without) in answers.iter().zip(&plain_answers) {
        assert_eq!(with, without, "{name}: clients can tell");
    }
    for (place, (with, without)) in sights.iter().zip(&plain_sights).enumerate() {
        assert_eq!(with, without, "{name}: live upstream {place} can tell");
    }
    assert_eq!((answers.len(), sights.len()), (plain_answers.len(), plain_sights.len()), "{name}");
    counts
}

#[test]
fn neither_clients_nor_live_upstreams_can_tell_that_there_are_shadows() {
    let files = mirrored_files();
    let all: Vec<&Path> = files.iter().map(|(path, _file)| path.as_path()).collect();
    assert!(all.contains(&Path::new("config/krakend.json")), "{all:?}");
    thread::scope(|scope| {
        for (path, file) in &files {
            scope.spawn(move || {
                let (offered, _begun) = compare(path, file.clone(), false);
                // Those that lie elsewhere may refuse everything that is asked here.
                assert!(offered > 0 || !path.starts_with(OWN), "{}: the shadows were offered nothing", path.display());
            });
        }
    });
}

#[test]
fn neither_clients_nor_live_upstreams_can_tell_that_answers_are_compared() {
    let files: Vec<_> = mirrored_files().into_iter().filter(|(path, _file)| path.starts_with(OWN)).collect();
    thread::scope(|scope| {
        for (path, file) in &files {
            scope.spawn(move || {
                let (_offered, begun) = compare(path, file.clone(), true);
                assert!(begun > 0, "{}: no answer was to be compared", path.display());
            });
        }
    });
}

#[test]
fn the_files_mean_what_they_say() {
    let own: Vec<_> = mirrored_files().into_iter().filter(|(path, _file)| path.starts_with(OWN)).collect();
    assert_eq!(own.len(), fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(OWN)).unwrap().count());
    let folder = Folder::new();
    for (path, mut file) in own {
        let _upstreams = Upstreams::behind(&mut file);
        let output = complete(&["check", "-c", &folder.file("krakend.json", &file.to_string())]);
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(output.status.success() && !said.contains("warning"), "{}: {said}", path.display());
    }
}
