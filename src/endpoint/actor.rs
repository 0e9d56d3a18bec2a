//! The endpoint actor: takes [`Call`] and serves it. A shell; the sense is in [`super::dispatch`].

use std::rc::Rc;

use actix::{Actor, Context, Handler, Message};

use crate::model::{Body, Budget, Promise, Reply, Request};

use super::Dispatch;

/// Serve this request.
#[derive(Debug)]
pub struct Call {
    /// The client's request.
    pub request: Request,
    /// Its body.
    pub body: Body,
    /// When the endpoint's time ends.
    pub budget: Budget,
    /// Where the reply goes; dropping the other end cancels everything but the copies already handed over.
    pub promise: Promise<Reply>,
}

impl Message for Call {
    type Result = ();
}

/// One endpoint on one thread.
pub struct EndpointActor(Rc<Dispatch>);

impl EndpointActor {
    /// An actor that serves as `dispatch` does.
    #[must_use]
    pub fn new(dispatch: Dispatch) -> Self {
        Self(Rc::new(dispatch))
    }
}

impl Actor for EndpointActor {
    type Context = Context<Self>;
}

impl Handler<Call> for EndpointActor {
    type Result = ();

    /// Only moves the message into a task: a mailbox must never wait for a call, and a panic must end only that.
    fn handle(&mut self, call: Call, _ctx: &mut Self::Context) {
        let dispatch = Rc::clone(&self.0);
        let Call { request, body, budget, promise } = call;
        let work = Box::pin(async move { dispatch.serve(request, body, budget).await });
        actix::spawn(promise.fulfil(work));
    }
}
