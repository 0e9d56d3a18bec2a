//! `gnomon demo`: one command shows a service, its rewrite and what the gateway makes of them.

use crate::{client::get, gnomon::Gnomon};

#[test]
fn the_demo_serves_and_its_dashboard_lists_the_shadows() {
    let mut gnomon = Gnomon::demo();
    let user = gnomon.get("/user/7");
    assert_eq!((user.status, &user.json()["id"]), (200, &7.into()));
    assert!(user.json()["plan"].is_string(), "the answer is v1's, not the rewrite's: {}", user.text());
    assert!(gnomon.get("/orders/7").json()["order"]["total"].is_number());
    assert_eq!(gnomon.get("/search?q=desk").json()["count"], 3);
    let home = gnomon.get("/home/7").json();
    assert!(home["user"]["id"] == 7 && home["orders"]["user_id"] == 7, "{home:#}");
    let stats = gnomon.wait_until("every shadow gets its traffic", |stats| {
        let books = stats.books();
        books.len() == 4 && books.iter().all(|books| books.answered() > 0)
    });
    assert_eq!(stats.endpoints().len(), 4);
    assert_eq!(get(gnomon.admin(), "/").status, 200);
    gnomon.signal("INT");
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
}
