//! One upstream call in its steps: address, request, answer, status, decoding, shape.

use std::{rc::Rc, sync::Arc};

use futures_util::future::{Either, LocalBoxFuture};
use http::{Uri, header::CONTENT_ENCODING};
use tokio::time::Instant;

use crate::{
    component::BackendCall,
    model::{Body, Data, Failure, Kind, Outbound, Request, Response, WireAnswer, WireRequest, Witness},
    plan::BackendPlan,
    telemetry::Probe,
};

use super::{
    Aim, Client, FoundHosts,
    balance::Balance,
    client::Inbound,
    packed::Packing,
    passing::pass_through,
    recorded::Recorded,
    redirect::{Next, Trail},
    request::outbound,
    status::{failed_answer, is_success},
    target::Target,
    watch::Watch,
};

/// A live answer that is decoded may not be larger than this, in bytes; one that passes through has no limit.
pub const DECODED_BYTES_MAX: usize = 64 * 1024 * 1024;

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
    pub fn fetch<'a>(
        &'a self,
        backend: &'a BackendPlan,
        asked: Asked<'a>,
        body: Body,
        deadline: Instant,
        limit: usize,
    ) -> impl Future<Output = Result<Response, Failure>> + use<'a> {
        let target = Target::of(backend, &asked);
        if asked.witnesses.is_empty() && !self.records(backend) {
            return Either::Left(self.fetch_from(target, asked, body, deadline, limit));
        }
        // Few calls are watched; the others need not carry the room for it.
        Either::Right(Box::pin(self.fetch_seen(target, asked, body, deadline, limit)))
    }

    /// The same, with whoever sees the answer as well, and recorded.
    async fn fetch_seen(
        &self,
        target: Target<'_>,
        asked: Asked<'_>,
        body: Body,
        deadline: Instant,
        limit: usize,
    ) -> Result<Response, Failure> {
        let backend = target.backend;
        let recorded = self.recorded(backend, asked, deadline);
        let watch = (!asked.witnesses.is_empty()).then(|| Watch::start(asked.witnesses, deadline));
        let target = Target { watch: watch.as_ref(), recorded: recorded.as_deref(), ..target };
        let outcome = self.fetch_from(target, asked, body, deadline, limit).await;
        let outcome = match watch {
            Some(watch) => watch.end(outcome),
            None => outcome,
        };
        told(recorded.as_deref(), backend, outcome)
    }

    fn records(&self, backend: &BackendPlan) -> bool {
        let recorder = self.probe.as_ref().zip(backend.telemetry.as_deref());
        recorder.is_some_and(|(probe, settings)| probe.records(settings))
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
        Box::pin(self.fetch_through_components(target, asked, (outbound, body), deadline, limit)).await
    }

    async fn fetch_through_components(
        &self,
        target: Target<'_>,
        asked: Asked<'_>,
        (outbound, body): (Outbound, Body),
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
    pub(super) fn send<'a>(
        &'a self,
        target: Target<'a>,
        outbound: Outbound,
        body: Body,
    ) -> impl Future<Output = Result<(Inbound, Sent), Failure>> + use<'a> {
        if target.backend.wires_through.is_empty() {
            Either::Left(self.hop(target, outbound, body))
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
                let (inbound, _sent) = self.hop(target, request.outbound, request.body).await?;
                Ok(inbound.into_wire())
            })
        };
        let answer = backend.wires_through.run(WireRequest { outbound, body }, &step).await?;
        Ok((Inbound::of_component(answer), sent))
    }

    /// Sends a request and follows where the upstream sends it on to. One that is touched last goes where it was meant
    /// to go and nowhere else: what was taken off it must not depend on what an upstream says.
    async fn hop(&self, target: Target<'_>, mut outbound: Outbound, body: Body) -> Result<(Inbound, Sent), Failure> {
        if target.touch.is_some() {
            let sent = Sent::of(&outbound);
            let inbound = target.saw(self.exchange(target, &mut outbound, body).await)?;
            return Ok((inbound, sent));
        }
        let mut trail = Trail::new(outbound, &body, target.backend.resends_body);
        let mut inbound = target.saw(self.exchange(target, trail.outbound_mut(), body).await)?;
        while let Next::Follow(body) = trail.next(&inbound)? {
            inbound = self.exchange(target, trail.outbound_mut(), body).await?;
        }
        let Outbound { uri, asked_for_gzip, .. } = trail.into_outbound();
        Ok((inbound, Sent { uri, asked_for_gzip }))
    }

    /// One exchange up to the head of its answer; whoever touches the request does it now.
    fn exchange<'a>(
        &'a self,
        target: Target<'a>,
        outbound: &'a mut Outbound,
        body: Body,
    ) -> impl Future<Output = Result<Inbound, Failure>> + use<'a> {
        if let Some(recorded) = target.recorded {
            return Either::Right(Box::pin(self.exchange_recorded(recorded, target, outbound, body)));
        }
        if let Some(touch) = target.touch {
            touch.touch(outbound);
        }
        Either::Left(self.client.call(outbound, body, target.keep()))
    }

    async fn exchange_recorded(
        &self,
        recorded: &Recorded<'_>,
        target: Target<'_>,
        outbound: &mut Outbound,
        body: Body,
    ) -> Result<Inbound, Failure> {
        let exchange = recorded.exchange(outbound, &body);
        if let Some(exchange) = &exchange {
            exchange.inject(&mut outbound.headers);
        }
        if let Some(touch) = target.touch {
            touch.touch(outbound);
        }
        let outcome = match exchange.as_ref().and_then(|exchange| exchange.marks()) {
            None => self.client.send(outbound, body).await,
            Some(marks) => self.client.send_marked(outbound, body, marks).await,
        };
        match (exchange, outcome) {
            (None, outcome) => outcome,
            (Some(exchange), Ok(inbound)) => Ok(exchange.answered(inbound)),
            (Some(exchange), Err(failure)) => {
                exchange.failed(&failure);
                Err(failure)
            }
        }
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
