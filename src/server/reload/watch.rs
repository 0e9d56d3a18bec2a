//! Looks once a second whether the files of the configuration have changed.
//!
//! By name, so that editors may replace a file by renaming another one; and patient: what is still being written is
//! loaded when it has been quiet from one look to the next. Runs on a thread of its own, for a disk may hang.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::config::{Environment, flexible, stamp};

use super::{Cause, Orders};

/// How often to look.
const PERIOD: Duration = Duration::from_secs(1);

/// How deep folders are searched.
const DEPTH_MAX: usize = 8;

/// The most files that are watched; beyond that, changes may be missed.
const FILES_MAX: usize = 10_000;

/// The states of files by name; one that is missing is absent.
type Look = BTreeMap<PathBuf, String>;

/// What to watch, and how it was when this was made: before the configuration is loaded for the first time, so that no
/// change is missed.
#[derive(Clone, Debug)]
pub struct Watch {
    file: PathBuf,
    folders: Vec<PathBuf>,
    /// What loading itself writes.
    except: Option<PathBuf>,
    quiet: Quiet,
}

impl Watch {
    /// A watch over a configuration file, and the folders of flexible configuration where they are used.
    #[must_use]
    pub fn new(file: PathBuf, environment: &Environment) -> Self {
        let (folders, except) = (flexible::folders(environment), flexible::output(environment));
        let mut watch = Self { file, folders, except, quiet: Quiet::default() };
        watch.quiet = Quiet::since(watch.look());
        watch
    }

    /// Starts to look; ends with the gateway.
    pub fn start(mut self, orders: Orders) {
        let look = move || {
            loop {
                std::thread::park_timeout(PERIOD);
                let look = self.look();
                if self.quiet.changed(look) && orders.reload_from_thread(Cause::Watch).is_none() {
                    return;
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("watch".into()).spawn(look) {
            tracing::error!("files are not watched: {error}");
        }
    }

    fn look(&self) -> Look {
        let mut look = Look::new();
        self.add_file(&self.file, &mut look);
        self.folders.iter().for_each(|folder| self.add_folder(folder, DEPTH_MAX, &mut look));
        look
    }

    fn add_file(&self, path: &Path, look: &mut Look) {
        if self.except.as_deref() == Some(path) || look.len() >= FILES_MAX {
            return;
        }
        if let Some(state) = stamp::of_file(path) {
            look.insert(path.to_owned(), state);
        }
    }

    fn add_folder(&self, folder: &Path, depth: usize, look: &mut Look) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() && depth > 0 {
                self.add_folder(&path, depth - 1, look);
            } else {
                self.add_file(&path, look);
            }
        }
    }
}

/// Tells a change that has come to rest.
#[derive(Clone, Debug, Default)]
struct Quiet {
    /// What was loaded.
    loaded: Arc<Look>,
    /// What was seen last.
    last: Arc<Look>,
}

impl Quiet {
    fn since(look: Look) -> Self {
        let look = Arc::new(look);
        Self { loaded: Arc::clone(&look), last: look }
    }

    /// Whether what is seen is not what was loaded, and was the same at the last look.
    fn changed(&mut self, look: Look) -> bool {
        let rests = look == *self.last;
        if !rests {
            self.last = Arc::new(look);
            return false;
        }
        let changed = self.last != self.loaded;
        self.loaded = Arc::clone(&self.last);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(state: &str) -> Look {
        Look::from([(PathBuf::from("k.json"), state.to_owned())])
    }

    #[test]
    fn a_change_is_told_once_and_only_when_it_rests() {
        let mut quiet = Quiet::since(look("1"));
        let told = ["1", "2", "3", "3", "3", "4", "5", "5", "1", "1"].map(|state| quiet.changed(look(state)));
        assert_eq!(told, [false, false, false, true, false, false, false, true, false, true]);
    }

    #[test]
    fn what_goes_back_before_it_rests_is_no_change() {
        let mut quiet = Quiet::since(look("1"));
        assert!(!["2", "1", "1"].into_iter().any(|state| quiet.changed(look(state))));
    }

    #[test]
    fn files_in_folders_are_seen_and_what_loading_writes_is_not() {
        let folder = std::env::temp_dir().join(format!("gnomon-watch-{}", std::process::id()));
        fs::create_dir_all(folder.join("deep")).unwrap();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        for name in ["k.json", "deep/part", "out.json"] {
            fs::write(path(name), "{}").unwrap();
        }
        let environment = Environment::from_iter([
            ("FC_ENABLE", "1".to_owned()),
            ("FC_PARTIALS", path("")),
            ("FC_OUT", path("out.json")),
        ]);
        let mut watch = Watch::new(path("k.json").into(), &environment);
        fs::write(path("out.json"), "changed").unwrap();
        assert!(![(); 3].map(|()| watch.look()).into_iter().any(|look| watch.quiet.changed(look)));
        fs::write(path("deep/part"), "changed").unwrap();
        let told = [(); 3].map(|()| watch.look()).map(|look| watch.quiet.changed(look));
        assert_eq!(told, [false, true, false]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
