//! That figures in pieces are the same figures, and take no more memory however many there are.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, System};
use tokio::time::{pause, sleep};

use super::names;
use crate::stats::pieces::{PIECE_BYTES, Pieces};
use crate::stats::prometheus::{self, Format};
use crate::stats::{Read, Registry, Snapshot, StatsActor, Steering};

fn snapshot(endpoints: usize) -> Arc<Snapshot> {
    System::new().block_on(async {
        StatsActor::new(names(endpoints), Arc::new(Registry::default())).start().send(Read).await.unwrap()
    })
}

#[test]
fn the_pieces_together_are_the_view() {
    for endpoints in [0, 1, 2, 300] {
        let snapshot = snapshot(endpoints);
        for find in ["", "endpoint/1", "GET /Endpoint/12", "/NOBODY"] {
            for limit in [0, 1, 7, usize::MAX] {
                let whole = serde_json::to_vec(&snapshot.view(find, limit)).unwrap();
                let pieces: Vec<_> = Pieces::new(Arc::clone(&snapshot), find, limit).collect();
                assert_eq!(pieces.concat(), whole, "{endpoints} endpoints, {find:?}, at most {limit}");
                assert!(pieces.iter().rev().skip(1).all(|piece| piece.len() >= PIECE_BYTES));
            }
        }
    }
}

#[test]
fn reading_many_endpoints_takes_no_more_memory_than_reading_a_few() {
    for endpoints in [100, 10_000] {
        let mut pieces = Pieces::new(snapshot(endpoints), "", usize::MAX);
        let mut bytes = 0;
        let allocated = allocation_counter::measure(|| bytes = pieces.by_ref().map(|piece| piece.len()).sum::<usize>());
        assert!(bytes > endpoints * 500, "{bytes} bytes of text");
        assert!(allocated.bytes_max <= 4 * PIECE_BYTES as u64, "{} at once, of {bytes}", allocated.bytes_max);
        assert_eq!(allocated.bytes_current, 0);
    }
}

#[test]
fn metrics_come_in_pieces_that_are_the_whole() {
    let snapshot = snapshot(10);
    let steering = Steering { changes: vec![("author", 3); 2_000], ..Steering::default() };
    for format in [Format::Text, Format::OpenMetrics] {
        let pieces = prometheus::pieces(&snapshot, &steering, format);
        assert_eq!(pieces.concat(), prometheus::write(&snapshot, &steering, format));
        assert!(pieces.iter().all(|piece| (1..2 * PIECE_BYTES).contains(&piece.len())));
    }
}

#[test]
fn a_snapshot_is_kept_for_others_and_then_forgotten() {
    System::new().block_on(async {
        pause();
        let stats = StatsActor::new(names(1_000), Arc::new(Registry::default())).start();
        let first = stats.send(Read).await.unwrap();
        let second = stats.send(Read).await.unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        drop(second);
        assert_eq!(Arc::strong_count(&first), 2);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(Arc::strong_count(&first), 1);
    });
}
