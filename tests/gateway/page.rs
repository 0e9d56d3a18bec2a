//! The page in a real browser: its figures are the listener's, its controls do what they say, and what comes with
//! traffic stays text.

use std::{net::SocketAddr, sync::atomic::Ordering};

use serde_json::{Value, json};

use crate::{
    browser::{Chromium, Page},
    client,
    control::under_load,
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    patience::wait_for,
    selection::shadow_under,
    upstream::Upstream,
};

/// The experiment of most tests, as part of a path.
pub(crate) const PART: &str = "GET:%2Fuser%2F%7Bid%7D:0";
/// The views of one experiment.
pub(crate) const VIEWS: [&str; 7] = ["funnel", "latency", "fields", "clusters", "safety", "control", "readiness"];
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

pub(crate) fn file(v1: &Upstream, v2: &Upstream) -> Value {
    let policy = json!({ "holdout": 0, "compare": {} });
    let mut file = service(&[endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")])]);
    file["extra_config"] = json!({ "@shadow": { "overload": "off" } });
    file
}

pub(crate) fn told(admin: SocketAddr, verb: &str) -> Value {
    client::get(admin, &format!("/__shadow/{PART}{verb}")).json()
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
    // Although the focus is still in the form.
    page.wait_for("document.querySelector('input[type=range]').value === '100'");
    assert_eq!(page.run("document.querySelector('.rate-form').contains(document.activeElement)"), true);
    assert_eq!(page.run("document.querySelector('.rate-form input[type=number]').value"), "100");
    page.wait_for(
        "[...document.querySelectorAll('table')].some((one) => one.caption.textContent === 'Changes' && \
        one.tBodies[0].textContent.includes('clock'))",
    );
    is_quiet(&page, gnomon.admin());
}

#[test]
fn a_number_that_was_taken_out_is_no_share_of_nothing() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = comparing(&v1, &v2);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("control"), "/user/{id}");
    page.wait_for("document.querySelector('input[type=range]').value === '100'");
    let write = |text: &str| {
        page.run(&format!(
            "(() => {{ const box = document.querySelector('.rate-form input[type=number]'); box.value = '{text}'; \
             box.dispatchEvent(new Event('input')); }})()"
        ));
    };
    write("");
    page.click("Apply");
    assert_eq!(page.run("document.querySelector('.rate-form').checkValidity()"), false);
    write("50");
    page.click("Apply");
    wait_for_rate(&gnomon, 0.5);
    let changes = client::get(gnomon.admin(), "/__shadow/audit").json()["changes"].clone();
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{changes:#}");
    is_quiet(&page, gnomon.admin());
}

#[test]
fn a_confirmed_kill_ends_copies_and_a_cancelled_one_nothing() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::slow(30));
    let gnomon = comparing(&v1, &v2);
    let killed = || client::get(gnomon.admin(), "/__shadow").json()["killed"].clone();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show("control", "Control");
    page.wait_for("document.querySelector('.kill-state').textContent === 'Shadows may copy.'");
    let after = under_load(&gnomon, |begun| {
        page.click("Kill all shadows …");
        page.wait_for("document.querySelector('dialog').open");
        assert_eq!(page.barriers(), json!([]), "with the question open");
        page.press("Escape", 27);
        page.wait_for("!document.querySelector('dialog').open");
        assert_eq!(killed(), Value::Null);
        gnomon.wait_until("copies are under way", |stats| stats.the_books().in_flight > 0);

        page.click("Kill all shadows …");
        page.click("Kill all shadows");
        page.wait_for("document.querySelector('.outcome').textContent === 'All shadows are switched off.'");
        // Whatever begins from here on was offered after the kill was answered.
        let after = begun.load(Ordering::Acquire);
        gnomon
            .wait_until("no copy is left", |stats| (stats.the_books().in_flight, stats.the_books().waiting) == (0, 0));
        let offered = gnomon.books().offered;
        gnomon.wait_until("requests go on", |stats| stats.the_books().offered > offered + 50);
        after
    });
    let number = |target: &str| target.rsplit('/').next().and_then(|user| user.parse::<u64>().ok()).expect("a number");
    let late: Vec<_> = v2.seen().into_iter().filter(|seen| number(&seen.target) >= after).collect();
    assert!(late.is_empty() && !v2.seen().is_empty(), "{late:#?}");
    page.wait_for("!document.getElementById('killed').hidden");
    assert!(page.text().contains("All shadows are switched off by admin 127.0.0.1"), "{}", page.text());
    assert_eq!(page.run("document.getElementById('killed').getAttribute('role')"), "alert");
    assert_eq!(page.barriers(), json!([]), "killed");

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
    let (long_name, more) = (format!("<i>{long}"), json!({ "n": 1 }));
    let v1 = Upstream::answers(json!({ name: "\"><svg onload=\"window.hacked=1\">", "long": long, "\u{202e}evil": 1 }));
    let v2 = Upstream::answers(json!({ name: "javascript:window.hacked=1", "long": 1, "\u{202e}evil": 2 }));
    let (v1, v2) =
        (v1.on("/v1/2", with(more, &json!({ &*long_name: 1 }))), v2.on("/v2/2", json!({ &*long_name: 2, "n": 2 })));
    let gnomon = comparing(&v1, &v2);
    gnomon.get("/user/%3Cimg%20src=x%20onerror=window.hacked=1%3E");
    gnomon.get("/user/2");
    let counted = wait_for(|| (told(gnomon.admin(), "/comparison")["total"]["compared"] == 2).then_some(()));
    assert!(counted.is_some(), "{:#}", told(gnomon.admin(), "/comparison"));
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    for view in VIEWS {
        page.show(&place(view), "/user/{id}");
        if view == "clusters" {
            page.wait_for("document.querySelectorAll('details.cluster').length === 2");
            page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
            page.wait_for("document.querySelector('main').innerText.includes('svg onload')");
        }
        if view == "fields" {
            page.wait_for("document.querySelector('main').innerText.includes('<img src=x')");
            page.wait_for("document.querySelector('main').innerText.includes('$.n')");
        }
        let length = page.run("document.querySelector('main').innerText.length").as_u64().unwrap_or(u64::MAX);
        assert!(length < 20_000, "{view} shows {length} characters");
        let markup = page
            .run("document.querySelectorAll('main img, main script, main svg, main b:not(.key b, summary b), main i').length");
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
    page.show("configuration", "Configuration");
    page.wait_for("document.querySelector('main').innerText.includes('they need the admin token')");
    page.row("Compiled routes", "GET /user/{id}");
    // Nothing is asked for that would be refused.
    is_quiet(&page, gnomon.admin());
    page.show(&place("control"), "/user/{id}");
    page.wait_for("document.querySelector('input[type=password]').checkVisibility()");
    assert_eq!(page.barriers(), json!([]));
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
