//! The page in a real browser: its figures are the listener's, its controls do what they say, and what comes with
//! traffic stays text.

use std::{ffi::OsString, net::SocketAddr, time::Duration};

use serde_json::{Value, json};

use crate::{
    browser::{Chromium, Page},
    client,
    files::{endpoint, live, service},
    gnomon::{Folder, Gnomon},
    patience::{wait_at_most, wait_for},
    selection::shadow_under,
    upstream::Upstream,
};

/// How long the demo may take to show everything.
const MINUTE: Duration = Duration::from_secs(60);
const ID: &str = "GET:/user/{id}:0";
/// The same as part of a path.
const PART: &str = "GET:%2Fuser%2F%7Bid%7D:0";
/// The views of one experiment.
const VIEWS: [&str; 7] = ["funnel", "latency", "fields", "clusters", "safety", "control", "readiness"];
/// The others, by what their heading says.
const SECTIONS: [(&str, &str); 5] = [
    ("overview", "Overview"),
    ("endpoints", "Endpoints"),
    ("canaries", "Canaries"),
    ("control", "Control"),
    ("configuration", "Configuration"),
];

pub(crate) fn place(view: &str) -> String {
    format!("experiment/{PART}/{view}")
}

/// Every view there is: where, and what its heading says.
fn places() -> Vec<(String, &'static str)> {
    let sections = SECTIONS.map(|(name, title)| (name.to_owned(), title));
    sections.into_iter().chain(VIEWS.map(|view| (place(view), "/user/{id}"))).collect()
}

/// A gateway whose only shadow gets copies of everything and is compared.
pub(crate) fn comparing(v1: &Upstream, v2: &Upstream) -> Gnomon {
    Gnomon::run(&file(v1, v2))
}

fn file(v1: &Upstream, v2: &Upstream) -> Value {
    let policy = json!({ "holdout": 0, "compare": {} });
    let mut file = service(&[endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")])]);
    file["extra_config"] = json!({ "@shadow": { "overload": "off" } });
    file
}

pub(crate) fn told(admin: SocketAddr, verb: &str) -> Value {
    client::get(admin, &format!("/__shadow/{PART}{verb}")).json()
}

fn number(value: &Value) -> String {
    value.as_u64().expect("a count").to_string()
}

fn wait_for_rate(gnomon: &Gnomon, rate: f64) {
    let found = wait_for(|| (told(gnomon.admin(), "")["rate"] == rate).then_some(()));
    assert!(found.is_some(), "{:#}", told(gnomon.admin(), ""));
}

/// Nothing was loaded from elsewhere, and nothing went wrong unseen.
pub(crate) fn is_quiet(page: &Page, admin: SocketAddr) {
    let here = format!("http://{admin}/");
    let foreign: Vec<_> = page.requests().into_iter().filter(|url| !url.starts_with(&here)).collect();
    let foreign: Vec<_> = foreign.into_iter().filter(|url| !url.starts_with("data:image/svg+xml,")).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    assert!(page.complaints().is_empty(), "{:#?}", page.complaints());
}

#[test]
fn every_view_can_be_used_by_everybody_on_every_screen_and_stays_where_it_is() {
    let demo = Gnomon::demo_at(40);
    demo.wait_until("every shadow has answered", |stats| stats.books().iter().all(|books| books.answered() > 0));
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(demo.admin());
    page.run(
        "new PerformanceObserver((list) => list.getEntries().forEach((one) => \
         { window.moved = (window.moved || 0) + (one.hadRecentInput ? 0 : one.value); })).observe({ type: 'layout-shift' })",
    );
    for (width, height, scheme) in [(1280, 900, "light"), (360, 740, "dark"), (3840, 2160, "light")] {
        page.resize(width, height, scheme);
        for (place, title) in places() {
            page.show(&place, title);
            page.run("window.moved = 0");
            // Two more looks at the figures, in which everything asked for comes.
            let heard = "window.beats = 0, new MutationObserver(() => { window.beats += 1; })\
                .observe(document.getElementById('content'), { subtree: true, childList: true, characterData: true })";
            page.run(&format!("{heard}, true"));
            page.wait_for(
                "window.beats > 1 || location.hash.includes('configuration') || ['#/control', '#/canaries'].includes(location.hash)",
            );
            let wider = page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(wider, 0, "{place} is wider than {width} pixels");
            let moved = page.run("window.moved").as_f64().unwrap_or_default();
            assert!(moved < 0.02, "{place} moves by {moved} at {width} pixels");
            if width < 3840 {
                let barriers = page.barriers();
                assert_eq!(barriers, json!([]), "{place}, {scheme}: {barriers:#}");
            }
        }
    }
    is_quiet(&page, demo.admin());
}

/// Takes the pictures of the README; `tests/screenshot` copies them.
#[test]
fn pictures_of_the_page_show_what_the_demo_planted() {
    let demo = Gnomon::demo_at(100);
    let told = |what: &str| client::get(demo.admin(), &format!("/__shadow/{PART}/{what}")).json();
    let has = |pairs: u64| {
        let compared = told("comparison")["total"]["compared"].as_u64().unwrap_or_default();
        (compared > pairs && told("readiness?status=200")["verdict"] == "not_ready").then_some(())
    };
    // Many make a better picture, but a busy machine copies less.
    let shown = wait_at_most(MINUTE, || has(700)).or_else(|| has(0));
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
        page.wait_for("[...document.querySelectorAll('.canvas')].every((one) => one.querySelector('canvas'))");
        let picture = page.picture();
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 20_000, "{file}: {} bytes", picture.len());
        std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(file), picture).unwrap();
    }
    assert!(page.row("How both calls ended: live down, shadow across", "2xx").len() > 1);
    is_quiet(&page, demo.admin());
}

#[test]
fn figures_on_the_page_are_those_of_the_listener() {
    let v1 = Upstream::answers(json!({ "name": "Ada", "n": 1 }));
    let v2 = Upstream::answers(json!({ "name": "Ada", "n": 2 }));
    let gnomon = comparing(&v1, &v2);
    (0..23).for_each(|user| drop(gnomon.get(&format!("/user/{user}"))));
    let counted = wait_for(|| (told(gnomon.admin(), "/comparison")["total"]["mismatch"] == 23).then_some(()));
    assert!(counted.is_some(), "{:#}", told(gnomon.admin(), "/comparison"));
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());

    let status = told(gnomon.admin(), "");
    let overview = page.row("Experiments", "GET /user/{id}");
    assert_eq!(overview[1..6], ["running", "100 %", "100 %", "0 %", "0 %"], "{overview:?}");
    assert!(overview[8].contains("not ready") || overview[8].contains("not enough data"), "{overview:?}");

    page.show(&place("funnel"), "/user/{id}");
    for (stage, count) in [("offered", &status["books"]["offered"]), ("sent", &status["books"]["sent"])] {
        assert_eq!(page.row("Stages", stage)[1], number(count));
    }
    assert!(page.text().contains("the books balance"), "{}", page.text());

    page.show(&place("fields"), "/user/{id}");
    let field = &told(gnomon.admin(), "/fields")["fields"][0];
    let shown = page.row("Fields that differ", "$.n");
    assert_eq!((shown[1].as_str(), &shown[2], shown[3].as_str()), ("value", &number(&field["raw"]), "100 %"));

    page.show(&place("latency"), "/user/{id}");
    let comparison = told(gnomon.admin(), "/comparison");
    let live = page.row("How long answers took, of compared pairs", "live");
    assert_eq!(live[1], number(&comparison["total"]["latency"]["live"]["count"]));
    assert_eq!(page.row("How both calls ended: live down, shadow across", "2xx")[1], "23");
    page.wait_for("document.querySelectorAll('.uplot canvas').length === 3");

    page.show(&place("readiness"), "/user/{id}");
    let readiness = told(gnomon.admin(), "/readiness");
    for reason in readiness["reasons"].as_array().expect("a list") {
        let code = reason["code"].as_str().expect("a text").replace('_', " ");
        assert_eq!(page.row("What speaks for it and against it", &code)[2], reason["says"], "{code}");
    }

    page.show("endpoints", "Endpoints");
    let row = page.row("Endpoints and their backends", "GET /user/{id}");
    assert_eq!(row[9], number(&client::get(gnomon.admin(), "/__stats").json()["endpoints"][0]["requests"]));

    page.show("configuration", "Configuration");
    let route = page.row("Compiled routes", "GET /user/{id}");
    assert!(route[4].contains("/v1/{{.Id}}") && route[5].contains("/v2/{{.Id}}"), "{route:?}");
    is_quiet(&page, gnomon.admin());
}

#[test]
fn the_slider_changes_the_rate_from_the_keyboard_and_the_file_holds_again_in_the_end() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = comparing(&v1, &v2);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("control"), "/user/{id}");
    page.wait_for("document.querySelector('input[type=range]').value === '100'");
    page.run("document.querySelector('input[type=range]').focus()");
    (0..3).for_each(|_| page.press("ArrowLeft", 37));
    assert_eq!(page.run("document.querySelector('.rate-form input[type=number]').value"), "97");
    page.run("document.querySelector('.rate-form input[size]').value = '3s'");
    page.run("document.querySelector('.rate-form input[size]').focus()");
    page.press("Enter", 13);
    wait_for_rate(&gnomon, 0.97);
    page.wait_for("document.querySelector('.timers').textContent.includes('ends in 00:00:0')");
    wait_for_rate(&gnomon, 1.0);
    page.wait_for("document.querySelector('.timers').textContent.includes('Nothing is changed')");
    page.wait_for(
        "[...document.querySelectorAll('table')].some((one) => one.caption.textContent === 'Changes' && \
        one.tBodies[0].textContent.includes('clock'))",
    );
    is_quiet(&page, gnomon.admin());
}

#[test]
fn a_confirmed_kill_ends_copies_and_a_cancelled_one_nothing() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = comparing(&v1, &v2);
    let killed = || client::get(gnomon.admin(), "/__shadow").json()["killed"].clone();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show("control", "Control");
    page.wait_for("document.querySelector('.kill-state').textContent === 'Shadows may copy.'");
    page.click("Kill all shadows …");
    page.wait_for("document.querySelector('dialog').open");
    page.press("Escape", 27);
    page.wait_for("!document.querySelector('dialog').open");
    assert_eq!(killed(), Value::Null);

    page.click("Kill all shadows …");
    page.click("Kill all shadows");
    let ended = wait_for(|| killed().is_object().then_some(()));
    assert!(ended.is_some(), "{}", page.text());
    let before = gnomon.books().sent;
    (0..20).for_each(|user| assert_eq!(gnomon.get(&format!("/user/{user}")).status, 200));
    assert_eq!(gnomon.settle().the_books().sent, before);
    page.wait_for("!document.getElementById('killed').hidden");
    assert!(page.text().contains("All shadows are switched off by admin 127.0.0.1"), "{}", page.text());

    page.click("Revive");
    page.wait_for("document.getElementById('killed').hidden");
    assert_eq!(killed(), Value::Null);
    is_quiet(&page, gnomon.admin());
}

#[test]
fn hostile_names_and_values_stay_text() {
    // Longer names would be taken for secrets, and not be shown at all.
    let name = "<img src=x>";
    let long = "<b>".repeat(333_000);
    let v1 = Upstream::answers(json!({ name: "\"><svg onload=\"window.hacked=1\">", "long": long, "\u{202e}evil": 1 }));
    let v2 = Upstream::answers(json!({ name: "javascript:window.hacked=1", "long": 1, "\u{202e}evil": 2 }));
    let gnomon = comparing(&v1, &v2);
    gnomon.get("/user/%3Cimg%20src=x%20onerror=window.hacked=1%3E");
    let counted = wait_for(|| (told(gnomon.admin(), "/comparison")["total"]["pairs"] == 1).then_some(()));
    assert!(counted.is_some(), "{:#}", told(gnomon.admin(), "/comparison"));
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    for view in VIEWS {
        page.show(&place(view), "/user/{id}");
        if view == "clusters" {
            page.wait_for("document.querySelector('details')");
            page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
            page.wait_for("document.querySelector('main').innerText.includes('svg onload')");
        }
        if view == "fields" {
            page.wait_for("document.querySelector('main').innerText.includes('<img src=x')");
        }
        let markup = page
            .run("document.querySelectorAll('main img, main script, main svg, main b:not(.key b, summary b)').length");
        assert_eq!(markup, 0, "{view} has made elements of it");
        let wider = page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(wider, 0, "{view} is wider than its window");
    }
    assert_eq!(page.run("typeof window.hacked"), "undefined");
    is_quiet(&page, gnomon.admin());
}

#[test]
fn changes_need_the_token_where_there_is_one_and_it_stays_in_the_tab() {
    let token = "a-token-that-nobody-guesses";
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = Gnomon::run_in(&file(&v1, &v2), &[("GNOMON_ADMIN_TOKEN", token.to_owned())]);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("control"), "/user/{id}");
    page.wait_for("document.querySelector('input[type=password]').checkVisibility()");
    page.click("Pause");
    page.wait_for("document.querySelector('.outcome').textContent.includes('need the admin token')");
    assert_eq!(told(gnomon.admin(), "")["state"], "running");
    page.run(&format!("document.querySelector('input[type=password]').value = {}", json!(token)));
    page.click("Use it");
    page.click("Pause");
    let paused = wait_for(|| (told(gnomon.admin(), "")["state"] == "paused").then_some(()));
    assert!(paused.is_some(), "{}", page.text());
    assert_eq!(
        page.run("[localStorage.length, document.cookie, document.querySelector('input[type=password]').value]"),
        json!([0, "", ""])
    );
    assert!(page.requests().iter().all(|url| !url.contains(token)));
    page.click("Forget it");
    assert_eq!(page.run("sessionStorage.length"), 0);
}

#[test]
fn a_silent_gateway_is_said_to_be_stale_and_a_page_comes_back_by_itself() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = comparing(&v1, &v2);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    gnomon.signal("STOP");
    page.wait_for("document.getElementById('status').textContent === 'stale: no figures come'");
    gnomon.signal("CONT");
    page.wait_for("document.body.dataset.stream === 'connected'");
    let admin = gnomon.admin().to_string();
    drop(gnomon);
    page.wait_for("document.getElementById('status').textContent === 'connection lost, retrying'");
    // Another one at the same address.
    let folder = Folder::new();
    let path = folder.file("krakend.json", &file(&v1, &v2).to_string());
    let _again = Gnomon::run_as(&[], |port, _| {
        ["run", "-c", &path, "-p", &port.to_string(), "--admin", &admin].map(OsString::from).into()
    });
    page.wait_for("document.body.dataset.stream === 'connected'");
}

#[test]
fn the_keyboard_leads_from_view_to_view() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = comparing(&v1, &v2);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.press("Tab", 9);
    assert_eq!(page.run("document.activeElement.className"), "skip");
    let focused = || page.run("document.activeElement.textContent");
    let reached = (0..30).any(|_| {
        page.press("Tab", 9);
        focused() == "GET /user/{id}"
    });
    assert!(reached, "the row of the experiment is reached with the tabulator");
    page.press("Enter", 13);
    page.wait_for("document.activeElement.classList.contains('view-title')");
    assert_eq!(page.run("decodeURIComponent(location.hash)"), format!("#/experiment/{ID}/funnel"));
    assert!(page.run("document.title").as_str().is_some_and(|title| title.contains("funnel")));
}
