//! One connection of an upstream: read, record, behave.

use std::{io, sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    behaviour::{Behaviour, Reply},
    echo, mock,
    record::Seen,
    stub::Shared,
};
use crate::{
    bodies,
    wire::{Kind, Reader, chunk},
};

/// What becomes of the connection.
enum Next {
    /// The next request may come.
    Continue,
    /// It ends here.
    Close,
}

/// Serves one connection until either side ends it.
pub(super) async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let connection = shared.record.connect();
    if shared.default == Behaviour::NeverReads {
        return std::future::pending().await;
    }
    let mut reader = Reader::new(Kind::Request);
    loop {
        read(&mut stream, &mut reader, |reader| reader.head().is_some()).await;
        let Some(head) = reader.head() else {
            // Half a head is worth recording, a connection closed between two requests is not.
            if !reader.is_idle() {
                shared.record.add(&Seen::new(reader.take(), false, connection));
            }
            return Ok(());
        };
        let behaviour = shared.behaviour(head.word(1));
        if behaviour == Behaviour::NeverReads {
            return std::future::pending().await;
        }
        if behaviour == Behaviour::ResetsUploads {
            return stream.set_zero_linger();
        }
        read(&mut stream, &mut reader, Reader::is_done).await;
        let complete = reader.is_done();
        let seen = Seen::new(reader.take(), complete, connection);
        shared.record.add(&seen);
        if !complete {
            return Ok(());
        }
        match behave(&mut stream, &shared, behaviour, &seen).await? {
            Next::Continue => {}
            Next::Close => return Ok(()),
        }
    }
}

/// Reads until `enough`, or until nothing more will come.
async fn read(stream: &mut TcpStream, reader: &mut Reader, enough: impl Fn(&Reader) -> bool) {
    let mut buffer = vec![0; 64 * 1024];
    while !enough(reader) && !reader.is_broken() {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => reader.feed(buffer.get(..count).unwrap_or_default()),
        }
    }
}

async fn behave(stream: &mut TcpStream, shared: &Shared, behaviour: Behaviour, seen: &Seen) -> io::Result<Next> {
    match behaviour {
        Behaviour::Answers(reply) => answer(stream, &reply).await,
        Behaviour::Slow(delay, reply) => {
            tokio::time::sleep(delay).await;
            answer(stream, &reply).await
        }
        Behaviour::Waits(reply) => {
            if let Ok(permit) = shared.released.acquire().await {
                permit.forget();
            }
            answer(stream, &reply).await
        }
        Behaviour::ClosesIdle(reply) => {
            answer(stream, &reply).await?;
            Ok(Next::Close)
        }
        Behaviour::Mocks => match mock::answer(seen) {
            Some(reply) => answer(stream, &reply).await,
            None => std::future::pending().await,
        },
        Behaviour::Hangs | Behaviour::NeverReads => std::future::pending().await,
        Behaviour::Weighs => answer(stream, &weighed(seen)).await,
        Behaviour::Echoes => answer(stream, &echo::answer(seen)).await,
        Behaviour::Resets | Behaviour::ResetsUploads => reset(stream),
        Behaviour::ResetsMidway => {
            promise_and_break(stream).await?;
            reset(stream)
        }
        Behaviour::LiesAboutLength => {
            promise_and_break(stream).await?;
            Ok(Next::Close)
        }
        Behaviour::Garbage => {
            stream.write_all(b"\x16\x03\x01 this is not HTTP\r\n\r\nat all\r\n").await?;
            Ok(Next::Close)
        }
        Behaviour::Floods => flood(stream).await,
        Behaviour::Continues => pour(stream, b"", &b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000)).await,
        Behaviour::HeadsWithoutEnd => pour(stream, b"HTTP/1.1 200 OK\r\n", &b"X-More: and more\r\n".repeat(1000)).await,
        Behaviour::SendsAGigabyte => send_a_gigabyte(stream).await,
        Behaviour::Trickles => trickle(stream).await,
    }
}

async fn answer(stream: &mut TcpStream, reply: &Reply) -> io::Result<Next> {
    stream.write_all(&reply.bytes()).await?;
    Ok(Next::Continue)
}

/// With the linger time zero, closing sends RST.
fn reset(stream: &TcpStream) -> io::Result<Next> {
    stream.set_zero_linger()?;
    Ok(Next::Close)
}

async fn promise_and_break(stream: &mut TcpStream) -> io::Result<()> {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"half\":")
        .await
}

async fn flood(stream: &mut TcpStream) -> io::Result<Next> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    pour(stream, head, &chunk(&vec![b' '; 64 * 1024])).await
}

/// Sends the beginning once and the rest for ever.
async fn pour(stream: &mut TcpStream, begin: &[u8], water: &[u8]) -> io::Result<Next> {
    stream.write_all(begin).await?;
    loop {
        stream.write_all(water).await?;
    }
}

async fn send_a_gigabyte(stream: &mut TcpStream) -> io::Result<Next> {
    let mebibytes = 1024;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        mebibytes * 1024 * 1024
    );
    stream.write_all(head.as_bytes()).await?;
    let mebibyte = vec![b' '; 1024 * 1024];
    for _ in 0..mebibytes {
        stream.write_all(&mebibyte).await?;
    }
    Ok(Next::Continue)
}

fn weighed(seen: &Seen) -> Reply {
    let intact = bodies::is_beginning(&seen.body);
    Reply::json(&json!({ "bytes": seen.body.len(), "intact": intact, "target": seen.target }))
}

async fn trickle(stream: &mut TcpStream) -> io::Result<Next> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n").await?;
    loop {
        stream.write_all(b" ").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
