//! A host that lets every connection wait for ever: its queue is full, so the kernel drops what comes.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

/// Listens, never accepts.
pub(crate) struct Deaf {
    _socket: Socket,
    _waiting: Vec<TcpStream>,
    address: SocketAddr,
}

impl Deaf {
    pub(crate) fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be made");
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("some port is free");
        socket.listen(0).expect("a bound socket can listen");
        let address = socket.local_addr().ok().and_then(|address| address.as_socket()).expect("it is bound");
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        // Until nobody gets in any more.
        let waiting = std::iter::from_fn(connect).take(100).collect();
        Self { _socket: socket, _waiting: waiting, address }
    }

    /// As a `host` of a configuration.
    pub(crate) fn host(&self) -> String {
        format!("http://{}", self.address)
    }
}
