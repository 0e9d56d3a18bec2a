//! Open pages: readers of the stream of events, as browsers with the dashboard are.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

/// Some of them; dropping it closes them.
pub(crate) struct Pages(Vec<TcpStream>);

impl Pages {
    /// Opens so many at a dashboard; each has heard something when this returns, and reads on by itself.
    pub(crate) fn open(count: usize, admin: u16) -> Self {
        Self((0..count).map(|_| page(admin)).collect())
    }
}

fn page(admin: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", admin)).expect("the dashboard listens");
    stream.write_all(b"GET /__events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").expect("the dashboard reads");
    let mut reader = stream.try_clone().expect("there are descriptors for all");
    let mut buffer = [0; 16384];
    let mut heard = Vec::new();
    while !heard.windows(2).any(|end| end == b"\n\n") {
        let read = reader.read(&mut buffer).expect("the dashboard answers");
        assert!(read > 0, "the dashboard takes no more pages: {}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
    assert!(heard.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&heard));
    std::thread::spawn(move || while reader.read(&mut buffer).is_ok_and(|read| read > 0) {});
    stream
}

impl Drop for Pages {
    fn drop(&mut self) {
        for stream in &self.0 {
            let _closed_already = stream.shutdown(Shutdown::Both);
        }
    }
}
