//! Shadows that hang can't take the files and sockets that clients need.

use std::process::Command;

use serde_json::json;

use crate::{
    files::{endpoint, live, service, shadow, with},
    gnomon::Gnomon,
    upstream::Upstream,
};

/// What the gateway may open in this test.
const LIMIT: usize = 160;

/// The gateway's own command in a shell that lowers its limits first.
fn limited(own: &Command, soft: usize, hard: usize) -> Command {
    let mut limited = Command::new("sh");
    limited.args(["-c", &format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$@\""), "limited"]);
    limited.arg(own.get_program()).args(own.get_args());
    limited
}

#[test]
fn hanging_shadows_have_a_quarter_of_the_sockets_and_clients_the_rest() {
    let (v1, v2) = (Upstream::answers(json!({ "v": 1 })), Upstream::hangs());
    // So long that no copy ends before the test does.
    let patient = json!({ "timeout": "10m" });
    let file = service(&[
        with(endpoint("/a", &[live(&v1, "/v1/a"), shadow(&v2, "/v2/a")]), &patient),
        with(endpoint("/b", &[live(&v1, "/v1/b"), shadow(&v2, "/v2/b")]), &patient),
    ]);
    let gnomon = Gnomon::run_by_own(&file, |own| limited(&own, LIMIT, LIMIT));
    assert!(gnomon.output().contains("may open few files"), "{}", gnomon.output());
    for _ in 0..LIMIT / 2 {
        assert_eq!([gnomon.get("/a").status, gnomon.get("/b").status], [200, 200]);
    }
    let [of_a, of_b] = gnomon.stats().books().try_into().expect("two shadows");
    assert_eq!(of_a.offered + of_b.offered, LIMIT as u64);
    let dropped = of_a.dropped_for("descriptors") + of_b.dropped_for("descriptors");
    assert_eq!(dropped, (LIMIT - LIMIT / 4) as u64, "{of_a:#?}{of_b:#?}");
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let v1 = Upstream::answers(json!({ "v": 1 }));
    let gnomon = Gnomon::run_by_own(&service(&[endpoint("/a", &[live(&v1, "/a")])]), |own| limited(&own, 64, 5000));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gnomon.pid())).expect("the process is ours");
    let open_files = limits.lines().find(|line| line.starts_with("Max open files")).expect("Linux names it");
    let words: Vec<&str> = open_files.split_whitespace().collect();
    assert_eq!(words.get(3..5), Some(&["5000", "5000"][..]), "{limits}");
    assert!(!gnomon.output().contains("may open few files"), "{}", gnomon.output());
}
