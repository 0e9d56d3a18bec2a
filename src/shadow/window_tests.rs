//! What a window lets through, what it refuses, and what it gives back.

use futures_util::FutureExt;
use proptest::prelude::*;

use super::*;
use crate::{plan::ShadowBounds, shadow::MemoryBudget, stats::Ledgered};

const BOUNDS: ShadowBounds = ShadowBounds {
    concurrent_max: 1,
    queue_max: 0,
    buffered_bytes_max: 40_000,
    request_bytes_max: 100_000,
    response_bytes_max: 1,
};

fn gate(bounds: ShadowBounds) -> Arc<Gate> {
    Arc::new(Gate::new(bounds, Arc::new(MemoryBudget::new(1 << 20))))
}

fn chunk(bytes: usize) -> Bytes {
    Bytes::from(vec![b'x'; bytes])
}

fn lost(loss: Loss) -> Option<DropReason> {
    Loss::of(&mut Some(loss)).now_or_never()
}

#[tokio::test]
async fn who_reads_in_time_gets_everything() {
    let gate = gate(BOUNDS);
    let (feed, mut body, loss) = window(&gate, 10_000, None);
    for bytes in [3, 9_000, 20_000, 5] {
        assert!(feed.push(&chunk(bytes)), "an empty window takes a chunk of any size");
        assert_eq!(body.next_chunk().await, Some(Ok(chunk(bytes))));
        assert_eq!(gate.books().buffered_bytes, bytes as u64, "what was taken is still being sent");
        assert_eq!(body.next_chunk().now_or_never(), None);
        assert_eq!(gate.books().buffered_bytes, 0);
    }
    feed.finish();
    assert_eq!((body.next_chunk().await, lost(loss)), (None, None));
}

#[tokio::test]
async fn who_lags_more_than_the_window_loses_the_copy_and_everything_that_waits() {
    let gate = gate(BOUNDS);
    let (feed, mut body, loss) = window(&gate, 10_000, None);
    assert!(feed.push(&chunk(9_000)) && feed.push(&chunk(1_000)));
    assert_eq!(gate.books().buffered_bytes, 10_000);
    assert!(!feed.push(&chunk(1)) && !feed.push(&chunk(1)));
    assert_eq!((gate.books().buffered_bytes, lost(loss)), (0, Some(DropReason::BodyLag)));
    feed.finish();
    assert_eq!(body.next_chunk().await, Some(Err(BodyError::BrokenOff)));
    assert_eq!(body.next_chunk().await, None, "after it said so");
}

#[tokio::test]
async fn every_limit_breaks_the_copy_off_and_says_which() {
    let small = ShadowBounds { buffered_bytes_max: 5, ..BOUNDS };
    for (bounds, bytes, reason, kind) in
        [(BOUNDS, 100_001, DropReason::BodyTooLarge, Kind::Refused), (small, 6, DropReason::Memory, Kind::Refused)]
    {
        let gate = gate(bounds);
        let (feed, mut body, loss) = window(&gate, 1 << 20, None);
        assert!(!feed.push(&chunk(bytes)));
        assert_eq!(body.next_chunk().await, Some(Err(BodyError::BrokenOff)));
        assert_eq!((lost(loss), Loss::failure(reason).kind), (Some(reason), kind));
    }
}

#[tokio::test]
async fn an_upload_that_vanishes_is_an_error_not_an_end() {
    for (expected, kind) in [(None, Kind::Upload), (Some(DropReason::BodyError), Kind::Upload)] {
        let gate = gate(BOUNDS);
        let (mut feed, mut body, loss) = window(&gate, 100, Some(9));
        assert!(feed.push(&chunk(5)));
        if let Some(reason) = expected {
            feed.expect_loss_for(reason);
        }
        drop(feed);
        assert_eq!(body.next_chunk().await, Some(Err(BodyError::BrokenOff)));
        let reason = lost(loss).expect("it is lost");
        assert_eq!((reason, Loss::failure(reason).kind), (expected.unwrap_or(DropReason::ClientAborted), kind));
    }
}

#[tokio::test]
async fn who_stops_reading_gives_everything_back_and_is_not_lost() {
    let gate = gate(BOUNDS);
    let (feed, mut body, loss) = window(&gate, 100, None);
    assert!(feed.push(&chunk(5)));
    assert!(body.next_chunk().await.is_some());
    assert!(feed.push(&chunk(6)));
    drop(body);
    assert_eq!(gate.books().buffered_bytes, 0);
    assert!(!feed.push(&chunk(1)));
    drop(feed);
    assert_eq!(lost(loss), None);
}

#[tokio::test]
async fn a_reader_that_waits_is_woken_from_another_thread() {
    let gate = gate(BOUNDS);
    let (feed, mut body, _loss) = window(&gate, 100, None);
    let reading = tokio::spawn(async move {
        let mut bytes = 0;
        while let Some(chunk) = body.next_chunk().await {
            bytes += chunk.expect("nothing is lost").len();
        }
        bytes
    });
    tokio::task::yield_now().await;
    std::thread::spawn(move || {
        assert!(feed.push(&chunk(5)));
        feed.finish();
    })
    .join()
    .expect("it pushes");
    assert_eq!(reading.await.expect("it reads"), 5);
}

proptest! {
    #[test]
    fn what_comes_out_is_what_went_in_or_is_broken_off(
        steps in proptest::collection::vec(proptest::option::of(0..12_000usize), 0..60),
        finishes: bool,
    ) {
        let gate = gate(BOUNDS);
        let (feed, mut body, _loss) = window(&gate, 20_000, None);
        let (mut got, mut whole, mut is_lost, mut error) = (Vec::new(), Vec::new(), false, None);
        for (place, step) in steps.into_iter().enumerate() {
            match step {
                Some(bytes) => {
                    let chunk = Bytes::from(vec![u8::try_from(place).unwrap(); bytes]);
                    whole.extend_from_slice(&chunk);
                    is_lost |= !feed.push(&chunk);
                }
                None => match body.next_chunk().now_or_never().flatten() {
                    Some(Ok(chunk)) => got.extend_from_slice(&chunk),
                    Some(Err(broken)) => error = Some(broken),
                    None => {}
                },
            }
            prop_assert!(gate.books().buffered_bytes <= 20_000);
            prop_assert!(whole.starts_with(&got));
        }
        if finishes {
            feed.finish();
        } else {
            drop(feed);
        }
        while let Some(item) = body.next_chunk().now_or_never().expect("nothing more comes") {
            match item {
                Ok(chunk) => got.extend_from_slice(&chunk),
                Err(broken) => error = Some(broken),
            }
        }
        prop_assert_eq!(error.is_none(), finishes && !is_lost);
        prop_assert!(error.is_some() || got == whole);
        drop(body);
        prop_assert_eq!(gate.books().buffered_bytes, 0);
    }
}
