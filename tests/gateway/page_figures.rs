//! The page in a real browser: its figures are the listener's.

use serde_json::{Value, json};

use crate::{
    browser::{Chromium, Page},
    client,
    files::{endpoint, live, service, shadow},
    gnomon::Gnomon,
    page::{VIEWS, comparing, file, is_quiet, place, told},
    patience::wait_for,
    upstream::Upstream,
};

fn differing() -> (Upstream, Upstream) {
    (Upstream::answers(json!({ "name": "Ada", "n": 1 })), Upstream::answers(json!({ "name": "Ada", "n": 2 })))
}

/// Asks for so many users, and waits until what there is to compare of them is compared.
fn ask(gnomon: &Gnomon, count: u64) {
    (0..count).for_each(|user| drop(gnomon.get(&format!("/user/{user}"))));
    let figures = || told(gnomon.admin(), "")["comparison"].clone();
    gnomon.settle();
    assert!(wait_for(|| (figures()["waiting"] == 0).then_some(())).is_some(), "{:#}", figures());
}

fn number(value: &Value) -> String {
    value.as_u64().expect("a count").to_string()
}

/// How the page writes a value, by one of its own words.
fn written(page: &Page, by: &str, value: &Value) -> String {
    let text = page.run(&format!("import('/page/words.js').then((words) => words.{by}({value}))"));
    text.as_str().expect("a text").to_owned()
}

/// The value beside a name in the list of facts, once it is known.
fn fact(page: &Page, name: &str) -> String {
    let found = format!(
        "[...document.querySelectorAll('.totals div')].find((one) => one.firstChild.textContent === {})?.lastChild.textContent",
        json!(name)
    );
    page.wait_for(&format!("({found} ?? '–') !== '–'"));
    page.run(&found).as_str().unwrap_or_default().to_owned()
}

fn sum(entries: &Value) -> u64 {
    entries.as_array().into_iter().flatten().filter_map(|entry| entry[1].as_u64()).sum()
}

/// The counts in a column of a table.
fn column(page: &Page, table: &str, place: usize) -> u64 {
    let counts = page.run(&format!(
        "[...document.querySelectorAll('table')].filter((one) => one.caption.textContent === {})\
         .flatMap((one) => [...one.tBodies[0].rows]).map((row) => Number((row.cells[{place}]?.textContent || '0').replaceAll(',', '')))",
        json!(table)
    ));
    counts.as_array().into_iter().flatten().filter_map(Value::as_u64).sum()
}

#[test]
fn figures_on_the_page_are_those_of_the_listener() {
    let (v1, v2) = differing();
    let gnomon = comparing(&v1, &v2);
    ask(&gnomon, 23);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());

    let status = told(gnomon.admin(), "");
    let overview = page.row("Experiments", "GET /user/{id}");
    assert_eq!(overview[1..3], ["running", "100 %"], "{overview:?}");
    assert_eq!(overview[4..7], ["100 %", "0 %", "0 %"], "{overview:?}");
    assert!(overview[9].contains("not ready") || overview[9].contains("not enough data"), "{overview:?}");
    // A rate is known when it was looked twice.
    page.wait_for("document.querySelector('.overview tbody').rows[0].cells[3].textContent === '0 /s'");

    page.show(&place("funnel"), "/user/{id}");
    let (offered, sent) = (&status["books"]["offered"], &status["books"]["sent"]);
    for (stage, count) in
        [("offered", offered), ("matched", offered), ("sampled", offered), ("sent", sent), ("compared", sent)]
    {
        assert_eq!(page.row("Stages", stage)[1], number(count));
    }
    assert!(page.text().contains("the books balance"), "{}", page.text());

    page.show(&place("fields"), "/user/{id}");
    let field = &told(gnomon.admin(), "/fields")["fields"][0];
    let shown = page.row("Fields that differ", "$.n");
    assert_eq!((shown[1].as_str(), &shown[2], shown[3].as_str()), ("value", &number(&field["raw"]), "100 %"));
    assert_eq!(shown[5], format!("{} : {}", field["c10"], field["c01"]));
    for (at, when) in [(7, "first_seen_ms"), (8, "last_seen_ms")] {
        assert_eq!(shown[at], written(&page, "moment", &field[when]));
    }

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
fn the_figures_of_cost_and_control_are_those_of_the_listener() {
    let (v1, v2) = differing();
    let mut all = file(&v1, &v2);
    let policy = &mut all["endpoints"][0]["backend"][1]["extra_config"]["proxy"]["@shadow_policy"];
    policy["holdout"] = json!(0.5);
    policy["limits"] = json!({ "max_rps": 100_000 });
    let gnomon = Gnomon::run(&all);
    ask(&gnomon, 200);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());

    let one = told(gnomon.admin(), "");
    let overview = page.row("Experiments", "GET /user/{id}");
    let slower = one["comparison"]["slower_than_baseline"]["p99"].as_f64();
    let slower = slower.or(one["comparison"]["slower_than_live"]["p99"].as_f64()).expect("pairs were compared");
    assert_eq!(overview[7], written(&page, "difference", &json!(slower * 1e3)));
    let overhead = &one["overhead"]["p99"];
    assert!(
        overview[8].starts_with(&written(&page, "difference", &overhead["difference"])),
        "{overview:?} {overhead:#}"
    );
    assert_eq!(overhead["interval"].is_null(), overview[8].ends_with("(too few to tell)"), "{overview:?} {overhead:#}");

    page.show(&place("safety"), "/user/{id}");
    let books = &one["books"];
    let of = |held: &str, most: &str, by: &str| {
        format!("{} of {}", written(&page, by, &books[held]), written(&page, by, &books[most]))
    };
    assert_eq!(fact(&page, "Buffered"), of("buffered_bytes", "buffered_bytes_max", "bytes"));
    assert_eq!(fact(&page, "In flight"), of("in_flight", "concurrent_max", "grouped"));
    assert_eq!(fact(&page, "Dropped"), number(&json!(sum(&books["dropped"]))));
    assert!(fact(&page, "Breaker").starts_with(one["breaker"]["state"].as_str().expect("a text")), "{one:#}");
    for name in ["p50", "p99"] {
        let (holdout, shadowed) = (&one["overhead"]["holdout"], &one["overhead"]["shadowed"]);
        let head = format!("{name} of {} and {} replies", holdout["count"], shadowed["count"]);
        let row = page.row("What the shadow costs the clients", &head);
        let wanted = [holdout, shadowed].map(|side| written(&page, "duration", &side[name]));
        assert_eq!(row[1..3], wanted, "{one:#}");
        assert_eq!(row[3], written(&page, "difference", &one["overhead"][name]["difference"]));
    }

    page.show(&place("control"), "/user/{id}");
    for (name, by, value) in [("Rate", "share", &one["rate"]), ("Compared", "share", &one["compare_sample"])] {
        assert_eq!(fact(&page, name), written(&page, by, value), "{name}");
    }
    assert_eq!(fact(&page, "Limit"), format!("{} /s", one["max_rps"].as_f64().expect("a limit")));
    assert_eq!((fact(&page, "Ends").as_str(), fact(&page, "Ramp").as_str()), ("never", "none"));
    is_quiet(&page, gnomon.admin());
}

#[test]
fn clusters_have_the_pairs_and_samples_that_the_listener_has() {
    let (v1, v2) = differing();
    let gnomon = comparing(&v1, &v2);
    ask(&gnomon, 7);
    let cluster = &told(gnomon.admin(), "/clusters")["clusters"][0];
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("clusters"), "/user/{id}");
    page.wait_for("document.querySelector('details.cluster')");
    assert_eq!(page.run("document.querySelectorAll('details.cluster').length"), 1);
    let summary = page.run("document.querySelector('.cluster summary').textContent");
    let summary = summary.as_str().expect("a text");
    assert!(summary.starts_with(&format!("{} pairs", cluster["count"])), "{summary}");
    for when in ["first_seen", "last_seen"] {
        assert!(summary.contains(&written(&page, "moment", &cluster[when])), "{when}: {summary}");
    }
    page.run("document.querySelector('details.cluster').open = true");
    let samples = cluster["samples"].as_array().expect("a list");
    page.wait_for(&format!("document.querySelectorAll('.sample').length === {}", samples.len()));
    let first = &samples[0]["differences"][0];
    let shown = page.run("[...document.querySelectorAll('.sample tbody tr')[0].cells].map((cell) => cell.textContent)");
    assert_eq!(shown, json!([first["at"], "value", "1", "2"]), "{first:#}");
    is_quiet(&page, gnomon.admin());
}

#[test]
fn the_funnel_accounts_for_every_copy_though_only_some_are_compared() {
    let (v1, v2) = differing();
    let mut all = file(&v1, &v2);
    all["endpoints"][0]["backend"][1]["extra_config"]["proxy"]["@shadow_policy"]["compare"]["sample"] = json!(0.25);
    let gnomon = Gnomon::run(&all);
    ask(&gnomon, 40);
    gnomon.changed("POST", "/__shadow/GET:%2Fuser%2F%7Bid%7D:0/restart", &json!({}));
    ask(&gnomon, 60);
    let one = told(gnomon.admin(), "");
    let comparison = &one["comparison"];
    let compared = sum(&comparison["verdicts"]);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("funnel"), "/user/{id}");
    page.row("Stages", "compared");
    page.wait_for(&format!("document.querySelector('.stages').textContent.includes('compared{compared}')"));
    let table = "Reasons why a copy was not compared";
    for (reason, count) in [
        ("not chosen: a share is compared", &comparison["left_out"]),
        ("forgotten, since the comparison began anew", &comparison["forgotten"]),
    ] {
        assert_eq!(page.row(table, reason)[1], number(count));
    }
    // Each of them once, whatever came of it.
    assert_eq!((column(&page, table, 1) + compared, &one["books"]["sent"]), (100, &json!(100)), "{one:#}");
    assert!(page.text().contains("✓ the books balance"), "{}", page.text());
    let said = format!("Of 100 copies, sent or to be sent, {compared} were compared.");
    assert!(page.text().contains(&said), "{}", page.text());
    is_quiet(&page, gnomon.admin());
}

#[test]
fn a_shadow_that_is_not_compared_has_every_view_and_asks_for_nothing_that_is_not_there() {
    let (v1, v2) = differing();
    let gnomon = Gnomon::run(&service(&[endpoint("/user/{id}", &[live(&v1, "/v1/{id}"), shadow(&v2, "/v2/{id}")])]));
    (0..5).for_each(|user| drop(gnomon.get(&format!("/user/{user}"))));
    gnomon.settle();
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    for view in VIEWS {
        page.show(&place(view), "/user/{id}");
        page.wait_for(&format!("document.querySelector('.tabs [aria-current]').textContent === '{view}'"));
        if ["latency", "fields", "clusters"].contains(&view) {
            page.wait_for("document.querySelector('main').innerText.includes('Its answers are not compared')");
        }
        if view == "latency" {
            // How long calls took is known all the same.
            page.wait_for("document.querySelectorAll('.canvas canvas').length === 1");
            page.wait_for("!document.querySelector('.key b').textContent.includes('–')");
        }
        // Two more looks at the figures.
        page.run(
            "import('/page/history.js').then((history) => { window.until = history.ofGateway().time.length + 2; \
             window.heard = () => history.ofGateway().time.length >= window.until; })",
        );
        page.wait_for("window.heard()");
    }
    is_quiet(&page, gnomon.admin());
}

#[test]
fn an_experiment_that_is_gone_is_judged_no_more() {
    let (v1, v2) = differing();
    let gnomon = comparing(&v1, &v2);
    ask(&gnomon, 3);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show(&place("fields"), "/user/{id}");
    page.row("Fields that differ", "$.n");
    page.wait_for("document.querySelector('.verdict').textContent !== ''");
    gnomon.replace(&service(&[endpoint("/user/{id}", &[live(&v1, "/v1/{id}")])]));
    page.wait_for("document.querySelector('.standing').innerText.includes('gone')");
    assert_eq!(page.run("document.querySelector('.verdict').textContent"), "");
    page.wait_for("!document.querySelector('main table').checkVisibility()");
}

#[test]
fn the_plan_is_read_again_when_reading_it_has_failed() {
    let (v1, v2) = differing();
    let gnomon = comparing(&v1, &v2);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.prepare(
        "const real = fetch; let left = 1; window.fetch = (...all) => \
         (String(all[0]) === '/__plan' && left-- > 0 ? Promise.reject(new TypeError('the line is down')) : real(...all))",
    );
    page.open(gnomon.admin());
    page.show("configuration", "Configuration");
    page.wait_for("document.querySelector('main').innerText.includes('the line is down')");
    assert!(page.row("Compiled routes", "GET /user/{id}")[4].contains("/v1/"));
    assert!(!page.text().contains("the line is down"));
    is_quiet(&page, gnomon.admin());
}

/// Writes down which texts are drawn: what, and from where to where.
const WATCHES_TEXTS: &str = "window.drawn = []; \
    const draw = CanvasRenderingContext2D.prototype.fillText; \
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) { \
        const half = this.measureText(text).width / 2; \
        window.drawn.push([text, x - half, x + half]); \
        return draw.apply(this, [text, x, y]); \
    }";

#[test]
fn places_in_time_are_written_as_on_a_clock_and_apart_from_each_other() {
    let (v1, v2) = differing();
    let gnomon = comparing(&v1, &v2);
    ask(&gnomon, 5);
    let chromium = Chromium::start();
    let page = chromium.page();
    page.prepare(WATCHES_TEXTS);
    page.open(gnomon.admin());
    for (width, height) in [(360, 740), (1280, 900), (3840, 2160)] {
        page.resize(width, height, "light");
        page.show("overview", "Overview");
        page.run("window.drawn = []");
        page.show(&place("latency"), "/user/{id}");
        page.wait_for("window.drawn.filter(([text]) => text.includes(':')).length > 3");
        let drawn: Vec<(String, f64, f64)> =
            serde_json::from_value(page.run("window.drawn.filter(([text]) => /[:/]/.test(text))")).expect("labels");
        for (text, ..) in &drawn {
            assert!(
                text.len() == 8 && text.split(':').all(|part| part.parse::<u8>().is_ok_and(|part| part < 60)),
                "{text}"
            );
        }
        for pair in drawn.windows(2) {
            let ([(_, _, end), (_, begin, _)], is_next) = (<&[_; 2]>::try_from(pair).unwrap(), pair[0].1 < pair[1].1);
            assert!(!is_next || end < begin, "{pair:?} at {width} pixels");
        }
    }
    is_quiet(&page, gnomon.admin());
}
