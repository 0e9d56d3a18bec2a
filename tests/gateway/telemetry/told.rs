//! What a receiver of OTLP was told, in a form that tests can look at.

use std::collections::BTreeMap;

use gnomon::telemetry::otlp::messages::{
    ExportMetricsServiceRequest, ExportTraceServiceRequest, KeyValue, Metric, any_value, metric, number_data_point,
};
use serde_json::{Value, json};

/// Attributes by name.
pub(crate) type Attributes = BTreeMap<String, Value>;

/// A span.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// In hexadecimal digits, as all of its numbers are.
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty without one.
    pub(crate) parent: String,
    /// Traces and spans.
    pub(crate) links: Vec<(String, String)>,
    pub(crate) state: String,
    pub(crate) name: String,
    /// 1 internal, 2 server, 3 client.
    pub(crate) kind: i32,
    /// 0 unset, 1 good, 2 failed.
    pub(crate) status: i32,
    pub(crate) attributes: Attributes,
    /// What happened meanwhile.
    pub(crate) events: Vec<String>,
    /// What the service says about itself.
    pub(crate) resource: Attributes,
}

impl Told {
    /// A value of an attribute; null without one.
    pub(crate) fn says(&self, name: &str) -> Value {
        self.attributes.get(name).cloned().unwrap_or(Value::Null)
    }

    /// What the original calls the layer it is of.
    pub(crate) fn stage(&self) -> String {
        self.says("krakend.stage").as_str().unwrap_or_default().to_owned()
    }

    /// What a `traceparent` that names it says.
    pub(crate) fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.id)
    }
}

/// One series of an instrument.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) labels: Attributes,
    /// How many values a distribution has; the value of a sum.
    pub(crate) count: f64,
    pub(crate) resource: Attributes,
}

/// The series of this name whose labels are these and perhaps more.
pub(crate) fn find<'a>(all: &'a [Series], name: &str, labels: &Value) -> Option<&'a Series> {
    let has = |series: &Series| {
        let mut wanted = labels.as_object().into_iter().flatten();
        wanted.all(|(name, value)| series.labels.get(name) == Some(value))
    };
    all.iter().find(|series| series.name == name && has(series))
}

pub(super) fn spans_of(request: &ExportTraceServiceRequest) -> Vec<Told> {
    let mut all = Vec::new();
    for resource in &request.resource_spans {
        let of_resource = attributes(&resource.resource.as_ref().expect("a service says who it is").attributes);
        for span in resource.scope_spans.iter().flat_map(|scope| &scope.spans) {
            all.push(Told {
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                links: span.links.iter().map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect(),
                state: span.trace_state.clone(),
                name: span.name.clone(),
                kind: span.kind,
                status: span.status.as_ref().map_or(0, |status| status.code),
                attributes: attributes(&span.attributes),
                events: span.events.iter().map(|event| event.name.clone()).collect(),
                resource: of_resource.clone(),
            });
            assert!(span.start_time_unix_nano > 0 && span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
        }
    }
    all
}

pub(super) fn series_of(request: &ExportMetricsServiceRequest) -> Vec<Series> {
    let mut all = Vec::new();
    for resource in &request.resource_metrics {
        let of_resource = attributes(&resource.resource.as_ref().expect("a service says who it is").attributes);
        for metric in resource.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            let series = points(metric).into_iter().map(|(labels, count)| Series {
                name: metric.name.clone(),
                unit: metric.unit.clone(),
                labels,
                count,
                resource: of_resource.clone(),
            });
            all.extend(series);
        }
    }
    all
}

fn points(metric: &Metric) -> Vec<(Attributes, f64)> {
    match metric.data.as_ref().expect("an instrument has series") {
        metric::Data::Sum(sum) => {
            assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "{metric:?}");
            let value = |value: &Option<number_data_point::Value>| match value {
                Some(number_data_point::Value::AsDouble(value)) => *value,
                Some(number_data_point::Value::AsInt(value)) => *value as f64,
                None => panic!("a sum has a value"),
            };
            sum.data_points.iter().map(|point| (attributes(&point.attributes), value(&point.value))).collect()
        }
        metric::Data::Histogram(histogram) => {
            assert_eq!(histogram.aggregation_temporality, 2, "{metric:?}");
            let point = histogram.data_points.iter().map(|point| {
                assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
                assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
                (attributes(&point.attributes), point.count as f64)
            });
            point.collect()
        }
    }
}

fn attributes(all: &[KeyValue]) -> Attributes {
    let one = |pair: &KeyValue| {
        let value = pair.value.as_ref().and_then(|value| value.value.as_ref()).expect("an attribute has a value");
        (pair.key.clone(), json_of(value))
    };
    let read: Attributes = all.iter().map(one).collect();
    assert_eq!(read.len(), all.len(), "a name comes twice: {all:?}");
    read
}

fn json_of(value: &any_value::Value) -> Value {
    match value {
        any_value::Value::StringValue(text) => json!(text),
        any_value::Value::BoolValue(flag) => json!(flag),
        any_value::Value::IntValue(number) => json!(number),
        any_value::Value::DoubleValue(number) => json!(number),
        any_value::Value::ArrayValue(array) => {
            array.values.iter().map(|one| json_of(one.value.as_ref().expect("an element has a value"))).collect()
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
