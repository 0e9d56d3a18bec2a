//! Who takes which part of the calls that are split, as series.

use super::{
    exposition::{Exposition, Label, Labelled},
    format::Kind,
    write::Named,
};
use crate::stats::portion::PortionStanding;

/// A backend that takes a part of a split.
type Part<'a> = (&'a Named<'a>, &'a PortionStanding);

impl Labelled for Part<'_> {
    fn labels(&self) -> Vec<Label<'_>> {
        self.0.labels()
    }
}

/// Writes the series of those among the backends that take a part of a split.
pub(super) fn write<'a>(text: &mut Exposition, backends: impl Iterator<Item = &'a Named<'a>>) {
    let parts: Vec<Part<'_>> = backends.filter_map(|one| Some((one, one.backend.split.as_ref()?))).collect();
    let help = "The share of the calls that a part of a split takes now.";
    text.numbers("gnomon_split_rate", Kind::Gauge, help, &parts, |(_, split)| split.rate);
    let help = "Calls begun, by the part of the split that took them.";
    text.numbers("gnomon_split_requests_total", Kind::Counter, help, &parts, |(one, _)| one.backend.requests);
    let help = "Whether somebody or a rule has stopped a variant.";
    text.numbers("gnomon_split_stopped", Kind::Gauge, help, &parts, |(_, split)| u8::from(split.stopped));
}
