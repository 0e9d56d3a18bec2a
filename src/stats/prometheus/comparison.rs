//! What comparisons of shadows have come to, as series.

use super::{
    exposition::{Exposition, Labelled},
    write::Shadow,
};
use crate::stats::comparison::{ComparisonFigures, Spread};

/// A shadow whose answers are compared.
type Compared<'a> = (&'a Shadow<'a>, &'a ComparisonFigures);

impl Labelled for Compared<'_> {
    fn labels(&self) -> Vec<super::exposition::Label<'_>> {
        self.0.labels()
    }
}

/// (name, kind, help, the number)
type Number = (&'static str, &'static str, &'static str, fn(&ComparisonFigures) -> u64);

const NUMBERS: [Number; 6] = [
    ("gnomon_shadow_compare_begun_total", "counter", "Pairs of answers that were to be compared.", |one| one.begun),
    ("gnomon_shadow_compare_void_total", "counter", "Pairs of which an answer is missing on purpose.", |one| one.void),
    ("gnomon_shadow_compare_variant_total", "counter", "Void pairs that a variant answered.", |one| one.of_variants),
    ("gnomon_shadow_compare_waiting", "gauge", "Pairs under way or waiting to be compared.", |one| one.waiting),
    ("gnomon_shadow_clusters", "gauge", "Ways in which answers differ that are kept.", |one| one.clusters),
    ("gnomon_shadow_store_bytes", "gauge", "Bytes of kept samples.", |one| one.store_bytes),
];

/// Writes the series; nothing where nothing is compared.
pub(super) fn write(text: &mut Exposition, compared: &[Compared<'_>]) {
    if compared.is_empty() {
        return;
    }
    for (name, kind, help, number) in NUMBERS {
        text.numbers(name, kind, help, compared, |(_, figures)| number(figures));
    }
    let help = "Pairs by verdict.";
    text.counts("gnomon_shadow_compare_total", help, "verdict", compared, |(_, figures)| figures.verdicts.clone());
    let help = "Pairs that can't be compared, by reason.";
    text.counts("gnomon_shadow_incomparable_total", help, "reason", compared, |(_, figures)| {
        figures.incomparable.clone()
    });
    write_matrix(text, compared);
    let name = "gnomon_shadow_fields";
    text.family(name, "gauge", "Fields that differ, by what is decided about them.");
    for one in compared {
        for (decision, count) in &one.1.fields {
            text.sample(name, &one.labels(), Some(("decision", decision)), count);
        }
    }
    write_spreads(text, compared);
    let name = "gnomon_shadow_compare_seconds_total";
    text.family(name, "counter", "Time spent on comparing.");
    for one in compared {
        text.sample(name, &one.labels(), None, one.1.compare_seconds);
    }
    let name = "gnomon_shadow_compare_sample_rate";
    text.family(name, "gauge", "The share of the copies whose answers are compared now.");
    for one in compared {
        text.sample(name, &one.labels(), None, one.1.sample);
    }
}

fn write_matrix(text: &mut Exposition, compared: &[Compared<'_>]) {
    let name = "gnomon_shadow_outcome_matrix_total";
    text.family(name, "counter", "Pairs by the class of the live answer and of the shadow's.");
    for one in compared {
        for (live, shadow, count) in &one.1.matrix {
            let mut labels = one.labels();
            labels.push(("live", live));
            text.sample(name, &labels, Some(("shadow", shadow)), count);
        }
    }
}

/// Quantiles of differences are a gauge each: a summary may not fall below zero.
fn write_spreads(text: &mut Exposition, compared: &[Compared<'_>]) {
    let name = "gnomon_shadow_latency_delta_seconds";
    text.family(name, "gauge", "By how much the shadow took longer for the same request, by reference and quantile.");
    for one in compared {
        let references = [("live", one.1.slower_than_live), ("baseline", one.1.slower_than_baseline)];
        for (reference, spread) in references.into_iter().filter_map(|(name, spread)| Some((name, spread?))) {
            let Spread { p50, p95, p99, .. } = spread;
            for (quantile, value) in [("0.5", p50), ("0.95", p95), ("0.99", p99)] {
                let mut labels = one.labels();
                labels.push(("reference", reference));
                text.sample(name, &labels, Some(("quantile", quantile)), value);
            }
        }
    }
}
