//! Endpoint paths as routes, and the paths that clients ask for.
//!
//! Laws: a path is served if and only if a route matches it when all are tried one by one; what a redirect names is
//! served.
#![no_main]

use gnomon::{
    config::rules::{paths, routes},
    plan::routes::{Decision, RouteRules, Routes, Segment, Target, segments},
};
use gnomon_fuzz::part;
use libfuzzer_sys::fuzz_target;

/// More routes are not looked at.
const ROUTES_MAX: usize = 40;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let [switches, published, asked] = [(); 3].map(|()| String::from_utf8_lossy(part(&mut rest)).into_owned());
    let rules = RouteRules {
        keep_trailing_slash: switches.contains('s'),
        keep_path: switches.contains('p'),
        hide_methods: switches.contains('m'),
        clean_first: switches.contains('c'),
    };
    let mut tree = Routes::new(rules);
    let mut all = Vec::new();
    let mut written = Vec::new();
    for (place, path) in published.split('\n').take(ROUTES_MAX).enumerate() {
        let path = paths::with_leading_slash(path);
        let _forbidden = paths::is_forbidden(&path);
        let params = paths::params(&path, switches.contains('a'));
        let way = segments(&path, &params);
        tree.add("GET", &way, Target::Endpoint(place));
        all.push(way);
        written.push(paths::route(&path, &params));
    }
    let told: Vec<_> =
        written.into_iter().map(|path| routes::Route { method: "GET", path, pointer: "/endpoints" }).collect();
    let _conflicts = routes::conflicts(&told);
    for path in asked.split('\n') {
        let matching: Vec<_> = (0..all.len()).filter(|place| matches(&all[*place], path)).collect();
        match tree.find("GET", path) {
            Decision::Serve(Target::Endpoint(_), _) if rules.clean_first => {}
            Decision::Serve(Target::Endpoint(place), _) => assert!(matching.contains(place), "{path:?}"),
            Decision::Redirect(better) => {
                assert!(matches!(tree.find("GET", &better), Decision::Serve(..)), "{path:?} to {better:?}");
                assert!(rules.clean_first || matching.is_empty());
            }
            _ => assert!(rules.clean_first || matching.is_empty(), "{path:?}"),
        }
        let elsewhere = tree.find("POST", path);
        assert!(matches!(elsewhere, Decision::NotFound | Decision::MethodNotAllowed(_)));
    }
});

fn matches(way: &[Segment], path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let asked: Vec<&str> = rest.split('/').collect();
    asked.len() == way.len()
        && asked.iter().zip(way).enumerate().all(|(place, (text, segment))| match segment {
            Segment::Fixed(fixed) => fixed == text,
            Segment::Param(prefix) => {
                let is_last = place + 1 == way.len();
                text.strip_prefix(prefix.as_str()).is_some_and(|value| !(is_last && value.is_empty()))
            }
        })
}
