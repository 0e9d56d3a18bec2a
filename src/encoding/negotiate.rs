//! Which encoding a client's `Accept` asks for.
//!
//! Quality values are ignored and the first match in the client's order counts, as in the original.

use super::Encoder;

/// What can be had, in the order in which wildcards find it.
const OFFERED: [(&str, Encoder); 4] = [
    ("application/json", Encoder::Json),
    ("text/plain", Encoder::Yaml),
    ("application/xml", Encoder::Xml),
    ("application/x-yaml", Encoder::Yaml),
];

/// The encoder for this header; JSON if it is absent or asks for nothing on offer.
pub(super) fn choose(accept: Option<&str>) -> Encoder {
    let asked = accept.unwrap_or_default().split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    asked.filter(|range| !range.is_empty()).find_map(offer).unwrap_or(Encoder::Json)
}

fn offer(range: &str) -> Option<Encoder> {
    let fixed = range.split('*').next().unwrap_or_default();
    OFFERED.into_iter().find(|(offered, _)| offered.starts_with(fixed)).map(|(_, encoder)| encoder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_range_on_offer_counts() {
        for (accept, encoder) in [
            (None, Encoder::Json),
            (Some(""), Encoder::Json),
            (Some("*/*"), Encoder::Json),
            (Some("application/json"), Encoder::Json),
            (Some("application/xml"), Encoder::Xml),
            (Some("text/plain"), Encoder::Yaml),
            (Some("text/*"), Encoder::Yaml),
            (Some("application/x-yaml"), Encoder::Yaml),
            (Some("application/yaml"), Encoder::Json),
            (Some("image/png"), Encoder::Json),
            (Some("text/html, application/xml;q=0.9, */*;q=0.8"), Encoder::Xml),
            (Some("application/xml;q=0.1,application/json"), Encoder::Xml),
        ] {
            assert_eq!(choose(accept), encoder, "{accept:?}");
        }
    }
}
