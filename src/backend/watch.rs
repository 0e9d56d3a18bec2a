//! A call that somebody watches: what it ended with, shown to the witnesses as well.
//!
//! Runs on the live path for the share of the requests whose answers are compared. Promises: the answer is the same
//! and nobody waits for a witness; bodies are kept by reference, up to what a witness wants and has room for; a call that
//! is given up after its deadline is shown as timed out, one that is given up before is not shown.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{StatusCode, header::CONTENT_ENCODING};
use tokio::time::Instant;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::model::{
    BodyError, Failure, Headers, Kind, Payload, Response, Seen, SeenBody, Sight, Unkept, Wanted, Witness,
    body::{Collected, Tap},
};

use super::{client::Inbound, packed::Packing};

/// One watched call.
pub(super) struct Watch<'a> {
    witnesses: &'a [Arc<dyn Witness>],
    started: Instant,
    deadline: Instant,
    head: RefCell<Option<Head>>,
    text: RefCell<Option<Bytes>>,
    is_told: Cell<bool>,
}

/// The head of an answer, and when it came.
#[derive(Clone, Debug)]
struct Head {
    status: StatusCode,
    headers: Headers,
    took: Duration,
}

impl<'a> Watch<'a> {
    /// Begins to watch a call that has time until `deadline`.
    pub(super) fn start(witnesses: &'a [Arc<dyn Witness>], deadline: Instant) -> Self {
        Self {
            witnesses,
            started: Instant::now(),
            deadline,
            head: RefCell::default(),
            text: RefCell::default(),
            is_told: Cell::new(false),
        }
    }

    /// The head has come; of several the last counts.
    pub(super) fn saw_head(&self, inbound: &Inbound) {
        let head = Head { status: inbound.status(), headers: inbound.headers(), took: self.started.elapsed() };
        *self.head.borrow_mut() = Some(head);
    }

    /// The text of an answer that is decoded, and how it was packed on the wire.
    pub(super) fn saw_text(&self, text: &Bytes, packing: Packing) {
        *self.text.borrow_mut() = Some(text.clone());
        if let Some(head) = self.head.borrow_mut().as_mut().filter(|_| packing != Packing::None) {
            head.headers.remove(&CONTENT_ENCODING);
        }
    }

    /// The call has ended. What passes through is shown when its reader has read it.
    pub(super) fn end(self, outcome: Result<Response, Failure>) -> Result<Response, Failure> {
        self.is_told.set(true);
        match outcome {
            Ok(Response { status, headers, payload: Payload::Transit(receiver), complete }) => {
                let head = self.head_or(status, &headers).packed_as(&headers);
                let length = receiver.length();
                let taps = self.witnesses.iter().map(|witness| Kept::new(Arc::clone(witness), length)).collect();
                let payload = Payload::Transit(receiver.tapped(Box::new(Taps { head, taps })));
                Ok(Response { status, headers, payload, complete })
            }
            Ok(response) => {
                let mut head = self.head_or(response.status, &response.headers);
                if !matches!(response.payload, Payload::Data(_)) {
                    head = head.packed_as(&response.headers);
                }
                for witness in self.witnesses {
                    let body = self.body(&response.payload, &**witness);
                    witness.saw(head.clone().with(body, self.took(&response.payload, head.took)));
                }
                Ok(response)
            }
            Err(failure) => {
                self.tell_failure(&failure);
                Err(failure)
            }
        }
    }

    /// What is decoded has come when it is whole; what passes through, when its head is there.
    fn took(&self, payload: &Payload, head: Duration) -> Duration {
        if matches!(payload, Payload::Data(_)) { self.started.elapsed() } else { head }
    }

    /// A failing status is an answer too; its body is of no interest.
    fn tell_failure(&self, failure: &Failure) {
        let answered = self.head.borrow_mut().take().filter(|_| failure.kind == Kind::Status);
        for witness in self.witnesses {
            witness.saw(match &answered {
                Some(head) => head.clone().with(SeenBody::Bytes(Bytes::new()), head.took),
                None => Sight::Failed(failure.kind),
            });
        }
    }

    /// The head of the upstream's answer, or that of a component that answered in its place.
    fn head_or(&self, status: StatusCode, headers: &Headers) -> Head {
        let head = self.head.borrow_mut().take();
        head.unwrap_or_else(|| Head { status, headers: headers.clone(), took: self.started.elapsed() })
    }

    fn body(&self, payload: &Payload, witness: &dyn Witness) -> SeenBody {
        let wanted = witness.wants();
        let text = self.text.borrow();
        match (payload, &*text) {
            (Payload::Data(_), Some(text)) if wanted.raw || wanted.hashed => kept_bytes(text, wanted, witness),
            (Payload::Data(data), text) => {
                // As long as its text, about: a tree of it may take a few times as much until the pair is compared.
                let length = text.as_ref().map_or_else(|| data.to_bytes().len(), Bytes::len);
                match room_for(length, wanted, witness) {
                    Ok(()) => SeenBody::Data(data.clone()),
                    Err(why) => SeenBody::Unkept(why),
                }
            }
            (Payload::Whole(bytes), _) => kept_bytes(bytes, wanted, witness),
            // Shown by its tap.
            (Payload::Transit(_), _) => SeenBody::Unkept(Unkept::BrokenOff),
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.is_told.get() && Instant::now() >= self.deadline {
            for witness in self.witnesses {
                witness.saw(Sight::Failed(Kind::Timeout));
            }
        }
    }
}

impl Head {
    /// Its body is shown as these headers describe it: what was unpacked on its way is not packed any more.
    fn packed_as(mut self, headers: &Headers) -> Self {
        if headers.get(&CONTENT_ENCODING).is_none() {
            self.headers.remove(&CONTENT_ENCODING);
        }
        self
    }

    fn with(self, body: SeenBody, took: Duration) -> Sight {
        Sight::Answer(Seen { status: self.status, headers: self.headers, body, took })
    }
}

fn kept_bytes(bytes: &Bytes, wanted: Wanted, witness: &dyn Witness) -> SeenBody {
    if wanted.hashed {
        // Whoever compares has the time to hash it; what can't be kept until then is hashed here.
        return match room_for(bytes.len(), wanted, witness) {
            Ok(()) => SeenBody::Bytes(bytes.clone()),
            Err(_) => SeenBody::Hashed { bytes: bytes.len() as u64, hash: xxh3_128(bytes) },
        };
    }
    match room_for(bytes.len(), wanted, witness) {
        Ok(()) => SeenBody::Bytes(bytes.clone()),
        Err(why) => SeenBody::Unkept(why),
    }
}

fn room_for(bytes: usize, wanted: Wanted, witness: &dyn Witness) -> Result<(), Unkept> {
    if bytes > wanted.bytes_max {
        return Err(Unkept::TooLarge);
    }
    if witness.reserve(bytes) { Ok(()) } else { Err(Unkept::NoRoom) }
}

/// Bodies up to this are kept to be hashed elsewhere; more at once would be felt when they turn out longer, in bytes.
const FEW_BYTES_MAX: u64 = 256 << 10;

fn few_bytes(wanted: Wanted) -> u64 {
    FEW_BYTES_MAX.min(wanted.bytes_max as u64)
}

/// What the witnesses see of a body that passes through.
#[derive(Debug)]
struct Taps {
    head: Head,
    taps: Vec<Kept>,
}

/// What is kept of it for one of them.
#[derive(Debug)]
struct Kept {
    witness: Arc<dyn Witness>,
    wanted: Wanted,
    bytes: u64,
    so_far: SoFar,
}

enum SoFar {
    Chunks(Collected),
    /// To be hashed by whoever compares, if they stay few.
    Few(Collected),
    Hash(Box<Xxh3>),
    Nothing(Unkept),
}

impl std::fmt::Debug for SoFar {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Chunks(_) => "Chunks",
            Self::Few(_) => "Few",
            Self::Hash(_) => "Hash",
            Self::Nothing(_) => "Nothing",
        })
    }
}

impl Kept {
    /// Of a body that is so long, if that is known.
    fn new(witness: Arc<dyn Witness>, length: Option<u64>) -> Self {
        let wanted = witness.wants();
        let so_far = match (wanted.hashed, length) {
            (true, Some(length)) if length > few_bytes(wanted) => SoFar::Hash(Box::default()),
            (true, _) => SoFar::Few(Collected::default()),
            (false, _) => SoFar::Chunks(Collected::default()),
        };
        Self { witness, wanted, bytes: 0, so_far }
    }

    fn keep(&mut self, chunk: &Bytes) {
        self.bytes += chunk.len() as u64;
        match &mut self.so_far {
            SoFar::Hash(hash) => hash.update(chunk),
            SoFar::Few(few) if self.bytes <= few_bytes(self.wanted) && self.witness.reserve(chunk.len()) => {
                few.push(chunk.clone());
            }
            SoFar::Few(few) => {
                let mut hash = Box::<Xxh3>::default();
                std::mem::take(few).finish().chunks().iter().for_each(|chunk| hash.update(chunk));
                hash.update(chunk);
                self.so_far = SoFar::Hash(hash);
            }
            SoFar::Nothing(_) => {}
            SoFar::Chunks(_) if self.bytes > self.wanted.bytes_max as u64 => {
                self.so_far = SoFar::Nothing(Unkept::TooLarge);
            }
            SoFar::Chunks(_) if !self.witness.reserve(chunk.len()) => self.so_far = SoFar::Nothing(Unkept::NoRoom),
            SoFar::Chunks(chunks) => chunks.push(chunk.clone()),
        }
    }

    fn finish(self, head: Head) {
        let body = match self.so_far {
            SoFar::Chunks(chunks) | SoFar::Few(chunks) => match chunks.finish() {
                one if one.chunks().len() <= 1 => SeenBody::Bytes(one.to_bytes()),
                pieces => SeenBody::Pieces(pieces),
            },
            SoFar::Hash(hash) => SeenBody::Hashed { bytes: self.bytes, hash: hash.digest128() },
            SoFar::Nothing(why) => SeenBody::Unkept(why),
        };
        let took = head.took;
        self.witness.saw(head.with(body, took));
    }
}

impl Tap for Taps {
    fn chunk(&mut self, chunk: &Bytes) {
        for tap in &mut self.taps {
            tap.keep(chunk);
        }
    }

    fn end(mut self: Box<Self>, broken: Option<BodyError>) {
        for mut tap in std::mem::take(&mut self.taps) {
            match broken {
                None => {}
                Some(BodyError::TimedOut) => {
                    tap.witness.saw(Sight::Failed(Kind::Timeout));
                    continue;
                }
                Some(BodyError::BrokenOff | BodyError::TooLarge) => tap.so_far = SoFar::Nothing(Unkept::BrokenOff),
            }
            tap.finish(self.head.clone());
        }
    }
}
