//! Figures as a push of OTLP: sums and distributions since the start.

use prost::{Message, length_delimiter_len};

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

/// The most bytes that the lengths of what lies around instruments take.
const LENGTHS_BYTES_MAX: usize = 16;

/// All figures, in as many pushes of at most so many bytes as they need; none while there are none. A series that needs
/// more than that goes alone.
#[must_use]
pub fn metrics_requests(
    about: &exposition::Resource,
    store: &Store,
    bytes_max: usize,
) -> Vec<ExportMetricsServiceRequest> {
    let moments = (store.started_ns(), now_ns());
    let metrics: Vec<Metric> = store.instruments().iter().map(|shown| metric(shown, moments)).collect();
    if metrics.is_empty() {
        return Vec::new();
    }
    let around = request(about, Vec::new()).encoded_len() + LENGTHS_BYTES_MAX;
    let mut pushes = Vec::new();
    divide(metrics, bytes_max.saturating_sub(around), &mut pushes);
    pushes.into_iter().map(|metrics| request(about, metrics)).collect()
}

fn request(about: &exposition::Resource, metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics }];
    let resource_metrics = vec![ResourceMetrics { resource: Some(resource(about)), scope_metrics }];
    ExportMetricsServiceRequest { resource_metrics }
}

/// Halves instruments, and the series of one, until there is room for each part.
fn divide(mut metrics: Vec<Metric>, bytes_max: usize, into: &mut Vec<Vec<Metric>>) {
    let bytes_of = |bytes: usize| 1 + length_delimiter_len(bytes) + bytes;
    let bytes: usize = metrics.iter().map(|metric| bytes_of(metric.encoded_len())).sum();
    let rest = match metrics.as_mut_slice() {
        _ if bytes <= bytes_max => None,
        [] => None,
        [only] => half_of_series(only).map(|half| vec![half]),
        several => {
            let middle = several.len() / 2;
            Some(metrics.split_off(middle))
        }
    };
    match rest {
        None => into.push(metrics),
        Some(rest) => {
            divide(metrics, bytes_max, into);
            divide(rest, bytes_max, into);
        }
    }
}

/// Takes half of an instrument's series out of it; `None` if it has only one.
fn half_of_series(metric: &mut Metric) -> Option<Metric> {
    let half = |count: usize| (count > 1).then_some(count / 2);
    let data = match metric.data.as_mut()? {
        metric::Data::Sum(sum) => {
            let data_points = sum.data_points.split_off(half(sum.data_points.len())?);
            metric::Data::Sum(Sum { data_points, ..*sum })
        }
        metric::Data::Histogram(histogram) => {
            let data_points = histogram.data_points.split_off(half(histogram.data_points.len())?);
            metric::Data::Histogram(Histogram { data_points, ..*histogram })
        }
    };
    let Metric { name, description, unit, .. } = &*metric;
    Some(Metric { name: name.clone(), description: description.clone(), unit: unit.clone(), data: Some(data) })
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
