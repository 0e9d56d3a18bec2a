//! What was collected as the original's `/__stats`: one flat JSON object, a key a line, sorted.
//!
//! Times are nanoseconds, known to the microsecond and rounded by up to 1 %. What only a Go program has is 0, so that
//! whoever reads a key finds it.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use serde_json::{Value, json};

use super::collector::{Calls, Collector, Flow, Replies};
use super::detail::Ending;
use super::latency::Latencies;
use super::process::Process;

/// Nanoseconds in a microsecond.
const NS_PER_US: u32 = 1000;

/// The quantiles of a distribution, with their labels.
const QUANTILES: [(f64, &str); 5] = [
    (0.5, "50-percentile"),
    (0.75, "75-percentile"),
    (0.95, "95-percentile"),
    (0.99, "99-percentile"),
    (0.999, "999-percentile"),
];

/// Figures of Go's memory that we have no like of.
const GO_MEMORY: [&str; 25] = [
    "BuckHashSys",
    "DebugGC",
    "EnableGC",
    "Frees",
    "GCCPUFraction",
    "HeapAlloc",
    "HeapIdle",
    "HeapInuse",
    "HeapObjects",
    "HeapReleased",
    "HeapSys",
    "LastGC",
    "Lookups",
    "MCacheInuse",
    "MCacheSys",
    "MSpanInuse",
    "MSpanSys",
    "Mallocs",
    "NextGC",
    "NumGC",
    "PauseTotalNs",
    "StackInuse",
    "StackSys",
    "TotalAlloc",
    "Alloc",
];

/// Figures of Go's timers beside their distribution.
const RATES: [&str; 4] = ["one-minute", "five-minute", "fifteen-minute", "mean-rate"];

/// The text of everything collected.
pub(crate) fn write(collector: &Collector, process: &Process) -> String {
    let mut page = Page::default();
    page.runtime(process);
    if collector.layers().router {
        page.flow("connected", collector.connected);
        page.flow("disconnected", collector.disconnected);
    }
    for (name, replies) in &collector.replies {
        page.replies(name, replies);
    }
    for (name, calls) in &collector.pipes {
        page.calls("pipe", name, calls);
    }
    for (name, calls) in &collector.backends {
        page.calls("backend", name, calls);
    }
    page.text()
}

/// The lines, by key.
#[derive(Default)]
struct Page(BTreeMap<String, Value>);

impl Page {
    fn put(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    fn flow(&mut self, name: &str, flow: Flow) {
        self.put(format!("krakend.router.{name}"), flow.now);
        self.put(format!("krakend.router.{name}-gauge"), flow.last);
        self.put(format!("krakend.router.{name}-total"), flow.total);
    }

    fn replies(&mut self, name: &str, replies: &Replies) {
        let base = format!("krakend.router.response.{name}");
        // The original registers this one and never counts in it.
        self.put(format!("{base}.status"), 0);
        for (status, count) in &replies.statuses {
            self.put(format!("{base}.status.{status}.count"), *count);
        }
        self.distribution(format_args!("{base}.size"), &replies.sizes, 1);
        self.distribution(format_args!("{base}.time"), &replies.times, NS_PER_US);
    }

    fn calls(&mut self, layer: &str, name: &str, calls: &Calls) {
        for ((ending, count), times) in Ending::ALL.iter().zip(calls.counts).zip(&calls.times) {
            let Ending { complete, error } = ending;
            let labels = format!("layer.{layer}.name.{name}.complete.{complete}.error.{error}");
            self.put(format!("krakend.proxy.requests.{labels}"), count);
            self.distribution(format_args!("krakend.proxy.latency.{labels}"), times, NS_PER_US);
        }
    }

    fn distribution(&mut self, base: impl Display, values: &Latencies, unit: u32) {
        let whole = |value: u32| u64::from(value) * u64::from(unit);
        let unit = f64::from(unit);
        self.put(format!("{base}.count"), values.count());
        self.put(format!("{base}.min"), whole(values.min_us()));
        self.put(format!("{base}.max"), whole(values.max_us()));
        self.put(format!("{base}.mean"), number(values.mean_us() * unit));
        self.put(format!("{base}.std-dev"), number(values.deviation_us() * unit));
        for (quantile, label) in QUANTILES {
            self.put(format!("{base}.{label}"), whole(values.quantile_us(quantile)));
        }
    }

    fn runtime(&mut self, process: &Process) {
        self.put("cmdline", std::env::args().collect::<Vec<_>>());
        self.put("memstats", json!({ "Alloc": process.resident_bytes, "Sys": process.resident_bytes }));
        let none = Latencies::default();
        let (collector, runtime) = ("krakend.service.debug", "krakend.service.runtime");
        for figure in ["LastGC", "NumGC", "PauseTotal"] {
            self.put(format!("{collector}.GCStats.{figure}"), 0);
        }
        for figure in GO_MEMORY {
            self.put(format!("{runtime}.MemStats.{figure}"), 0);
        }
        self.put(format!("{runtime}.MemStats.Sys"), process.resident_bytes);
        self.put(format!("{runtime}.NumCgoCall"), 0);
        self.put(format!("{runtime}.NumGoroutine"), 0);
        self.put(format!("{runtime}.NumThread"), process.threads);
        self.distribution(format_args!("{collector}.GCStats.Pause"), &none, 1);
        self.distribution(format_args!("{runtime}.MemStats.PauseNs"), &none, 1);
        for timer in [format!("{collector}.ReadGCStats"), format!("{runtime}.ReadMemStats")] {
            self.distribution(&timer, &none, 1);
            for rate in RATES {
                self.put(format!("{timer}.{rate}"), 0);
            }
        }
    }

    fn text(self) -> String {
        let mut text = String::from("{\n");
        let mut separator = "";
        for (key, value) in self.0 {
            let _into_a_string = write!(text, "{separator}{}: {value}", Value::from(key));
            separator = ",\n";
        }
        text.push_str("\n}\n");
        text
    }
}

/// A number without a fraction where it has none, as Go writes it.
fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and within range")]
    match value.fract() == 0.0 && (0.0..9e15).contains(&value) {
        true => Value::from(value as u64),
        false => Value::from(value),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::stats::collector::MetricsSettings;
    use crate::stats::detail::Layers;

    fn read(layers: Layers) -> Value {
        let settings = MetricsSettings {
            layers,
            endpoints: vec!["/users/:id".into()],
            backends: vec!["/\"x\"/{{.Id}}".into()],
            ..MetricsSettings::default()
        };
        let text = write(&Collector::new(Arc::new(settings)), &Process { threads: 7, ..Process::default() });
        assert!(text.starts_with("{\n\"cmdline\": [") && text.ends_with("\n}\n"), "{text}");
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1..lines.len() - 1].is_sorted(), "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn every_key_is_there_before_anything_was_counted() {
        let page = read(Layers { router: true, proxy: true, backend: true });
        for (key, wanted) in [
            ("krakend.router.connected", 0),
            ("krakend.router.disconnected-gauge", 0),
            ("krakend.router.response./users/:id.status", 0),
            ("krakend.router.response./users/:id.size.count", 0),
            ("krakend.router.response./users/:id.time.99-percentile", 0),
            ("krakend.proxy.requests.layer.pipe.name./users/:id.complete.true.error.true", 0),
            ("krakend.proxy.latency.layer.pipe.name./users/:id.complete.false.error.false.std-dev", 0),
            ("krakend.proxy.requests.layer.backend.name./\"x\"/{{.Id}}.complete.true.error.false", 0),
            ("krakend.service.debug.GCStats.Pause.mean", 0),
            ("krakend.service.runtime.MemStats.Mallocs", 0),
            ("krakend.service.runtime.ReadMemStats.fifteen-minute", 0),
            ("krakend.service.runtime.NumThread", 7),
        ] {
            assert_eq!(page[key], wanted, "{key}");
        }
    }

    #[test]
    fn a_layer_that_is_not_collected_has_no_keys() {
        let page = read(Layers { router: false, proxy: true, backend: false });
        let keys: Vec<_> = page.as_object().unwrap().keys().cloned().collect();
        assert!(keys.iter().any(|key| key.contains("layer.pipe")));
        assert!(!keys.iter().any(|key| key.contains("krakend.router") || key.contains("layer.backend")), "{keys:?}");
    }

    #[test]
    fn times_are_nanoseconds_and_sizes_are_bytes() {
        let mut page = Page::default();
        let values = Latencies::from_sorted([(2, 1), (4, 1)], 6, 4);
        page.distribution("t", &values, NS_PER_US);
        page.distribution("b", &values, 1);
        let read = |key: &str| page.0[key].clone();
        assert_eq!(["t.min", "t.max", "t.mean", "t.std-dev"].map(read), [2000, 4000, 3000, 1000].map(Value::from));
        assert_eq!(["b.min", "b.count", "b.50-percentile"].map(read), [2, 2, 2].map(Value::from));
    }
}
