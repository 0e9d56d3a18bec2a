//! From an accepted socket to a protocol: who is silent is let go, who wants TLS gets it, and what is spoken is found
//! out.
//!
//! Runs once per connection.

use std::{fmt, io, net::SocketAddr, rc::Rc, sync::Arc};

use actix_http::{HttpService, Request, Response, body::BoxBody};
use actix_service::{Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::{
    App, Error, HttpRequest, HttpResponse,
    dev::{AppConfig, ServiceResponse, fn_factory, fn_service},
    web,
};
use futures_util::future::{LocalBoxFuture, try_join};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsAcceptor;

use crate::server::{reload::Announcer, serve, tree::Standing};

use super::{Terms, Unread, ahead::Basin, http2, stream::ClientStream};

/// The protocol HTTP/2 as TLS names it.
const H2: &[u8] = b"h2";
/// How a connection with HTTP/2 and without TLS begins (RFC 9113, section 3.4).
const PREFACE: &[u8; 12] = b"PRI * HTTP/2";
/// How long a connection may take to close.
const CLOSE_TIME: std::time::Duration = std::time::Duration::from_secs(1);

/// What serves the connections of one worker thread. `stopping` makes futures that end when the gateway stops.
pub(in crate::server) fn front<S, F>(
    announcer: Announcer,
    terms: Arc<Terms>,
    tls: Option<TlsAcceptor>,
    stopping: S,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = (), InitError = ()>
where
    S: Fn() -> F + Clone + 'static,
    F: Future<Output = ()> + 'static,
{
    fn_factory(move || {
        let standing = Standing::of_this_thread(&announcer);
        let first = HttpService::build()
            .keep_alive(terms.idle_time)
            .client_request_timeout(terms.head_time)
            .client_disconnect_timeout(CLOSE_TIME)
            // Without this a client's hang-up goes unnoticed, and its calls go on.
            .h1_allow_half_closed(false)
            .graceful_shutdown_signal(stopping.clone())
            .on_connect_ext(|stream: &ClientStream, extensions| {
                if stream.unread().has_limit() {
                    extensions.insert(Rc::clone(stream.unread()));
                }
            })
            .h1(app(&standing))
            .new_service(());
        let second = app(&standing).new_service(());
        let (terms, tls, stopping) = (Arc::clone(&terms), tls.clone(), stopping.clone());
        async move {
            let (first, second) = try_join(first, second).await?;
            let front = Rc::new(Front { first, second: Rc::new(second), terms, tls, stopping, basin: Basin::new() });
            Ok(fn_service(move |tcp| {
                let front = Rc::clone(&front);
                async move { front.serve(tcp).await.map_err(|error| tracing::trace!("a connection ended: {error}")) }
            }))
        }
    })
}

/// The gateway as actix-web's services see it: each request is served by the tree that stands when it comes.
fn app(
    standing: &Standing,
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = ServiceResponse<BoxBody>,
    Error = HttpResponse,
    InitError = (),
    Service: Service<Request, Future: 'static> + 'static,
    Future: 'static,
> + use<> {
    let standing = standing.clone();
    let handler = move |request: HttpRequest, payload: web::Payload| serve::serve(standing.tree(), request, payload);
    let app = App::new().default_service(web::to(handler));
    map_config(app, |()| AppConfig::default()).map_err(|error: Error| error.error_response())
}

/// The two protocols on one thread.
struct Front<First, Second, S> {
    first: First,
    second: Rc<Second>,
    terms: Arc<Terms>,
    tls: Option<TlsAcceptor>,
    stopping: S,
    /// Where plain connections are read into.
    basin: Basin,
}

impl<First, Second, S, F> Front<First, Second, S>
where
    First: Service<(ClientStream, Option<SocketAddr>), Response = (), Error: fmt::Display>,
    Second:
        Service<Request, Error: Into<Response<BoxBody>>, Response: Into<Response<BoxBody>>, Future: 'static> + 'static,
    S: Fn() -> F,
    F: Future<Output = ()>,
{
    async fn serve(&self, tcp: TcpStream) -> io::Result<()> {
        let address = tcp.peer_addr().ok();
        tcp.set_nodelay(true)?;
        let (stream, is_http_2) = tokio::select! {
            opened = self.open(tcp) => opened?,
            () = (self.stopping)() => return Ok(()),
        };
        if is_http_2 {
            return http2::serve(stream, &self.second, &self.terms, address, (self.stopping)()).await;
        }
        self.first.call((stream, address)).await.map_err(|error| io::Error::other(error.to_string()))
    }

    /// The connection ready for its protocol, and whether that is HTTP/2.
    async fn open(&self, tcp: TcpStream) -> io::Result<(ClientStream, bool)> {
        let unread = Unread::new(self.terms.write_time);
        let Some(tls) = &self.tls else {
            let is_http_2 = self.terms.speaks_h2c && timeout(self.terms.head_time, begins_http_2(&tcp)).await??;
            return Ok((ClientStream::plain(tcp, self.basin.clone(), unread), is_http_2));
        };
        let shaking: LocalBoxFuture<'_, _> = Box::pin(timeout(self.terms.handshake_time, tls.accept(tcp)));
        let stream = shaking.await??;
        let is_http_2 = stream.get_ref().1.alpn_protocol() == Some(H2);
        Ok((ClientStream::tls(stream, unread), is_http_2))
    }
}

/// Looks at what comes first without taking it.
async fn begins_http_2(tcp: &TcpStream) -> io::Result<bool> {
    let mut begin = [0; PREFACE.len()];
    Ok(tcp.peek(&mut begin).await? == PREFACE.len() && begin == *PREFACE)
}
