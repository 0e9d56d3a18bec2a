//! The figures as a stream of events for the page: one `snapshot` a second, made once for all who listen.
//!
//! Promises: so many readers and no more; whoever does not read what was sent is cut off, so that nothing is kept for
//! them; while nobody listens nothing is made; the streams end with the listener.

use std::{
    any::Any,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix::Addr;
use actix_web::{
    HttpRequest, HttpResponse,
    dev::Extensions,
    http::header::{CONTENT_TYPE, RETRY_AFTER},
    rt::net::TcpStream,
    web::{Bytes, Data},
};
use futures_util::stream;
use socket2::{SockRef, Socket};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::{
    shadow::control::Which,
    stats::{Read, StatsActor},
};

use super::{
    admin::text,
    admin_overview::{Shadows, Told},
    changes::Changes,
};

/// How many may listen at once.
pub(super) const READERS_MAX: usize = 32;
/// What a stream is.
const EVENTS: &str = "text/event-stream";
/// How often there is news.
const PERIOD: Duration = Duration::from_secs(1);
/// How many events may wait for one reader; one more, and it is cut off.
const WAITING_MAX: usize = 4;
/// How many experiments an event tells of.
const SHADOWS_MAX: usize = 200;
/// What is said when there are no figures, so that whoever listens knows that somebody is there.
const KEEP_ALIVE: &[u8] = b": no figures\n\n";

/// All who listen.
pub(super) struct Events {
    stats: Addr<StatsActor>,
    changes: Option<Changes>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    readers: Vec<Reader>,
    latest: Option<Bytes>,
    teller: Option<JoinHandle<()>>,
}

impl Heard {
    fn has_room(&mut self) -> bool {
        self.readers.retain(|reader| !reader.events.is_closed());
        self.readers.len() < READERS_MAX
    }
}

/// One who listens.
struct Reader {
    events: mpsc::Sender<Bytes>,
    line: Option<Socket>,
}

impl Reader {
    /// Hands over an event; `false` if the reader is gone, or is gone now because it did not read.
    fn hear(&self, event: &Bytes) -> bool {
        match self.events.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(_)) => {
                // The server would wait for as long as the other side keeps the connection open.
                if let Some(line) = &self.line {
                    let _closed_meanwhile = line.shutdown(std::net::Shutdown::Both);
                }
                false
            }
        }
    }
}

/// The connection of a request, so that it can be cut.
struct Line(Socket);

/// Remembers the connection; to be called when it is accepted.
pub(super) fn remember(connection: &dyn Any, extensions: &mut Extensions) {
    let socket = connection.downcast_ref::<TcpStream>().map(|stream| SockRef::from(stream).try_clone());
    if let Some(Ok(socket)) = socket {
        extensions.insert(Line(socket));
    }
}

impl Events {
    pub(super) fn new(stats: Addr<StatsActor>, changes: Option<Changes>) -> Self {
        Self { stats, changes, heard: Mutex::default() }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        // What is done under the lock does not panic.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_room(&self) -> bool {
        self.heard().has_room()
    }

    /// One more reader, who hears at once what was said last; `None` if there are enough.
    fn admit(&self, line: Option<Socket>) -> Option<mpsc::Receiver<Bytes>> {
        let mut heard = self.heard();
        if !heard.has_room() {
            return None;
        }
        let (events, receiver) = mpsc::channel(WAITING_MAX);
        let reader = Reader { events, line };
        if let Some(latest) = &heard.latest {
            reader.hear(latest);
        }
        heard.readers.push(reader);
        Some(receiver)
    }

    /// Has somebody tell them, unless somebody does.
    fn begin(self: Arc<Self>) {
        let mut heard = self.heard();
        if heard.teller.as_ref().is_none_or(JoinHandle::is_finished) {
            heard.teller = Some(actix::spawn(tell(Arc::clone(&self))));
        }
    }

    async fn event(&self) -> Bytes {
        let Ok(snapshot) = self.stats.send(Read).await else { return Bytes::from_static(KEEP_ALIVE) };
        let which = Which { limit: Some(SHADOWS_MAX), ..Which::default() };
        let shadows = self.changes.as_ref().map(|changes| Shadows::new(changes, &which).with_lag(changes));
        let told = Told::new(&snapshot, shadows);
        match serde_json::to_string(&told) {
            Ok(json) => Bytes::from(format!("event: snapshot\ndata: {json}\n\n")),
            Err(_not_a_number) => Bytes::from_static(KEEP_ALIVE),
        }
    }

    /// Hands an event to all; `false` when nobody is left.
    fn tell(&self, event: Bytes) -> bool {
        let mut heard = self.heard();
        heard.readers.retain(|reader| reader.hear(&event));
        let is_heard = !heard.readers.is_empty();
        heard.latest = is_heard.then_some(event);
        is_heard
    }
}

/// Tells all who listen, until nobody does.
async fn tell(events: Arc<Events>) {
    let mut beats = interval(PERIOD);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        let event = events.event().await;
        if !events.tell(event) {
            return;
        }
    }
}

/// Says whether there is room for one more, without taking it: a page is not told with which status it was refused.
pub(super) async fn look(events: Data<Events>) -> HttpResponse {
    if events.has_room() { HttpResponse::Ok().insert_header((CONTENT_TYPE, EVENTS)).finish() } else { full() }
}

fn full() -> HttpResponse {
    let mut refusal = HttpResponse::ServiceUnavailable();
    refusal.insert_header((RETRY_AFTER, "10"));
    text(refusal, "too many listen already; /__stats has the figures as well")
}

/// Listens.
pub(super) async fn listen(request: HttpRequest, events: Data<Events>) -> HttpResponse {
    let line = request.conn_data::<Line>().and_then(|line| line.0.try_clone().ok());
    let Some(mut receiver) = events.admit(line) else { return full() };
    events.into_inner().begin();
    let body = stream::poll_fn(move |context| receiver.poll_recv(context).map(|event| event.map(Ok::<_, Infallible>)));
    HttpResponse::Ok().insert_header((CONTENT_TYPE, EVENTS)).streaming(body)
}

#[cfg(test)]
mod tests {
    use actix::{Actor, System};

    use super::*;
    use crate::stats::{Names, Registry};

    fn events() -> Events {
        let names = Arc::new(Names { endpoints: Vec::new(), backends: Vec::new() });
        Events::new(StatsActor::new(names, Arc::new(Registry::default())).start(), None)
    }

    #[test]
    fn an_event_is_made_once_and_heard_by_all() {
        System::new().block_on(async {
            let events = events();
            let (mut one, mut other) = (events.admit(None).unwrap(), events.admit(None).unwrap());
            let event = events.event().await;
            assert!(events.tell(event.clone()));
            for reader in [&mut one, &mut other] {
                assert_eq!(reader.recv().await.unwrap().as_ptr(), event.as_ptr());
            }
            assert!(event.starts_with(b"event: snapshot\ndata: {") && event.ends_with(b"}\n\n"));
        });
    }

    #[test]
    fn there_are_so_many_readers_and_whoever_leaves_makes_room() {
        System::new().block_on(async {
            let events = events();
            let mut readers: Vec<_> = (0..READERS_MAX).map(|_| events.admit(None).unwrap()).collect();
            assert!(events.admit(None).is_none());
            readers.pop();
            assert!(events.admit(None).is_some());
        });
    }

    #[test]
    fn whoever_does_not_read_is_dropped_and_the_others_hear_on() {
        System::new().block_on(async {
            let events = events();
            let (mut reads, mut sleeps) = (events.admit(None).unwrap(), events.admit(None).unwrap());
            for number in 0..=WAITING_MAX {
                assert!(events.tell(Bytes::from(format!("{number}"))));
                assert_eq!(reads.recv().await.unwrap(), format!("{number}"));
            }
            let mut waiting = 0;
            while sleeps.recv().await.is_some() {
                waiting += 1;
            }
            assert_eq!(waiting, WAITING_MAX);
            assert!(events.tell(Bytes::from_static(b"on")));
        });
    }

    #[test]
    fn the_connection_of_whoever_does_not_read_is_cut() {
        use std::io::Read as _;
        System::new().block_on(async {
            let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, _) = listener.accept().unwrap();
            let events = events();
            let _sleeps = events.admit(SockRef::from(&server).try_clone().ok()).unwrap();
            for _ in 0..=WAITING_MAX {
                events.tell(Bytes::from_static(b"news"));
            }
            // The end of the stream, although the server still holds it open.
            assert_eq!(client.read(&mut [0]).unwrap(), 0);
            drop(server);
        });
    }

    #[test]
    fn nothing_is_kept_when_the_last_reader_has_left() {
        System::new().block_on(async {
            let events = events();
            drop(events.admit(None).unwrap());
            assert!(!events.tell(Bytes::from_static(b"to nobody")));
            assert!(events.admit(None).unwrap().try_recv().is_err());
        });
    }
}
