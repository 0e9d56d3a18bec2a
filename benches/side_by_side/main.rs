//! Does a shadow cost the live path anything? The same load on the same file without a shadow and with shadows that
//! behave in different ways, in turns within one run, so that whatever the machine does meanwhile meets all of them.
//!
//! `cargo bench --bench side_by_side`; RATE (requests a second, 400), SECONDS (a cell, 4), ROUNDS (5) and
//! VARIANTS (`not compared,compared` or `no page,ten pages`) may be set.
//! With SOAK_MINUTES it is `tests/soak` instead: one gateway whose shadow hangs, under load for that long.

#![expect(clippy::print_stdout, reason = "its table is what it is for")]

mod books;
mod gateway;
mod load;
mod pages;
mod soak;
mod upstream;

use std::time::Duration;

use serde_json::{Value, json};

use gateway::Gateway;
use load::Measured;
use pages::Pages;
use upstream::Upstream;

/// One thing a shadow may do.
struct Variant {
    name: &'static str,
    shadow: Option<Upstream>,
    /// Its policy; null is none.
    policy: Value,
    /// How many dashboards are open.
    pages: usize,
}

impl Variant {
    fn plain(name: &'static str, shadow: Option<Upstream>) -> Self {
        Self { name, shadow, policy: Value::Null, pages: 0 }
    }

    /// A healthy shadow whose answers differ, under a policy.
    fn under(name: &'static str, policy: Value) -> Self {
        Self { name, shadow: Some(Upstream::differing()), policy, pages: 0 }
    }

    /// The same while so many look at the dashboard.
    fn watched(self, pages: usize) -> Self {
        Self { pages, ..self }
    }
}

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Whether VARIANTS, names with commas between them, says so; all unless it is set.
fn is_asked_for(name: &str) -> bool {
    std::env::var("VARIANTS").map_or(true, |names| names.split(',').any(|one| one == name))
}

fn main() {
    // `cargo test --benches` only wants to know whether this works; `cargo bench` says so by its flag.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let minutes = setting("SOAK_MINUTES", 0);
    if minutes > 0 {
        return soak::run(
            setting("RATE", 400),
            Duration::from_secs(minutes * 60),
            Duration::from_secs(setting("SECONDS", 10)),
        );
    }
    let rate = setting("RATE", if quick { 50 } else { 400 });
    let seconds = setting("SECONDS", if quick { 1 } else { 4 });
    let rounds = setting("ROUNDS", if quick { 1 } else { 5 });
    let live = Upstream::answering(Duration::ZERO);
    let variants = [
        Variant::plain("no shadow", None),
        Variant::plain("healthy", Some(Upstream::answering(Duration::ZERO))),
        Variant::plain("slow, 500 ms", Some(Upstream::answering(Duration::from_millis(500)))),
        Variant::plain("refusing", Some(Upstream::refusing())),
        Variant::plain("hanging", Some(Upstream::hanging())),
        Variant::under("not compared", json!({ "holdout": 0 })),
        Variant::under("compared", json!({ "holdout": 0, "compare": { "baseline": "off" } })),
        Variant::under("no page", json!({ "compare": { "baseline": "off" } })),
        Variant::under("ten pages", json!({ "compare": { "baseline": "off" } })).watched(10),
    ];
    let variants: Vec<Variant> = variants.into_iter().filter(|variant| is_asked_for(variant.name)).collect();
    let mut cells: Vec<Vec<Measured>> = variants.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        for turn in 0..variants.len() {
            // Another order every round, so that no variant always follows the same one.
            let place = (turn + usize::try_from(round).unwrap_or(0)) % variants.len();
            let (Some(variant), Some(cell)) = (variants.get(place), cells.get_mut(place)) else { continue };
            let gateway = Gateway::start(
                "GET",
                live.port,
                variant.shadow.as_ref().map(|shadow| (shadow.port, variant.policy.clone())),
            );
            let _open = Pages::open(variant.pages, gateway.admin);
            load::run(&gateway, load::GET, rate, Duration::from_millis(500));
            cell.push(load::run(&gateway, load::GET, rate, Duration::from_secs(seconds)));
        }
    }
    println!("{rate} requests a second for {seconds} s, medians of {rounds} rounds; µs unless said otherwise\n");
    println!("| shadow | p50 | p99 | p99.9 | answered | CPU a request | memory MB | sent | dropped | p99 / first |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let without = cells.first().map_or(1, |cell| median(cell, |measured| measured.p99));
    for (variant, cell) in variants.iter().zip(&cells) {
        row(variant.name, cell, without);
    }
}

fn row(name: &str, cell: &[Measured], without: u64) {
    let of = |figure: fn(&Measured) -> u64| median(cell, figure);
    let p99 = of(|measured| measured.p99);
    println!(
        "| {name} | {} | {p99} | {} | {}/{} | {} | {} | {} | {} | {:.2} |",
        of(|measured| measured.p50),
        of(|measured| measured.p999),
        of(|measured| measured.answered),
        of(|measured| measured.asked),
        of(|measured| measured.cpu_us_per_request),
        of(|measured| measured.memory_mb),
        of(|measured| measured.sent),
        of(|measured| measured.dropped),
        p99 as f64 / without.max(1) as f64,
    );
}

fn median(cell: &[Measured], figure: impl Fn(&Measured) -> u64) -> u64 {
    let mut figures: Vec<u64> = cell.iter().map(figure).collect();
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or(0)
}
