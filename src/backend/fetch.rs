//! One upstream call in its steps: address, request, answer, status, decoding, shape.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{Either, LocalBoxFuture};
use http::{
    Uri,
    header::{CONTENT_ENCODING, CONTENT_LENGTH},
};
use tokio::time::Instant;

use crate::{
    component::BackendCall,
    config::ErrorPolicy,
    model::{
        Body, BodyError, Data, Failure, Headers, Kind, Outbound, Payload, Request, Response, WireAnswer, WireRequest,
        Witness, body,
    },
    plan::BackendPlan,
};

use super::{
    Client, FoundHosts,
    balance::Balance,
    client::Inbound,
    gzip::{Gunzip, gunzip},
    packed::Packing,
    redirect::{Next, Trail},
    request::outbound,
    status::{failed_answer, is_success},
    watch::Watch,
};

/// A live answer that is decoded may not be larger than this, in bytes; one that passes through has no limit.
pub const DECODED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A pass-through answer of known length up to this is read whole before its head goes on: one write instead of two.
const READ_AHEAD_BYTES_MAX: u64 = 64 * 1024;

/// What a thread needs to call one backend.
pub struct Caller {
    client: Client,
    balance: Balance,
    found: Option<FoundHosts>,
}

impl Caller {
    /// A caller with connections of its own; `turn` says at which address it starts.
    #[must_use]
    pub fn new(client: Client, turn: usize) -> Self {
        Self { client, balance: Balance::starting_at(turn), found: None }
    }

    /// The same, with hosts that are found instead of those of the plan.
    #[must_use]
    pub fn finding(self, found: Option<FoundHosts>) -> Self {
        Self { found, ..self }
    }

    /// Makes the call and gives the shaped answer, of which at most `limit` bytes are read into memory; what passes
    /// through is left to its reader.
    ///
    /// # Errors
    /// Whatever keeps the answer from being one; see [`Kind`].
    pub fn fetch<'a>(
        &'a self,
        backend: &'a BackendPlan,
        asked: Asked<'a>,
        body: Body,
        deadline: Instant,
        limit: usize,
    ) -> impl Future<Output = Result<Response, Failure>> + use<'a> {
        let target = Target { backend, touch: asked.touch, watch: None };
        if asked.witnesses.is_empty() {
            return Either::Left(self.fetch_from(target, asked, body, deadline, limit));
        }
        // Few calls are watched; the others need not carry the room for it.
        Either::Right(Box::pin(async move {
            let watch = Watch::start(asked.witnesses, deadline);
            let target = Target { watch: Some(&watch), ..target };
            let outcome = self.fetch_from(target, asked, body, deadline, limit).await;
            watch.end(outcome)
        }))
    }

    async fn fetch_from(
        &self,
        target: Target<'_>,
        asked: Asked<'_>,
        body: Body,
        deadline: Instant,
        limit: usize,
    ) -> Result<Response, Failure> {
        let backend = target.backend;
        let outbound = self.outbound(backend, &asked)?;
        if backend.calls_through.is_empty() {
            return self.answer(target, outbound, body, deadline, limit).await;
        }
        Box::pin(self.fetch_through_components(target, asked, outbound, body, deadline, limit)).await
    }

    async fn fetch_through_components(
        &self,
        target: Target<'_>,
        asked: Asked<'_>,
        outbound: Outbound,
        body: Body,
        deadline: Instant,
        limit: usize,
    ) -> Result<Response, Failure> {
        let backend = target.backend;
        let step = |call: BackendCall| -> LocalBoxFuture<'_, Result<Response, Failure>> {
            Box::pin(self.answer(target, call.outbound, call.body, deadline, limit))
        };
        let earlier = backend.lookups.iter().zip(asked.earlier);
        let earlier = earlier.filter_map(|(lookup, value)| Some((lookup.name.clone(), value.clone()?))).collect();
        let call = BackendCall { request: Arc::clone(asked.request), earlier, outbound, body, deadline };
        backend.calls_through.run(call, &step).await
    }

    /// Makes the call and reads the answer to its end without looking into it; gives its status.
    ///
    /// # Errors
    /// When no answer comes, or it breaks off, or is longer than `limit` bytes.
    pub async fn discard(
        &self,
        backend: &BackendPlan,
        asked: Asked<'_>,
        body: Body,
        limit: usize,
    ) -> Result<u16, Failure> {
        let outbound = self.outbound(backend, &asked)?;
        let (inbound, _sent) = self.send(Target { backend, touch: asked.touch, watch: None }, outbound, body).await?;
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

    fn outbound(&self, backend: &BackendPlan, asked: &Asked<'_>) -> Result<Outbound, Failure> {
        let found = self.found.as_ref().map(FoundHosts::now);
        let bases = found.as_deref().unwrap_or(&backend.bases);
        let base = self.balance.next(bases).ok_or_else(|| Failure::new(Kind::NoHost, "no hosts available"))?;
        outbound(backend, base, asked.request, asked.earlier)
    }

    /// Sends, then makes data of the answer.
    async fn answer(
        &self,
        target: Target<'_>,
        outbound: Outbound,
        body: Body,
        deadline: Instant,
        limit: usize,
    ) -> Result<Response, Failure> {
        let backend = target.backend;
        let (inbound, sent) = self.send(target, outbound, body).await?;
        if let Some(watch) = target.watch {
            watch.saw_head(&inbound);
        }
        if backend.no_op {
            return Box::pin(pass_through(inbound, sent.asked_for_gzip, deadline, limit)).await;
        }
        if !is_success(inbound.status()) {
            return Box::pin(failed_answer(backend, &sent.uri, inbound, limit)).await;
        }
        let data = decoded(target, inbound, limit).await?;
        let data = backend.shape.apply(data);
        Ok(Response::data(data, true))
    }

    /// Makes the exchange up to the head of its answer, through the components around it.
    fn send<'a>(
        &'a self,
        target: Target<'a>,
        outbound: Outbound,
        body: Body,
    ) -> impl Future<Output = Result<(Inbound, Sent), Failure>> + use<'a> {
        if target.backend.wires_through.is_empty() {
            Either::Left(self.follow(target, outbound, body))
        } else {
            Either::Right(Box::pin(self.send_through_components(target, outbound, body)))
        }
    }

    async fn send_through_components(
        &self,
        target: Target<'_>,
        outbound: Outbound,
        body: Body,
    ) -> Result<(Inbound, Sent), Failure> {
        let backend = target.backend;
        let sent = Sent::of(&outbound);
        let step = |request: WireRequest| -> LocalBoxFuture<'_, Result<WireAnswer, Failure>> {
            Box::pin(async move {
                let (inbound, _sent) = self.follow(target, request.outbound, request.body).await?;
                Ok(inbound.into_wire())
            })
        };
        let answer = backend.wires_through.run(WireRequest { outbound, body }, &step).await?;
        Ok((Inbound::of_component(answer), sent))
    }

    /// Sends a request and follows where the upstream sends it on to. One that is touched last goes where it was meant
    /// to go and nowhere else: what was taken off it must not depend on what an upstream says.
    async fn follow(&self, target: Target<'_>, mut outbound: Outbound, body: Body) -> Result<(Inbound, Sent), Failure> {
        if let Some(touch) = target.touch {
            let sent = Sent::of(&outbound);
            touch.touch(&mut outbound);
            let inbound = self.client.send(&outbound, body).await?;
            return Ok((inbound, sent));
        }
        let mut trail = Trail::new(outbound, &body, target.backend.resends_body);
        let mut inbound = self.client.send(trail.outbound(), body).await?;
        while let Next::Follow(body) = trail.next(&inbound)? {
            inbound = self.client.send(trail.outbound(), body).await?;
        }
        let Outbound { uri, asked_for_gzip, .. } = trail.into_outbound();
        Ok((inbound, Sent { uri, asked_for_gzip }))
    }
}

/// Which call to make.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The client's request.
    pub request: &'a Arc<Request>,
    /// Values from earlier answers.
    pub earlier: &'a [Option<String>],
    /// Who touches it last, after all components; redirects are not followed then.
    pub touch: Option<&'a dyn LastTouch>,
    /// Who sees the answer as well.
    pub witnesses: &'a [Arc<dyn Witness>],
}

/// Changes a request as the very last thing before it is sent.
pub trait LastTouch {
    /// Changes it.
    fn touch(&self, outbound: &mut Outbound);
}

/// Where a call goes.
#[derive(Clone, Copy)]
struct Target<'a> {
    backend: &'a BackendPlan,
    touch: Option<&'a dyn LastTouch>,
    watch: Option<&'a Watch<'a>>,
}

/// The data of a successful answer.
async fn decoded(target: Target<'_>, inbound: Inbound, limit: usize) -> Result<Data, Failure> {
    let decoder = &target.backend.decoder;
    let packing = Packing::of(inbound.header(&CONTENT_ENCODING));
    let (text, broken) = inbound.read_up_to(limit).await?;
    let text = packing.undo(text, limit)?;
    if let Some(watch) = target.watch {
        watch.saw_text(&text, packing);
    }
    match (decoder.decode(text), broken) {
        // Like KrakenD, which reads the first JSON value and not on: what broke off after it does not matter.
        (Ok(data), None) => Ok(data),
        (Ok(data), Some(_)) if decoder.reads_one_value() => Ok(data),
        (_, Some(broken)) => Err(broken),
        (Err(error), None) => Err(Failure::new(Kind::Decode, error.to_string())),
    }
}

/// What is still of interest of a request that went out.
#[derive(Debug)]
pub struct Sent {
    /// Where it went.
    pub uri: Uri,
    /// Whether the gateway, not the client, asked for gzip.
    pub asked_for_gzip: bool,
}

impl Sent {
    fn of(outbound: &Outbound) -> Self {
        Self { uri: outbound.uri.clone(), asked_for_gzip: outbound.asked_for_gzip }
    }
}

/// The answer as it is. Its body goes on as it arrives, until the deadline.
async fn pass_through(
    inbound: Inbound,
    asked_for_gzip: bool,
    deadline: Instant,
    limit: usize,
) -> Result<Response, Failure> {
    let status = inbound.status();
    let mut headers = inbound.headers();
    let unpack = asked_for_gzip && Packing::of(headers.get(&CONTENT_ENCODING)) == Packing::Gzip;
    let length = known_length(&headers);
    if unpack {
        headers.remove(&CONTENT_ENCODING);
        headers.remove(&CONTENT_LENGTH);
    }
    let payload = match length {
        _ if matches!(status.as_u16(), 204 | 304) => Payload::Whole(Bytes::new()),
        Some(bytes) if bytes <= READ_AHEAD_BYTES_MAX => {
            let whole = inbound.read_whole(limit).await?;
            Payload::Whole(if unpack { gunzip(&whole, limit)? } else { whole })
        }
        _ => {
            let (sender, receiver) = body::transit(length.filter(|_| !unpack));
            actix::spawn(pump(inbound, sender, unpack.then(|| Gunzip::new(usize::MAX)), deadline));
            Payload::Transit(receiver)
        }
    };
    Ok(Response { status, headers, payload, complete: true })
}

fn known_length(headers: &Headers) -> Option<u64> {
    headers.get(&CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Carries a body from its connection to the client's. Ends when the client is gone, the time is over, or the body is.
async fn pump(mut inbound: Inbound, sender: body::BodySender, mut gunzip: Option<Gunzip>, deadline: Instant) {
    let carry = async {
        loop {
            let chunk = match inbound.next_chunk().await {
                Some(Ok(chunk)) => chunk,
                Some(Err(_broken)) => return Err(BodyError::BrokenOff),
                None => break,
            };
            let chunk = unpacked(&mut gunzip, chunk)?;
            if !chunk.is_empty() {
                sender.send(chunk).await?;
            }
        }
        if let Some(gunzip) = gunzip.take() {
            let rest = gunzip.finish().map_err(|_cut| BodyError::BrokenOff)?;
            sender.send(rest).await?;
        }
        Ok(())
    };
    let outcome = tokio::select! {
        biased;
        outcome = tokio::time::timeout_at(deadline, carry) => outcome.unwrap_or(Err(BodyError::TimedOut)),
        () = sender.closed() => return,
    };
    match outcome {
        Ok(()) => sender.finish().await,
        Err(error) => sender.break_off(error).await,
    }
}

fn unpacked(gunzip: &mut Option<Gunzip>, chunk: Bytes) -> Result<Bytes, BodyError> {
    match gunzip {
        None => Ok(chunk),
        Some(gunzip) => gunzip.push(&chunk).map_err(|_bad| BodyError::BrokenOff),
    }
}
