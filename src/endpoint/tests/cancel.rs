//! A client that hangs up stops the work for it, and only that.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    stage::{Order, ROOMY, ShadowPart, Stage, on_virtual_time, plan},
    stubs::{Ends, Fate, answers, ends},
};
use crate::{model::Body, stats::Ledgered};

fn at(ms: u64, line: &str) -> (u64, String) {
    (ms, line.to_owned())
}

#[test]
fn dropping_the_answer_cancels_every_live_call_at_once() {
    on_virtual_time(async {
        let live = vec![ends(0, Ends::Never), answers(900, "{}")];
        let stage = Stage::new(&plan("2s", 2, Order::AtOnce, 0), live, vec![]);
        let answer = stage.call(0, Body::Empty);
        sleep(Duration::from_millis(40)).await;
        drop(answer);
        sleep(Duration::from_millis(1)).await;
        let mut cancelled = stage.log.with("cancelled");
        cancelled.sort();
        assert_eq!(cancelled, [at(40, "live0 cancelled"), at(40, "live1 cancelled")]);
    });
}

#[test]
fn a_sequence_that_was_hung_up_on_asks_nobody_else() {
    on_virtual_time(async {
        let live = vec![answers(50, r#"{"id":1}"#), answers(50, "{}")];
        let stage = Stage::new(&plan("2s", 2, Order::InSequence, 0), live, vec![]);
        let answer = stage.call(0, Body::Empty);
        sleep(Duration::from_millis(40)).await;
        drop(answer);
        stage.close().await;
        assert_eq!(stage.log.lines(), [at(0, "live0 asked"), at(40, "live0 cancelled")]);
    });
}

#[test]
fn a_copy_that_was_handed_over_goes_on_without_the_client() {
    on_virtual_time(async {
        let shadow = ShadowPart::that(ROOMY, 300, Fate::Completes(200));
        let stage = Stage::new(&plan("2s", 1, Order::AtOnce, 1), vec![ends(0, Ends::Never)], vec![shadow]);
        let answer = stage.call(0, Body::Empty);
        sleep(Duration::from_millis(40)).await;
        drop(answer);
        stage.close().await;
        assert_eq!(stage.log.with("live0 cancelled"), [at(40, "live0 cancelled")]);
        assert_eq!(stage.log.with("shadow0 ends"), [at(300, "shadow0 ends")]);
        assert_eq!(stage.gates[0].books().completed, [("2xx", 1)]);
    });
}

#[test]
fn an_answer_nobody_waits_for_harms_nobody() {
    on_virtual_time(async {
        let stage = Stage::new(&plan("2s", 1, Order::AtOnce, 0), vec![answers(0, "{}")], vec![]);
        drop(stage.call(0, Body::Empty));
        assert_eq!(stage.reply().await.0, 0);
    });
}
