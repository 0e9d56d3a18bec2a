//! Copies on their way to another thread: those of one turn go in one message, after the live calls of that turn.
//!
//! Waking a thread costs a call to the kernel, and where threads share a core it may be switched to in the midst of live
//! work. So copies wait until what is ready on this thread now has had its turn; nobody waits for them. They are bounded by
//! their tickets, and go at once when they are many. None is left behind: what waits when nobody can send any more goes
//! then.

use std::{
    cell::{Cell, OnceCell, RefCell},
    future::poll_fn,
    rc::{Rc, Weak},
    task::{Poll, Waker},
};

use actix::Recipient;

use crate::shadow::{Mirror, Mirrors};

/// So many copies go at once, however much else is to be done on this thread.
const COPIES_MAX: usize = 64;

/// The way to one actor of another thread, on this thread.
pub(super) struct Outbox {
    recipient: Recipient<Mirrors>,
    #[expect(clippy::vec_box, reason = "each is moved from hand to hand until it is a task of its own")]
    waiting: RefCell<Vec<Box<Mirror>>>,
    has_carrier: Cell<bool>,
    /// Wakes the carrier, once that has run.
    carrier: OnceCell<Waker>,
}

impl Outbox {
    /// Where copies for `recipient` are collected.
    pub(super) fn to(recipient: Recipient<Mirrors>) -> Rc<Self> {
        let (waiting, has_carrier, carrier) = (RefCell::default(), Cell::new(false), OnceCell::new());
        Rc::new(Self { recipient, waiting, has_carrier, carrier })
    }

    /// Takes a copy, which goes when this turn of the thread is over.
    pub(super) fn post(self: &Rc<Self>, mirror: Box<Mirror>) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push(mirror);
        let count = waiting.len();
        drop(waiting);
        match count {
            1 => self.call_carrier(),
            COPIES_MAX.. => self.hand_over(),
            _ => {}
        }
    }

    /// One that has not run yet finds the copies when it does.
    fn call_carrier(self: &Rc<Self>) {
        if !self.has_carrier.replace(true) {
            actix::spawn(carry(Rc::downgrade(self)));
        } else if let Some(carrier) = self.carrier.get() {
            carrier.wake_by_ref();
        }
    }

    fn hand_over(&self) {
        let mirrors = std::mem::take(&mut *self.waiting.borrow_mut());
        if !mirrors.is_empty() {
            #[expect(clippy::disallowed_methods, reason = "their tickets bound what is in the mailbox")]
            self.recipient.do_send(Mirrors(mirrors));
        }
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.hand_over();
        if let Some(carrier) = self.carrier.get() {
            carrier.wake_by_ref();
        }
    }
}

/// Hands over what waits, whenever something does. Ends with the outbox.
async fn carry(outbox: Weak<Outbox>) {
    let mut has_made_way = false;
    poll_fn(move |ctx| {
        let Some(outbox) = outbox.upgrade() else { return Poll::Ready(()) };
        outbox.carrier.get_or_init(|| ctx.waker().clone());
        // Behind those that are ready: the live calls of the same requests are among them.
        if !outbox.waiting.borrow().is_empty() {
            if has_made_way {
                outbox.hand_over();
            } else {
                ctx.waker().wake_by_ref();
            }
            has_made_way = !has_made_way;
        } else {
            has_made_way = false;
        }
        Poll::Pending
    })
    .await;
}
