//! A running upstream, as the tests hold it.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpSocket},
    runtime::{Builder, Runtime},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use super::{
    behaviour::{Behaviour, Reply},
    record::{Record, Seen},
    serve::serve,
};

/// An upstream on its own thread.
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    running: Running,
}

/// What keeps the port.
enum Running {
    /// Accepts connections.
    Serves { _service: Service },
    /// Bound and not listening: connections are refused, and nobody else can get the port meanwhile.
    Refuses { socket: TcpSocket },
}

/// Who accepts connections, until this is dropped.
struct Service {
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// What the connections of one upstream share.
pub(super) struct Shared {
    pub(super) record: Record,
    pub(super) default: Behaviour,
    pub(super) released: Semaphore,
    paths: Mutex<HashMap<String, Behaviour>>,
}

impl Shared {
    /// What the path of `target` has been given, or else what the upstream does by default.
    pub(super) fn behaviour(&self, target: &str) -> Behaviour {
        let path = target.split('?').next().unwrap_or_default();
        let paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        paths.get(path).unwrap_or(&self.default).clone()
    }
}

impl Upstream {
    pub(crate) fn answers(json: Value) -> Self {
        Self::behaving(json.into())
    }

    pub(crate) fn answers_500() -> Self {
        Self::behaving(Reply { status: 500, ..Reply::json(&json!({ "error": "always" })) }.into())
    }

    pub(crate) fn slow(milliseconds: u64) -> Self {
        Self::behaving(Behaviour::Slow(Duration::from_millis(milliseconds), Reply::json(&json!({ "slow": true }))))
    }

    pub(crate) fn mocks() -> Self {
        Self::behaving(Behaviour::Mocks)
    }

    pub(crate) fn hangs() -> Self {
        Self::behaving(Behaviour::Hangs)
    }

    pub(crate) fn never_reads() -> Self {
        Self::behaving(Behaviour::NeverReads)
    }

    pub(crate) fn resets() -> Self {
        Self::behaving(Behaviour::Resets)
    }

    pub(crate) fn resets_midway() -> Self {
        Self::behaving(Behaviour::ResetsMidway)
    }

    pub(crate) fn garbage() -> Self {
        Self::behaving(Behaviour::Garbage)
    }

    pub(crate) fn floods() -> Self {
        Self::behaving(Behaviour::Floods)
    }

    pub(crate) fn trickles() -> Self {
        Self::behaving(Behaviour::Trickles)
    }

    pub(crate) fn resets_uploads() -> Self {
        Self::behaving(Behaviour::ResetsUploads)
    }

    pub(crate) fn continues() -> Self {
        Self::behaving(Behaviour::Continues)
    }

    pub(crate) fn heads_without_end() -> Self {
        Self::behaving(Behaviour::HeadsWithoutEnd)
    }

    pub(crate) fn sends_a_gigabyte() -> Self {
        Self::behaving(Behaviour::SendsAGigabyte)
    }

    /// Answers with what it was asked.
    pub(crate) fn echoes() -> Self {
        Self::behaving(Behaviour::Echoes)
    }

    /// Answers with how much came, and whether it came unharmed.
    pub(crate) fn weighs() -> Self {
        Self::behaving(Behaviour::Weighs)
    }

    pub(crate) fn lies_about_length() -> Self {
        Self::behaving(Behaviour::LiesAboutLength)
    }

    pub(crate) fn closes_idle(json: &Value) -> Self {
        Self::behaving(Behaviour::ClosesIdle(Reply::json(json)))
    }

    /// Answers once [`Upstream::release`] allows it.
    pub(crate) fn waits(json: &Value) -> Self {
        Self::behaving(Behaviour::Waits(Reply::json(json)))
    }

    /// An address where nobody listens.
    pub(crate) fn refuses() -> Self {
        let socket = free_socket();
        let address = socket.local_addr().expect("a bound socket has an address");
        Self { address, shared: shared(Behaviour::Hangs), running: Running::Refuses { socket } }
    }

    /// Somebody listens now at the address where nobody did.
    pub(crate) fn opens(self, default: Behaviour) -> Self {
        match self.running {
            Running::Refuses { socket } => Self::listening(socket, default),
            Running::Serves { .. } => panic!("it is open"),
        }
    }

    /// Behaves like this on every path that isn't given its own behaviour.
    pub(crate) fn behaving(default: Behaviour) -> Self {
        Self::listening(free_socket(), default)
    }

    fn listening(socket: TcpSocket, default: Behaviour) -> Self {
        if default == Behaviour::NeverReads {
            // Otherwise the kernel would read megabytes on its behalf.
            socket.set_recv_buffer_size(4096).expect("the kernel rounds up what is too small");
        }
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
        let listener = {
            let _inside = runtime.enter();
            socket.listen(1024).expect("a bound socket can listen")
        };
        let address = listener.local_addr().expect("a listener has an address");
        let (shared, stop) = (shared(default), CancellationToken::new());
        let (its, stopped) = (Arc::clone(&shared), stop.clone());
        let thread = std::thread::spawn(move || listen(&runtime, &listener, &its, &stopped));
        Self { address, shared, running: Running::Serves { _service: Service { stop, thread: Some(thread) } } }
    }

    /// Behaves differently on one path (without query) from now on.
    pub(crate) fn on(self, path: &str, behaviour: impl Into<Behaviour>) -> Self {
        self.change(path, behaviour);
        self
    }

    /// Like [`Upstream::on`], while it runs.
    pub(crate) fn change(&self, path: &str, behaviour: impl Into<Behaviour>) {
        let mut paths = self.shared.paths.lock().unwrap_or_else(PoisonError::into_inner);
        paths.insert(path.to_owned(), behaviour.into());
    }

    /// Keeps no bodies in its record.
    pub(crate) fn forgetting_bodies(self) -> Self {
        self.shared.record.forget_bodies();
        self
    }

    /// Lets one waiting answer go, now or when it comes to wait.
    pub(crate) fn release(&self) {
        self.shared.released.add_permits(1);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// As a `host` of a configuration.
    pub(crate) fn host(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, in the order they ended.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.record.seen()
    }

    /// Waits until at least `count` requests have been recorded.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Seen> {
        self.shared.record.wait_for(count)
    }

    /// How many connections have been accepted.
    pub(crate) fn connections(&self) -> usize {
        self.shared.record.connections()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn shared(default: Behaviour) -> Arc<Shared> {
    Arc::new(Shared {
        record: Record::default(),
        default,
        released: Semaphore::new(0),
        paths: Mutex::new(HashMap::new()),
    })
}

fn free_socket() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket can be made");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("some port is free");
    socket
}

/// Accepts until stopped; what is still served then ends with the runtime.
fn listen(runtime: &Runtime, listener: &TcpListener, shared: &Arc<Shared>, stop: &CancellationToken) {
    let accepting = async {
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(shared)));
            }
        }
    };
    runtime.block_on(stop.run_until_cancelled(accepting));
}
