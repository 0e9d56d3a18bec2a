//! An upload on its way to the live backend, kept for the shadows or handed to them as it passes.
//!
//! The live call sets the pace. A chunk is kept only after its bytes were reserved, and only while a copy is left that
//! takes the body; a copy whose bytes can't be reserved is dropped, the others go on; small chunks are copied together,
//! so that what is reserved is about what is held. Copies that are streamed were sent already: each has a window that
//! the chunk is put into, and is lost where it does not fit. A kill takes all copies away at once and leaves the upload to the
//! live call. An upload that breaks off reaches nobody as a shorter complete body.

use std::pin::pin;

use bytes::Bytes;

use crate::{
    model::{
        Body,
        body::{BodyReceiver, BodySender, Collected},
    },
    shadow::{DropReason, window::Feed},
};

use super::copies::{Copy, drop_all};

/// The copies of an upload.
pub(super) struct Takers {
    /// Those that are sent when it is complete.
    pub(super) whole: Vec<Copy>,
    /// Whether these go one after another.
    pub(super) in_sequence: bool,
    /// Those that are sent while it arrives.
    pub(super) streamed: Vec<Feed>,
}

/// What is kept of an upload, and for whom.
struct Kept {
    copies: Vec<Copy>,
    in_sequence: bool,
    streamed: Vec<Feed>,
    chunks: Collected,
    reserved_before: bool,
}

/// Passes the upload on until its end. Gives the copies that may be sent, and the body for them; nothing if the upload
/// broke off or no copy is left.
pub(super) async fn share(mut from: BodyReceiver, live: BodySender, takers: Takers) -> Option<(Vec<Copy>, Body)> {
    let mut kept = Kept {
        copies: takers.whole,
        in_sequence: takers.in_sequence,
        streamed: takers.streamed,
        chunks: Collected::default(),
        reserved_before: from.length().is_some(),
    };
    let mut live = Some(live);
    while let Some(chunk) = kept.until_killed(from.next_chunk()).await {
        match chunk {
            Ok(chunk) => {
                kept.keep(&chunk);
                live = passed_on(live, chunk, &mut kept).await;
            }
            Err(error) => {
                drop(kept);
                if let Some(live) = live {
                    live.break_off(error).await;
                }
                return None;
            }
        }
    }
    std::mem::take(&mut kept.streamed).into_iter().for_each(Feed::finish);
    if let Some(live) = live {
        kept.until_killed(live.finish()).await;
    }
    let Kept { copies, chunks, .. } = kept;
    (!copies.is_empty()).then(|| (copies, Body::Held(chunks.finish())))
}

impl Kept {
    /// Waits for something that goes on without copies too. They end meanwhile if all are switched off.
    async fn until_killed<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Some(first) = self.copies.first() {
            let killed = first.ticket.killed();
            tokio::select! {
                biased;
                () = killed => self.give_up(),
                done = &mut work => return done,
            }
        }
        work.await
    }

    fn give_up(&mut self) {
        drop_all(std::mem::take(&mut self.copies), DropReason::Killed);
        self.chunks = Collected::default();
    }

    /// Keeps a chunk for the copies that may keep it, and hands it to those that are streamed.
    fn keep(&mut self, chunk: &Bytes) {
        self.streamed.retain(|feed| feed.push(chunk));
        if !self.reserved_before {
            self.copies = grown(std::mem::take(&mut self.copies), chunk.len(), self.in_sequence);
        }
        if self.copies.iter().any(Copy::takes_body) {
            self.chunks.push(chunk.clone());
        } else {
            self.chunks = Collected::default();
        }
    }
}

/// The copies that may keep `bytes` more. In a sequence, nothing follows one that may not.
fn grown(copies: Vec<Copy>, bytes: usize, in_sequence: bool) -> Vec<Copy> {
    let mut is_broken = false;
    let grow = |mut copy: Copy| {
        let grown = match (is_broken, copy.takes_body()) {
            (true, _) => Err(DropReason::ChainBroken),
            (false, true) => copy.ticket.grow(bytes),
            (false, false) => Ok(()),
        };
        match grown {
            Ok(()) => Some(copy),
            Err(reason) => {
                copy.ticket.drop_for(reason);
                is_broken = in_sequence;
                None
            }
        }
    };
    copies.into_iter().filter_map(grow).collect()
}

/// Hands a chunk to the live call, if it still reads. One that stopped has answered or failed already; if the client
/// is then told so before its upload is complete, that is why the copies will be missing.
async fn passed_on(live: Option<BodySender>, chunk: Bytes, kept: &mut Kept) -> Option<BodySender> {
    let live = live?;
    if kept.until_killed(live.send(chunk)).await.is_ok() {
        return Some(live);
    }
    for copy in &mut kept.copies {
        copy.ticket.expect_drop_for(DropReason::BodyError);
    }
    for feed in &mut kept.streamed {
        feed.expect_loss_for(DropReason::BodyError);
    }
    None
}
