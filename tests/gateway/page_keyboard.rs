//! The page in a real browser without a mouse: it is read and used with the keyboard alone.

use serde_json::{Value, json};

use crate::{
    browser::{Chromium, Page},
    client,
    gnomon::Gnomon,
    page::{comparing, is_quiet, place, told},
    patience::wait_for,
    upstream::Upstream,
};

fn gateway() -> (Gnomon, [Upstream; 2]) {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    (comparing(&v1, &v2), [v1, v2])
}

fn focused(page: &Page) -> Value {
    page.run("document.activeElement.textContent")
}

/// Puts the focus on the button that says so, and presses it.
fn press_button(page: &Page, label: &str) {
    let found = format!("[...document.querySelectorAll('button')].find((one) => one.textContent === {})", json!(label));
    page.wait_for(&found);
    page.run(&format!("{found}.focus()"));
    page.press("Enter", 13);
}

#[test]
fn the_keyboard_leads_from_view_to_view() {
    let (gnomon, _upstreams) = gateway();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.press("Tab", 9);
    assert_eq!(page.run("document.activeElement.className"), "skip");
    let reached = (0..30).any(|_| {
        page.press("Tab", 9);
        focused(&page) == "GET /user/{id}"
    });
    assert!(reached, "the row of the experiment is reached with the tabulator");
    page.press("Enter", 13);
    page.wait_for("document.activeElement.classList.contains('view-title')");
    assert_eq!(page.run("decodeURIComponent(location.hash)"), "#/experiment/GET:/user/{id}:0/funnel");
    assert!(page.run("document.title").as_str().is_some_and(|title| title.contains("funnel")));
}

#[test]
fn the_way_to_the_content_leads_to_no_other_view() {
    let (gnomon, _upstreams) = gateway();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("fields"), "/user/{id}");
    let before = page.run("location.hash");
    page.run("document.querySelector('.skip').focus()");
    page.press("Enter", 13);
    assert_eq!(page.run("document.activeElement.id"), "content");
    assert_eq!(page.run("location.hash"), before);
    assert!(page.run("document.title").as_str().is_some_and(|title| title.contains("fields")));
    is_quiet(&page, gnomon.admin());
}

#[test]
fn a_button_that_was_pressed_keeps_the_focus() {
    let (gnomon, _upstreams) = gateway();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("control"), "/user/{id}");
    let is_off = "document.activeElement.getAttribute('aria-disabled') === 'true'";
    let state = |wanted: &str| wait_for(|| (told(gnomon.admin(), "")["state"] == wanted).then_some(()));
    press_button(&page, "Pause");
    assert!(state("paused").is_some(), "{}", page.text());
    page.wait_for(is_off);
    assert_eq!(focused(&page), "Pause");
    // Once more does nothing.
    page.press("Enter", 13);
    press_button(&page, "Resume");
    assert!(state("running").is_some(), "{}", page.text());
    page.wait_for(is_off);
    assert_eq!(focused(&page), "Resume");
    let changes = client::get(gnomon.admin(), "/__shadow/audit").json()["changes"].clone();
    assert_eq!(changes.as_array().map(Vec::len), Some(2), "{changes:#}");

    press_button(&page, "Kill all shadows …");
    page.wait_for("document.querySelector('dialog').open");
    press_button(&page, "Kill all shadows");
    page.wait_for(&format!("document.activeElement.textContent === 'Kill all shadows …' && {is_off}"));
    press_button(&page, "Revive");
    page.wait_for(is_off);
    assert_eq!(focused(&page), "Revive");
    is_quiet(&page, gnomon.admin());
}

#[test]
fn what_a_column_means_can_be_read_without_a_mouse() {
    let (gnomon, _upstreams) = gateway();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.resize(360, 740, "light");
    page.open(gnomon.admin());
    page.run("document.querySelector('.meanings summary').focus()");
    page.press("Enter", 13);
    page.wait_for("document.querySelector('.meanings').open");
    let hints = "[...document.querySelectorAll('.overview th[title]')].map((one) => one.title)";
    let said = page.run(&format!("{hints}.filter((hint) => !document.querySelector('main').innerText.includes(hint))"));
    assert_eq!(said, json!([]));
    assert!(page.run(&format!("{hints}.length")).as_u64() >= Some(5));
    assert_eq!(page.barriers(), json!([]));
}
