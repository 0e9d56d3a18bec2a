//! A name server that answers every question for SRV records alike, or not at all.

use std::{
    net::{SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

/// One record: priority, weight, and the port on this machine.
pub(crate) type Record = (u16, u16, u16);

/// A running name server; dropping it ends it.
pub(crate) struct NameServer {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// `None` fails every question.
    records: Mutex<Option<Vec<Record>>>,
    asked: AtomicUsize,
    ended: AtomicBool,
}

impl NameServer {
    /// One that knows these records.
    pub(crate) fn knowing(records: &[Record]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("some port is free");
        socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a time above zero");
        let state = Arc::new(State { records: Mutex::new(Some(records.to_vec())), ..State::default() });
        let address = socket.local_addr().expect("a socket has an address");
        let shared = Arc::clone(&state);
        std::thread::spawn(move || serve(&socket, &shared));
        Self { address, state }
    }

    /// From now on it knows these.
    pub(crate) fn know(&self, records: &[Record]) {
        *self.state.records.lock().unwrap_or_else(PoisonError::into_inner) = Some(records.to_vec());
    }

    /// From now on it fails.
    pub(crate) fn fail(&self) {
        *self.state.records.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.state.asked.load(Ordering::Relaxed)
    }

    /// The variable by which a gateway asks this server.
    pub(crate) fn environment(&self) -> [(&'static str, String); 1] {
        [("GNOMON_DNS_SERVERS", self.address.to_string())]
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
    }
}

fn serve(socket: &UdpSocket, state: &State) {
    let mut buffer = [0; 1024];
    while !state.ended.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        state.asked.fetch_add(1, Ordering::Relaxed);
        let records = state.records.lock().unwrap_or_else(PoisonError::into_inner).clone();
        socket.send_to(&answer(&buffer[..length], records.as_deref()), from).ok();
    }
}

/// The answer to a question: its number and its name, and a record each; a name server's failure without any.
fn answer(question: &[u8], records: Option<&[Record]>) -> Vec<u8> {
    let name_length = question[12..].iter().position(|byte| *byte == 0).expect("names end") + 1;
    let code = if records.is_some() { 0x80 } else { 0x82 };
    let records = records.unwrap_or_default();
    let mut answer = question[..2].to_vec();
    answer.extend([0x81, code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    answer.extend(&question[12..12 + name_length + 4]);
    for (priority, weight, port) in records {
        let target = b"\x09localhost\x00";
        // The name of the question, SRV, IN, good for an hour.
        answer.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 14, 16, 0, 6 + target.len() as u8]);
        for number in [priority, weight, port] {
            answer.extend(number.to_be_bytes());
        }
        answer.extend(target);
    }
    answer
}
