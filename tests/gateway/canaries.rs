//! Canaries on the page in a real browser: how they do, how much they take, and that they are stopped from there.

use serde_json::{Value, json};

use crate::{
    browser::{Chromium, Page},
    client,
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    page::is_quiet,
    patience::wait_for,
    upstream::Upstream,
};

const ID: &str = "GET:/user/{id}:0";
const PATH: &str = "/__split/GET:%2Fuser%2F%7Bid%7D:0";

/// Waits until the rate of the only variant is this, by what the listener says.
fn wait_for_rate(gnomon: &Gnomon, rate: f64) -> Value {
    let part = || client::get(gnomon.admin(), PATH).json()["parts"][1].clone();
    let found = wait_for(|| Some(part()).filter(|part| part["rate"] == rate));
    found.unwrap_or_else(|| panic!("not {rate}: {:#}", part()))
}

/// Waits for a row of these parts to have these cells in the columns of state and share.
fn wait_for_row(page: &Page, variant: &str, state: &str, share: &str) -> Vec<String> {
    let row = || page.row("Splits and their parts", variant);
    let found = wait_for(|| Some(row()).filter(|row| (row[3].as_str(), row[4].as_str()) == (state, share)));
    found.unwrap_or_else(|| panic!("not {state} with {share}: {:?}", row()))
}

#[test]
fn a_canary_is_watched_moved_and_stopped_from_the_page() {
    let (v1, v2) = (Upstream::answers(json!({ "v": 1 })), Upstream::answers_500());
    let to = json!([{ "rate": 0.25, "host": [v2.host()], "url_pattern": "/v2/{id}" }]);
    let split = json!({ "proxy": { "@split": { "key": "cookie:sid", "salt": "u2026", "to": to } } });
    let base = with(live(&v1, "/v1/{id}"), &json!({ "extra_config": split }));
    let gnomon = Gnomon::run(&service(&[endpoint("/user/{id}", &[base])]));
    for user in 0..40 {
        gnomon.ask("GET", "/user/1", &[("Cookie", &format!("sid={user}"))], b"");
    }
    let variant = wait_for_rate(&gnomon, 0.25)["variant"].as_str().expect("a text").to_owned();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show("canaries", "Canaries");
    let row = wait_for_row(&page, &variant, "running", "25.0 %");
    assert_eq!((row[0].as_str(), &row[5]), (ID, &v2.seen().len().to_string()), "{row:?}");
    assert!(row[2].contains("/v2/{id}") && row[6] == "100 %" && row[7].ends_with(" ms"), "{row:?}");
    let base = wait_for_row(&page, "base", "base", "75.0 %");
    assert_eq!((&base[5], base[6].as_str()), (&v1.seen().len().to_string(), "0 %"), "{base:?}");
    assert_eq!(page.barriers(), json!([]));

    let fields = "[...document.querySelectorAll('.panel input')]";
    page.run(&format!("{fields}[0].value = '50', {fields}[1].value = '20m', {fields}[2].value = 'a look', 0"));
    page.click("Apply");
    let wish = wait_for_rate(&gnomon, 0.5)["wish"].clone();
    assert!(wish["seconds_left"].as_f64().is_some_and(|left| left > 1100.0 && left <= 1200.0), "{wish:#}");
    let row = wait_for_row(&page, &variant, "running", "50.0 %");
    assert!(row[9].starts_with("another rate was asked for, ends in 00:"), "{row:?}");

    page.click("Stop");
    wait_for_rate(&gnomon, 0.0);
    let row = wait_for_row(&page, &variant, "stopped", "0 %");
    assert!(row[9].starts_with("stopped by admin 127.0.0.1"), "{row:?}");
    page.click("Follow the file");
    wait_for_rate(&gnomon, 0.25);
    wait_for_row(&page, &variant, "running", "25.0 %");
    let audit = client::get(gnomon.admin(), "/__shadow/audit").json();
    let changes = audit["changes"].as_array().expect("a list");
    assert_eq!(changes.len(), 3, "{audit:#}");
    let is_of_it = |change: &Value| change["target"].as_str().is_some_and(|target| target.contains(ID));
    assert!(changes.iter().all(is_of_it) && changes[0]["reason"] == "a look", "{audit:#}");
    is_quiet(&page, gnomon.admin());
}
