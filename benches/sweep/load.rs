//! Closed-loop load: every connection sends its next request once it has the whole answer to the last one.

use std::{cell::Cell, io, net::SocketAddr, rc::Rc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::LocalSet,
    time::Instant,
};

/// Asks for `time` over so many connections; how many answers came.
///
/// # Panics
/// When a connection breaks or an answer is not 200: then there is nothing to measure.
pub(crate) fn run(port: u16, request: &[u8], connections: usize, time: Duration) -> u64 {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let (count, request) = (Rc::new(Cell::new(0)), Rc::<[u8]>::from(request));
        let end = Instant::now() + time;
        let asking = (0..connections).map(|_| {
            let (count, request) = (Rc::clone(&count), Rc::clone(&request));
            tokio::task::spawn_local(async move { ask_until(end, port, &request, &count).await })
        });
        for asked in asking.collect::<Vec<_>>() {
            asked.await.expect("it ends by itself").expect("the gateway answers");
        }
        count.get()
    })
}

async fn ask_until(end: Instant, port: u16, request: &[u8], count: &Cell<u64>) -> io::Result<()> {
    let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 16 * 1024];
    while Instant::now() < end {
        stream.write_all(request).await?;
        read_answer(&mut stream, &mut buffer).await?;
        count.set(count.get() + 1);
    }
    Ok(())
}

/// Reads an answer to its end and keeps nothing of its body.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    let broken = |head: &[u8]| {
        let told = format!("not the answer that was asked for: {}", String::from_utf8_lossy(head));
        io::Error::new(io::ErrorKind::InvalidData, told)
    };
    let mut seen = Vec::new();
    let end = loop {
        if let Some(end) = end_of_head(&seen) {
            break end;
        }
        let read = stream.read(buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        seen.extend_from_slice(buffer.get(..read).unwrap_or_default());
    };
    let head = seen.get(..end).unwrap_or_default();
    if !head.starts_with(b"HTTP/1.1 200") {
        return Err(broken(head));
    }
    let length = length_of_body(head);
    let (mut body, mut tail) = (seen.len() - end, seen.get(end..).unwrap_or_default().to_vec());
    // Without a length it is chunked.
    while length.map_or(!tail.ends_with(b"0\r\n\r\n"), |length| body < length) {
        let read = stream.read(buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        body += read;
        tail.extend_from_slice(buffer.get(..read).unwrap_or_default());
        tail.drain(..tail.len().saturating_sub(5));
    }
    if length.is_some_and(|length| body > length) { Err(broken(head)) } else { Ok(()) }
}

/// Where the body begins, once the head is there.
pub(crate) fn end_of_head(seen: &[u8]) -> Option<usize> {
    seen.windows(4).position(|window| window == b"\r\n\r\n").map(|place| place + 4)
}

/// `Content-Length` of a head.
pub(crate) fn length_of_body(head: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(head).ok()?;
    let value = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    };
    text.lines().find_map(value)
}
