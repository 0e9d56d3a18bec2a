//! The page and its stream in a real browser: it says when nothing comes, and comes back by itself.

use std::ffi::OsString;

use serde_json::json;

use crate::{
    browser::{Chromium, Page},
    dashboard::listens,
    gnomon::{Folder, Gnomon},
    page::{comparing, file, is_quiet},
    patience::wait_for,
    upstream::Upstream,
};

fn both() -> (Upstream, Upstream) {
    (Upstream::answers(json!({})), Upstream::answers(json!({})))
}

#[test]
fn a_silent_gateway_is_said_to_be_stale_and_a_page_comes_back_by_itself() {
    let (v1, v2) = both();
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

/// How often the stream was opened.
fn opened(page: &Page) -> usize {
    page.requests().iter().filter(|url| url.ends_with("/__events")).count()
}

#[test]
fn a_stream_that_is_open_and_silent_is_opened_again() {
    let (v1, v2) = both();
    let gnomon = comparing(&v1, &v2);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    gnomon.signal("STOP");
    // The connection stays, and nothing is said on it.
    assert!(wait_for(|| (opened(&page) == 2).then_some(())).is_some(), "{}", page.text());
    assert!(page.text().contains("connection lost, retrying"), "{}", page.text());
    page.wait_for("/^figures are \\d+ s old$/.test(document.getElementById('age').textContent)");
    gnomon.signal("CONT");
    page.wait_for("document.body.dataset.stream === 'connected' && document.getElementById('age').textContent === ''");
    is_quiet(&page, gnomon.admin());
}

#[test]
fn a_stream_of_which_nothing_ever_comes_is_opened_again() {
    let (v1, v2) = both();
    let gnomon = comparing(&v1, &v2);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.prepare(
        "window.opened = 0; const Real = EventSource; \
         window.EventSource = function (where) { window.opened += 1; \
         return window.opened > 1 ? new Real(where) : { addEventListener() {}, close() {} }; }",
    );
    page.begin(gnomon.admin());
    page.wait_for("document.body && document.body.dataset.stream === 'connected' && window.opened === 2");
    is_quiet(&page, gnomon.admin());
}

#[test]
fn a_page_too_many_says_so_and_is_served_when_another_has_gone() {
    let (v1, v2) = both();
    let gnomon = comparing(&v1, &v2);
    let mut readers: Vec<_> = (0..32).map(|_| listens(&gnomon)).collect();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.begin(gnomon.admin());
    page.wait_for(
        "document.body && document.getElementById('status')?.textContent === 'too many pages are open, retrying'",
    );
    drop(readers.pop());
    page.wait_for("document.body.dataset.stream === 'connected'");
}
