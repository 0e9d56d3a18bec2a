//! The copies of one request: admitted before anything is kept, handed over when their policy says so.

use std::{collections::VecDeque, rc::Rc, sync::Arc};

use tokio::{sync::oneshot, time::Instant};

use crate::{
    compare::Pair,
    config::shadow::{BodyMode, Dispatch as When, Policy},
    model::{Body, Failure, Reply, Request, body},
    shadow::{
        Arm, Asked, Chained, DropReason, Gate, Mirror, Offered, Size, SkipReason, Ticket, mirror::body_for, window,
    },
};

use super::{ShadowLink, dispatch::Way, second_call::SecondCall, upload, upload::Takers};

/// The admitted copies of one request.
pub(super) struct Copies {
    admitted: Vec<Copy>,
    timed: Timed,
    in_sequence: bool,
    source: Source,
}

/// One copy: where it goes, and the right to send it.
pub(super) struct Copy {
    pub(super) way: Rc<Way>,
    pub(super) ticket: Ticket,
    /// If its answer is compared.
    pub(super) pair: Option<Pair>,
}

/// Where the copies' body comes from.
enum Source {
    /// It is at hand.
    Held(Body),
    /// It is still arriving and is shared with the live call on its way.
    Arriving { from: body::BodyReceiver, live: body::BodySender },
}

/// The shadows that want to know how long the live reply took, and since when it is waited for.
#[derive(Default)]
struct Timed {
    begun: Option<Instant>,
    groups: Vec<(Arc<Gate>, Arm)>,
}

impl Timed {
    /// Enters the request in a group of the shadow, if it has groups. A copy that found no room counts as shadowed:
    /// chance put it there, and without it a strained gateway would leave its slowest replies out of one group only.
    fn enter(&mut self, gate: &Arc<Gate>, offered: &Offered) {
        let arm = match offered {
            Offered::Admitted(_) | Offered::Dropped(_) => Arm::Shadowed,
            Offered::Skipped(SkipReason::Holdout) => Arm::Holdout,
            Offered::Skipped(_) => return,
        };
        if gate.arms().is_some() {
            self.groups.push((Arc::clone(gate), arm));
        }
    }

    fn end(self) {
        let Some(begun) = self.begun else { return };
        for (gate, arm) in self.groups {
            if let Some(arms) = gate.arms() {
                arms.record(arm, begun.elapsed());
            }
        }
    }
}

/// Tells those that wait for it what the live answer is. Dropped without a word, the client has gone.
pub(super) struct LiveAnswer {
    waiting: Option<oneshot::Sender<u16>>,
    timed: Timed,
}

impl LiveAnswer {
    /// The live answer is known, and what its status is.
    pub(super) fn tell(self, status: u16) {
        self.timed.end();
        if let Some(waiting) = self.waiting {
            let _nobody_waits_any_more = waiting.send(status);
        }
    }
}

/// The status that a single live backend answered with, whatever the client is shown of it.
pub(super) fn answered_status(reply: &Reply) -> u16 {
    let answer = reply.failures.iter().find_map(|failure| failure.answer.as_ref()).map(|answer| answer.status);
    answer.or_else(|| Some(reply.response.as_ref()?.status)).map_or(500, |status| status.as_u16())
}

/// The status that the client is shown. Of several answers there is no other: parts that are missing don't change it.
pub(super) fn shown_status(reply: &Reply) -> u16 {
    let failed = || match reply.failures.as_slice() {
        [only] => Some(Failure::status(only)),
        _ => None,
    };
    reply.response.as_ref().map(|response| response.status).or_else(failed).map_or(500, |status| status.as_u16())
}

impl Copy {
    fn policy(&self) -> Option<&Policy> {
        self.way.link.plan.policy.as_deref()
    }

    /// Whether the policy wants the body.
    pub(super) fn takes_body(&self) -> bool {
        takes_body(&self.way.link)
    }

    fn waits_for_live_answer(&self) -> bool {
        self.policy().is_some_and(|policy| policy.dispatch == When::AfterLive)
    }

    fn not_before(&self) -> Option<Instant> {
        match self.policy()?.dispatch {
            When::Delayed(shortest, longest) => {
                let spread = longest.saturating_sub(shortest);
                Instant::now().checked_add(shortest.saturating_add(spread.mul_f64(fastrand::f64())))
            }
            When::Concurrent | When::AfterLive => None,
        }
    }
}

fn takes_body(link: &ShadowLink) -> bool {
    link.plan.policy.as_ref().is_none_or(|policy| policy.body != BodyMode::None)
}

/// The window of a copy whose body is sent on as it arrives.
fn stream_window(link: &ShadowLink) -> Option<usize> {
    match link.plan.policy.as_ref()?.body {
        BodyMode::Stream(window) => Some(window),
        BodyMode::Buffer | BodyMode::None => None,
    }
}

/// What a copy for this shadow holds.
fn size_for(link: &ShadowLink, body: Announced, head: usize) -> Size {
    let (held, streamed) = match stream_window(link) {
        _ if !takes_body(link) => (0, 0),
        Some(_) if body.is_arriving => (0, body.bytes),
        _ => (body.bytes, 0),
    };
    Size { body: held, streamed, head }
}

/// What is known of a body before it is read.
#[derive(Clone, Copy)]
struct Announced {
    bytes: usize,
    is_arriving: bool,
}

impl Announced {
    fn of(body: &Body) -> Self {
        let bytes = match body {
            Body::Empty => 0,
            Body::Held(held) => held.len(),
            Body::Transit(receiver) => {
                receiver.length().map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
            }
        };
        Self { bytes, is_arriving: matches!(body, Body::Transit(_)) }
    }
}

impl Copies {
    /// Offers a request to its shadows. Gives the body for the live calls, and the copies that were admitted.
    pub(super) fn offer(shadows: &[Rc<Way>], in_sequence: bool, request: &Request, body: Body) -> (Body, Self) {
        let mut timed = Timed::default();
        if shadows.iter().any(|way| way.link.gate.arms().is_some()) {
            timed.begun = Some(Instant::now());
        }
        let admitted = admit(shadows, in_sequence, request, Announced::of(&body), &mut timed);
        let (body, source) = match body {
            Body::Transit(from) if admitted.iter().any(Copy::takes_body) => {
                let (live, receiver) = body::transit(from.length());
                (Body::Transit(receiver), Source::Arriving { from, live })
            }
            body => {
                let held = body.share().unwrap_or_default();
                (body, Source::Held(held))
            }
        };
        (body, Self { admitted, timed, in_sequence, source })
    }

    /// The pairs of answers that the live calls have a part in.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        self.admitted.iter().filter_map(|copy| copy.pair.clone()).collect()
    }

    /// Sends the copies on their way. Never waits: a body that is still arriving, and an answer that is still to come,
    /// are waited for by a task of its own, which ends with the upload or the request.
    #[must_use]
    pub(super) fn hand_over(self, request: &Arc<Request>) -> LiveAnswer {
        let Self { admitted, timed, in_sequence, source } = self;
        let is_waited_for = admitted.iter().any(Copy::waits_for_live_answer);
        let (waiting, told) = is_waited_for.then(oneshot::channel).unzip();
        let answer = LiveAnswer { waiting, timed };
        match source {
            Source::Held(body) => send_or_wait(admitted, in_sequence, request, body, told),
            Source::Arriving { from, live } => {
                let (streamed, whole): (Vec<_>, Vec<_>) =
                    admitted.into_iter().partition(|copy| stream_window(&copy.way.link).is_some());
                let streamed = streamed.into_iter().map(|copy| stream(copy, request, from.length())).collect();
                let takers = Takers { whole, in_sequence, streamed };
                let request = Arc::clone(request);
                actix::spawn(async move {
                    if let Some((admitted, body)) = upload::share(from, live, takers).await {
                        send_or_wait(admitted, in_sequence, &request, body, told);
                    }
                });
            }
        }
        answer
    }
}

/// Asks each gate. In a sequence, nothing follows a copy that was refused.
fn admit(shadows: &[Rc<Way>], in_sequence: bool, request: &Request, body: Announced, timed: &mut Timed) -> Vec<Copy> {
    // Not before somebody is admitted: most requests of a small sample are not, and cost no allocation.
    let mut admitted: Vec<Copy> = Vec::new();
    let mut broken = false;
    let mut drawn = None;
    let head = if shadows.is_empty() { 0 } else { request.head_bytes() };
    for way in shadows {
        let link = &way.link;
        // One number for all shadows, and none where nobody asks for it.
        let drawn = match &link.plan.policy {
            Some(_) => *drawn.get_or_insert_with(|| fastrand::u64(..)),
            None => 0,
        };
        let size = size_for(link, body, head);
        let offered = link.gate.offer(Asked { request, drawn, size });
        // Behind a broken chain nothing is sent, whatever chance says, so there are no groups to tell apart.
        if !broken {
            timed.enter(&link.gate, &offered);
        }
        match offered {
            Offered::Admitted(ticket) if broken => ticket.drop_for(DropReason::ChainBroken),
            Offered::Admitted(ticket) => {
                let compared = link.compared.as_ref().filter(|_| !link.gate.dial().is_dry_run());
                let pair = compared.and_then(|compared| Pair::begin(&compared.experiment, request));
                admitted.push(Copy { way: Rc::clone(way), ticket, pair });
                admit_more(way, size, &mut admitted);
            }
            Offered::Skipped(_) | Offered::Dropped(_) => broken = in_sequence,
        }
    }
    admitted
}

/// The further copies that a multiplier asks for.
fn admit_more(way: &Rc<Way>, size: Size, admitted: &mut Vec<Copy>) {
    let more = way.link.plan.policy.as_ref().map_or(0, |policy| policy.limits.multiplier.saturating_sub(1));
    for _ in 0..more {
        if let Offered::Admitted(ticket) = way.link.gate.admit_more(size) {
            admitted.push(Copy { way: Rc::clone(way), ticket, pair: None });
        }
    }
}

/// Sends what may be sent now, and the rest when the live answer is known.
fn send_or_wait(
    admitted: Vec<Copy>,
    in_sequence: bool,
    request: &Arc<Request>,
    body: Body,
    told: Option<oneshot::Receiver<u16>>,
) {
    if in_sequence {
        return send_in_sequence(admitted, request, &body);
    }
    let mut waiting = Vec::new();
    for copy in admitted {
        if copy.waits_for_live_answer() {
            waiting.push(copy);
        } else {
            send_one(copy, request, &body, VecDeque::new());
        }
    }
    if let (Some(told), Some(first)) = (told, waiting.first()) {
        let (request, killed) = (Arc::clone(request), first.ticket.killed());
        actix::spawn(async move {
            tokio::select! {
                biased;
                () = killed => drop_all(waiting, DropReason::Killed),
                // Without an answer the tickets are dropped, and the client has aborted.
                told = told => if let Ok(status) = told {
                    send_after(waiting, &request, &body, status);
                },
            }
        });
    }
}

/// Gives up copies that were not sent.
pub(super) fn drop_all(copies: Vec<Copy>, reason: DropReason) {
    for copy in copies {
        copy.ticket.drop_for(reason);
    }
}

fn send_after(waiting: Vec<Copy>, request: &Arc<Request>, body: &Body, status: u16) {
    for copy in waiting {
        let wanted = copy.policy().and_then(|policy| policy.when_status.as_ref());
        if wanted.is_none_or(|wanted| wanted.contains(status)) {
            send_one(copy, request, body, VecDeque::new());
        } else {
            copy.ticket.drop_for(DropReason::LiveStatus);
        }
    }
}

fn send_in_sequence(admitted: Vec<Copy>, request: &Arc<Request>, body: &Body) {
    let mut copies = admitted.into_iter();
    let Some(first) = copies.next() else { return };
    let rest = copies.map(|copy| {
        let takes_body = copy.takes_body();
        let Copy { way, mut ticket, pair } = copy;
        // The upload is whole, so from here only the copies before it can keep this one from being sent.
        ticket.expect_drop_for(DropReason::ChainBroken);
        let witness = pair.as_ref().map(Pair::shadow);
        let lookups = way.link.plan.backend.lookups.clone();
        Chained { recipient: way.link.recipient.clone(), ticket, witness, takes_body, lookups }
    });
    send_one(first, request, body, rest.collect());
}

/// Sends a copy whose body is still arriving, and gives what it arrives through.
fn stream(copy: Copy, request: &Arc<Request>, length: Option<u64>) -> window::Feed {
    let window_bytes = stream_window(&copy.way.link).unwrap_or_default();
    let (feed, body, loss) = window::window(copy.ticket.gate(), window_bytes, length);
    send(copy, request, Body::Transit(body), Some(loss), Rest::default());
    feed
}

fn send_one(copy: Copy, request: &Arc<Request>, body: &Body, rest: VecDeque<Chained>) {
    let own = if copy.takes_body() { body.share().unwrap_or_default() } else { Body::Empty };
    let body_of_rest = body_for(&rest, body);
    send(copy, request, own, None, Rest { copies: rest, body: body_of_rest });
}

/// What follows a copy in its sequence.
#[derive(Default)]
struct Rest {
    copies: VecDeque<Chained>,
    body: Body,
}

fn send(copy: Copy, request: &Arc<Request>, body: Body, loss: Option<window::Loss>, rest: Rest) {
    let not_before = copy.not_before();
    let Copy { way, mut ticket, pair } = copy;
    // From here on only the end of the program can keep it from being sent.
    ticket.expect_drop_for(DropReason::Shutdown);
    let second = pair.as_ref().and_then(|pair| SecondCall::admit(pair, &way, request, &body, not_before));
    // Neither is always the one that comes first and warms what both find warm.
    let (before, after) = if fastrand::bool() { (second, None) } else { (None, second) };
    if let Some(second) = before {
        second.send(request);
    }
    way.outbox.post(Box::new(Mirror {
        request: Arc::clone(request),
        earlier: Vec::new(),
        body,
        loss,
        body_of_rest: rest.body,
        ticket,
        witness: pair.as_ref().map(Pair::shadow),
        not_before,
        rest: rest.copies,
        answers: Vec::new(),
    }));
    if let Some(second) = after {
        second.send(request);
    }
}
