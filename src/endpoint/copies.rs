//! The copies of one request: admitted before anything is kept, handed over after the live calls have started.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    model::{Body, Request, body},
    shadow::{Chained, DropReason, Mirror, Ticket},
};

use super::{ShadowLink, upload};

/// The admitted copies of one request.
pub(super) struct Copies {
    admitted: Vec<Copy>,
    in_sequence: bool,
    source: Source,
}

/// One copy: where it goes, and the right to send it.
pub(super) struct Copy {
    pub(super) link: ShadowLink,
    pub(super) ticket: Ticket,
}

/// Where the copies' body comes from.
enum Source {
    /// It is at hand.
    Held(Body),
    /// It is still arriving and is shared with the live call on its way.
    Arriving { from: body::BodyReceiver, live: body::BodySender },
}

impl Copies {
    /// Offers a request to its shadows. Gives the body for the live calls, and the copies that were admitted.
    pub(super) fn offer(shadows: &[ShadowLink], in_sequence: bool, body: Body) -> (Body, Self) {
        let declared = match &body {
            Body::Empty => 0,
            Body::Held(held) => held.len(),
            Body::Transit(receiver) => {
                receiver.length().map_or(0, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
            }
        };
        let admitted = admit(shadows, in_sequence, declared);
        let (body, source) = match body {
            Body::Transit(from) if !admitted.is_empty() => {
                let (live, receiver) = body::transit(from.length());
                (Body::Transit(receiver), Source::Arriving { from, live })
            }
            body => {
                let held = body.share().unwrap_or_default();
                (body, Source::Held(held))
            }
        };
        (body, Self { admitted, in_sequence, source })
    }

    /// Sends the copies on their way. Never waits: a body that is still arriving is accompanied by a task of its own,
    /// which ends with the upload.
    pub(super) fn hand_over(self, request: &Arc<Request>) {
        let Self { admitted, in_sequence, source } = self;
        match source {
            Source::Held(body) => send(admitted, in_sequence, request, &body),
            Source::Arriving { from, live } => {
                let request = Arc::clone(request);
                actix::spawn(async move {
                    if let Some((admitted, body)) = upload::share(from, live, admitted).await {
                        send(admitted, in_sequence, &request, &body);
                    }
                });
            }
        }
    }
}

/// Asks each gate. In a sequence, nothing follows a copy that was refused.
fn admit(shadows: &[ShadowLink], in_sequence: bool, body_bytes: usize) -> Vec<Copy> {
    let mut admitted: Vec<Copy> = Vec::with_capacity(shadows.len());
    let mut broken = false;
    for link in shadows {
        match link.gate.offer(body_bytes) {
            Some(ticket) if broken => ticket.drop_for(DropReason::ChainBroken),
            Some(ticket) => admitted.push(Copy { link: link.clone(), ticket }),
            None => broken = in_sequence,
        }
    }
    admitted
}

fn send(admitted: Vec<Copy>, in_sequence: bool, request: &Arc<Request>, body: &Body) {
    if in_sequence {
        return send_in_sequence(admitted, request, body);
    }
    for copy in admitted {
        send_one(copy, request, body, VecDeque::new());
    }
}

fn send_in_sequence(admitted: Vec<Copy>, request: &Arc<Request>, body: &Body) {
    let mut copies = admitted.into_iter();
    let Some(first) = copies.next() else { return };
    let rest = copies.map(|Copy { link, mut ticket }| {
        // The upload is whole, so from here only the copies before it can keep this one from being sent.
        ticket.expect_drop_for(DropReason::ChainBroken);
        Chained { recipient: link.recipient, ticket, lookups: link.plan.backend.lookups.clone() }
    });
    send_one(first, request, body, rest.collect());
}

fn send_one(copy: Copy, request: &Arc<Request>, body: &Body, rest: VecDeque<Chained>) {
    let Copy { link, mut ticket } = copy;
    let body = body.share().unwrap_or_default();
    ticket.send();
    #[expect(clippy::disallowed_methods, reason = "the ticket bounds what is in the mailbox")]
    link.recipient.do_send(Mirror {
        request: Arc::clone(request),
        earlier: Vec::new(),
        body,
        ticket,
        rest,
        answers: Vec::new(),
    });
}
