//! An upload that is shared with shadows while it arrives.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::json;
use tokio::time::sleep;

use super::{
    stage::{Order, ROOMY, ShadowPart, Stage, Told, on_virtual_time, plan, plan_of},
    stubs::{Ends, Fate, Reads, Script, Turn, always, answers},
};
use crate::{
    model::{
        Answer, Body, BodyError, Reply,
        body::{BodySender, transit},
    },
    plan::ShadowBounds,
    stats::Ledgered,
};

/// An endpoint with one live backend and these shadows.
fn stage(live: Script<Turn>, shadows: Vec<ShadowPart>) -> Stage {
    Stage::new(&plan("1s", 1, Order::AtOnce, shadows.len()), vec![live], shadows)
}

/// Starts an upload; `length` is what the client promised.
pub(super) fn upload(stage: &Stage, length: Option<u64>) -> (BodySender, Answer<Reply>) {
    let (sender, receiver) = transit(length);
    let answer = stage.call(0, Body::Transit(receiver));
    (sender, answer)
}

pub(super) async fn send(sender: &BodySender, text: &'static str) -> Result<(), BodyError> {
    sender.send(Bytes::from_static(text.as_bytes())).await
}

/// Lets everything happen that can happen without a client.
pub(super) async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

pub(super) fn bounds(request_bytes_max: usize, buffered_bytes_max: usize) -> ShadowBounds {
    ShadowBounds { request_bytes_max, buffered_bytes_max, ..ROOMY }
}

fn completing(bounds: ShadowBounds) -> ShadowPart {
    ShadowPart::that(bounds, 0, Fate::Completes(200))
}

#[test]
fn the_live_call_and_every_copy_get_the_same_bytes() {
    on_virtual_time(async {
        for length in [None, Some(12)] {
            let stage = stage(answers(5, "{}"), vec![ShadowPart::quick(), ShadowPart::quick()]);
            let (sender, answer) = upload(&stage, length);
            for chunk in ["hello", ", ", "world"] {
                send(&sender, chunk).await.unwrap();
                settle().await;
            }
            assert!(stage.log.with("mirrored").is_empty(), "a copy is sent only when the upload is whole");
            assert_eq!(stage.gates[0].books().waiting, 1);
            sender.finish().await;
            assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
            let lines: Vec<_> = stage.log.with("hello").into_iter().map(|(_, line)| line).collect();
            let told =
                ["live0 read hello, world whole", "shadow0 mirrored hello, world", "shadow1 mirrored hello, world"];
            assert!(told.iter().all(|line| lines.iter().any(|other| other == line)) && lines.len() == 3, "{lines:?}");
            stage.close().await;
        }
    });
}

#[test]
fn an_upload_that_breaks_off_reaches_nobody_as_a_complete_body() {
    on_virtual_time(async {
        for says_so in [false, true] {
            let stage = stage(answers(5, "{}"), vec![ShadowPart::quick()]);
            let (sender, _answer) = upload(&stage, None);
            send(&sender, "half").await.unwrap();
            if says_so {
                sender.break_off(BodyError::TimedOut).await;
            } else {
                drop(sender);
            }
            stage.close().await;
            let error = if says_so { "body timed out" } else { "body broken off" };
            assert_eq!(stage.log.with("half"), [(0, format!("live0 read half then: {error}"))]);
            assert!(stage.log.with("mirrored").is_empty());
            assert_eq!(stage.dropped(0), [("client_aborted", 1)]);
        }
    });
}

#[test]
fn a_client_that_hangs_up_in_its_upload_is_booked_as_such() {
    on_virtual_time(async {
        let stage = stage(answers(5, "{}"), vec![ShadowPart::quick(), ShadowPart::quick()]);
        let (sender, answer) = upload(&stage, Some(100));
        send(&sender, "half").await.unwrap();
        settle().await;
        drop((sender, answer));
        stage.close().await;
        assert_eq!(stage.log.with("live0 cancelled"), [(1, "live0 cancelled".to_owned())]);
        assert!(stage.log.with("whole").is_empty() && stage.log.with("mirrored").is_empty());
        assert_eq!((stage.dropped(0), stage.dropped(1)), (vec![("client_aborted", 1)], vec![("client_aborted", 1)]));
    });
}

#[test]
fn an_upload_without_length_that_grows_too_large_drops_only_the_copy_it_is_too_large_for() {
    on_virtual_time(async {
        let shadows = vec![completing(bounds(8, 100)), completing(bounds(100, 9)), completing(bounds(100, 100))];
        let stage = stage(answers(5, "{}"), shadows);
        let (sender, answer) = upload(&stage, None);
        send(&sender, "12345").await.unwrap();
        settle().await;
        assert_eq!(stage.memory.held(), 15 + 3, "and a byte of each copy's head");
        send(&sender, "67890").await.unwrap();
        settle().await;
        assert_eq!((stage.dropped(0), stage.dropped(1)), (vec![("body_too_large", 1)], vec![("memory", 1)]));
        assert_eq!(stage.memory.held(), 11);
        sender.finish().await;
        assert!(answer.await.is_ok());
        stage.close().await;
        assert_eq!(stage.log.with("live0 read")[0].1, "live0 read 1234567890 whole");
        assert_eq!(stage.log.with("mirrored").len(), 1);
        assert_eq!(stage.log.with("shadow2 mirrored")[0].1, "shadow2 mirrored 1234567890");
    });
}

#[test]
fn an_upload_whose_last_copy_was_dropped_still_reaches_the_live_call() {
    on_virtual_time(async {
        let stage = stage(answers(5, "{}"), vec![completing(bounds(8, 100))]);
        let (sender, answer) = upload(&stage, None);
        for chunk in ["12345", "67890", "abcde"] {
            send(&sender, chunk).await.unwrap();
        }
        sender.finish().await;
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
        assert_eq!(stage.log.with("live0 read")[0].1, "live0 read 1234567890abcde whole");
        assert_eq!(stage.dropped(0), [("body_too_large", 1)]);
        stage.close().await;
    });
}

#[test]
fn an_upload_too_large_by_its_own_word_is_not_kept_at_all() {
    on_virtual_time(async {
        let stage = stage(answers(5, "{}"), vec![completing(bounds(8, 100))]);
        let (sender, answer) = upload(&stage, Some(9));
        assert_eq!(stage.memory.held(), 0);
        send(&sender, "123456789").await.unwrap();
        sender.finish().await;
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
        assert_eq!(stage.dropped(0), [("body_too_large", 1)]);
        stage.close().await;
    });
}

#[test]
fn the_live_call_sets_the_pace_of_the_upload() {
    on_virtual_time(async {
        let keeps = Turn { reads: Reads::Nothing, after: 400, ends: Ends::Json("{}".into()) };
        let stage = stage(always(keeps), vec![ShadowPart::quick()]);
        let (sender, answer) = upload(&stage, None);
        let mut sent = 0;
        while tokio::time::timeout(Duration::from_millis(10), send(&sender, "x")).await.is_ok() {
            sent += 1;
        }
        assert!(sent <= 2 * crate::model::body::CHUNKS_IN_TRANSIT + 1, "{sent} chunks wait somewhere");
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
        assert_eq!(stage.log.now(), 400, "the reply does not wait for the upload");
        drop(sender);
        stage.close().await;
        assert_eq!(stage.dropped(0), [("body_error", 1)]);
    });
}

#[test]
fn a_live_call_that_stops_reading_does_not_cost_the_copies_the_rest() {
    on_virtual_time(async {
        let stops = Turn { reads: Reads::Chunks(1), after: 0, ends: Ends::Json(r#"{"early":true}"#.into()) };
        let stage = stage(always(stops), vec![ShadowPart::quick()]);
        let (sender, answer) = upload(&stage, None);
        send(&sender, "one").await.unwrap();
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole(r#"{"early":true}"#));
        for chunk in ["two"; 20] {
            send(&sender, chunk).await.unwrap();
        }
        sender.finish().await;
        stage.close().await;
        assert_eq!(stage.log.with("shadow0 mirrored")[0].1, format!("shadow0 mirrored one{}", "two".repeat(20)));
    });
}

#[test]
fn an_upload_that_ends_early_because_of_the_live_answer_is_not_blamed_on_the_client() {
    on_virtual_time(async {
        let stops = Turn { reads: Reads::Chunks(1), after: 0, ends: Ends::Json("{}".into()) };
        let stage = stage(always(stops), vec![ShadowPart::quick()]);
        let (sender, answer) = upload(&stage, None);
        send(&sender, "one").await.unwrap();
        assert!(answer.await.is_ok());
        send(&sender, "two").await.unwrap();
        drop(sender);
        stage.close().await;
        assert!(stage.log.with("mirrored").is_empty());
        assert_eq!(stage.dropped(0), [("body_error", 1)]);
    });
}

#[test]
fn without_a_shadow_that_takes_it_the_upload_is_not_touched() {
    on_virtual_time(async {
        let stage = stage(answers(5, "{}"), vec![completing(ShadowBounds { concurrent_max: 0, ..ROOMY })]);
        let (sender, answer) = upload(&stage, None);
        send(&sender, "hello").await.unwrap();
        sender.finish().await;
        assert!(answer.await.is_ok());
        assert_eq!(stage.log.lines()[1].1, "live0 read hello whole");
        stage.close().await;
    });
}

#[test]
fn an_empty_upload_is_a_complete_body() {
    on_virtual_time(async {
        let stage = stage(answers(5, "{}"), vec![ShadowPart::quick()]);
        let (sender, answer) = upload(&stage, None);
        sender.finish().await;
        assert!(answer.await.is_ok());
        stage.close().await;
        assert_eq!(stage.log.with("shadow0 mirrored").len(), 1);
    });
}

/// A large chunk that says whether anybody holds it.
struct Watched(Vec<u8>, #[expect(dead_code, reason = "it only counts")] Arc<()>);

impl AsRef<[u8]> for Watched {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[test]
fn nothing_is_kept_once_no_copy_is_left_that_takes_the_body() {
    on_virtual_time(async {
        let shadow = |policy| json!({"url_pattern": "/s", "extra_config": {"proxy": {"shadow": true, "@shadow_policy": policy}}});
        let backends = [json!({"url_pattern": "/a"}), shadow(json!({})), shadow(json!({"body": {"mode": "none"}}))];
        let plan = plan_of(&json!({"endpoint": "/x/{id}", "timeout": "1s", "backend": backends}));
        let shadows = vec![completing(bounds(10_000, 1 << 20)), ShadowPart::quick()];
        let stage = Stage::new(&plan, vec![answers(5, "{}")], shadows);
        let (sender, answer) = upload(&stage, None);
        let count = Arc::new(());
        for (held_by_copies, dropped) in [(1, 0), (0, 1), (0, 1)] {
            let chunk = Bytes::from_owner(Watched(vec![b'x'; 8_000], Arc::clone(&count)));
            sender.send(chunk).await.unwrap();
            settle().await;
            assert_eq!(Arc::strong_count(&count) - 1, held_by_copies);
            assert_eq!(stage.dropped(0).len(), dropped);
        }
        sender.finish().await;
        assert!(answer.await.is_ok());
        stage.close().await;
        assert_eq!(stage.log.with("shadow1 mirrored")[0].1, "shadow1 mirrored", "it has no body");
        assert_eq!((stage.dropped(0), stage.dropped(1)), (vec![("body_too_large", 1)], vec![]));
    });
}

#[test]
fn a_kill_takes_copies_from_an_upload_that_stands_still_and_leaves_the_live_call_its_body() {
    on_virtual_time(async {
        let stage = stage(answers(5, "{}"), vec![ShadowPart::quick()]);
        let (sender, answer) = upload(&stage, Some(8));
        send(&sender, "1234").await.unwrap();
        settle().await;
        assert_eq!(stage.memory.held(), 9);
        let kill = stage.gates[0].dial().kill_switch();
        kill.set(true);
        kill.set(false);
        settle().await;
        assert_eq!((stage.memory.held(), stage.dropped(0)), (0, vec![("killed", 1)]));
        send(&sender, "5678").await.unwrap();
        sender.finish().await;
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
        assert_eq!(stage.log.with("live0 read")[0].1, "live0 read 12345678 whole");
        stage.close().await;
        assert!(stage.log.with("mirrored").is_empty());
    });
}

#[test]
fn a_kill_takes_copies_from_an_upload_that_the_live_call_does_not_read() {
    on_virtual_time(async {
        let keeps = Turn { reads: Reads::Nothing, after: 400, ends: Ends::Json("{}".into()) };
        let stage = stage(always(keeps), vec![ShadowPart::quick()]);
        let (sender, answer) = upload(&stage, None);
        while tokio::time::timeout(Duration::from_millis(10), send(&sender, "x")).await.is_ok() {}
        assert!(stage.memory.held() > 0);
        stage.gates[0].dial().kill_switch().set(true);
        settle().await;
        assert_eq!((stage.memory.held(), stage.dropped(0)), (0, vec![("killed", 1)]));
        assert_eq!(Told::of(answer.await.unwrap()), Told::whole("{}"));
        stage.close().await;
    });
}

#[test]
fn in_a_sequence_nothing_follows_a_copy_that_was_lost_in_its_upload() {
    on_virtual_time(async {
        let shadows = vec![completing(bounds(8, 100)), completing(bounds(100, 100)), completing(bounds(100, 100))];
        let stage = Stage::new(&plan("1s", 1, Order::InSequence, 3), vec![answers(5, "{}")], shadows);
        let (sender, answer) = upload(&stage, None);
        send(&sender, "12345").await.unwrap();
        send(&sender, "67890").await.unwrap();
        settle().await;
        assert_eq!(stage.dropped(0), [("body_too_large", 1)]);
        assert_eq!((stage.dropped(1), stage.dropped(2)), (vec![("chain_broken", 1)], vec![("chain_broken", 1)]));
        sender.finish().await;
        assert!(answer.await.is_ok());
        stage.close().await;
        assert!(stage.log.with("mirrored").is_empty());
    });
}
