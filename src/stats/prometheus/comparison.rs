//! What comparisons of shadows have come to, as series.

use super::{
    exposition::{Exposition, Labelled},
    format::Kind,
    shadows::Shadow,
};
use crate::stats::comparison::{ComparisonFigures, Spread};

/// A shadow whose answers are compared.
type Compared<'a> = (&'a Shadow<'a>, &'a ComparisonFigures);

/// (name, kind, help, the number)
type Number = (&'static str, Kind, &'static str, fn(&ComparisonFigures) -> u64);

const NUMBERS: [Number; 6] = [
    ("gnomon_shadow_compare_begun_total", Kind::Counter, "Pairs of answers that were to be compared.", |one| one.begun),
    ("gnomon_shadow_compare_void_total", Kind::Counter, "Pairs of which an answer is missing on purpose.", |one| {
        one.void
    }),
    ("gnomon_shadow_compare_variant_total", Kind::Counter, "Void pairs that a variant answered.", |one| {
        one.of_variants
    }),
    ("gnomon_shadow_compare_waiting", Kind::Gauge, "Pairs under way or waiting to be compared.", |one| one.waiting),
    ("gnomon_shadow_clusters", Kind::Gauge, "Ways in which answers differ that are kept.", |one| one.clusters),
    ("gnomon_shadow_store_bytes", Kind::Gauge, "Bytes of kept samples.", |one| one.store_bytes),
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
    let help = "Places in which answers differed, noise included, by the way in which they did.";
    text.counts("gnomon_shadow_diff_fields_total", help, "kind", compared, |(_, figures)| figures.kinds.clone());
    let name = "gnomon_shadow_fields";
    text.family(name, Kind::Gauge, "Fields that differ, by what is decided about them.");
    for one in compared {
        for (decision, count) in &one.1.fields {
            text.sample(name, &one.labels(), Some(("decision", decision)), count);
        }
    }
    write_spreads(text, compared);
    let help = "Time spent on comparing.";
    text.numbers("gnomon_shadow_compare_seconds_total", Kind::Counter, help, compared, |(_, figures)| {
        figures.compare_seconds
    });
    let help = "The share of the copies whose answers are compared now.";
    text.numbers("gnomon_shadow_compare_sample_rate", Kind::Gauge, help, compared, |(_, figures)| figures.sample);
}

fn write_matrix(text: &mut Exposition, compared: &[Compared<'_>]) {
    let name = "gnomon_shadow_outcome_matrix_total";
    text.family(name, Kind::Counter, "Pairs by the class of the live answer and of the shadow's.");
    for one in compared {
        for (live, shadow, count) in &one.1.matrix {
            let mut labels = one.labels();
            labels.push(("live", live));
            text.sample(name, &labels, Some(("shadow", shadow)), count);
        }
    }
}

/// Percentiles of differences are a gauge each: a summary may not fall below zero, and only a summary may have a label
/// `quantile`.
fn write_spreads(text: &mut Exposition, compared: &[Compared<'_>]) {
    let name = "gnomon_shadow_latency_delta_seconds";
    let help = "By how much the shadow took longer for the same request, by reference and percentile.";
    text.family(name, Kind::Gauge, help);
    for one in compared {
        let references = [("live", one.1.slower_than_live), ("baseline", one.1.slower_than_baseline)];
        for (reference, spread) in references.into_iter().filter_map(|(name, spread)| Some((name, spread?))) {
            let Spread { p50, p95, p99, .. } = spread;
            for (percentile, value) in [("50", p50), ("95", p95), ("99", p99)] {
                let mut labels = one.labels();
                labels.push(("reference", reference));
                text.sample(name, &labels, Some(("percentile", percentile)), value);
            }
        }
    }
}
