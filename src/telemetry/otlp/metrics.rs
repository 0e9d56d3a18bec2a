//! Figures as a push of OTLP: sums and distributions since the start.

use crate::telemetry::{
    Store, exposition,
    instruments::{Slot, bounds},
    labels::LabelSet,
    span::now_ns,
    store::{Point, Shown},
};

use super::{
    messages::{
        ExportMetricsServiceRequest, Histogram, HistogramDataPoint, KeyValue, Metric, NumberDataPoint, ResourceMetrics,
        ScopeMetrics, Sum, metric, number_data_point,
    },
    words::{key_value, resource, scope},
};

/// Since the start.
const CUMULATIVE: i32 = 2;

/// A push of all figures; `None` while there are none.
#[must_use]
pub fn metrics_request(about: &exposition::Resource, store: &Store) -> Option<ExportMetricsServiceRequest> {
    let moments = (store.started_ns(), now_ns());
    let metrics: Vec<Metric> = store.instruments().iter().map(|shown| metric(shown, moments)).collect();
    if metrics.is_empty() {
        return None;
    }
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics }];
    let resource_metrics = vec![ResourceMetrics { resource: Some(resource(about)), scope_metrics }];
    Some(ExportMetricsServiceRequest { resource_metrics })
}

fn metric(shown: &Shown<'_>, (start_time_unix_nano, time_unix_nano): (u64, u64)) -> Metric {
    let instrument = shown.instrument;
    let data = match instrument.slot {
        Slot::Sum(_) => {
            let point = |(labels, point): &(&LabelSet, Point<'_>)| match point {
                Point::Sum(sum) => Some(NumberDataPoint {
                    start_time_unix_nano,
                    time_unix_nano,
                    value: Some(number(*sum, instrument.unit)),
                    attributes: labelled(labels),
                }),
                Point::Histogram(_) => None,
            };
            let data_points = shown.points.iter().filter_map(point).collect();
            metric::Data::Sum(Sum { data_points, aggregation_temporality: CUMULATIVE, is_monotonic: true })
        }
        Slot::Histogram(place) => {
            let point = |(labels, point): &(&LabelSet, Point<'_>)| match point {
                Point::Histogram(histogram) => Some(HistogramDataPoint {
                    start_time_unix_nano,
                    time_unix_nano,
                    count: histogram.count(),
                    sum: Some(histogram.sum),
                    bucket_counts: histogram.buckets.clone(),
                    explicit_bounds: bounds(instrument.family, place).to_vec(),
                    attributes: labelled(labels),
                }),
                Point::Sum(_) => None,
            };
            let data_points = shown.points.iter().filter_map(point).collect();
            metric::Data::Histogram(Histogram { data_points, aggregation_temporality: CUMULATIVE })
        }
    };
    Metric {
        name: shown.name.to_owned(),
        description: instrument.about.to_owned(),
        unit: instrument.unit.to_owned(),
        data: Some(data),
    }
}

/// Only sums of seconds are not whole.
fn number(sum: f64, unit: &str) -> number_data_point::Value {
    if unit == "s" { number_data_point::Value::AsDouble(sum) } else { number_data_point::Value::AsInt(sum as i64) }
}

fn labelled(labels: &LabelSet) -> Vec<KeyValue> {
    labels.iter().map(|label| key_value(&label.0, &label.1)).collect()
}
