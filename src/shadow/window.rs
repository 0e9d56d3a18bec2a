//! The window of one streamed copy: what has arrived of its upload and not yet gone out to the shadow.
//!
//! Promises: the live side never waits, it pushes or the copy is lost; what is held is reserved in the gate's budgets as
//! it enters and given back as it leaves; a copy that loses a byte is broken off, never shorter and complete. A window
//! that is empty takes one chunk of any size.
//!
//! Runs on the live path once per chunk: a lock that is held for a few moves of pointers, on both sides.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::sync::oneshot;

use crate::model::{
    BodyError, BodyReceiver, Failure, Kind,
    body::{COPIED_PIECE_BYTES, KEPT_AS_IT_IS_BYTES_MIN},
};

use super::{DropReason, Gate};

/// Where the chunks of an upload go in. Dropped before [`Feed::finish`], the copy is lost.
#[derive(Debug)]
pub struct Feed {
    shared: Arc<Shared>,
    /// Why the copy would be lost if the upload ended here.
    if_broken_off: DropReason,
}

/// Who says that the rest of a copy's body will not come, and why.
#[derive(Debug)]
pub struct Loss(oneshot::Receiver<DropReason>);

/// Where the chunks come out.
struct Outlet(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    gate: Arc<Gate>,
    window_bytes: usize,
    /// Whether the length was not known, so that each chunk is paid for when it comes.
    is_paid_by_chunk: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pieces: VecDeque<Bytes>,
    /// Small chunks that wait, in one piece.
    copied: BytesMut,
    /// Bytes that are reserved: all of these, and those of the piece that was taken last.
    held: usize,
    /// Bytes of the piece that was taken last.
    taken: usize,
    /// Bytes of the body so far.
    passed: usize,
    stage: Stage,
    reader: Option<Waker>,
    loss: Option<oneshot::Sender<DropReason>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// The body is complete.
    Complete,
    /// Bytes of it are missing.
    Lost,
    /// Nobody reads any more.
    Closed,
}

/// A window of so many bytes between an upload and one copy of it. `length` is what the client promised.
#[must_use]
pub fn window(gate: &Arc<Gate>, window_bytes: usize, length: Option<u64>) -> (Feed, BodyReceiver, Loss) {
    let (sender, loss) = oneshot::channel();
    let state = State {
        pieces: VecDeque::new(),
        copied: BytesMut::new(),
        held: 0,
        taken: 0,
        passed: 0,
        stage: Stage::Open,
        reader: None,
        loss: Some(sender),
    };
    let is_paid_by_chunk = length.is_none();
    let shared = Arc::new(Shared { gate: Arc::clone(gate), window_bytes, is_paid_by_chunk, state: Mutex::new(state) });
    let receiver = BodyReceiver::of(Outlet(Arc::clone(&shared)), length);
    (Feed { shared, if_broken_off: DropReason::ClientAborted }, receiver, Loss(loss))
}

impl Feed {
    /// Puts the next chunk into the window; false when the copy has ended or is lost, and wants no more.
    #[must_use]
    pub fn push(&self, chunk: &Bytes) -> bool {
        let mut state = self.shared.lock();
        if state.stage != Stage::Open {
            return false;
        }
        match self.shared.admit(&mut state, chunk.len()) {
            Ok(()) => state.keep(chunk),
            Err(reason) => self.shared.lose(&mut state, reason),
        }
        let (is_open, reader) = (state.stage == Stage::Open, state.reader.take());
        drop(state);
        wake(reader);
        is_open
    }

    /// Says why the copy would be lost if the upload ended here.
    pub fn expect_loss_for(&mut self, reason: DropReason) {
        self.if_broken_off = reason;
    }

    /// Says that the body is complete.
    pub fn finish(self) {
        let mut state = self.shared.lock();
        if state.stage == Stage::Open {
            state.stage = Stage::Complete;
        }
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if state.stage == Stage::Open {
            self.shared.lose(&mut state, self.if_broken_off);
        }
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }
}

impl Loss {
    /// Why the copy is lost, once it is; without a window, or when the body arrived whole, never.
    pub async fn of(loss: &mut Option<Self>) -> DropReason {
        if let Some(Self(receiver)) = loss
            && let Ok(reason) = receiver.await
        {
            return reason;
        }
        *loss = None;
        std::future::pending().await
    }

    /// Why the copy is lost, if it is by now. Who has seen its body break off is told why.
    pub fn said(loss: &mut Option<Self>) -> Option<DropReason> {
        loss.as_mut()?.0.try_recv().ok()
    }

    /// How a call whose body is lost for this reason has failed.
    #[must_use]
    pub fn failure(reason: DropReason) -> Failure {
        let kind = match reason {
            DropReason::BodyLag => Kind::Lag,
            DropReason::ClientAborted | DropReason::BodyError => Kind::Upload,
            // A limit of its own.
            _ => Kind::Refused,
        };
        Failure::new(kind, "request body broken off")
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Moves and additions don't panic, so a poisoned lock guards a sound window all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether so many bytes may enter; they are reserved then.
    fn admit(&self, state: &mut State, bytes: usize) -> Result<(), DropReason> {
        let passed = state.passed.saturating_add(bytes);
        if passed > self.gate.request_bytes_max() {
            return Err(DropReason::BodyTooLarge);
        }
        if state.held > 0 && state.held.saturating_add(bytes) > self.window_bytes {
            return Err(DropReason::BodyLag);
        }
        if self.is_paid_by_chunk {
            self.gate.pay_bytes(bytes)?;
        }
        self.gate.hold(bytes)?;
        state.held += bytes;
        state.passed = passed;
        Ok(())
    }

    /// Gives the copy up; nothing of it is kept.
    fn lose(&self, state: &mut State, reason: DropReason) {
        state.stage = Stage::Lost;
        self.empty(state);
        if let Some(loss) = state.loss.take() {
            let _the_copy_has_ended = loss.send(reason);
        }
    }

    fn empty(&self, state: &mut State) {
        state.pieces = VecDeque::new();
        state.copied = BytesMut::new();
        state.taken = 0;
        self.gate.give_back(std::mem::take(&mut state.held));
    }
}

impl State {
    /// Keeps a chunk as [`crate::model::body::Collected`] does: a large one as it is, small ones copied together.
    fn keep(&mut self, chunk: &Bytes) {
        if chunk.len() < KEPT_AS_IT_IS_BYTES_MIN {
            self.copied.extend_from_slice(chunk);
            if self.copied.len() >= COPIED_PIECE_BYTES {
                self.close_copied();
            }
            return;
        }
        self.close_copied();
        self.pieces.push_back(chunk.clone());
    }

    fn close_copied(&mut self) {
        if !self.copied.is_empty() {
            self.pieces.push_back(std::mem::take(&mut self.copied).freeze());
        }
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        if self.pieces.is_empty() {
            self.close_copied();
        }
        self.pieces.pop_front()
    }
}

impl Stream for Outlet {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let shared = &self.0;
        let mut state = shared.lock();
        // Whoever asks for the next piece is done with the one before it.
        let taken = std::mem::take(&mut state.taken);
        state.held -= taken;
        shared.gate.give_back(taken);
        if let Some(piece) = state.next_piece() {
            state.taken = piece.len();
            return Poll::Ready(Some(Ok(piece)));
        }
        match state.stage {
            Stage::Open => {
                state.reader = Some(ctx.waker().clone());
                Poll::Pending
            }
            Stage::Complete | Stage::Closed => Poll::Ready(None),
            Stage::Lost => Poll::Ready(Some(Err(BodyError::BrokenOff))),
        }
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if state.stage == Stage::Open {
            state.stage = Stage::Closed;
        }
        self.0.empty(&mut state);
    }
}

fn wake(reader: Option<Waker>) {
    if let Some(reader) = reader {
        reader.wake();
    }
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
