//! What a client has sent, read in one go.
//!
//! Who reads a connection for us makes room for 8 KiB at most, and often for less; a body of 10 KB would take three calls
//! to the kernel. So what is there is read into a basin that all connections of a thread use in turn, and handed on; only
//! what finds no room is kept, until it is asked for, which is before anything more is read. Never holds more than a basin
//! of one connection.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

/// What is read at once, in bytes.
const BASIN_BYTES: usize = 32 * 1024;

/// Where the connections of one thread are read into. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Basin(Rc<RefCell<Box<[u8]>>>);

impl Basin {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self::of(BASIN_BYTES)
    }

    fn of(bytes: usize) -> Self {
        Self(Rc::new(RefCell::new(vec![0; bytes].into())))
    }
}

/// What of one connection was read and not yet asked for; empty most of the time.
#[derive(Debug)]
pub(super) struct Ahead {
    basin: Basin,
    kept: Bytes,
}

impl Ahead {
    /// Nothing yet.
    pub(super) const fn new(basin: Basin) -> Self {
        Self { basin, kept: Bytes::new() }
    }

    /// Reads what is there, and hands on as much as there is room for.
    pub(super) fn poll_read(
        &mut self,
        from: Pin<&mut impl AsyncRead>,
        ctx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.kept.is_empty() {
            let part = self.kept.split_to(self.kept.len().min(into.remaining()));
            into.put_slice(&part);
            return Poll::Ready(Ok(()));
        }
        let mut basin = self.basin.0.borrow_mut();
        if into.remaining() == 0 || into.remaining() >= basin.len() {
            return from.poll_read(ctx, into);
        }
        let mut read = ReadBuf::new(&mut basin);
        ready!(from.poll_read(ctx, &mut read))?;
        match read.filled().split_at_checked(into.remaining()) {
            None => into.put_slice(read.filled()),
            Some((now, later)) => {
                into.put_slice(now);
                self.kept = Bytes::copy_from_slice(later);
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads with room for so many bytes at a time, over and over, to the end; gives what came, and how often the
    /// connection was asked.
    fn read_all(sent: &[u8], basin_bytes: usize, rooms: &[usize]) -> (Vec<u8>, usize) {
        let (mut ahead, mut connection) = (Ahead::new(Basin::of(basin_bytes)), Counted { left: sent, reads: 0 });
        let mut came = Vec::new();
        for room in rooms.iter().cycle() {
            let mut room = vec![0; *room];
            let mut into = ReadBuf::new(&mut room);
            let mut ctx = Context::from_waker(std::task::Waker::noop());
            let read = ahead.poll_read(Pin::new(&mut connection), &mut ctx, &mut into);
            assert!(matches!(read, Poll::Ready(Ok(()))), "everything is there");
            if into.filled().is_empty() {
                break;
            }
            came.extend_from_slice(into.filled());
        }
        (came, connection.reads)
    }

    struct Counted<'a> {
        left: &'a [u8],
        reads: usize,
    }

    impl AsyncRead for Counted<'_> {
        fn poll_read(mut self: Pin<&mut Self>, ctx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            self.reads += 1;
            Pin::new(&mut self.left).poll_read(ctx, into)
        }
    }

    #[test]
    fn ten_kilobytes_are_read_at_once() {
        let sent = vec![b'x'; 10_000];
        // Once more finds the end.
        assert_eq!(read_all(&sent, BASIN_BYTES, &[8192, 1024]), (sent, 2));
    }

    #[test]
    fn who_has_more_room_than_the_basin_needs_none() {
        let sent = vec![b'x'; 10_000];
        assert_eq!(read_all(&sent, 100, &[20_000]), (sent, 2));
    }

    proptest::proptest! {
        #[test]
        fn what_is_sent_comes_whole_and_in_order(
            sent: Vec<u8>,
            basin_bytes in 1usize..300,
            rooms in proptest::collection::vec(1usize..300, 1..5),
        ) {
            proptest::prop_assert_eq!(read_all(&sent, basin_bytes, &rooms).0, sent);
        }
    }
}
