//! A call whose answer nobody wants: made as any other, read to its end, and forgotten.

use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    config::ErrorPolicy,
    model::{Body, Failure, Outbound, body::Held},
    plan::BackendPlan,
};

use super::{
    Asked, Caller,
    plain::Glanced,
    recorded::Recorded,
    redirect::{Next, Trail},
    status::is_success,
    target::Target,
};

impl Caller {
    /// Makes the call and reads the answer to its end without looking into it; gives its status.
    ///
    /// # Errors
    /// When no answer comes, or it breaks off, or is longer than `limit` bytes. That the time is over is for who calls.
    pub async fn discard(
        &self,
        backend: &BackendPlan,
        asked: Asked<'_>,
        body: Body,
        deadline: Instant,
        limit: usize,
    ) -> Result<u16, Failure> {
        if let Some(recorded) = self.recorded(backend, asked, deadline) {
            return Box::pin(self.discard_recorded(backend, asked, body, &recorded, limit)).await;
        }
        let mut outbound = self.outbound(backend, &asked)?;
        let target = Target::of(backend, &asked);
        if backend.wires_through.is_empty()
            && let Some(bytes) = self.client.body_at_hand(&outbound, &body)
        {
            return self.glance(target, &mut outbound, bytes, limit).await;
        }
        // Rare and large: the others need not carry the room for it.
        Box::pin(self.read_and_forget(target, outbound, body, limit)).await
    }

    /// What is recorded of a call may be any header of its answer, and the reading of its body piece by piece, neither of
    /// which [`Client::glance`](super::Client::glance) keeps: such a copy is made as any other call. One of which nothing
    /// is recorded is not.
    async fn discard_recorded(
        &self,
        backend: &BackendPlan,
        asked: Asked<'_>,
        body: Body,
        recorded: &Recorded<'_>,
        limit: usize,
    ) -> Result<u16, Failure> {
        let target = Target::of(backend, &asked).recorded(recorded);
        let outcome = match self.outbound(backend, &asked) {
            Ok(outbound) => self.read_and_forget(target, outbound, body, limit).await,
            Err(failure) => Err(failure),
        };
        recorded.end(outcome.as_ref().map(|status| backend.ending_unread(*status).complete));
        outcome
    }

    async fn read_and_forget(
        &self,
        target: Target<'_>,
        outbound: Outbound,
        body: Body,
        limit: usize,
    ) -> Result<u16, Failure> {
        let backend = target.backend;
        let (inbound, _sent) = self.send(target, outbound, body).await?;
        let status = inbound.status();
        // A live call would close such an answer unread, and a cache around must see the same here.
        let unread = inbound.is_of_component()
            && !backend.no_op
            && !is_success(status)
            && matches!(backend.error_policy, ErrorPolicy::Plain);
        if !unread {
            inbound.drain(limit).await?;
        }
        Ok(status.as_u16())
    }

    /// Sends a request and those that redirects make of it, and forgets the answers; gives the status of the last.
    async fn glance(
        &self,
        target: Target<'_>,
        outbound: &mut Outbound,
        bytes: Bytes,
        limit: usize,
    ) -> Result<u16, Failure> {
        if let Some(touch) = target.touch {
            touch.touch(outbound);
            return Ok(target.saw(self.client.glance(outbound, &bytes, limit).await)?.status.as_u16());
        }
        let glanced = target.saw(self.client.glance(outbound, &bytes, limit).await)?;
        match glanced.location {
            None => Ok(glanced.status.as_u16()),
            Some(_) => Box::pin(self.glance_on(target.backend, (outbound.clone(), bytes), glanced, limit)).await,
        }
    }

    /// Follows where an upstream sent a request on to.
    async fn glance_on(
        &self,
        backend: &BackendPlan,
        (outbound, bytes): (Outbound, Bytes),
        mut glanced: Glanced,
        limit: usize,
    ) -> Result<u16, Failure> {
        let whole = if bytes.is_empty() { Body::Empty } else { Body::Held(Held::new(vec![bytes])) };
        let mut trail = Trail::new(outbound, &whole, backend.resends_body);
        while let Next::Follow(body) = trail.after(glanced.status, glanced.location.as_ref())? {
            let bytes = if let Body::Held(held) = &body { held.to_bytes() } else { Bytes::new() };
            glanced = self.client.glance(trail.outbound(), &bytes, limit).await?;
        }
        Ok(glanced.status.as_u16())
    }
}
