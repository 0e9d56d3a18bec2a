//! The limit on shadow work, and the right to one call.
//!
//! Runs on the live path once per shadow and request: a few atomic operations and an entry in the books, no wait for a
//! shadow, no copy, no lock that is held while anything else is done. A refusal is counted here with its reason; a
//! ticket gives its slot and its bytes back when it is dropped, wherever that is.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::time::Instant;

use crate::{
    config::shadow::Share,
    model::{Descriptor, Descriptors, Request},
    plan::{Base, ServiceName, ShadowBounds, ShadowPlan},
    stats::Arms,
};

use super::{
    Attempt, Backoff, Breaker, Dial, Dialed, DropReason, KillSwitch, Ledger, MemoryBudget, Pace, SkipReason, Turns,
    overload,
};

mod room;
mod rules;
mod ticket;
mod told;

use room::Room;
pub use room::Turn;
use rules::Rules;
pub use ticket::{Cleared, Ticket};

/// Bounds and books of one shadow backend, shared by all threads.
#[derive(Debug)]
pub struct Gate {
    bounds: ShadowBounds,
    memory: Arc<MemoryBudget>,
    closed: AtomicBool,
    room: Arc<Room>,
    ledger: Arc<Ledger>,
    dial: Arc<Dial>,
    /// Whether the shadow can be reached.
    backoff: Arc<Backoff>,
    /// Whom all this is about: the addresses of the shadow.
    hosts: Hosts,
    /// Whether copies stop on a thread that is behind.
    sheds_load: bool,
    /// In policy mode.
    rules: Option<Rules>,
}

/// The addresses of a shadow, given or found.
type Hosts = (Vec<Base>, Option<ServiceName>);

/// A request that could be copied.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The request.
    pub request: &'a Request,
    /// A number drawn for it once, for all its shadows.
    pub drawn: u64,
    /// What a copy will hold.
    pub size: Size,
}

/// What a copy holds, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Of the body, as far as that is known.
    pub body: usize,
    /// Of a body that is streamed, as far as that is known: a [`crate::shadow::window`] holds parts of it later.
    pub streamed: usize,
    /// Of everything else of the request.
    pub head: usize,
}

impl Size {
    /// What is held from the start.
    const fn total(self) -> usize {
        self.body.saturating_add(self.head)
    }

    const fn whole_body(self) -> usize {
        self.body.saturating_add(self.streamed)
    }
}

/// What became of an offer. It is booked already.
#[derive(Debug)]
pub enum Offered {
    /// It may be copied.
    Admitted(Ticket),
    /// Nobody wants a copy.
    Skipped(SkipReason),
    /// A copy is wanted, and there is no room for it.
    Dropped(DropReason),
}

/// What is copied in plain mode.
const EVERYTHING: Dialed = Dialed { rate: Share::ALL, holdout: Share::NONE };

impl Gate {
    /// An open gate for a shadow in plain mode, wherever it is.
    #[must_use]
    pub fn new(bounds: ShadowBounds, memory: Arc<MemoryBudget>) -> Self {
        Self {
            bounds,
            memory,
            closed: AtomicBool::new(false),
            room: Arc::new(Room::new(bounds.concurrent_max)),
            ledger: Arc::default(),
            dial: Arc::new(Dial::new(KillSwitch::default(), EVERYTHING, false)),
            backoff: Arc::default(),
            hosts: Hosts::default(),
            sheds_load: false,
            rules: None,
        }
    }

    /// An open gate for a shadow as its plan says. `sheds_load` stops copies on threads that are behind.
    #[must_use]
    pub fn of(plan: &ShadowPlan, memory: Arc<MemoryBudget>, kill: KillSwitch, sheds_load: bool) -> Self {
        let hosts = (plan.backend.bases.clone(), plan.backend.discovered.clone());
        let plain = Self { hosts, sheds_load, ..Self::new(plan.bounds, memory) };
        let Some(policy) = plan.policy.as_deref() else {
            return Self { dial: Arc::new(Dial::new(kill, EVERYTHING, false)), ..plain };
        };
        let dialed = Dialed { rate: policy.sample.rate, holdout: policy.holdout };
        let dial = Arc::new(Dial::new(kill, dialed, policy.schedule.dry_run));
        Self { dial, rules: Some(Rules::new(policy, plan)), ..plain }
    }

    /// An open gate for what its shadow is after a reload, that goes on with the books of this one and under the same
    /// switch over all. Copies that this one let in end in the same books, count against the bounds of both, and are held
    /// back by what holds back those of the next. If the shadow stays where it is, so does what is known of it (its
    /// breaker, whether it can be reached) and what it has used of its rates.
    #[must_use]
    pub fn successor(&self, plan: &ShadowPlan, sheds_load: bool) -> Self {
        let mut next = Self::of(plan, Arc::clone(&self.memory), self.dial.kill_switch().clone(), sheds_load);
        if next.hosts == self.hosts {
            next.backoff = Arc::clone(&self.backoff);
            if let (Some(rules), Some(former)) = (&mut next.rules, &self.rules) {
                rules.go_on_from(former);
            }
        }
        self.dial.follow(&next.dial);
        self.room.resize(next.bounds.concurrent_max);
        Self { ledger: Arc::clone(&self.ledger), room: Arc::clone(&self.room), ..next }
    }

    /// Waits for the turn of one call; whoever holds the turn may call. The gates before and after a reload share them.
    pub async fn turn(&self) -> Turn {
        self.room.turn().await
    }

    /// Offers a request; gives the right to mirror it, or counts why not.
    #[must_use]
    pub fn offer(self: &Arc<Self>, asked: Asked<'_>) -> Offered {
        // Before anything is looked at, so that no kill falls between the look and the ticket.
        let turns = self.dial.kill_switch().turns();
        match self.choose(asked) {
            Ok(()) => self.admitted(asked.size, turns),
            Err(reason) => {
                self.ledger.skip(reason);
                Offered::Skipped(reason)
            }
        }
    }

    /// Offers one more copy of a request that was admitted before.
    #[must_use]
    pub fn admit_more(self: &Arc<Self>, size: Size) -> Offered {
        self.admitted(size, self.dial.kill_switch().turns())
    }

    fn admitted(self: &Arc<Self>, size: Size, turns: Turns) -> Offered {
        match self.admit(size) {
            Ok((attempt, descriptor)) => {
                self.ledger.admit();
                Offered::Admitted(Ticket::new(Arc::clone(self), size, turns, attempt, descriptor))
            }
            Err(reason) => {
                self.ledger.refuse(reason);
                Offered::Dropped(reason)
            }
        }
    }

    /// Whether anybody wants the copy.
    fn choose(&self, asked: Asked<'_>) -> Result<(), SkipReason> {
        if let Some(reason) = self.dial.stopped() {
            return Err(reason);
        }
        match &self.rules {
            None => Ok(()),
            Some(rules) => rules.selector.choose(asked.request, self.dial.dialed(), asked.drawn),
        }
    }

    /// Whether there is room for it, the cheapest questions first. What was taken before a refusal is given back.
    fn admit(&self, size: Size) -> Result<(Attempt, Descriptor), DropReason> {
        if self.closed.load(Ordering::Acquire) {
            return Err(DropReason::Shutdown);
        }
        if size.whole_body() > self.bounds.request_bytes_max {
            return Err(DropReason::BodyTooLarge);
        }
        if self.sheds_load && overload::is_behind() {
            return Err(DropReason::Overload);
        }
        if self.breaker().is_some_and(|breaker| breaker.is_open(Instant::now())) {
            return Err(DropReason::BreakerOpen);
        }
        if self.backoff.holds_back() {
            return Err(DropReason::Unreachable);
        }
        let descriptor = Descriptors::of_process().for_copy().ok_or(DropReason::Descriptors)?;
        self.reserve(size)?;
        // Only now, so that no trial is spent on a copy that finds no room. Another thread may have been faster.
        let attempt = self.backoff.attempt().ok_or_else(|| {
            self.give_back(size.total());
            self.room.concurrent().release(1);
            DropReason::Unreachable
        })?;
        Ok((attempt, descriptor))
    }

    fn reserve(&self, size: Size) -> Result<(), DropReason> {
        let (concurrent, queue) = (self.bounds.concurrent_max, self.bounds.queue_max);
        if !self.room.concurrent().reserve(1, concurrent.saturating_add(queue)) {
            return Err(if queue == 0 { DropReason::Concurrency } else { DropReason::QueueFull });
        }
        let held = self
            .hold(size.total())
            .and_then(|()| self.pay(size.whole_body()).inspect_err(|_reason| self.give_back(size.total())));
        held.inspect_err(|_reason| self.room.concurrent().release(1))
    }

    /// Takes a copy and its bytes out of the rates. The last question, so that nothing is paid for a refused copy but
    /// one whose bytes are too many.
    fn pay(&self, body_bytes: usize) -> Result<(), DropReason> {
        let Some(rules) = &self.rules else { return Ok(()) };
        let now = Instant::now();
        if !rules.copies.take(1, now) {
            return Err(DropReason::Rate);
        }
        rules.pay_bytes(body_bytes, now)
    }

    /// Takes bytes of a body that arrives without its length out of the rate.
    pub(super) fn pay_bytes(&self, bytes: usize) -> Result<(), DropReason> {
        self.rules.as_ref().map_or(Ok(()), |rules| rules.pay_bytes(bytes, Instant::now()))
    }

    /// A larger body is not copied.
    pub(super) const fn request_bytes_max(&self) -> usize {
        self.bounds.request_bytes_max
    }

    /// Reserves bytes of this gate and of the common budget.
    pub(super) fn hold(&self, bytes: usize) -> Result<(), DropReason> {
        if !self.room.bytes().reserve(bytes, self.bounds.buffered_bytes_max) {
            return Err(DropReason::Memory);
        }
        if !self.memory.reserve(bytes) {
            self.room.bytes().release(bytes);
            return Err(DropReason::MemoryBudget);
        }
        Ok(())
    }

    /// Gives back what was held.
    pub(super) fn give_back(&self, bytes: usize) {
        self.memory.release(bytes);
        self.room.bytes().release(bytes);
    }

    /// Refuses everything from now on.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Tickets that are out now, those of the gates before and after it included.
    #[must_use]
    pub fn concurrent(&self) -> usize {
        self.room.concurrent().held()
    }

    /// Bytes that are held for its copies now, those of the gates before and after it included.
    #[must_use]
    pub fn buffered_bytes(&self) -> usize {
        self.room.bytes().held()
    }

    /// What can be changed while it runs.
    #[must_use]
    pub fn dial(&self) -> &Dial {
        &self.dial
    }

    /// Copies per second, in policy mode.
    #[must_use]
    pub fn pace(&self) -> Option<&Pace> {
        self.rules.as_ref().map(|rules| &*rules.copies)
    }

    /// Its breaker, if it has one.
    #[must_use]
    pub fn breaker(&self) -> Option<&Breaker> {
        self.rules.as_ref()?.breaker.as_deref()
    }

    /// Where live replies are timed in two groups, if some requests are held out.
    #[must_use]
    pub fn arms(&self) -> Option<&Arms> {
        self.rules.as_ref()?.arms.as_ref()
    }

    /// The budget of all shadows.
    #[must_use]
    pub fn memory(&self) -> &Arc<MemoryBudget> {
        &self.memory
    }

    /// Its books.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

#[cfg(test)]
mod backoff_tests;
#[cfg(test)]
mod policy_tests;
#[cfg(test)]
mod tests;
