//! Runs cases, each with and without its key, a few at a time.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;

use super::{
    case::{Case, case},
    scene::Scene,
};

/// Cases at a time: most of their time is waiting.
const AT_ONCE: usize = 3;

/// Runs every case and panics with everything that is wrong.
pub(super) fn walk(cases: &[Case]) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Before the lock is taken, or one case would wait for the other.
                    let complaint = complaint(case);
                    wrong.lock().unwrap_or_else(PoisonError::into_inner).extend(complaint);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// What is wrong with a case, or with the program.
fn complaint(case: &Case) -> Option<String> {
    let name = format!("{} `{}`", case.scope.title(), case.key);
    let Some(with) = observed(case, case.file_with()) else {
        return Some(format!("{name}: could not be observed, see above"));
    };
    if with != case.expected {
        return Some(format!("{name}: expected {}, observed {with}", case.expected));
    }
    match observed(case, case.file_without()) {
        None => Some(format!("{name}: without the key it could not be observed, see above")),
        Some(without) => (without == with).then(|| format!("{name}: makes no difference, it is {with} without it too")),
    }
}

/// `None` after a panic, whose message has been printed.
fn observed(case: &Case, file: Value) -> Option<Value> {
    let look = || {
        let scene = Scene::new(case, file);
        (case.observe)(&scene)
    };
    catch_unwind(AssertUnwindSafe(look)).ok()
}

#[test]
fn a_case_fails_when_its_key_is_ignored_or_says_something_else() {
    use gnomon::config::known::Scope::Endpoint;
    use serde_json::json;
    let ignored = case(Endpoint, "no_such_key", json!(1)).shows(json!({ "a": 1 }));
    assert!(complaint(&ignored).unwrap().contains("makes no difference"));
    let other = case(Endpoint, "cache_ttl", json!("1h")).shows(json!({ "a": 2 }));
    assert!(complaint(&other).unwrap().contains("expected {\"a\":2}, observed {\"a\":1}"));
    let broken = case(Endpoint, "cache_ttl", json!("1h")).sees(|_scene| panic!("on purpose"), 1);
    assert!(complaint(&broken).unwrap().contains("could not be observed"));
}
