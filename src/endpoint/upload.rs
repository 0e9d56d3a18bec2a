//! An upload on its way to the live backend, kept for the shadows as it passes.
//!
//! The live call sets the pace. A chunk is kept only after its bytes were reserved, and only while a copy is left that
//! takes the body; a copy whose bytes can't be reserved is dropped, the others go on; small chunks are copied together,
//! so that what is reserved is about what is held. A kill takes all copies away at once and leaves the upload to the
//! live call. An upload that breaks off reaches nobody as a shorter complete body.

use std::pin::pin;

use bytes::Bytes;

use crate::{
    model::{
        Body,
        body::{BodyReceiver, BodySender, Collected},
    },
    shadow::DropReason,
};

use super::copies::{Copy, drop_all};

/// What is kept of an upload, and for whom.
struct Kept {
    copies: Vec<Copy>,
    chunks: Collected,
    reserved_before: bool,
}

/// Passes the upload on until its end. Gives the copies that may be sent, and the body for them; nothing if the upload
/// broke off or no copy is left.
pub(super) async fn share(mut from: BodyReceiver, live: BodySender, copies: Vec<Copy>) -> Option<(Vec<Copy>, Body)> {
    let mut kept = Kept { copies, chunks: Collected::default(), reserved_before: from.length().is_some() };
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

    /// Keeps a chunk for the copies that may keep it.
    fn keep(&mut self, chunk: &Bytes) {
        if !self.reserved_before {
            self.copies = grown(std::mem::take(&mut self.copies), chunk.len());
        }
        if self.copies.iter().any(Copy::takes_body) {
            self.chunks.push(chunk.clone());
        } else {
            self.chunks = Collected::default();
        }
    }
}

/// The copies that may keep `bytes` more.
fn grown(copies: Vec<Copy>, bytes: usize) -> Vec<Copy> {
    let grow = |mut copy: Copy| match if copy.takes_body() { copy.ticket.grow(bytes) } else { Ok(()) } {
        Ok(()) => Some(copy),
        Err(reason) => {
            copy.ticket.drop_for(reason);
            None
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
    None
}
