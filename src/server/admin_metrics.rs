//! `/metrics` of the admin listener: the snapshot, with what those know who steer shadows and splits, in the format that
//! the reader asks for.

use actix::Addr;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{Accept, Header as _, Quality},
    web::Data,
};

use crate::stats::{
    Read, StatsActor, Steering,
    prometheus::{Format, pieces},
};

use super::{admin::unavailable, admin_stats::in_pieces, changes::Changes};

/// Answers a scrape.
pub(super) async fn metrics(
    request: HttpRequest,
    stats: Data<Addr<StatsActor>>,
    changes: Option<Data<Changes>>,
) -> HttpResponse {
    let Ok(snapshot) = stats.send(Read).await else { return unavailable() };
    let steering = changes.map_or_else(Steering::default, |changes| changes.steering());
    let format = format_for(&request);
    in_pieces(format.content_type(), pieces(&snapshot, &steering, format))
}

/// OpenMetrics for who names it and does not like plain text better; plain text for everybody else, browsers too.
fn format_for(request: &HttpRequest) -> Format {
    // What can't be read asks for nothing.
    let Ok(Accept(wanted)) = Accept::parse(request) else { return Format::Text };
    let quality_of = |kind: &str, version: &str| {
        let is_meant = wanted.iter().filter(|range| {
            let wants = range.item.get_param("version");
            range.item.essence_str() == kind && wants.is_none_or(|wants| wants == version)
        });
        is_meant.map(|range| range.quality).max().unwrap_or(Quality::ZERO)
    };
    let open_metrics = quality_of("application/openmetrics-text", "1.0.0");
    let text = quality_of("text/plain", "0.0.4");
    if open_metrics > Quality::ZERO && open_metrics >= text { Format::OpenMetrics } else { Format::Text }
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::ACCEPT, test::TestRequest};

    use super::*;

    #[test]
    fn open_metrics_are_for_who_asks_for_them() {
        let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                          text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for (accept, format) in [
            (prometheus, Format::OpenMetrics),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8; q=0.1", Format::OpenMetrics),
            ("text/plain;q=0.5, application/openmetrics-text;q=0.5", Format::OpenMetrics),
            ("text/plain, application/openmetrics-text;q=0.9", Format::Text),
            ("application/openmetrics-text;version=0.0.1", Format::Text),
            ("application/openmetrics-text;q=0, text/plain;q=0", Format::Text),
            ("text/html,*/*;q=0.8", Format::Text),
            ("*/*", Format::Text),
            ("", Format::Text),
            ("application/openmetrics-text;q=often", Format::Text),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT, accept)).to_http_request();
            assert_eq!(format_for(&request), format, "{accept}");
        }
        assert_eq!(format_for(&TestRequest::default().to_http_request()), Format::Text);
    }
}
