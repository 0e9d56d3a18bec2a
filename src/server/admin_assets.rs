//! The page of the admin listener and all that it loads, built into the program.
//!
//! Promises: nothing is loaded from elsewhere; what is not ours lies in `vendor`, with its licence.

/// What the type of scripts is.
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// What the type of style sheets is.
const STYLE: &str = "text/css; charset=utf-8";

/// A file of the page: (path, type, content).
pub(super) type Asset = (&'static str, &'static str, &'static str);

/// A script of ours, or one of the views.
macro_rules! script {
    ($name:literal) => {
        (concat!("/page/", $name), SCRIPT, include_str!(concat!("../stats/dashboard/", $name)))
    };
}

/// A style sheet.
macro_rules! style {
    ($name:literal) => {
        (concat!("/page/", $name), STYLE, include_str!(concat!("../stats/dashboard/", $name)))
    };
}

/// The page and what it loads.
pub(super) const ASSETS: &[Asset] = &[
    ("/", "text/html; charset=utf-8", include_str!("../stats/dashboard/page.html")),
    style!("looks.css"),
    style!("views.css"),
    style!("vendor/uPlot.min.css"),
    script!("vendor/uPlot.iife.min.js"),
    script!("main.js"),
    script!("api.js"),
    script!("chart.js"),
    script!("elements.js"),
    script!("experiment.js"),
    script!("history.js"),
    script!("notices.js"),
    script!("stream.js"),
    script!("table.js"),
    script!("words.js"),
    script!("views/canaries.js"),
    script!("views/clusters.js"),
    script!("views/configuration.js"),
    script!("views/control.js"),
    script!("views/endpoints.js"),
    script!("views/fields.js"),
    script!("views/funnel.js"),
    script!("views/latency.js"),
    script!("views/overview.js"),
    script!("views/readiness.js"),
    script!("views/safety.js"),
    script!("views/switches.js"),
];
