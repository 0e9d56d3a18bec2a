//! Traces and figures without sockets: contexts in and out, figures added up, messages read back.

mod limits;

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use prost::Message;

use super::{
    Family, Labels, Meter, Outlet, Probe, Sampler, Series, Settings, Store,
    context::{Arrived, TRACE_PARENT, inject},
    exposition,
    instruments::place,
    labels::{BackendLabels, EndpointLabels},
    otlp::{
        messages::{ExportMetricsServiceRequest, metric},
        metrics_requests, traces_request,
    },
    settings::ReportedHeaders,
    span::{Kind, Opening},
};
use crate::{
    model::{Headers, TraceScope},
    stats::exports::{Export, Lost},
};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn labels() -> Arc<Labels> {
    let endpoint = EndpointLabels { route: "/a/:id".into(), method: "GET".into(), ..EndpointLabels::default() };
    let backend = BackendLabels { route: "/b/:id".into(), method: "GET".into(), ..BackendLabels::default() };
    Arc::new(Labels { endpoints: vec![endpoint], backends: vec![backend], scheme: "http", ..Labels::default() })
}

fn settings(rate: f64) -> Arc<Settings> {
    Arc::new(Settings {
        sampler: Sampler::new(rate),
        skip_paths: Vec::new(),
        metrics: true,
        traces: true,
        propagation: true,
        headers: ReportedHeaders::default(),
        fixed: Arc::from([]),
        labels: labels(),
    })
}

fn opening() -> Opening {
    Opening { name: "/a".into(), kind: Kind::Server, fixed: Arc::from([]) }
}

fn arrived(parent: &'static str) -> Arrived {
    let value = HeaderValue::from_static(parent);
    Arrived::read(|name: &HeaderName| (*name == TRACE_PARENT).then_some(&value))
}

#[test]
fn a_span_is_below_the_clients_and_what_is_injected_names_it() {
    let export = Arc::new(Export::new("a"));
    let (outlet, mut inlet) = Outlet::new(&[export], false);
    let probe = Probe::new(settings(1.0), outlet);
    let scope = probe.arrival(arrived(PARENT)).unwrap();
    let span = probe.open(&scope, opening()).unwrap();
    let injected = injected(span.scope());
    drop(span);
    let sent = traces_request(&[], &[inlet.spans[0].try_recv().unwrap()]);
    let told = &sent.resource_spans[0].scope_spans[0].spans[0];
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!((hex(&told.parent_span_id).as_str(), told.kind), ("00f067aa0ba902b7", 2));
    assert_eq!(injected, format!("00-{}-{}-01", hex(&told.trace_id), hex(&told.span_id)));
    assert!(told.end_time_unix_nano >= told.start_time_unix_nano && told.start_time_unix_nano > 0);
}

fn injected(scope: &TraceScope) -> String {
    let mut headers = Headers::new();
    inject(scope, &mut headers);
    headers.get(&TRACE_PARENT).unwrap().to_str().unwrap().to_owned()
}

#[test]
fn what_is_not_recorded_goes_on_as_such_and_what_is_no_context_begins_a_trace() {
    let (outlet, _inlet) = Outlet::new(&[Arc::new(Export::new("a"))], false);
    let unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    for (rate, parent, flags) in
        [(1.0, unsampled, "00"), (1e-18, "00-zz", "00"), (1.0, "00-zz", "01"), (1e-18, PARENT, "01")]
    {
        let probe = Probe::new(settings(rate), outlet.clone());
        let scope = probe.arrival(arrived(parent)).unwrap();
        assert_eq!(probe.open(&scope, opening()).is_some(), flags == "01", "{rate} {parent}");
        assert!(injected(&scope).ends_with(&format!("-{flags}")), "{}", injected(&scope));
        assert_eq!(scope.parent.is_some(), parent != "00-zz");
    }
}

#[test]
fn who_records_is_known_until_the_last_figures_are_left() {
    let (outlet, mut inlet) = Outlet::new(&[], true);
    let probe = Probe::new(settings(1.0), outlet.clone());
    probe.count(Series::of(Family::Backend, 0), |cell| cell.value(place::DURATION, 1.0));
    assert!(outlet.is_in_use());
    drop(probe);
    assert!(!outlet.is_in_use() && inlet.reports.as_mut().unwrap().try_recv().is_ok());
}

#[test]
fn where_nobody_takes_spans_no_trace_goes_on() {
    let (outlet, _inlet) = Outlet::new(&[], true);
    let probe = Probe::new(settings(1.0), outlet);
    assert!(probe.arrival(arrived(PARENT)).is_none() && probe.arrival(Arrived::default()).is_none());
}

#[test]
fn what_nobody_waits_for_is_linked_below_the_live_call_or_apart_from_it() {
    let (outlet, mut inlet) = Outlet::new(&[Arc::new(Export::new("a"))], false);
    let probe = Probe::new(settings(1e-18), outlet);
    let live = probe.arrival(arrived(PARENT)).unwrap();
    for (scope, trace, parent) in [(live.linked(), live.trace, live.parent), (live.apart([7; 16]), [7; 16], None)] {
        let call = probe.open(&scope, opening()).unwrap();
        drop(probe.open(call.scope(), opening()).unwrap());
        drop(call);
        let (below, span) = (inlet.spans[0].try_recv().unwrap(), inlet.spans[0].try_recv().unwrap());
        assert_eq!((span.context.trace, span.parent, span.link), (trace, parent, live.above()));
        assert_eq!((below.parent, below.link), (Some(span.context.span), None));
    }
}

#[test]
fn spans_beyond_the_queue_are_dropped_and_counted() {
    let export = Arc::new(Export::new("a"));
    let (outlet, _held) = Outlet::new(&[Arc::clone(&export)], false);
    let probe = Probe::new(settings(1.0), outlet);
    for _ in 0..super::outlet::SPANS_WAITING_MAX + 3 {
        drop(probe.open(&TraceScope::beginning([1; 16], true), opening()));
    }
    assert_eq!(export.spans_lost(Lost::QueueFull), 3);
}

#[test]
fn figures_of_all_threads_are_added_up_and_read_back() {
    let mut store = Store::default();
    for seconds in [0.01, 0.015, 99.0] {
        let mut meter = Meter::new(labels());
        meter.record(Series::of(Family::Backend, 0), |cell| cell.value(place::DURATION, seconds));
        meter.record(Series::of(Family::Client, 0), |cell| cell.add(place::STARTED, 1.0));
        store.book(&meter.take().unwrap());
        assert!(meter.take().is_none());
    }
    let sent = metrics_requests(&[], &store, usize::MAX).remove(0).encode_to_vec();
    let read = ExportMetricsServiceRequest::decode(sent.as_slice()).unwrap();
    let all = &read.resource_metrics[0].scope_metrics[0].metrics;
    let names: Vec<_> = all.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names, ["krakend.backend.duration", "http.client.request.started.count"]);
    let Some(metric::Data::Histogram(histogram)) = &all[0].data else { panic!("{all:?}") };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.bucket_counts[0], point.bucket_counts[1], point.bucket_counts[20]), (3, 1, 1, 1));
    let text = exposition::write(&store, &[("service.name", "a".into())]);
    for line in [
        "krakend_backend_duration_count{canceled=\"false\",complete=\"false\",error=\"false\",",
        "# TYPE http_client_request_started_count_total counter\n",
        "target_info{service_name=\"a\"} 1\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
