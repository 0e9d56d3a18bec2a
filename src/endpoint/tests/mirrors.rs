//! Copies go out after the live calls, and whatever becomes of them the reply is the same at the same time.

use super::{
    stage::{Order, ROOMY, ShadowPart, Stage, Told, held, on_virtual_time, plan},
    stubs::{Fate, answers},
};
use crate::{
    model::{Body, Kind},
    plan::ShadowBounds,
    stats::Ledgered,
};

#[test]
fn live_calls_start_before_any_copy() {
    on_virtual_time(async {
        for (live, order) in [(1, Order::AtOnce), (3, Order::AtOnce), (2, Order::InSequence)] {
            let plan = plan("1s", live, order, 2);
            let scripts = (0..live).map(|_| answers(100, r#"{"id":1}"#)).collect();
            let stage = Stage::new(&plan, scripts, vec![ShadowPart::quick(), ShadowPart::quick()]);
            stage.reply().await;
            let lines = stage.log.lines();
            let first_copy = lines.iter().position(|(_, line)| line.contains("mirrored")).expect("copies are sent");
            let at_start = if order == Order::InSequence { 1 } else { live };
            assert_eq!(first_copy, at_start, "{lines:?}");
            assert_eq!(lines[first_copy].0, 0, "a copy does not wait for the answer either");
            stage.close().await;
        }
    });
}

#[test]
fn shadows_that_never_open_their_mailbox_delay_nothing() {
    on_virtual_time(async {
        for body in [Body::Empty, held("payload")] {
            for shadows in [0, 1, 3] {
                let parts = vec![ShadowPart::deaf(); shadows];
                let stage = Stage::new(&plan("1s", 1, Order::AtOnce, shadows), vec![answers(25, r#"{"a":1}"#)], parts);
                let reply = stage.call(0, body.share().unwrap()).await.unwrap();
                assert_eq!((stage.log.now(), Told::of(reply)), (25, Told::whole(r#"{"a":1}"#)));
                for gate in &stage.gates {
                    let books = gate.books();
                    assert_eq!((books.waiting, books.sent, books.balanced()), (1, 0, true));
                }
            }
        }
    });
}

#[test]
fn no_fate_of_a_copy_changes_the_reply() {
    on_virtual_time(async {
        let fates = [
            Fate::Completes(200),
            Fate::Completes(500),
            Fate::Fails(Kind::Timeout),
            Fate::Fails(Kind::Connect),
            Fate::Panics,
            Fate::Vanishes,
        ];
        for fate in fates {
            for after in [0, 20, 40, 10_000] {
                let part = ShadowPart::that(ROOMY, after, fate);
                let live = vec![answers(20, r#"{"a":1}"#), answers(40, r#"{"b":2}"#)];
                let stage = Stage::new(&plan("1s", 2, Order::AtOnce, 2), live, vec![part.clone(), part]);
                assert_eq!(stage.reply().await, (40, Told::whole(r#"{"a":1,"b":2}"#)), "{fate:?} after {after}");
                stage.close().await;
            }
        }
    });
}

#[test]
fn a_panic_costs_one_mirror_and_the_next_is_taken() {
    on_virtual_time(async {
        let part = ShadowPart::that(ROOMY, 0, Fate::Panics);
        let stage = Stage::new(&plan("1s", 1, Order::AtOnce, 1), vec![answers(1, "{}")], vec![part]);
        for _ in 0..3 {
            assert_eq!(stage.reply().await.1, Told::whole("{}"));
        }
        stage.close().await;
        assert_eq!(stage.gates[0].books().failed, [("panic", 3)]);
    });
}

#[test]
fn refused_mirrors_leave_the_reply_alone_and_are_booked() {
    on_virtual_time(async {
        let bounds = ShadowBounds { concurrent_max: 2, buffered_bytes_max: 10, request_bytes_max: 8, ..ROOMY };
        let part = ShadowPart::that(bounds, 5000, Fate::Completes(200));
        let stage = Stage::new(&plan("1s", 1, Order::AtOnce, 1), vec![answers(10, "{}")], vec![part]);
        let bodies = [held("12345678"), held("123456789"), held("123"), Body::Empty, Body::Empty];
        let replies: Vec<_> = bodies.into_iter().map(|body| stage.call(0, body)).collect();
        for reply in replies {
            assert_eq!(Told::of(reply.await.unwrap()), Told::whole("{}"));
        }
        assert_eq!(stage.log.now(), 10);
        assert_eq!(stage.dropped(0), [("concurrency", 1), ("memory", 1), ("body_too_large", 1)]);
        assert_eq!(stage.gates[0].books().sent, 2);
        stage.close().await;
    });
}

#[test]
fn a_closed_gate_leaves_the_reply_alone() {
    on_virtual_time(async {
        let live = vec![answers(10, "{}")];
        let stage = Stage::new(&plan("1s", 1, Order::AtOnce, 1), live, vec![ShadowPart::quick()]);
        stage.gates[0].close();
        assert_eq!(stage.reply().await, (10, Told::whole("{}")));
        assert_eq!(stage.dropped(0), [("shutdown", 1)]);
        stage.close().await;
    });
}

#[test]
fn a_full_shadow_does_not_refuse_for_the_other() {
    on_virtual_time(async {
        let full = ShadowPart::that(ShadowBounds { concurrent_max: 0, ..ROOMY }, 0, Fate::Completes(200));
        let live = vec![answers(10, "{}")];
        let stage = Stage::new(&plan("1s", 1, Order::AtOnce, 2), live, vec![full, ShadowPart::quick()]);
        stage.reply().await;
        stage.close().await;
        assert_eq!((stage.dropped(0), stage.dropped(1)), (vec![("concurrency", 1)], vec![]));
        assert_eq!(stage.gates[1].books().completed, [("2xx", 1)]);
    });
}
