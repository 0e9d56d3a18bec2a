//! One upstream call in its steps: address, request, answer, status, decoding, shape.

use std::{rc::Rc, sync::Arc};

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::{
    Uri,
    header::{CONTENT_ENCODING, CONTENT_LENGTH},
};
use tokio::time::Instant;

use crate::{
    component::BackendCall,
    model::{
        Body, BodyError, Data, Failure, Headers, Kind, Outbound, Payload, Request, Response, WireAnswer, WireRequest,
        Witness, body,
    },
    plan::BackendPlan,
    telemetry::Probe,
};

use super::{
    Aim, Client, FoundHosts,
    balance::Balance,
    client::Inbound,
    gzip::{Gunzip, gunzip},
    packed::Packing,
    recorded::Recorded,
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
    pub(super) client: Client,
    balance: Balance,
    found: Option<FoundHosts>,
    /// What records calls, if anything does.
    probe: Option<Rc<Probe>>,
}

impl Caller {
    /// A caller with connections of its own; `turn` says at which address it starts.
    #[must_use]
    pub fn new(client: Client, turn: usize) -> Self {
        Self { client, balance: Balance::starting_at(turn), found: None, probe: None }
    }

    /// The same, and its calls are recorded.
    #[must_use]
    pub fn recording(self, probe: Option<Rc<Probe>>) -> Self {
        Self { probe, ..self }
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
    pub async fn fetch(
        &self,
        backend: &BackendPlan,
        asked: Asked<'_>,
        body: Body,
        deadline: Instant,
        limit: usize,
    ) -> Result<Response, Failure> {
        let recorded = self.recorded(backend, asked, deadline);
        let target = Target { recorded: recorded.as_deref(), ..Target::of(backend, &asked) };
        if asked.witnesses.is_empty() {
            let outcome = self.fetch_from(target, asked, body, deadline, limit).await;
            return told(recorded.as_deref(), backend, outcome);
        }
        let watch = Watch::start(asked.witnesses, deadline);
        let target = Target { watch: Some(&watch), ..target };
        // Few calls are watched; the others need not carry the room for it.
        let outcome = Box::pin(self.fetch_from(target, asked, body, deadline, limit)).await;
        told(recorded.as_deref(), backend, watch.end(outcome))
    }

    pub(super) fn recorded<'a>(
        &'a self,
        backend: &'a BackendPlan,
        asked: Asked<'_>,
        end: Instant,
    ) -> Option<Box<Recorded<'a>>> {
        Recorded::begin(self.probe.as_ref()?, backend, asked.request, end)
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
        let step = |call: BackendCall| -> LocalBoxFuture<'_, Result<Response, Failure>> {
            Box::pin(self.answer(target, call.outbound, call.body, deadline, limit))
        };
        let earlier = backend.lookups.iter().zip(asked.earlier);
        let earlier = earlier.filter_map(|(lookup, value)| Some((lookup.name.clone(), value.clone()?))).collect();
        let call = BackendCall { request: Arc::clone(asked.request), earlier, outbound, body, deadline };
        backend.calls_through.run(call, &step).await
    }

    pub(super) fn outbound(&self, backend: &BackendPlan, asked: &Asked<'_>) -> Result<Outbound, Failure> {
        let found = self.found.as_ref().map(FoundHosts::now);
        let bases = found.as_deref().unwrap_or(&backend.bases);
        let next = self.balance.next(bases);
        let (place, base) = next.ok_or_else(|| Failure::new(Kind::NoHost, "no hosts available"))?;
        if let Some(aim) = asked.aim {
            aim.take(place, bases.len());
        }
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
            return pass_through(inbound, sent.asked_for_gzip, deadline, limit).await;
        }
        if !is_success(inbound.status()) {
            return failed_answer(backend, &sent.uri, inbound, limit).await;
        }
        let data = decoded(target, inbound, limit).await?;
        let data = backend.shape.apply(data);
        Ok(Response::data(data, true))
    }

    /// Makes the exchange up to the head of its answer, through the components around it.
    pub(super) async fn send(
        &self,
        target: Target<'_>,
        outbound: Outbound,
        body: Body,
    ) -> Result<(Inbound, Sent), Failure> {
        let backend = target.backend;
        let sent = Sent { uri: outbound.uri.clone(), asked_for_gzip: outbound.asked_for_gzip };
        if backend.wires_through.is_empty() {
            return self.follow(target, outbound, body, sent).await;
        }
        let step = |request: WireRequest| -> LocalBoxFuture<'_, Result<WireAnswer, Failure>> {
            let sent = Sent { uri: request.outbound.uri.clone(), asked_for_gzip: request.outbound.asked_for_gzip };
            Box::pin(async move {
                let (inbound, _sent) = self.follow(target, request.outbound, request.body, sent).await?;
                Ok(inbound.into_wire())
            })
        };
        let answer = backend.wires_through.run(WireRequest { outbound, body }, &step).await?;
        Ok((Inbound::of_component(answer), sent))
    }

    /// Sends a request and follows where the upstream sends it on to. One that is touched last goes where it was meant
    /// to go and nowhere else: what was taken off it must not depend on what an upstream says.
    async fn follow(
        &self,
        target: Target<'_>,
        mut outbound: Outbound,
        body: Body,
        mut sent: Sent,
    ) -> Result<(Inbound, Sent), Failure> {
        let exchange = target.recorded.and_then(|recorded| recorded.exchange(&outbound, &body));
        if let Some(exchange) = &exchange {
            exchange.inject(&mut outbound.headers);
        }
        if let Some(touch) = target.touch {
            touch.touch(&mut outbound);
        }
        let outcome = self.hop(target, outbound, body, &mut sent).await;
        match (exchange, outcome) {
            (None, outcome) => Ok((outcome?, sent)),
            (Some(exchange), Ok(inbound)) => Ok((exchange.answered(inbound), sent)),
            (Some(exchange), Err(failure)) => {
                exchange.failed(&failure);
                Err(failure)
            }
        }
    }

    async fn hop(
        &self,
        target: Target<'_>,
        outbound: Outbound,
        body: Body,
        sent: &mut Sent,
    ) -> Result<Inbound, Failure> {
        let backend = target.backend;
        if target.touch.is_some() {
            return target.saw(self.client.send(&outbound, body).await);
        }
        let mut trail = Trail::new(outbound, &body, backend.resends_body);
        let mut inbound = target.saw(self.client.send(trail.outbound(), body).await)?;
        while let Next::Follow(body) = trail.next(&inbound)? {
            sent.uri = trail.outbound().uri.clone();
            inbound = self.client.send(trail.outbound(), body).await?;
        }
        Ok(inbound)
    }
}

/// The outcome of a call, told to who records it.
fn told(
    recorded: Option<&Recorded<'_>>,
    backend: &BackendPlan,
    outcome: Result<Response, Failure>,
) -> Result<Response, Failure> {
    if let Some(recorded) = recorded {
        recorded.end(outcome.as_ref().map(|response| backend.no_op || response.complete));
    }
    outcome
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
    /// Who wants to know whether anybody is there.
    pub aim: Option<&'a Aim>,
}

/// Changes a request as the very last thing before it is sent.
pub trait LastTouch {
    /// Changes it.
    fn touch(&self, outbound: &mut Outbound);
}

/// Where a call goes.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) backend: &'a BackendPlan,
    pub(super) touch: Option<&'a dyn LastTouch>,
    watch: Option<&'a Watch<'a>>,
    pub(super) recorded: Option<&'a Recorded<'a>>,
    aim: Option<&'a Aim>,
}

impl<'a> Target<'a> {
    pub(super) const fn of(backend: &'a BackendPlan, asked: &Asked<'a>) -> Self {
        Self { backend, touch: asked.touch, watch: None, recorded: None, aim: asked.aim }
    }

    /// The same target, and what is called there is recorded.
    pub(super) const fn recorded(self, recorded: &'a Recorded<'a>) -> Self {
        Self { recorded: Some(recorded), ..self }
    }

    /// Takes note of what came of the call at the address it was made for.
    pub(super) fn saw<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if let Some(aim) = self.aim {
            aim.saw(&outcome);
        }
        outcome
    }
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
