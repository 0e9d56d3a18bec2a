//! Statuses, headers, fields that were seen, and answers that are none.

use http::{HeaderName, StatusCode};

use crate::{
    compare::{Comparator, FieldNames, Incomparable, Verdict},
    config::shadow::{BodyRule, Compare, HeaderRules},
    model::{SeenBody, Unkept},
};

use super::{compare, found, seen, settings, typed};

fn empty(headers: &[(&'static str, &str)]) -> crate::model::Seen {
    seen(headers, SeenBody::Bytes(bytes::Bytes::new()))
}

#[test]
fn the_short_list_of_headers_is_compared() {
    let live = empty(&[("content-type", "text/plain; charset=utf-8"), ("date", "now"), ("location", "/a")]);
    let shadow = empty(&[("content-type", "Text/Plain;charset=UTF-8"), ("date", "then"), ("retry-after", "1")]);
    let wanted = vec![("header:location".to_owned(), "header"), ("header:retry-after".to_owned(), "header")];
    assert_eq!(found(&settings(), &live, &shadow), wanted);
    let comparison = compare(&settings(), &live, &shadow);
    assert!(comparison.differences[0].shadow.is_none() && comparison.differences[1].live.is_none());
}

#[test]
fn all_headers_are_all_but_those_that_say_nothing() {
    let all = HeaderRules { named: None, ignored: vec![HeaderName::from_static("x-cache")] };
    let settings = Compare { headers: all, ..settings() };
    let live = empty(&[("etag", "1"), ("x-cache", "hit"), ("x-a", "1"), ("x-a", "2"), ("server", "a")]);
    let shadow = empty(&[("etag", "2"), ("x-cache", "miss"), ("x-a", "1, 2"), ("server", "b")]);
    let comparison = compare(&settings, &live, &shadow);
    assert_eq!((comparison.verdict, comparison.ignored), (Verdict::Ignored, 1));
    let other = empty(&[("x-a", "1"), ("x-b", "1")]);
    let wanted = vec![("header:x-a".to_owned(), "header"), ("header:x-b".to_owned(), "header")];
    assert_eq!(found(&settings, &live, &other), wanted);
}

#[test]
fn cookies_are_compared_and_shown_by_name() {
    let settings = Compare { headers: HeaderRules { named: None, ignored: vec![] }, ..settings() };
    let live = empty(&[("set-cookie", "a=secret; Path=/"), ("set-cookie", "b=2")]);
    assert_eq!(found(&settings, &live, &empty(&[("set-cookie", "b=9"), ("set-cookie", "a=8")])), vec![]);
    let comparison = compare(&settings, &live, &empty(&[("set-cookie", "a=secret")]));
    let [difference] = comparison.differences.as_slice() else { panic!("one difference") };
    assert_eq!(&*difference.live.as_ref().unwrap().text, "a, b");
}

#[test]
fn what_differs_counts_though_the_bodies_cannot_be_compared() {
    let live = typed("application/json", vec![b'1'; 100]);
    let settings = Compare { body_bytes_max: 10, ..settings() };
    let mut shadow = typed("application/json", vec![b'2'; 100]);
    assert_eq!(compare(&settings, &live, &shadow).verdict, Verdict::Incomparable(Incomparable::TooLarge));
    shadow.status = StatusCode::ACCEPTED;
    let comparison = compare(&settings, &live, &shadow);
    assert_eq!((comparison.verdict, comparison.is_truncated), (Verdict::Mismatch, true));
    assert_eq!(&*comparison.differences[0].path, "status");
}

#[test]
fn where_only_one_side_succeeds_nothing_but_the_status_is_told() {
    let live = typed("application/json", r#"{"a":1}"#);
    let mut shadow = typed("text/html", "<h1>Bad Gateway</h1>");
    shadow.status = StatusCode::BAD_GATEWAY;
    let comparison = compare(&settings(), &live, &shadow);
    assert_eq!((comparison.verdict, comparison.is_truncated), (Verdict::Mismatch, false));
    let paths: Vec<&str> = comparison.differences.iter().map(|difference| &*difference.path).collect();
    assert_eq!(paths, ["status"]);
}

#[test]
fn answers_that_were_not_kept_say_why() {
    let unkept = |why| seen(&[], SeenBody::Unkept(why));
    let kept = typed("application/json", "{}");
    for (live, shadow, reason) in [
        (unkept(Unkept::TooLarge), kept.clone(), Incomparable::TooLarge),
        (kept.clone(), unkept(Unkept::NoRoom), Incomparable::Memory),
        (unkept(Unkept::BrokenOff), unkept(Unkept::BrokenOff), Incomparable::LiveError),
        (kept.clone(), unkept(Unkept::BrokenOff), Incomparable::ShadowError),
    ] {
        let mut shadow = shadow;
        shadow.headers = live.headers.clone();
        assert_eq!(compare(&settings(), &live, &shadow).verdict, Verdict::Incomparable(reason));
    }
    let none = Compare { body: BodyRule::None, ..settings() };
    assert_eq!(compare(&none, &unkept(Unkept::TooLarge), &unkept(Unkept::NoRoom)).verdict, Verdict::Match);
}

#[test]
fn fields_are_recorded_on_the_first_pairs_and_now_and_then() {
    let (comparator, mut names) = (Comparator::new(&settings()), FieldNames::new());
    let body = |name: &str| typed("application/json", format!(r#"{{"a":[{{"{name}":1}},{{"c":2}}]}}"#));
    let mut seen = vec![];
    for pair in 0..130 {
        let live = body(&format!("b{pair}"));
        assert_eq!(comparator.compare(&live, &live, &mut names).verdict, Verdict::Match);
        seen.push(names.seen());
    }
    // `$.a`, `$.a[*]`, `$.a[*].c`, and one name for each of the pairs 0 to 63, 64 and 128.
    assert_eq!((seen[0], seen[63], seen[64], seen[127], seen[128]), (4, 67, 68, 68, 69));
    assert!(names.patterns().any(|pattern| pattern == "$.a[*].c"));
}
