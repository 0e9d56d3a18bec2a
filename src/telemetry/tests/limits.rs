//! How much goes in one message: never more than there is room for, and nothing is left out or comes twice.

use std::{collections::BTreeMap, sync::Arc};

use prost::Message;

use super::super::{
    Family, Labels, Meter, Outlet, Probe, Series, Span, Store,
    instruments::place,
    labels::{BackendLabels, EndpointLabels},
    otlp::{
        first_traces,
        messages::{ExportMetricsServiceRequest, KeyValue, metric},
        metrics_requests, traces_request,
    },
};
use super::{opening, settings};
use crate::{model::TraceScope, stats::exports::Export};

/// Spans that say something of these lengths.
fn spans(lengths: &[usize]) -> Vec<Arc<Span>> {
    let (outlet, mut inlet) = Outlet::new(&[Arc::new(Export::new("a"))], false);
    let probe = Probe::new(settings(1.0), outlet);
    for length in lengths {
        let mut span = probe.open(&TraceScope::beginning([1; 16], true), opening()).unwrap();
        span.say("said", "x".repeat(*length));
    }
    std::iter::from_fn(|| inlet.spans[0].try_recv().ok()).collect()
}

#[test]
fn spans_go_in_messages_that_are_no_larger_than_allowed_and_none_is_left_out() {
    let about = vec![("service.name", "a".to_owned())];
    let all = spans(&[10, 900, 10, 10, 5_000, 10, 10, 10, 900, 900, 900, 10]);
    let bytes_max = 2_000;
    let (mut left, mut sent, mut messages) = (all.as_slice(), Vec::new(), 0);
    while !left.is_empty() {
        let (message, count) = first_traces(&about, left, bytes_max);
        assert!(message.encoded_len() <= bytes_max || count == 1, "{count} spans in {}", message.encoded_len());
        sent.extend(message.resource_spans[0].scope_spans[0].spans.clone());
        left = &left[count..];
        messages += 1;
    }
    assert_eq!(sent, traces_request(&about, &all).resource_spans[0].scope_spans[0].spans);
    assert!((5..12).contains(&messages), "{messages}");
    let (whole, count) = first_traces(&about, &all, usize::MAX);
    assert_eq!((whole, count), (traces_request(&about, &all), all.len()));
}

/// Figures of so many backends.
fn store(backends: usize) -> Store {
    let of = |number: usize| BackendLabels { route: format!("/{number}"), ..BackendLabels::default() };
    let endpoints = vec![EndpointLabels { route: "/a".into(), method: "GET".into(), ..EndpointLabels::default() }];
    let labels = Labels { endpoints, backends: (0..backends).map(of).collect(), ..Labels::default() };
    let mut meter = Meter::new(Arc::new(labels));
    for number in 0..backends {
        let number = u32::try_from(number).unwrap();
        meter.record(Series::of(Family::Backend, number), |cell| cell.value(place::DURATION, 1.0));
        meter.record(Series::of(Family::Client, number), |cell| cell.add(place::STARTED, f64::from(number)));
    }
    let mut store = Store::default();
    store.book(&meter.take().unwrap());
    store
}

/// Each series with its value, by instrument and labels.
fn series(pushes: &[ExportMetricsServiceRequest]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for metric in pushes.iter().flat_map(|push| &push.resource_metrics[0].scope_metrics[0].metrics) {
        let mut add = |labels: &[KeyValue], value: String| {
            assert_eq!(all.insert(format!("{} {labels:?}", metric.name), value), None, "a series comes twice");
        };
        match metric.data.as_ref().unwrap() {
            metric::Data::Sum(sum) => {
                assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
                sum.data_points.iter().for_each(|point| add(&point.attributes, format!("{:?}", point.value)));
            }
            metric::Data::Histogram(histogram) => {
                assert_eq!(histogram.aggregation_temporality, 2);
                let points = histogram.data_points.iter();
                points.for_each(|point| add(&point.attributes, format!("{:?}", point.bucket_counts)));
            }
        }
    }
    all
}

#[test]
fn figures_go_in_pushes_that_are_no_larger_than_allowed_and_no_series_is_left_out() {
    let about = vec![("service.name", "a".to_owned())];
    let store = store(100);
    let whole = metrics_requests(&about, &store, usize::MAX);
    assert_eq!((whole.len(), series(&whole).len()), (1, 200));
    for bytes_max in [2_000, 10_000, 30_000] {
        let pushes = metrics_requests(&about, &store, bytes_max);
        assert!(pushes.iter().all(|push| push.encoded_len() <= bytes_max), "{bytes_max}");
        assert!(pushes.len() > 1 && pushes.len() <= 4 * (whole[0].encoded_len() / bytes_max + 1), "{}", pushes.len());
        assert!(pushes.iter().all(|push| push.resource_metrics[0].resource == whole[0].resource_metrics[0].resource));
        assert_eq!(series(&pushes), series(&whole));
    }
    let alone = metrics_requests(&about, &store, 1);
    assert_eq!((alone.len(), series(&alone)), (200, series(&whole)), "what needs more goes alone");
    assert!(metrics_requests(&about, &Store::default(), usize::MAX).is_empty());
}
