//! An upload on its way to the live backend, kept for the shadows as it passes.
//!
//! The live call sets the pace. A chunk is kept only after its bytes were reserved; a copy whose bytes can't be
//! reserved is dropped, the others go on; small chunks are copied together, so that what is reserved is about what is
//! held. An upload that breaks off reaches nobody as a shorter complete body.

use bytes::Bytes;

use crate::{
    model::{
        Body,
        body::{BodyReceiver, BodySender, Collected},
    },
    shadow::{DropReason, SkipReason},
};

use super::copies::Copy;

/// Passes the upload on until its end. Gives the copies that may be sent, and the body for them; nothing if the upload
/// broke off or no copy is left.
pub(super) async fn share(
    mut from: BodyReceiver,
    live: BodySender,
    mut copies: Vec<Copy>,
) -> Option<(Vec<Copy>, Body)> {
    let reserved_before = from.length().is_some();
    let mut live = Some(live);
    let mut kept = Collected::default();
    while let Some(chunk) = from.next_chunk().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                if let Some(live) = live {
                    live.break_off(error).await;
                }
                return None;
            }
        };
        // What is switched off meanwhile holds nothing any longer.
        copies.retain(|copy| copy.link.gate.dial().stopped() != Some(SkipReason::Killed));
        if !reserved_before {
            copies = grown(copies, chunk.len());
        }
        if copies.is_empty() {
            kept = Collected::default();
        } else {
            kept.push(chunk.clone());
        }
        live = passed_on(live, chunk, &mut copies).await;
    }
    if let Some(live) = live {
        live.finish().await;
    }
    (!copies.is_empty()).then(|| (copies, Body::Held(kept.finish())))
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
async fn passed_on(live: Option<BodySender>, chunk: Bytes, copies: &mut [Copy]) -> Option<BodySender> {
    let live = live?;
    if live.send(chunk).await.is_ok() {
        return Some(live);
    }
    for copy in copies {
        copy.ticket.expect_drop_for(DropReason::BodyError);
    }
    None
}
