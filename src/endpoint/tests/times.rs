//! Deadlines, partial merges and the order of arrival, to the millisecond.

use super::{
    stage::{Order, Stage, Told, on_virtual_time, plan},
    stubs::{Ends, answers, ends},
};
use crate::model::Kind;

const LATE: &str = "context deadline exceeded";

#[test]
fn one_backend_has_all_of_the_endpoints_time() {
    on_virtual_time(async {
        let stage = Stage::new(&plan("1s", 1, Order::AtOnce, 0), vec![answers(999, r#"{"a":1}"#)], vec![]);
        assert_eq!(stage.reply().await, (999, Told::whole(r#"{"a":1}"#)));
        let late = Stage::new(&plan("1s", 1, Order::AtOnce, 0), vec![answers(1001, "{}")], vec![]);
        assert_eq!(late.reply().await, (1000, Told::failed(&[LATE])));
    });
}

#[test]
fn merges_have_85_percent_of_the_endpoints_time() {
    on_virtual_time(async {
        for order in [Order::AtOnce, Order::InSequence] {
            let plan = plan("1s", 2, order, 0);
            let stage = Stage::new(&plan, vec![answers(0, r#"{"id":1}"#), answers(849, r#"{"b":2}"#)], vec![]);
            assert_eq!(stage.reply().await, (849, Told::whole(r#"{"b":2,"id":1}"#)), "{order:?}");
            let late = Stage::new(&plan, vec![answers(0, r#"{"id":1}"#), answers(851, r#"{"b":2}"#)], vec![]);
            assert_eq!(late.reply().await, (850, Told::part(r#"{"id":1}"#, &[LATE])), "{order:?}");
        }
    });
}

#[test]
fn a_merge_answers_as_soon_as_its_last_part_is_there() {
    on_virtual_time(async {
        let live = vec![answers(30, r#"{"a":1}"#), answers(70, r#"{"b":2}"#), answers(50, r#"{"c":3}"#)];
        let stage = Stage::new(&plan("1s", 3, Order::AtOnce, 0), live, vec![]);
        assert_eq!(stage.reply().await, (70, Told::whole(r#"{"a":1,"b":2,"c":3}"#)));
    });
}

#[test]
fn the_last_to_arrive_wins_whatever_its_place_in_the_file() {
    on_virtual_time(async {
        for (first, second, winner) in [(10, 20, "second"), (20, 10, "first")] {
            let live = vec![answers(first, r#"{"who":"first"}"#), answers(second, r#"{"who":"second"}"#)];
            let stage = Stage::new(&plan("1s", 2, Order::AtOnce, 0), live, vec![]);
            let (at, told) = stage.reply().await;
            assert_eq!((at, told), (20, Told::whole(&format!(r#"{{"who":"{winner}"}}"#))));
        }
    });
}

#[test]
fn a_failed_part_leaves_the_others_and_does_not_end_the_wait() {
    on_virtual_time(async {
        let live = vec![ends(5, Ends::Fails(Kind::Status)), answers(60, r#"{"b":2}"#)];
        let stage = Stage::new(&plan("1s", 2, Order::AtOnce, 0), live, vec![]);
        assert_eq!(stage.reply().await, (60, Told::part(r#"{"b":2}"#, &["live0 failed"])));
    });
}

#[test]
fn parts_that_never_come_are_missing_one_by_one() {
    on_virtual_time(async {
        let live = vec![ends(0, Ends::Never), answers(1, r#"{"b":2}"#), ends(0, Ends::Never)];
        let stage = Stage::new(&plan("200ms", 3, Order::AtOnce, 0), live, vec![]);
        assert_eq!(stage.reply().await, (170, Told::part(r#"{"b":2}"#, &[LATE, LATE])));
        assert_eq!(stage.log.with("cancelled").len(), 2, "nobody works for a reply that is out");
    });
}

#[test]
fn a_panic_costs_one_answer_and_the_next_request_is_served() {
    on_virtual_time(async {
        let calls = std::cell::Cell::new(0);
        let once: super::stubs::Script<_> = std::rc::Rc::new(move |request: &crate::model::Request| {
            let turn = if calls.replace(1) == 0 { ends(3, Ends::Panics) } else { answers(3, r#"{"a":1}"#) };
            turn(request)
        });
        let stage = Stage::new(&plan("1s", 1, Order::AtOnce, 0), vec![once], vec![]);
        assert_eq!(stage.reply().await, (3, Told::failed(&["internal server error"])));
        assert_eq!(stage.reply().await, (6, Told::whole(r#"{"a":1}"#)));
    });
}

#[test]
fn a_panic_in_a_merge_leaves_the_other_part() {
    on_virtual_time(async {
        let live = vec![ends(3, Ends::Panics), answers(9, r#"{"b":2}"#)];
        let stage = Stage::new(&plan("1s", 2, Order::AtOnce, 0), live, vec![]);
        assert_eq!(stage.reply().await, (9, Told::part(r#"{"b":2}"#, &["internal server error"])));
    });
}

#[test]
fn requests_do_not_wait_for_one_another() {
    on_virtual_time(async {
        let stage = Stage::new(&plan("1s", 1, Order::AtOnce, 0), vec![answers(500, "{}")], vec![]);
        let replies: Vec<_> = (0..100).map(|id| stage.call(id, crate::model::Body::Empty)).collect();
        for reply in replies {
            assert!(reply.await.is_ok());
        }
        assert_eq!(stage.log.now(), 500);
    });
}
