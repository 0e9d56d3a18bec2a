//! The place where the transport meets awc: a client middleware that answers `http://` and `https://` requests itself.

use std::{cell::RefCell, rc::Rc};

use actix_web::dev::Service;
use awc::{
    ClientResponse, ConnectRequest, ConnectResponse, error::SendRequestError, middleware::Transform, test::TestResponse,
};
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;

use crate::model::Outbound;

use super::{
    Arrived, Glance, Keep, Marks, PoolLimits, Room, Secure, TransportError,
    begun::begin,
    direct,
    exchange::{Outgoing, exchange},
    glance,
    head::AnswerHead,
    payload::AnswerBody,
    pool::Pool,
};

/// Wraps an awc client so that its calls go over our connections. Clones share these.
#[derive(Clone, Debug)]
pub struct Transport {
    pool: Rc<Pool>,
    /// Whoever wants the times of the request that awc hands over next.
    marks: Rc<RefCell<Option<Rc<Marks>>>>,
}

impl Transport {
    /// A transport with a pool of its own, in a room it may share.
    #[must_use]
    pub fn new(limits: PoolLimits, secure: Secure, room: Room) -> Self {
        Self { pool: Rc::new(Pool::new(limits, secure, room)), marks: Rc::default() }
    }

    /// Lets awc begin a call, which hands its request over before `begin` returns; its times go into `marks`.
    pub fn marking<T>(&self, marks: Rc<Marks>, begin: impl FnOnce() -> T) -> T {
        *self.marks.borrow_mut() = Some(marks);
        let begun = begin();
        self.marks.take();
        begun
    }

    /// Whether [`Transport::call`] and [`Transport::glance`] can send this request with a body of so many bytes.
    #[must_use]
    pub fn can_call(&self, outbound: &Outbound, bytes: usize) -> bool {
        direct::is_possible(&self.pool, outbound, bytes)
    }

    /// Sends a request beside awc, and waits for the head of its answer.
    ///
    /// # Errors
    /// Whatever keeps an answer from coming.
    pub async fn call(&self, outbound: &Outbound, body: &Bytes, keep: Keep) -> Result<Arrived, TransportError> {
        direct::call(&self.pool, outbound, body, keep).await
    }

    /// Sends a request whose answer nobody wants, beside awc, and looks at the head of the answer.
    ///
    /// # Errors
    /// Whatever keeps an answer from coming.
    pub async fn glance<'a>(&'a self, outbound: &'a Outbound, body: &Bytes) -> Result<Glance<'a>, TransportError> {
        glance::glance(&self.pool, outbound, body).await
    }
}

impl<S> Transform<S, ConnectRequest> for Transport
where
    S: Service<ConnectRequest, Response = ConnectResponse, Error = SendRequestError>,
    S::Future: 'static,
{
    type Transform = TransportService<S>;

    fn new_transform(self, inner: S) -> Self::Transform {
        TransportService { pool: self.pool, marks: self.marks, inner }
    }
}

/// The transport around awc's own connector, which keeps WebSocket tunnels.
#[derive(Debug)]
pub struct TransportService<S> {
    pool: Rc<Pool>,
    marks: Rc<RefCell<Option<Rc<Marks>>>>,
    inner: S,
}

impl<S> Service<ConnectRequest> for TransportService<S>
where
    S: Service<ConnectRequest, Response = ConnectResponse, Error = SendRequestError>,
    S::Future: 'static,
{
    type Response = ConnectResponse;
    type Error = SendRequestError;
    type Future = LocalBoxFuture<'static, Result<ConnectResponse, SendRequestError>>;

    actix_web::dev::forward_ready!(inner);

    fn call(&self, request: ConnectRequest) -> Self::Future {
        let (head, body) = match request {
            ConnectRequest::Client(head, body, _address) => (head, body),
            tunnel @ ConnectRequest::Tunnel(..) => return Box::pin(self.inner.call(tunnel)),
        };
        let (pool, marks) = (Rc::clone(&self.pool), self.marks.take());
        Box::pin(async move {
            let parts = head.as_ref();
            let outgoing = Outgoing { method: &parts.method, uri: &parts.uri, headers: &parts.headers };
            match exchange(&pool, &outgoing, begin(body), marks.as_deref()).await {
                Ok((head, body)) => Ok(ConnectResponse::Client(response(head, body))),
                Err(error) => Err(wrap(error)),
            }
        })
    }
}

fn wrap(error: TransportError) -> SendRequestError {
    SendRequestError::Custom(Box::new(error), Box::new("transport"))
}

/// awc offers no constructor for its response but this one.
fn response(head: AnswerHead, mut body: AnswerBody) -> ClientResponse {
    let whole = body.take_if_whole();
    let response = TestResponse::default().set_payload(whole.clone().unwrap_or_default()).finish();
    response.map_body(|into, payload| {
        into.status = head.status;
        into.version = head.version;
        into.headers = head.headers;
        match whole {
            Some(_) => payload,
            None => payload_of(body),
        }
    })
}

fn payload_of(body: AnswerBody) -> actix_web::dev::Payload {
    actix_web::dev::Payload::Stream { payload: Box::pin(body) }
}
