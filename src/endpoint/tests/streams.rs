//! An upload that is streamed to a shadow while it arrives.

use serde_json::json;

use super::{
    stage::{Order, ShadowPart, Stage, Told, held, on_virtual_time, plan_under},
    stubs::{Fate, answers},
    uploads::{bounds, send, settle, upload},
};
use crate::stats::Ledgered;

/// An endpoint whose only shadow gets bodies while they arrive, through a window of so many bytes, and begins to read
/// after so many milliseconds.
fn streaming(window: usize, max_request: usize, reads_after: u64) -> Stage {
    let policy = json!({"holdout": 0, "body": {"mode": "stream", "stream_window": window}});
    let part = ShadowPart::that(bounds(max_request, 1 << 20), reads_after, Fate::Completes(200));
    Stage::new(&plan_under("1s", 1, Order::AtOnce, &[policy]), vec![answers(5, "{}")], vec![part])
}

#[test]
fn a_streamed_copy_is_sent_before_its_upload_is_whole_and_holds_no_more_than_its_window() {
    on_virtual_time(async {
        for length in [None, Some(12)] {
            let stage = streaming(8, 100, 0);
            let (sender, answer) = upload(&stage, length);
            settle().await;
            assert_eq!(stage.log.with("mirrored")[0].1, "shadow0 mirrored a stream");
            assert_eq!((stage.gates[0].books().in_flight, stage.memory.held()), (1, 1), "a byte of the head");
            for chunk in ["hello", ", ", "world"] {
                send(&sender, chunk).await.unwrap();
                settle().await;
                assert_eq!(stage.memory.held(), 1, "the shadow has taken it");
            }
            sender.finish().await;
            assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
            stage.close().await;
            assert_eq!(stage.log.with("shadow0 read")[0].1, "shadow0 read hello, world whole");
            assert_eq!(stage.gates[0].books().completed, [("2xx", 1)]);
        }
    });
}

#[test]
fn a_streamed_copy_that_lags_is_lost_and_the_upload_goes_on() {
    on_virtual_time(async {
        let stage = streaming(8, 100, 500);
        let (sender, answer) = upload(&stage, None);
        for (chunk, held) in [("12345", 6), ("678", 9), ("9", 0), ("0", 0)] {
            send(&sender, chunk).await.unwrap();
            settle().await;
            assert_eq!(stage.memory.held(), held);
        }
        sender.finish().await;
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
        stage.close().await;
        assert_eq!(stage.log.with("live0 read")[0].1, "live0 read 1234567890 whole");
        assert!(stage.log.with("shadow0 read").is_empty());
        assert_eq!((stage.gates[0].books().failed, stage.dropped(0)), (vec![("lag", 1)], vec![]));
    });
}

#[test]
fn a_streamed_copy_ends_with_its_upload_and_says_why() {
    on_virtual_time(async {
        for (max_request, ends_as) in [(100, "upload"), (6, "refused")] {
            let stage = streaming(50, max_request, 0);
            let (sender, _answer) = upload(&stage, None);
            send(&sender, "1234").await.unwrap();
            settle().await;
            send(&sender, "5678").await.unwrap();
            drop(sender);
            stage.close().await;
            assert!(stage.log.with("whole").is_empty());
            assert_eq!(stage.gates[0].books().failed, [(ends_as, 1)]);
        }
    });
}

#[test]
fn a_kill_ends_a_streamed_copy_and_leaves_the_live_call_its_body() {
    on_virtual_time(async {
        let stage = streaming(50, 100, 0);
        let (sender, answer) = upload(&stage, None);
        send(&sender, "1234").await.unwrap();
        settle().await;
        stage.kill.set(true);
        settle().await;
        assert_eq!((stage.memory.held(), stage.gates[0].books().abandoned), (0, 1));
        send(&sender, "5678").await.unwrap();
        sender.finish().await;
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
        assert_eq!(stage.log.with("live0 read")[0].1, "live0 read 12345678 whole");
        stage.close().await;
    });
}

#[test]
fn a_body_that_is_at_hand_is_not_streamed() {
    on_virtual_time(async {
        let stage = streaming(8, 100, 0);
        let answer = stage.call(0, held("hello, world"));
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
        stage.close().await;
        assert_eq!(stage.log.with("shadow0 mirrored")[0].1, "shadow0 mirrored hello, world");
    });
}
