//! The page in a real browser, where there are more experiments than it shows at once, and what people do with fields.

use serde_json::{Value, json};

use crate::{
    browser::{Chromium, Page},
    client,
    files::{endpoint, live, service},
    gnomon::Gnomon,
    page::{comparing, is_quiet, place, told},
    patience::wait_for,
    selection::shadow_under,
    upstream::Upstream,
};

/// More than an event tells of.
const MANY: usize = 230;

/// A gateway with so many experiments, `GET /many/e000` and so on.
fn many(v1: &Upstream, v2: &Upstream) -> Gnomon {
    let policy = json!({ "holdout": 0, "compare": {} });
    let backends = [live(v1, "/v1"), shadow_under(&policy, v2, "/v2")];
    let endpoints: Vec<Value> = (0..MANY).map(|number| endpoint(&format!("/many/e{number:03}"), &backends)).collect();
    let mut file = service(&endpoints);
    file["extra_config"] = json!({ "@shadow": { "overload": "off" } });
    Gnomon::run(&file)
}

/// The first column of the table of experiments.
fn names(page: &Page) -> Vec<String> {
    let names = page.run("[...document.querySelector('.overview tbody').rows].map((row) => row.cells[0].textContent)");
    serde_json::from_value(names).expect("texts")
}

/// Waits for a row of this name to be the first of so many, with the place among all that is told beside them.
fn wait_for_rows(page: &Page, first: &str, count: usize, position: &str) {
    page.wait_for(&format!(
        "document.querySelector('.overview tbody')?.rows.length === {count} && \
         document.querySelector('.overview tbody').rows[0].cells[0].textContent === {} && \
         document.querySelector('.pages [role=status]').textContent === {}",
        json!(first),
        json!(position)
    ));
}

fn find(page: &Page, text: &str) {
    page.run(&format!(
        "(() => {{ const box = document.querySelector('input[type=search]'); box.value = {}; \
         box.dispatchEvent(new Event('input')); }})()",
        json!(text)
    ));
}

#[test]
fn every_experiment_is_come_to_however_many_there_are() {
    let (v1, v2) = (Upstream::answers(json!({ "n": 1 })), Upstream::answers(json!({ "n": 1 })));
    let gnomon = many(&v1, &v2);
    (0..5).for_each(|_| assert_eq!(gnomon.get("/many/e225").status, 200));
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    let mut seen = Vec::new();
    for (first, count, position) in
        [("e000", 100, "1–100 of 230"), ("e100", 100, "101–200 of 230"), ("e200", 30, "201–230 of 230")]
    {
        wait_for_rows(&page, &format!("GET /many/{first}"), count, position);
        seen.extend(names(&page));
        page.click("Next");
    }
    assert_eq!(seen, (0..MANY).map(|number| format!("GET /many/e{number:03}")).collect::<Vec<_>>());
    // After the last page there is none.
    wait_for_rows(&page, "GET /many/e200", 30, "201–230 of 230");
    assert_eq!(page.barriers(), json!([]));
    page.click("Previous");
    wait_for_rows(&page, "GET /many/e100", 100, "101–200 of 230");

    find(&page, "E22");
    wait_for_rows(&page, "GET /many/e220", 10, "10 of 230");
    find(&page, "no such thing");
    page.wait_for("document.querySelector('main').innerText.includes('No experiment has this in its name')");
    find(&page, "e225");
    wait_for_rows(&page, "GET /many/e225", 1, "1 of 230");
    page.run("document.querySelector('.overview tbody a').click()");
    page.wait_for("document.querySelector('.view-title').textContent.includes('GET /many/e225 →')");
    let offered = client::get(gnomon.admin(), "/__shadow/GET:%2Fmany%2Fe225:0").json()["books"]["offered"].clone();
    assert_eq!((offered, page.row("Stages", "offered")[1].as_str()), (json!(5), "5"));
    // It is asked for again and again: what happens next is seen, too.
    assert_eq!(gnomon.get("/many/e225").status, 200);
    page.wait_for("[...document.querySelectorAll('tbody tr')].some((row) => row.cells[0].textContent === 'offered' && row.cells[1].textContent === '6')");
    page.run("history.back()");
    wait_for_rows(&page, "GET /many/e225", 1, "1 of 230");
    assert_eq!(page.run("document.querySelector('input[type=search]').value"), "e225");

    page.run("location.hash = '#/experiment/GET:%2Fmany%2Fe999:0/funnel'");
    page.wait_for("document.querySelector('main').innerText.includes('no such experiment any more')");
    is_quiet(&page, gnomon.admin());
}

#[test]
fn a_field_is_ignored_and_heeded_by_hand_though_its_place_is_not_shown() {
    // Whoever has their address as the name of a field wants to be read about nowhere.
    let (v1, v2) =
        (Upstream::answers(json!({ "ada@example.org": 1 })), Upstream::answers(json!({ "ada@example.org": 2 })));
    let gnomon = comparing(&v1, &v2);
    gnomon.get("/user/1");
    let field = || told(gnomon.admin(), "/fields")["fields"][0].clone();
    let differs = wait_for(|| (field()["raw"] == 1).then_some(()));
    assert!(differs.is_some(), "{:#}", told(gnomon.admin(), "/fields"));
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("fields"), "/user/{id}");
    let shown = field()["path"].as_str().expect("a text").to_owned();
    assert!(shown.starts_with("$.{redacted:"), "{shown}");
    for (button, becomes, decision, is_ignored) in [
        ("Ignore", "Heed", "ignored by hand", true),
        ("Heed", "Ignore", "… undecided", false),
        ("Ignore", "Heed", "ignored by hand", true),
    ] {
        page.wait_for(&format!("document.querySelector('tbody button').textContent === {}", json!(button)));
        page.click(button);
        page.wait_for(&format!("document.querySelector('tbody button').textContent === {}", json!(becomes)));
        let row = page.row("Fields that differ", &shown);
        assert!(row[6] == decision || (!is_ignored && row[6] == "✕ different"), "{row:?}");
        assert_eq!(field()["ignored"], is_ignored);
    }
    page.wait_for("document.querySelector('.outcome').textContent.includes('Its place is not shown')");
    assert_eq!(
        page.run("document.querySelector('tbody button').getAttribute('aria-label')"),
        format!("Heed value differences of {shown}")
    );
    assert!(!page.text().contains("ada@"), "{}", page.text());
    is_quiet(&page, gnomon.admin());
}

#[test]
fn the_minutes_in_which_pairs_differed_are_drawn() {
    let (v1, v2) = (Upstream::answers(json!({ "n": 1 })), Upstream::answers(json!({ "n": 2 })));
    let gnomon = comparing(&v1, &v2);
    (0..23).for_each(|user| drop(gnomon.get(&format!("/user/{user}"))));
    let counted = wait_for(|| (told(gnomon.admin(), "/clusters")["clusters"][0]["count"] == 23).then_some(()));
    assert!(counted.is_some(), "{:#}", told(gnomon.admin(), "/clusters"));
    let minutes = told(gnomon.admin(), "/clusters")["clusters"][0]["per_minute"].clone();
    let minutes: Vec<u64> = serde_json::from_value(minutes).expect("numbers");
    assert_eq!((minutes.len(), minutes.iter().sum()), (60, 23_u64));
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("clusters"), "/user/{id}");
    page.wait_for("document.querySelector('details.cluster')");
    assert_eq!(page.run("document.querySelectorAll('canvas').length"), 0, "only what is open is drawn");
    page.run("document.querySelector('details.cluster').open = true");
    page.wait_for("document.querySelector('details canvas')");
    page.wait_for("document.querySelector('details figure .key b').textContent === '23'");
    // Bars of the shadow's colour are on it, and they grow from the foot.
    page.wait_for(
        "(() => { const canvas = document.querySelector('details canvas'); \
         const [r, g, b] = getComputedStyle(document.querySelector('.key.shadow')).color.match(/\\d+/g).map(Number); \
         const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
         let count = 0; \
         for (let at = 0; at < data.length; at += 4) \
           count += data[at] === r && data[at + 1] === g && data[at + 2] === b && data[at + 3] === 255; \
         return count > 100; })()",
    );
    assert_eq!(page.barriers(), json!([]));
    is_quiet(&page, gnomon.admin());
}

#[test]
fn another_share_is_compared_from_the_page_and_the_overview_says_so() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = comparing(&v1, &v2);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    assert_eq!(page.row("Experiments", "GET /user/{id}")[4], "100 %");
    page.show(&place("control"), "/user/{id}");
    page.wait_for("document.querySelector('.rate-form input[placeholder]')");
    page.run(
        "[...document.querySelectorAll('.rate-form .field')].find((one) => one.textContent.includes('to compare'))\
         .querySelector('input').value = '12.5'",
    );
    page.click("Apply");
    let changed = wait_for(|| (told(gnomon.admin(), "")["compare_sample"] == 0.125).then_some(()));
    assert!(changed.is_some(), "{:#}", told(gnomon.admin(), ""));
    assert_eq!(told(gnomon.admin(), "")["overrides"]["rate"], Value::Null, "what nobody touched stays as it is");
    page.wait_for("document.querySelector('.timers').textContent.includes('compared 12.5 %, ends in 00:1')");
    page.wait_for("document.querySelector('.totals').textContent.includes('12.5 % (the file: 100 %)')");
    page.show("overview", "Overview");
    let row = wait_for(|| Some(page.row("Experiments", "GET /user/{id}")).filter(|row| row[4] == "12.5 %"));
    assert!(row.is_some(), "{:?}", page.row("Experiments", "GET /user/{id}"));
    is_quiet(&page, gnomon.admin());
}
