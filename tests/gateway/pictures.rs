//! The pictures of the page in the README: taken of the demo, and of the page as it is.

use std::{path::Path, time::Duration};

use xxhash_rust::xxh3::xxh3_64;

use crate::{
    browser::Chromium,
    client,
    gnomon::Gnomon,
    house::{files, read},
    page::{PART, is_quiet, place},
    patience::wait_at_most,
};

/// How long the demo may take to show everything.
const MINUTE: Duration = Duration::from_secs(60);
/// Beside the pictures: a hash of what they show.
const SUM: &str = "pictures.sum";

/// A hash of the sources of the page.
fn sum() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stats/dashboard");
    let mut all = Vec::new();
    for ending in [".css", ".html", ".js"] {
        let mut paths = files(&folder, ending);
        paths.sort();
        paths.into_iter().for_each(|path| all.extend(std::fs::read(path).expect("a file that is there can be read")));
    }
    format!("{:016x}\n", xxh3_64(&all))
}

#[test]
fn the_pictures_are_of_the_page_as_it_is() {
    assert_eq!(
        read(&format!("docs/{SUM}")),
        sum(),
        "the page was changed after its pictures were taken: run tests/screenshot"
    );
}

/// Takes the pictures of the README; `tests/screenshot` copies them.
#[test]
fn pictures_of_the_page_show_what_the_demo_planted() {
    let demo = Gnomon::demo_at(40);
    let told = |what: &str| client::get(demo.admin(), &format!("/__shadow/{PART}/{what}")).json();
    let has = |pairs: u64| {
        let compared = told("comparison")["total"]["compared"].as_u64().unwrap_or_default();
        (compared > pairs && told("readiness?status=200")["verdict"] == "not_ready").then_some(())
    };
    // Many make a better picture, but a busy machine copies less.
    let shown = wait_at_most(MINUTE, || has(300)).or_else(|| has(0));
    assert!(shown.is_some(), "{:#}", told("comparison"));
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(demo.admin());
    for (file, place, title, (width, height, scheme)) in [
        ("dashboard.png", "overview".to_owned(), "Overview", (1280, 560, "light")),
        ("phone.png", place("fields"), "/user/{id}", (390, 844, "dark")),
        ("experiment.png", place("latency"), "/user/{id}", (1280, 980, "light")),
    ] {
        page.resize(width, height, scheme);
        page.show(&place, title);
        page.wait_for("document.querySelector('main').innerText.includes('not ready')");
        // A rate is known when it was looked twice.
        page.wait_for("[...document.querySelectorAll('.overview tbody td:nth-child(4)')].every((one) => one.textContent.endsWith('/s'))");
        page.wait_for("[...document.querySelectorAll('.canvas')].every((one) => one.querySelector('canvas'))");
        let picture = page.picture();
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 20_000, "{file}: {} bytes", picture.len());
        std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(file), picture).unwrap();
    }
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(SUM), sum()).unwrap();
    assert!(page.row("How both calls ended: live down, shadow across", "2xx").len() > 1);
    is_quiet(&page, demo.admin());
}
