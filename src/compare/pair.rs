//! One request's answers on their way to be compared.
//!
//! Runs on threads that serve clients, for the share of the copies whose answers are compared. Each call that matters has
//! a leg; when the last leg is gone, wherever that is, what they saw is handed on, without waiting, to where it is
//! compared. What is kept is reserved in the budget of all shadows and given back when it has been compared.

use std::{
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use http::Method;

use crate::model::{Kind, MemoryBudget, Request, Sight, Wanted, Witness};

use super::{Experiment, experiment::Drawn, field_names::beginning};

/// The longest path that is kept of a request, in bytes.
const PATH_BYTES_MAX: usize = 1024;

/// The answers of one request, until all are there.
#[derive(Clone, Debug)]
pub struct Pair(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    experiment: Arc<Experiment>,
    drawn: Drawn,
    /// Whether a variant of a split answers in place of the backend that the shadow is held against.
    is_of_variant: AtomicBool,
    request: Asked,
    held: AtomicUsize,
    sights: Mutex<Sights>,
}

/// What was asked.
#[derive(Clone)]
pub struct Asked {
    /// The method of the client.
    pub method: Method,
    /// Its path, without the query, at most a kilobyte of it.
    pub path: Box<str>,
    /// A hash of its query, by which it is told from others.
    pub query: u64,
    /// When.
    pub at: SystemTime,
    /// The number that the marks of its copies carry.
    pub number: u64,
}

/// A path may hold a secret, so none is shown.
impl fmt::Debug for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Asked({}, {} bytes of path, {:x})", self.method, self.path.len(), self.number)
    }
}

fn hash_of(query: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    query.hash(&mut hasher);
    hasher.finish()
}

/// What the legs saw.
#[derive(Debug, Default)]
pub struct Sights {
    /// Of the live calls that matter, by their place, in the order of their arrival.
    pub live: Vec<(usize, Sight)>,
    /// Of the shadow; `None` if its copy was not sent, or ended unseen.
    pub shadow: Option<Sight>,
    /// Of the second live call, if there was one.
    pub baseline: Option<Sight>,
}

impl Sights {
    /// What the live call in this place ended with, if that was seen.
    #[must_use]
    pub fn live_at(&self, place: usize) -> Option<&Sight> {
        self.live.iter().find(|(of, _)| *of == place).map(|(_, sight)| sight)
    }
}

/// A pair whose legs are all gone.
#[derive(Debug)]
pub struct Settled {
    /// The request.
    pub request: Asked,
    /// What was seen.
    pub sights: Sights,
    /// How many pairs were begun before it.
    pub(super) place: u64,
    held: Held,
}

/// Bytes that are given back when this is dropped.
#[derive(Debug)]
struct Held {
    memory: Arc<MemoryBudget>,
    bytes: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.release(self.bytes);
    }
}

/// Whose answer a leg sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Live(usize),
    Shadow,
    Baseline,
}

/// Sees one call of a pair.
#[derive(Debug)]
struct Leg {
    pair: Pair,
    side: Side,
}

impl Pair {
    /// A pair for one request, if it is the turn of this one to be compared.
    #[must_use]
    pub fn begin(experiment: &Arc<Experiment>, request: &Request) -> Option<Self> {
        let drawn = experiment.draw(&request.method)?;
        let (path, query) = request.origin.as_ref().map_or(("", ""), |origin| (&origin.path, &origin.query));
        let request = Asked {
            method: request.method.clone(),
            path: beginning(path, PATH_BYTES_MAX).into(),
            query: hash_of(query),
            at: SystemTime::now(),
            number: request.origin.as_ref().map_or(0, |origin| origin.pair),
        };
        let inner = Inner {
            experiment: Arc::clone(experiment),
            drawn,
            is_of_variant: AtomicBool::new(false),
            request,
            held: AtomicUsize::new(0),
            sights: Mutex::default(),
        };
        Some(Self(Arc::new(inner)))
    }

    /// The witness of the live call in this place, if its answer matters.
    #[must_use]
    pub fn live(&self, place: usize) -> Option<Arc<dyn Witness>> {
        self.0.experiment.watches(place).then(|| self.leg(Side::Live(place)))
    }

    /// The witness of the call in this place, which a variant of a split takes. Where it stands in for the backend that
    /// the shadow is held against there is nothing to compare, and the pair is void.
    #[must_use]
    pub fn of_variant(&self, place: usize) -> Option<Arc<dyn Witness>> {
        if self.0.experiment.compare.against.place() == place {
            self.0.is_of_variant.store(true, Ordering::Release);
            return None;
        }
        self.live(place)
    }

    /// The witness of the shadow's call.
    #[must_use]
    pub fn shadow(&self) -> Arc<dyn Witness> {
        self.leg(Side::Shadow)
    }

    /// The witness of a second live call, if there is to be one.
    #[must_use]
    pub fn baseline(&self) -> Option<Arc<dyn Witness>> {
        let is_wanted = self.0.drawn.has_baseline && !self.0.is_of_variant.load(Ordering::Acquire);
        is_wanted.then(|| self.leg(Side::Baseline))
    }

    fn leg(&self, side: Side) -> Arc<dyn Witness> {
        Arc::new(Leg { pair: self.clone(), side })
    }
}

impl Witness for Leg {
    fn wants(&self) -> Wanted {
        self.pair.0.experiment.wants()
    }

    fn reserve(&self, bytes: usize) -> bool {
        let inner = &self.pair.0;
        let has_room = inner.experiment.memory().reserve(bytes);
        if has_room {
            inner.held.fetch_add(bytes, Ordering::AcqRel);
        }
        has_room
    }

    /// Of several calls that race, the last that ends counts: it is the one that ended the race. Those that were given
    /// up then say nothing, but that they took too long if that was the end of their time as well.
    fn saw(&self, sight: Sight) {
        // What is done under the lock does not panic, and is short: what gives way is dropped after it.
        let mut sights = self.pair.0.sights.lock().unwrap_or_else(PoisonError::into_inner);
        let gives_way = match self.side {
            Side::Live(place) => {
                let seen = sights.live.iter().position(|(seen, _)| *seen == place);
                let before = seen.map(|seen| sights.live.remove(seen).1);
                let (counts, gives_way) = later(before, sight);
                sights.live.push((place, counts));
                gives_way
            }
            Side::Shadow => take_place(&mut sights.shadow, sight),
            Side::Baseline => take_place(&mut sights.baseline, sight),
        };
        drop(sights);
        drop(gives_way);
    }
}

fn take_place(of: &mut Option<Sight>, sight: Sight) -> Option<Sight> {
    let (counts, gives_way) = later(of.take(), sight);
    *of = Some(counts);
    gives_way
}

/// Which of two ends of a race counts, and the other one.
fn later(before: Option<Sight>, sight: Sight) -> (Sight, Option<Sight>) {
    match (before, sight) {
        (Some(answer @ Sight::Answer(_)), late @ Sight::Failed(Kind::Timeout)) => (answer, Some(late)),
        (before, sight) => (sight, before),
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let sights = self.sights.get_mut().unwrap_or_else(PoisonError::into_inner);
        let held = Held { memory: Arc::clone(self.experiment.memory()), bytes: *self.held.get_mut() };
        let path = std::mem::take(&mut self.request.path);
        let request = Asked { path, ..self.request.clone() };
        let settled = Settled { request, sights: std::mem::take(sights), place: self.drawn.place, held };
        if *self.is_of_variant.get_mut() {
            self.experiment.skip(Box::new(settled));
        } else {
            Experiment::settle(&self.experiment, Box::new(settled));
        }
    }
}

impl Settled {
    /// Bytes that are held for it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.held.bytes
    }
}
