//! Backends one after the other, and shadows one after the other.

use serde_json::json;

use super::{
    stage::{Order, ROOMY, ShadowPart, Stage, Told, on_virtual_time, plan, plan_of},
    stubs::{Ends, Fate, answers, ends},
};
use crate::{
    model::{Body, Kind},
    plan::ShadowBounds,
    stats::Ledgered,
};

fn at(ms: u64, line: &str) -> (u64, String) {
    (ms, line.to_owned())
}

#[test]
fn each_backend_gets_the_value_of_the_answer_before_it_when_that_is_there() {
    on_virtual_time(async {
        let live = vec![answers(10, r#"{"id":7}"#), answers(20, r#"{"id":"b/c"}"#), answers(30, r#"{"end":true}"#)];
        let stage = Stage::new(&plan("1s", 3, Order::InSequence, 0), live, vec![]);
        assert_eq!(stage.reply().await, (60, Told::whole(r#"{"end":true,"id":"b/c"}"#)));
        assert_eq!(stage.log.lines(), [at(0, "live0 asked"), at(10, "live1 asked 7"), at(30, "live2 asked b/c")]);
    });
}

#[test]
fn the_first_failure_of_a_sequence_is_its_reply() {
    on_virtual_time(async {
        let live = vec![ends(10, Ends::Fails(Kind::Status)), answers(0, "{}")];
        let stage = Stage::new(&plan("1s", 2, Order::InSequence, 0), live, vec![]);
        assert_eq!(stage.reply().await, (10, Told::failed(&["live0 failed"])));
        assert_eq!(stage.log.lines(), [at(0, "live0 asked")]);
    });
}

#[test]
fn a_later_failure_ends_the_sequence_and_leaves_what_is_there() {
    on_virtual_time(async {
        let live = vec![answers(10, r#"{"id":1}"#), ends(10, Ends::Fails(Kind::Status)), answers(0, "{}")];
        let stage = Stage::new(&plan("1s", 3, Order::InSequence, 0), live, vec![]);
        let (at, told) = stage.reply().await;
        assert_eq!((at, told.text.as_deref(), told.complete), (20, Some(r#"{"id":1}"#), false));
        assert_eq!(told.failures, ["live1 failed"]);
        assert!(stage.log.with("live2").is_empty());
    });
}

#[test]
fn an_incomplete_answer_ends_the_sequence() {
    on_virtual_time(async {
        let live = vec![ends(10, Ends::Incomplete(r#"{"id":1}"#.into())), answers(0, "{}")];
        let stage = Stage::new(&plan("1s", 2, Order::InSequence, 0), live, vec![]);
        let (at, told) = stage.reply().await;
        assert_eq!((at, told.text.as_deref(), told.complete), (10, Some(r#"{"id":1}"#), false));
        assert!(stage.log.with("live1").is_empty());
    });
}

#[test]
fn the_time_of_a_sequence_is_one_time_for_all_of_it() {
    on_virtual_time(async {
        let live = vec![answers(500, r#"{"id":1}"#), answers(500, "{}")];
        let stage = Stage::new(&plan("1s", 2, Order::InSequence, 0), live, vec![]);
        assert_eq!(stage.reply().await.0, 850);
        assert_eq!(stage.log.with("cancelled"), [at(850, "live1 cancelled")]);
    });
}

#[test]
fn every_backend_of_a_sequence_gets_the_body() {
    on_virtual_time(async {
        let live = vec![answers(1, r#"{"id":1}"#), answers(1, "{}")];
        let stage = Stage::new(&plan("1s", 2, Order::InSequence, 1), live, vec![ShadowPart::quick()]);
        assert!(stage.call(0, super::stage::held("payload")).await.is_ok());
        let mut told = stage.log.with("payload");
        told.sort();
        let at_once = [at(0, "live0 read payload whole"), at(0, "shadow0 mirrored payload")];
        assert_eq!(told, [&at_once[..], &[at(1, "live1 read payload whole")]].concat());
        stage.close().await;
    });
}

/// Two live backends in a sequence that answer at once.
fn swift() -> Vec<super::stubs::Script<super::stubs::Turn>> {
    vec![answers(0, r#"{"id":1}"#), answers(0, "{}")]
}

#[test]
fn shadows_of_a_sequence_follow_one_another() {
    on_virtual_time(async {
        let shadows = [30, 40].map(|after| ShadowPart::that(ROOMY, after, Fate::Completes(200)));
        let stage = Stage::new(&plan("1s", 2, Order::InSequence, 2), swift(), shadows.into());
        assert_eq!(stage.reply().await.0, 0);
        stage.close().await;
        assert_eq!(stage.log.with("mirrored"), [at(0, "shadow0 mirrored"), at(30, "shadow1 mirrored")]);
        assert_eq!(stage.log.with("ends"), [at(30, "shadow0 ends"), at(70, "shadow1 ends")]);
    });
}

#[test]
fn each_shadow_of_a_sequence_gets_the_body_as_its_own_policy_says() {
    on_virtual_time(async {
        for modes in [["none", "buffer", "none"], ["buffer", "none", "buffer"]] {
            let shadow = |mode: &str| json!({"url_pattern": "/s", "extra_config": {"proxy": {"shadow": true, "@shadow_policy": {"holdout": 0, "body": {"mode": mode}}}}});
            let backends =
                [&[json!({"url_pattern": "/a"}), json!({"url_pattern": "/b"})][..], &modes.map(shadow)].concat();
            let plan = plan_of(
                &json!({"endpoint": "/x/{id}", "backend": backends, "extra_config": {"proxy": {"sequential": true}}}),
            );
            let stage = Stage::new(&plan, swift(), vec![ShadowPart::quick(); 3]);
            assert!(stage.call(0, super::stage::held("payload")).await.is_ok());
            stage.close().await;
            let expected: Vec<_> = (modes.iter().enumerate())
                .map(|(place, mode)| format!("shadow{place} mirrored{}", if *mode == "none" { "" } else { " payload" }))
                .collect();
            let lines: Vec<_> = stage.log.with("mirrored").into_iter().map(|(_, line)| line).collect();
            assert_eq!(lines, expected);
        }
    });
}

#[test]
fn a_refused_shadow_breaks_the_chain_behind_it() {
    on_virtual_time(async {
        let nobody = ShadowBounds { concurrent_max: 0, ..ROOMY };
        let refusing = ShadowPart::that(nobody, 0, Fate::Completes(200));
        let stage = Stage::new(&plan("1s", 2, Order::InSequence, 2), swift(), vec![refusing, ShadowPart::quick()]);
        assert_eq!(stage.reply().await.0, 0);
        stage.close().await;
        assert_eq!((stage.dropped(0), stage.dropped(1)), (vec![("concurrency", 1)], vec![("chain_broken", 1)]));
    });
}

#[test]
fn whatever_ends_a_shadow_of_a_sequence_the_rest_is_booked_as_a_broken_chain() {
    on_virtual_time(async {
        for fate in [Fate::Fails(Kind::Timeout), Fate::Panics, Fate::Vanishes] {
            let shadows = vec![ShadowPart::that(ROOMY, 5, fate), ShadowPart::quick()];
            let stage = Stage::new(&plan("1s", 2, Order::InSequence, 2), swift(), shadows);
            assert!(stage.call(0, Body::Empty).await.is_ok());
            stage.close().await;
            assert_eq!(stage.dropped(1), [("chain_broken", 1)], "{fate:?}");
            assert_eq!(stage.gates[0].books().sent, 1);
        }
    });
}
