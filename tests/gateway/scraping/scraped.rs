//! A real Prometheus scrapes a running gateway: its numbers are right, its exemplars lead to traces, and every question
//! of the dashboard has an answer.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    board::{board, other_queries, queries},
    folder,
    prometheus::Prometheus,
    scene::Scene,
};
use crate::patience::wait_for;

fn scraping(scene: &Scene) -> Option<Prometheus> {
    let rules = folder().join("alerts.yml");
    Prometheus::scraping(scene.gnomon.admin(), rules.to_str().expect("the path is text"))
}

/// An expression of the dashboard with everything chosen.
fn chosen(expression: &str) -> String {
    let choices = [
        ("$job", "gnomon"),
        ("$instance", ".*"),
        ("$endpoint", ".*"),
        ("$experiment", ".*"),
        ("$__rate_interval", "30s"),
        ("$__interval", "30s"),
        ("$__range", "1m"),
    ];
    choices.into_iter().fold(expression.to_owned(), |text, (name, choice)| text.replace(name, choice))
}

#[test]
fn a_real_prometheus_answers_with_the_numbers_that_were_sent() {
    let mut scene = Scene::new();
    (0..20).for_each(|_| scene.ask());
    let Some(prometheus) = scraping(&scene) else { return };
    let asked = f64::from(scene.asked());
    for (expression, wanted) in [
        ("up{job=\"gnomon\"}", 1.0),
        ("gnomon_endpoint_requests_total{endpoint=\"/users/{id}\",class=\"2xx\"}", asked),
        ("sum(gnomon_endpoint_requests_total)", 5.0 * asked),
        ("gnomon_endpoint_duration_seconds_count{endpoint=\"/bad\"}", asked),
        ("sum(gnomon_split_requests_total)", asked),
        ("sum(gnomon_shadow_offered_total)", 3.0 * asked),
        ("gnomon_unrouted_requests_total{status=\"404\"}", asked),
        ("gnomon_reloads_total{result=\"refused\"}", 1.0),
    ] {
        let mut last = None;
        let found = wait_for(|| {
            last = prometheus.number(expression);
            (last == Some(wanted)).then_some(())
        });
        assert!(found.is_some(), "{expression} is {last:?}, not {wanted}\n{}", scene.told());
    }
}

/// The traces that Prometheus keeps of a histogram.
fn traces(prometheus: &Prometheus, histogram: &str) -> BTreeSet<String> {
    // Any time of which there may be figures.
    let asked = [("query", histogram), ("start", "0"), ("end", "9999999999")];
    let data = prometheus.ask("query_exemplars", &asked).unwrap_or_default();
    let series = data.as_array().into_iter().flatten();
    let exemplars = series.flat_map(|one| one["exemplars"].as_array().into_iter().flatten());
    exemplars.filter_map(|one| one["labels"]["trace_id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn durations_of_endpoints_backends_and_shadows_lead_to_their_traces() {
    let mut scene = Scene::new();
    let Some(prometheus) = scraping(&scene) else { return };
    for histogram in ["endpoint", "backend", "shadow"].map(|of| format!("gnomon_{of}_duration_seconds_bucket")) {
        let found = wait_for(|| {
            scene.ask();
            Some(traces(&prometheus, &histogram)).filter(|traces| !traces.is_empty())
        });
        let traces = found.unwrap_or_else(|| panic!("no exemplar of {histogram}\n{}", scene.told()));
        assert!(traces.iter().all(|trace| scene.knows_trace(trace)), "{histogram}: {traces:?}");
    }
    // However many traces there are, there are no more series for it.
    let labels = prometheus.query("{trace_id!=\"\"}").expect("an answer");
    assert_eq!(labels, [] as [Value; 0]);
}

#[test]
fn every_question_of_the_dashboard_has_an_answer_and_every_rule_can_be_judged() {
    let mut scene = Scene::new();
    let Some(prometheus) = scraping(&scene) else { return };
    let board = board();
    let mut waiting: Vec<_> = queries(&board).into_iter().map(|(title, asked)| (title, chosen(&asked))).collect();
    let others = other_queries(&board);
    let is_of_series = |asked: &&String| !asked.starts_with("label_values(");
    waiting.extend(others.iter().filter(is_of_series).map(|asked| ("annotation".to_owned(), chosen(asked))));
    let answered = wait_for(|| {
        scene.ask();
        scene.steer();
        waiting.retain(|(title, asked)| match prometheus.query(asked) {
            Ok(series) => series.is_empty(),
            Err(error) => panic!("{title}: {asked}: {error}"),
        });
        waiting.is_empty().then_some(())
    });
    assert!(answered.is_some(), "nothing answers {waiting:#?}\n{}", scene.told());
    for asked in others.iter().filter(|asked| asked.starts_with("label_values(")) {
        let inner = asked.trim_start_matches("label_values(").trim_end_matches(')');
        let (matched, label) = inner.rsplit_once(", ").expect("series and a label");
        let values = prometheus.ask(&format!("label/{label}/values"), &[("match[]", &chosen(matched))]);
        assert!(values.as_ref().is_ok_and(|values| values != &serde_json::json!([])), "{asked}: {values:?}");
    }
    let judged = wait_for(|| {
        let told = prometheus.ask("rules", &[]).ok()?;
        let groups = told["groups"].as_array()?.clone();
        let rules: Vec<Value> = groups.iter().flat_map(|group| group["rules"].as_array().cloned()).flatten().collect();
        rules.iter().all(|rule| rule["health"] != "unknown").then_some(rules)
    });
    let judged = judged.expect("every rule was judged");
    assert_eq!(judged.len(), super::alerts::rules().len());
    for rule in judged {
        assert_eq!(rule["health"], "ok", "{rule:#}");
    }
}
