//! What a recorder counts, and that several count like one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::names;
use crate::stats::recorder::SERIES_PER_REPORT_MAX;
use crate::stats::tally::Tally;
use crate::stats::{BackendId, EndpointId, Names, Outcome, Recorder, Report};

#[derive(Clone, Debug)]
enum Event {
    EndpointStarted(u32),
    EndpointDone(u32, u16, bool, u64),
    EndpointAbandoned(u32),
    BackendStarted(u32),
    BackendDone(u32, Outcome, u64),
    Unrouted(u16),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let id = 0_u32..4;
    let us = prop_oneof![0_u64..2_000, 0_u64..5_000_000];
    let outcome = prop_oneof![
        (100_u16..700).prop_map(Outcome::Status),
        prop::sample::select(vec!["timeout", "connect", "io"]).prop_map(Outcome::Failed),
    ];
    let event = prop_oneof![
        id.clone().prop_map(Event::EndpointStarted),
        (id.clone(), 100_u16..700, any::<bool>(), us.clone())
            .prop_map(|(id, status, complete, us)| Event::EndpointDone(id, status, complete, us)),
        id.clone().prop_map(Event::EndpointAbandoned),
        id.clone().prop_map(Event::BackendStarted),
        (id, outcome, us).prop_map(|(id, outcome, us)| Event::BackendDone(id, outcome, us)),
        (400_u16..410).prop_map(Event::Unrouted),
    ];
    prop::collection::vec(event, 0..300)
}

fn record(recorder: &mut Recorder, event: &Event) {
    match *event {
        Event::EndpointStarted(id) => recorder.endpoint_started(EndpointId(id)),
        Event::EndpointDone(id, status, complete, us) => {
            recorder.endpoint_done(EndpointId(id), status, complete, Duration::from_micros(us));
        }
        Event::EndpointAbandoned(id) => recorder.endpoint_abandoned(EndpointId(id)),
        Event::BackendStarted(id) => recorder.backend_started(BackendId(id)),
        Event::BackendDone(id, outcome, us) => {
            recorder.backend_done(BackendId(id), outcome, Duration::from_micros(us));
        }
        Event::Unrouted(status) => recorder.unrouted(status),
    }
}

#[derive(Debug, Default, PartialEq)]
struct Sum {
    endpoints: BTreeMap<EndpointId, Tally>,
    backends: BTreeMap<BackendId, Tally>,
    unrouted: BTreeMap<u16, u64>,
}

impl Sum {
    fn add(&mut self, report: Option<Report>) {
        let Some(report) = report else { return };
        for (id, tally) in report.endpoints {
            self.endpoints.entry(id).or_default().merge(&tally);
        }
        for (id, tally) in report.backends {
            self.backends.entry(id).or_default().merge(&tally);
        }
        for (status, count) in report.unrouted {
            *self.unrouted.entry(status).or_default() += count;
        }
    }
}

proptest! {
    #[test]
    fn recorders_merged_equal_one_recorder(events in events(), threads in 1_usize..4, every in 1_usize..50) {
        let names = names(4);
        let mut one = Recorder::new(Arc::clone(&names));
        let mut many: Vec<_> = (0..threads).map(|_| Recorder::new(Arc::clone(&names))).collect();
        let (mut whole, mut merged) = (Sum::default(), Sum::default());
        for (place, event) in events.iter().enumerate() {
            record(&mut one, event);
            record(&mut many[place % threads], event);
            if place % every == 0 {
                merged.add(many[place % threads].take());
            }
        }
        whole.add(one.take());
        many.iter_mut().for_each(|recorder| merged.add(recorder.take()));
        prop_assert_eq!(whole, merged);
    }
}

#[test]
fn a_report_holds_only_what_was_touched_since_the_last() {
    let mut recorder = Recorder::new(names(10_000));
    assert!(recorder.take().is_none());
    recorder.endpoint_started(EndpointId(7));
    recorder.backend_started(BackendId(3));
    let first = recorder.take().unwrap();
    assert_eq!((first.endpoints.len(), first.backends.len()), (1, 1));
    recorder.endpoint_done(EndpointId(7), 200, false, Duration::from_millis(3));
    let second = recorder.take().unwrap();
    let (id, tally) = &second.endpoints[0];
    assert_eq!((*id, second.backends.len()), (EndpointId(7), 0));
    assert_eq!((tally.counts.started, tally.counts.finished, tally.counts.incomplete), (0, 1, 1));
    assert_eq!((tally.counts.classes[2], tally.latency.max_us()), (1, 3_000));
    assert!(recorder.take().is_none());
}

#[test]
fn many_series_leave_in_several_reports() {
    let series = SERIES_PER_REPORT_MAX as u32 * 2 + 1;
    let mut recorder = Recorder::new(names(series as usize));
    (0..series).for_each(|id| recorder.endpoint_started(EndpointId(id)));
    let sizes: Vec<_> = std::iter::from_fn(|| recorder.take()).map(|report| report.endpoints.len()).collect();
    assert_eq!(sizes, [SERIES_PER_REPORT_MAX, SERIES_PER_REPORT_MAX, 1]);
}

#[test]
fn statuses_of_unrouted_replies_are_bounded() {
    let mut recorder = Recorder::new(Arc::new(Names::default()));
    (0..u16::MAX).for_each(|status| recorder.unrouted(status));
    let report = recorder.take().unwrap();
    assert!(report.unrouted.len() <= 33);
    assert_eq!(report.unrouted.iter().map(|&(_, count)| count).sum::<u64>(), u64::from(u16::MAX));
    recorder.unrouted(60_000);
    assert_eq!(recorder.take().unwrap().unrouted, [(0, 1)]);
}

/// One request to an endpoint.
fn serve(recorder: &mut Recorder, id: u32) {
    recorder.endpoint_started(EndpointId(id));
    recorder.backend_started(BackendId(2 * id));
    recorder.backend_done(BackendId(2 * id), Outcome::Status(200), Duration::from_millis(3));
    recorder.endpoint_done(EndpointId(id), 200, true, Duration::from_millis(3));
}

#[test]
fn recording_allocates_nothing_once_a_series_is_known_however_many_there_are() {
    for series in [1, 10_000] {
        let mut recorder = Recorder::new(names(series as usize));
        let last = series - 1;
        // The list of durations spills into the histogram, which is kept.
        (0..100).for_each(|_| serve(&mut recorder, last));
        drop(recorder.take());
        let allocated = allocation_counter::measure(|| (0..1000).for_each(|_| serve(&mut recorder, last)));
        assert_eq!(allocated.count_total, 0, "{series} series");
    }
}

#[test]
fn a_report_costs_as_much_memory_among_many_series_as_alone() {
    let cost = |series: u32| {
        let mut recorder = Recorder::new(names(series as usize));
        serve(&mut recorder, series - 1);
        drop(recorder.take());
        serve(&mut recorder, series - 1);
        let mut report = None;
        let allocated = allocation_counter::measure(|| report = recorder.take());
        assert_eq!(report.expect("there was a request").endpoints.len(), 1);
        (allocated.count_total, allocated.bytes_total)
    };
    assert_eq!(cost(10_000), cost(1));
}
