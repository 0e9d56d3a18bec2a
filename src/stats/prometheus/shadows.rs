//! Where copies of requests went and what is thought of the shadows, as series.

use std::collections::{HashMap, VecDeque};

use super::{
    comparison,
    exposition::{Exposition, Label, Labelled},
    format::Kind,
    write::Named,
};
use crate::stats::{
    arms::Arm,
    books::Books,
    snapshot::LatencySnapshot,
    standing::{BREAKER_STATES, PAUSES, Standing},
    steering::{Steering, VERDICTS},
};

/// A shadow with its books.
pub(super) struct Shadow<'a> {
    named: Named<'a>,
    books: &'a Books,
    pub(super) standing: &'a Standing,
}

impl<'a> Shadow<'a> {
    fn new(named: Named<'a>) -> Option<Self> {
        let (books, standing) = (&named.backend.books.as_ref()?.books, named.backend.standing.as_ref()?);
        Some(Self { named, books, standing })
    }
}

impl Labelled for Shadow<'_> {
    fn labels(&self) -> Vec<Label<'_>> {
        self.named.labels()
    }
}

/// A shadow and something that only some have.
impl<T> Labelled for (&Shadow<'_>, T) {
    fn labels(&self) -> Vec<Label<'_>> {
        self.0.labels()
    }
}

/// One group of live replies of a shadow with a hold-out.
struct Group<'a> {
    shadow: &'a Shadow<'a>,
    arm: Arm,
    latency: &'a LatencySnapshot,
}

impl Labelled for Group<'_> {
    fn labels(&self) -> Vec<Label<'_>> {
        let mut labels = self.shadow.labels();
        labels.push(("arm", self.arm.label()));
        labels
    }
}

/// Writes the series of all shadows.
pub(super) fn write(text: &mut Exposition, shadows: Vec<Named<'_>>, steering: &Steering) {
    let shadows: Vec<_> = shadows.into_iter().filter_map(Shadow::new).collect();
    let shadows = shadows.as_slice();
    for (name, kind, help, number) in NUMBERS {
        text.numbers(name, kind, help, shadows, |one| number(one.books));
    }
    let help = "Not mirrored on purpose, by reason.";
    text.counts("gnomon_shadow_skipped_total", help, "reason", shadows, |one| one.books.skipped.clone());
    let help = "Not mirrored because a limit forbade it, by reason.";
    text.counts("gnomon_shadow_dropped_total", help, "reason", shadows, |one| one.books.dropped.clone());
    write_finished(text, shadows);
    let help = "From the begin of a mirrored call to the end of its answer.";
    text.histograms("gnomon_shadow_duration_seconds", help, shadows, |one| one.named.traced());
    write_standing(text, shadows);
    write_breakers(text, shadows);
    write_groups(text, shadows);
    write_verdicts(text, shadows, steering);
    let compared = shadows.iter().filter_map(|one| Some((one, one.standing.comparison.as_ref()?)));
    comparison::write(text, &compared.collect::<Vec<_>>());
}

fn write_standing(text: &mut Exposition, shadows: &[Shadow<'_>]) {
    let help = "The share of requests that is sampled now.";
    text.numbers("gnomon_shadow_sample_rate", Kind::Gauge, help, shadows, |one| one.standing.rate);
    let limited: Vec<_> = shadows.iter().filter_map(|one| Some((one, one.standing.max_rps?))).collect();
    let help = "The most copies a second now; shadows with such a limit.";
    text.numbers("gnomon_shadow_rate_limit", Kind::Gauge, help, &limited, |(_, limit)| *limit);
    let help = "Whether everything is decided and nothing is sent.";
    text.numbers("gnomon_shadow_dry_run", Kind::Gauge, help, shadows, |one| u8::from(one.standing.dry_run));
    let help = "Whether all shadows are switched off.";
    text.numbers("gnomon_shadow_killed", Kind::Gauge, help, shadows, |one| u8::from(one.standing.killed));
    let name = "gnomon_shadow_paused";
    text.family(name, Kind::Gauge, "Whether nothing is copied, by cause.");
    for (one, cause) in shadows.iter().flat_map(|one| PAUSES.map(|cause| (one, cause))) {
        let is_paused = one.standing.paused == Some(cause);
        text.sample(name, &one.labels(), Some(("cause", cause)), u8::from(is_paused));
    }
}

fn write_breakers(text: &mut Exposition, shadows: &[Shadow<'_>]) {
    let guarded: Vec<_> = shadows.iter().filter_map(|one| Some((one, one.standing.breaker?))).collect();
    let help = "The state of the breaker: 0 closed, 1 open, 2 half open.";
    text.numbers("gnomon_shadow_breaker_state", Kind::Gauge, help, &guarded, |(_, state)| {
        BREAKER_STATES.iter().position(|known| known == state).unwrap_or(0)
    });
    let help = "How often the state of the breaker changed.";
    let name = "gnomon_shadow_breaker_transitions_total";
    text.numbers(name, Kind::Counter, help, &guarded, |(one, _)| one.standing.breaker_transitions);
}

fn write_groups(text: &mut Exposition, shadows: &[Shadow<'_>]) {
    let measured = shadows.iter().filter_map(|shadow| Some((shadow, shadow.standing.overhead.as_ref()?)));
    let groups: Vec<_> = measured
        .flat_map(|(shadow, overhead)| {
            [(Arm::Shadowed, &overhead.shadowed), (Arm::Holdout, &overhead.holdout)].map(|(arm, latency)| Group {
                shadow,
                arm,
                latency,
            })
        })
        .collect();
    let help = "Live replies to requests that the shadow was offered, and to those held out from it.";
    text.histograms("gnomon_shadow_live_duration_seconds", help, &groups, |group| (group.latency, None));
}

/// Judgements come in the order of the file, as the shadows do, but may be of the configuration before or after: so each
/// goes to the first that is called like it.
fn write_verdicts(text: &mut Exposition, shadows: &[Shadow<'_>], steering: &Steering) {
    let mut judged: HashMap<_, VecDeque<_>> = HashMap::new();
    for one in &steering.judged {
        judged.entry([&one.method, &one.path, &one.backend]).or_default().push_back(one.verdict);
    }
    let verdicts = shadows.iter().filter_map(|shadow| {
        let Named { backend, endpoint, .. } = &shadow.named;
        let verdict = judged.get_mut(&[&endpoint.method, &endpoint.path, &backend.label])?.pop_front()??;
        Some((shadow, verdict))
    });
    let verdicts: Vec<_> = verdicts.collect();
    let help = "Whether the shadow can take the live backend's place.";
    text.numbers("gnomon_shadow_ready", Kind::Gauge, help, &verdicts, |(_, verdict)| u8::from(*verdict == VERDICTS[0]));
    let name = "gnomon_shadow_verdict";
    text.family(name, Kind::Gauge, "What is thought of the shadow: 1 for the verdict that holds.");
    for (one, known) in verdicts.iter().flat_map(|one| VERDICTS.map(|known| (one, known))) {
        text.sample(name, &one.labels(), Some(("verdict", known)), u8::from(one.1 == known));
    }
}

/// Completed calls have a class of status, failed ones the kind of their failure.
fn write_finished(text: &mut Exposition, shadows: &[Shadow<'_>]) {
    let name = "gnomon_shadow_finished_total";
    text.family(name, Kind::Counter, "Mirrored calls ended, by outcome and class of status or kind of failure.");
    for shadow in shadows {
        for (outcome, classes) in [("completed", &shadow.books.completed), ("failed", &shadow.books.failed)] {
            let mut labels = shadow.labels();
            labels.push(("outcome", outcome));
            for (class, count) in classes {
                text.sample(name, &labels, Some(("class", class)), count);
            }
        }
    }
}

/// (name, kind, help, the number)
type Number = (&'static str, Kind, &'static str, fn(&Books) -> u64);

const NUMBERS: [Number; 8] = [
    ("gnomon_shadow_offered_total", Kind::Counter, "Requests that could have been mirrored.", |books| books.offered),
    ("gnomon_shadow_sent_total", Kind::Counter, "Requests handed to the shadow.", |books| books.sent),
    ("gnomon_shadow_abandoned_total", Kind::Counter, "Mirrored calls given up by the gateway.", |books| {
        books.abandoned
    }),
    ("gnomon_shadow_in_flight", Kind::Gauge, "Mirrored calls begun and not ended.", |books| books.in_flight),
    ("gnomon_shadow_waiting", Kind::Gauge, "Copies admitted and not sent yet.", |books| books.waiting),
    ("gnomon_shadow_buffered_bytes", Kind::Gauge, "Bytes of bodies and heads held now.", |books| books.buffered_bytes),
    ("gnomon_shadow_memory_budget_bytes", Kind::Gauge, "The most bytes of bodies that may be held.", |books| {
        books.buffered_bytes_max
    }),
    ("gnomon_shadow_concurrent_limit", Kind::Gauge, "The most calls that may be in flight.", |books| {
        books.concurrent_max
    }),
];
