//! Actors that stand in for backends and shadows and do what a script says.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use actix::{Actor, AsyncContext, Context, Handler};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    backend::Fetch,
    model::{
        Body, Failure, Headers, Kind, Payload, Request, Response, Seen, SeenBody, Sight, Unkept, Witness,
        data::tests::data,
    },
    shadow::{Chained, DropReason, Mirror, Mirrors, mirror::body_for, window::Loss},
};

/// What happened, each with its virtual millisecond.
#[derive(Clone, Debug)]
pub(super) struct Log {
    started: Instant,
    lines: Rc<RefCell<Vec<(u64, String)>>>,
}

impl Log {
    /// An empty log whose time begins now.
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), lines: Rc::default() }
    }

    /// Milliseconds since the log began.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap()
    }

    pub(super) fn add(&self, line: impl Into<String>) {
        self.lines.borrow_mut().push((self.now(), line.into()));
    }

    /// Everything so far.
    pub(super) fn lines(&self) -> Vec<(u64, String)> {
        self.lines.borrow().clone()
    }

    /// The lines that contain `part`.
    pub(super) fn with(&self, part: &str) -> Vec<(u64, String)> {
        self.lines().into_iter().filter(|(_, line)| line.contains(part)).collect()
    }
}

/// How much of its body a stub reads before it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// None of it, and it keeps the body.
    Nothing,
    /// So many chunks; then it lets go of the body.
    Chunks(usize),
    /// All of it.
    All,
}

/// How a stub's call ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// With a complete answer.
    Json(String),
    /// With an answer that says something is missing.
    Incomplete(String),
    Fails(Kind),
    Never,
    Panics,
}

/// One call as a stub plays it: read, wait so many milliseconds, end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) reads: Reads,
    pub(super) after: u64,
    pub(super) ends: Ends,
}

/// What a stub does for a request.
pub(super) type Script<T> = Rc<dyn Fn(&Request) -> T>;

/// Answers with `json` after `after` milliseconds, having read everything.
pub(super) fn answers(after: u64, json: &str) -> Script<Turn> {
    always(Turn { reads: Reads::All, after, ends: Ends::Json(json.to_owned()) })
}

/// Ends so after `after` milliseconds, having read everything.
pub(super) fn ends(after: u64, ends: Ends) -> Script<Turn> {
    always(Turn { reads: Reads::All, after, ends })
}

/// The same for every request.
pub(super) fn always<T: Clone + 'static>(turn: T) -> Script<T> {
    Rc::new(move |_request| turn.clone())
}

/// A backend that plays its script.
pub(super) struct StubBackend {
    pub(super) name: String,
    pub(super) log: Log,
    pub(super) script: Script<Turn>,
}

impl Actor for StubBackend {
    type Context = Context<Self>;
}

impl Handler<Fetch> for StubBackend {
    type Result = ();

    fn handle(&mut self, fetch: Fetch, _ctx: &mut Self::Context) {
        let (name, log, deadline) = (self.name.clone(), self.log.clone(), fetch.budget.deadline);
        let call = LiveCall { name, log, deadline, started: Instant::now(), witnesses: fetch.witnesses, ended: false };
        let turn = (self.script)(&fetch.request);
        let earlier: Vec<_> = fetch.earlier.iter().flatten().map(String::as_str).collect();
        self.log.add(format!("{} asked {}", self.name, earlier.join(",")).trim_end());
        actix::spawn(fetch.promise.fulfil(Box::pin(call.play(turn, fetch.body))));
    }
}

/// A call under way; dropping it before its end is logged as the cancellation it is.
struct LiveCall {
    name: String,
    log: Log,
    started: Instant,
    deadline: Instant,
    witnesses: Vec<Arc<dyn Witness>>,
    ended: bool,
}

impl LiveCall {
    async fn play(mut self, turn: Turn, body: Body) -> Result<Response, Failure> {
        let name = self.name.clone();
        let kept = match (turn.reads, body) {
            (Reads::Nothing, body) => Some(body),
            (reads, body) => {
                if let Some(line) = read(body, reads).await {
                    self.log.add(format!("{name} read {line}"));
                }
                None
            }
        };
        sleep(Duration::from_millis(turn.after)).await;
        let outcome = match turn.ends {
            Ends::Never => std::future::pending().await,
            // Unlike `panic!`, this does not write to the test's output.
            Ends::Panics => {
                self.ended = true;
                std::panic::resume_unwind(Box::new("a backend goes wrong"))
            }
            Ends::Json(json) => Ok(Response::data(data(&json), true)),
            Ends::Incomplete(json) => Ok(Response::data(data(&json), false)),
            Ends::Fails(kind) => Err(Failure::new(kind, format!("{name} failed"))),
        };
        drop(kept);
        self.ended = true;
        for witness in &self.witnesses {
            show(&**witness, &outcome, self.started);
        }
        outcome
    }
}

/// Shows a witness what a call ended with, as a real backend does.
fn show(witness: &dyn Witness, outcome: &Result<Response, Failure>, started: Instant) {
    witness.saw(match outcome {
        Err(failure) => Sight::Failed(failure.kind),
        Ok(Response { status, headers, payload: Payload::Data(data), .. }) => {
            let text = data.to_bytes();
            let body = match witness.wants() {
                wanted if text.len() > wanted.bytes_max => SeenBody::Unkept(Unkept::TooLarge),
                _ if !witness.reserve(text.len()) => SeenBody::Unkept(Unkept::NoRoom),
                _ => SeenBody::Data(data.clone()),
            };
            Sight::Answer(Seen { status: *status, headers: headers.clone(), body, took: started.elapsed() })
        }
        Ok(other) => panic!("stubs answer with data, not {other:?}"),
    });
}

impl Drop for LiveCall {
    fn drop(&mut self) {
        if !self.ended {
            if Instant::now() >= self.deadline {
                self.witnesses.iter().for_each(|witness| witness.saw(Sight::Failed(Kind::Timeout)));
            }
            self.log.add(format!("{} cancelled", self.name));
        }
    }
}

/// The text of a body, and how it ended; nothing if there is none.
async fn read(body: Body, reads: Reads) -> Option<String> {
    let mut text = Vec::new();
    let mut receiver = match body {
        Body::Empty => return None,
        Body::Held(held) => return Some(format!("{} whole", String::from_utf8_lossy(&held.to_bytes()))),
        Body::Transit(receiver) => receiver,
    };
    let most = if let Reads::Chunks(chunks) = reads { chunks } else { usize::MAX };
    for _chunk in 0..most {
        match receiver.next_chunk().await {
            Some(Ok(chunk)) => text.extend_from_slice(&chunk),
            Some(Err(error)) => return Some(format!("{} then: {error}", String::from_utf8_lossy(&text))),
            None => return Some(format!("{} whole", String::from_utf8_lossy(&text))),
        }
    }
    Some(format!("{} and stopped", String::from_utf8_lossy(&text)))
}

/// How a mirror ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Completes(u16),
    Fails(Kind),
    Panics,
    /// Its ticket is dropped without a word.
    Vanishes,
}

/// A shadow that ends its mirrors as a script says, so many milliseconds after they came.
pub(super) struct StubShadow {
    pub(super) name: String,
    pub(super) log: Log,
    pub(super) script: Script<(u64, Fate)>,
}

impl Actor for StubShadow {
    type Context = Context<Self>;
}

impl Handler<Mirrors> for StubShadow {
    type Result = ();

    fn handle(&mut self, Mirrors(mirrors): Mirrors, _ctx: &mut Self::Context) {
        mirrors.into_iter().for_each(|mirror| self.mirror(*mirror));
    }
}

impl StubShadow {
    fn mirror(&mut self, mirror: Mirror) {
        let (after, fate) = (self.script)(&mirror.request);
        let text = match &mirror.body {
            Body::Held(held) => String::from_utf8_lossy(&held.to_bytes()).into_owned(),
            Body::Transit(_) => "a stream".to_owned(),
            Body::Empty => String::new(),
        };
        self.log.add(format!("{} mirrored {text}", self.name).trim_end());
        let (log, name) = (self.log.clone(), self.name.clone());
        actix::spawn(async move {
            let killed = mirror.ticket.killed();
            tokio::select! {
                biased;
                () = killed => {}
                () = end(mirror, after, fate, log, name) => {}
            }
        });
    }
}

async fn end(mirror: Mirror, after: u64, fate: Fate, log: Log, name: String) {
    let Mirror {
        request, body, mut loss, body_of_rest: whole, mut ticket, mut rest, answers, not_before, witness, ..
    } = mirror;
    if let Some(time) = not_before {
        sleep_until(time).await;
    }
    ticket.send();
    let started = Instant::now();
    let reading = async {
        sleep(Duration::from_millis(after)).await;
        if let Body::Transit(_) = body
            && let Some(line) = read(body, Reads::All).await
        {
            log.add(format!("{name} read {line}"));
        }
    };
    tokio::select! {
        biased;
        reason = Loss::of(&mut loss) => return ticket.fail(Loss::failure(reason).kind),
        () = reading => {}
    }
    log.add(format!("{name} ends"));
    if let (Some(witness), Some(outcome)) = (witness, outcome_of(fate)) {
        show(&*witness, &outcome, started);
    }
    match fate {
        Fate::Completes(status) => {
            ticket.complete(status);
            if let Some(Chained { recipient, ticket, takes_body, witness, .. }) = rest.pop_front() {
                let body = if takes_body { whole.share().unwrap() } else { Body::Empty };
                let (earlier, body_of_rest) = (Vec::new(), body_for(&rest, &whole));
                let (loss, not_before) = (None, None);
                let next =
                    Mirror { request, earlier, body, loss, body_of_rest, ticket, witness, not_before, rest, answers };
                #[expect(clippy::disallowed_methods, reason = "as a real shadow does")]
                recipient.do_send(Mirrors::from(next));
            }
        }
        Fate::Fails(kind) => {
            ticket.fail(kind);
            rest.into_iter().for_each(|later| later.ticket.drop_for(DropReason::ChainBroken));
        }
        // The ticket is dropped by the unwinding, as in a real mirror.
        Fate::Panics => std::panic::resume_unwind(Box::new("a shadow goes wrong")),
        Fate::Vanishes => drop((ticket, rest)),
    }
}

/// What witnesses of a mirror are shown, if it ends with a word.
fn outcome_of(fate: Fate) -> Option<Result<Response, Failure>> {
    match fate {
        Fate::Completes(status) => Some(Ok(Response {
            status: http::StatusCode::from_u16(status).unwrap(),
            headers: Headers::new(),
            payload: Payload::Data(data(r#"{"id":1,"shadow":true}"#)),
            complete: true,
        })),
        Fate::Fails(kind) => Some(Err(Failure::new(kind, "as the script says"))),
        Fate::Panics | Fate::Vanishes => None,
    }
}

/// A shadow whose mailbox is never opened.
pub(super) struct DeafShadow;

impl Actor for DeafShadow {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.wait(actix::fut::wrap_future(std::future::pending::<()>()));
    }
}

impl Handler<Mirrors> for DeafShadow {
    type Result = ();

    fn handle(&mut self, _mirrors: Mirrors, _ctx: &mut Self::Context) {
        panic!("a deaf shadow heard something");
    }
}
