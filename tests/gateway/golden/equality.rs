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
    files::{backends_mut, is_shadow, without_baselines, without_shadows},
    gnomon::{Folder, Gnomon, complete},
    house,
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

/// Runs a file with and without its shadows and compares what clients get and what live upstreams see. Returns how many
/// requests its shadows were offered.
fn compare(path: &Path, mut file: Value) -> u64 {
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
        let offered: u64 = gnomon.finish().books().iter().map(|books| books.offered).sum();
        (answers, upstreams.live_sights(&before, &address), offered)
    };
    let (answers, sights, offered) = run(&file);
    let (plain_answers, plain_sights, _none) = run(&without_shadows(file));
    for (with, without) in answers.iter().zip(&plain_answers) {
        assert_eq!(with, without, "{name}: clients can tell");
    }
    for (place, (with, without)) in sights.iter().zip(&plain_sights).enumerate() {
        assert_eq!(with, without, "{name}: live upstream {place} can tell");
    }
    assert_eq!((answers.len(), sights.len()), (plain_answers.len(), plain_sights.len()), "{name}");
    offered
}

#[test]
fn neither_clients_nor_live_upstreams_can_tell_that_there_are_shadows() {
    let files = mirrored_files();
    let all: Vec<&Path> = files.iter().map(|(path, _file)| path.as_path()).collect();
    assert!(all.contains(&Path::new("config/krakend.json")), "{all:?}");
    thread::scope(|scope| {
        for (path, file) in &files {
            scope.spawn(move || {
                let offered = compare(path, file.clone());
                // Those that lie elsewhere may refuse everything that is asked here.
                assert!(offered > 0 || !path.starts_with(OWN), "{}: the shadows were offered nothing", path.display());
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
