//! The live backend asked once more, at the moment its copy is sent, to learn how much its own answers differ.
//!
//! It is work of the shadow's kind: it needs a ticket of its own gate, goes over another thread, and nobody who is served
//! waits for it.

use std::{collections::VecDeque, rc::Rc, sync::Arc};

use tokio::time::Instant;

use crate::{
    compare::Pair,
    model::{Body, Request, Witness},
    shadow::{Asked, DropReason, Mirror, Offered, Size, Ticket},
};

use super::{Baseline, Compared, dispatch::Way, outbox::Outbox};

/// The right to a second live call.
pub(super) struct SecondCall {
    outbox: Rc<Outbox>,
    ticket: Ticket,
    witness: Arc<dyn Witness>,
    body: Body,
    /// Not to be sent before, as the copy.
    not_before: Option<Instant>,
}

impl SecondCall {
    /// Asks for the right to it, if this pair is to have one.
    pub(super) fn admit(
        pair: &Pair,
        way: &Way,
        request: &Arc<Request>,
        body: &Body,
        not_before: Option<Instant>,
    ) -> Option<Self> {
        let Some(Compared { baseline: Some(Baseline { gate, .. }), .. }) = &way.link.compared else { return None };
        let outbox = way.second.as_ref()?;
        // A body that is still arriving has one reader.
        let body = body.share()?;
        let witness = pair.baseline()?;
        let bytes = match &body {
            Body::Held(held) => held.len(),
            Body::Empty | Body::Transit(_) => 0,
        };
        let size = Size { body: bytes, head: request.head_bytes(), streamed: 0 };
        let Offered::Admitted(mut ticket) = gate.offer(Asked { request, drawn: 0, size }) else { return None };
        ticket.expect_drop_for(DropReason::Shutdown);
        Some(Self { outbox: Rc::clone(outbox), ticket, witness, body, not_before })
    }

    /// Sends it.
    pub(super) fn send(self, request: &Arc<Request>) {
        let Self { outbox, ticket, witness, body, not_before } = self;
        outbox.post(Box::new(Mirror {
            request: Arc::clone(request),
            earlier: Vec::new(),
            body,
            loss: None,
            body_of_rest: Body::Empty,
            ticket,
            witness: Some(witness),
            not_before,
            rest: VecDeque::new(),
            answers: Vec::new(),
        }));
    }
}
