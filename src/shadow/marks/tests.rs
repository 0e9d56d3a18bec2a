//! Marks between gateways: whose are believed, for how long, and that loops end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};
use proptest::{collection::vec, prelude::*};
use ring::hmac;

use crate::{
    config::shadow::{LoopGuard, Marks, Peer, Policy, Secret},
    model::{Headers, Origin},
    plan::{OriginNeeds, origin::HOPS},
    shadow::fixture::policy,
};

use super::{Arrival, Entry, Marker, PairId, Provenance, entry::signed};

const PAIR: PairId = PairId(0x4711);
const ELSEWHERE: &str = "203.0.113.9";

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

fn key(name: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, name.as_bytes())
}

fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

fn origin(hops: u32, headers: Headers) -> Origin {
    Origin { path: String::new(), query: String::new(), address: [0; 4].into(), headers, hops, pair: PAIR.0 }
}

/// A gateway with a key of its own process.
struct Gateway {
    own: hmac::Key,
    needs: OriginNeeds,
    marker: Marker,
}

impl Gateway {
    fn new(process: &str, trusted: &[Peer]) -> Self {
        let policy = Policy { loop_guard: LoopGuard { max_hops: 1, trusted: trusted.to_vec() }, ..policy() };
        let shared = trusted.iter().find_map(|peer| match peer {
            Peer::Key(secret) => Some(secret.text()),
            Peer::Network(_) => None,
        });
        let marker = Marker::with_key(key(process), shared, policy.rewrite.marks.clone().unwrap());
        Self { own: key(process), needs: OriginNeeds::of([&policy]).unwrap(), marker }
    }

    /// What it makes of a request with these headers.
    fn judge(&self, headers: &Headers, peer: &str, now: SystemTime) -> Provenance {
        let name = HOPS;
        let entries: Vec<&[u8]> = headers.get_all(&name).map(HeaderValue::as_bytes).collect();
        let marked = self.needs.request_marks.iter().any(|name| headers.get(name).is_some_and(|value| value == "1"));
        let arrival = Arrival { entries: &entries, marked, peer: peer.parse().unwrap() };
        Provenance::with_key(&self.own, arrival, &self.needs, now)
    }

    /// The marks of the copy it makes of such a request.
    fn copy(&self, provenance: &Provenance, now: SystemTime) -> Headers {
        let mut headers = Headers::new();
        if let Some(carried) = &provenance.carried {
            headers.append(HOPS, carried.clone());
        }
        let mut copy = Headers::new();
        self.marker.mark(&mut copy, &origin(provenance.hops, headers), now);
        copy
    }

    /// The marks of a copy of a client's own request.
    fn first_copy(&self, now: SystemTime) -> Headers {
        self.copy(&Provenance::default(), now)
    }

    fn hops(&self, headers: &Headers, peer: &str, now: SystemTime) -> u32 {
        self.judge(headers, peer, now).hops
    }
}

fn entries(headers: &Headers) -> Vec<&str> {
    headers.get(&HOPS).unwrap().to_str().unwrap().split(',').collect()
}

#[test]
fn a_copy_says_that_it_is_one_of_which_pair_and_since_when() {
    let gateway = Gateway::new("a", &[]);
    let mut copy = gateway.first_copy(at(0));
    let value = |headers: &Headers, of| headers.get(&name(of)).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(value(&copy, "x-shadow-request").unwrap(), "1");
    assert_eq!(value(&copy, "x-shadow-id").unwrap(), "0000000000004711");
    assert_eq!(value(&copy, "x-shadow-sent-at").unwrap(), "1700000000000");
    assert!(value(&copy, "x-shadow-hops").unwrap().starts_with("1;1700000000000;0000000000004711;"));
    let before: Vec<_> = copy.iter().cloned().collect();
    gateway.marker.mark(&mut copy, &origin(0, Headers::new()), at(0));
    assert_eq!(copy.len(), before.len(), "marks replace marks");
}

#[test]
fn marks_have_the_names_that_the_file_gives_them_and_may_be_left_out() {
    let mut policy = policy();
    policy.rewrite.marks = Some(Marks { request: name("x-copy"), id: name("x-pair"), sent_at: name("x-since") });
    let needs = OriginNeeds::of([&policy]).unwrap();
    assert_eq!(needs.request_marks, [name("x-copy")]);
    assert_eq!(needs.marks, [HOPS, name("x-copy"), name("x-pair"), name("x-since")]);
    let mut copy = Headers::new();
    Marker::new(&policy).unwrap().mark(&mut copy, &origin(0, Headers::new()), at(0));
    assert!(needs.marks.iter().all(|name| copy.contains(name)) && copy.len() == 4);
    policy.rewrite.marks = None;
    assert!(Marker::new(&policy).is_none());
}

#[test]
fn a_gateway_knows_its_own_copy_and_no_other_does() {
    let copy = Gateway::new("a", &[]).first_copy(at(0));
    assert_eq!(Gateway::new("a", &[]).hops(&copy, ELSEWHERE, at(5)), 1);
    assert_eq!(Gateway::new("b", &[]).hops(&copy, ELSEWHERE, at(5)), 0);
}

#[test]
fn this_process_knows_its_own_copies() {
    let policy = policy();
    let mut copy = Headers::new();
    Marker::new(&policy).unwrap().mark(&mut copy, &origin(0, Headers::new()), at(0));
    let arrival =
        Arrival { entries: &[copy.get(&HOPS).unwrap().as_bytes()], marked: true, peer: ELSEWHERE.parse().unwrap() };
    assert_eq!(Provenance::of(arrival, &OriginNeeds::of([&policy]).unwrap(), at(1)).hops, 1);
}

#[test]
fn two_gateways_that_share_a_key_know_each_others_copies() {
    let shared = [Peer::Key(Secret::new("secret"))];
    let (one, other) = (Gateway::new("a", &shared), Gateway::new("b", &shared));
    let copy = one.first_copy(at(0));
    assert_eq!(other.hops(&copy, ELSEWHERE, at(0)), 1);
    let again = other.copy(&other.judge(&copy, ELSEWHERE, at(0)), at(1));
    assert_eq!(Gateway::new("c", &shared).hops(&again, ELSEWHERE, at(1)), 2);
    assert_eq!(Gateway::new("c", &[Peer::Key(Secret::new("another"))]).hops(&again, ELSEWHERE, at(1)), 0);
    let rotated = [Peer::Key(Secret::new("new")), Peer::Key(Secret::new("secret"))];
    assert_eq!(Gateway::new("c", &rotated).hops(&again, ELSEWHERE, at(1)), 2, "an old key is still believed");
}

#[test]
fn gateways_that_know_nothing_of_each_other_end_a_loop_of_eight() {
    let ring: Vec<Gateway> = (0..8).map(|place| Gateway::new(&place.to_string(), &[])).collect();
    let mut copy = ring[0].first_copy(at(0));
    for (next, gateway) in (1..).zip(&ring[1..]) {
        let provenance = gateway.judge(&copy, ELSEWHERE, at(next));
        assert_eq!(provenance.hops, 0);
        copy = gateway.copy(&provenance, at(next));
    }
    assert_eq!(ring[0].hops(&copy, ELSEWHERE, at(9)), 1);
}

#[test]
fn a_network_is_believed_by_the_address_of_the_connection() {
    let gateway = Gateway::new("a", &[Peer::Network("10.0.0.0/8".parse().unwrap())]);
    let mut marked = Headers::new();
    marked.append(name("x-shadow-request"), HeaderValue::from_static("1"));
    assert_eq!(gateway.hops(&marked, "10.1.2.3", at(0)), 1);
    assert_eq!(gateway.hops(&marked, ELSEWHERE, at(0)), 0);
    let deep = Gateway::new("b", &[]);
    let copy = deep.copy(&Provenance { hops: 2, carried: None }, at(0));
    assert_eq!(gateway.hops(&copy, "10.1.2.3", at(0)), 3);
    assert_eq!(gateway.hops(&copy, ELSEWHERE, at(0)), 0);
    let mut unmarked = Headers::new();
    unmarked.append(name("x-shadow-request"), HeaderValue::from_static("0"));
    assert_eq!(gateway.hops(&unmarked, "10.1.2.3", at(0)), 0);
}

#[test]
fn a_mark_is_believed_for_a_minute() {
    let gateway = Gateway::new("a", &[]);
    let copy = gateway.first_copy(at(100));
    for (now, hops) in [(40, 1), (100, 1), (160, 1), (161, 0), (39, 0)] {
        let provenance = gateway.judge(&copy, ELSEWHERE, at(now));
        assert_eq!((provenance.hops, provenance.carried.is_some()), (hops, hops == 1), "{now}");
    }
}

#[test]
fn a_client_can_neither_opt_out_nor_in_by_header() {
    let gateway = Gateway::new("a", &[Peer::Key(Secret::new("secret"))]);
    let forged = [key(""), key("b"), key("SECRET")].map(|key| signed(&key, 1, 1_700_000_000_000, PAIR));
    let mut sent = Headers::new();
    sent.append(name("x-shadow-request"), HeaderValue::from_static("1"));
    for entry in &forged {
        sent.append(HOPS, HeaderValue::from_str(entry).unwrap());
    }
    sent.append(HOPS, HeaderValue::from_static("1;1700000000000;0000000000004711;"));
    assert_eq!(gateway.hops(&sent, ELSEWHERE, at(0)), 0);
}

#[test]
fn an_entry_that_was_changed_anywhere_is_not_believed() {
    let entry = signed(&key("a"), 1, 1_700_000_000_000, PAIR);
    assert!(Entry::parse(&entry).unwrap().is_signed_with(&key("a")));
    for place in 0..entry.len() {
        for letter in ['0', '9', 'A', ';', '-'] {
            let mut changed = entry.clone();
            changed.replace_range(place..=place, &letter.to_string());
            let believed = Entry::parse(&changed).is_some_and(|entry| entry.is_signed_with(&key("a")));
            assert!(!believed || changed == entry, "{changed}");
        }
    }
}

#[test]
fn what_is_not_an_entry_is_none() {
    let tag = "A".repeat(43);
    assert!(Entry::parse(&format!("1;2;0000000000004711;{tag}")).is_some());
    for text in [
        String::new(),
        format!("1;2;{tag}"),
        format!("1;2;0000000000004711;3;{tag}"),
        format!("+1;2;0000000000004711;{tag}"),
        format!("1; 2;0000000000004711;{tag}"),
        format!(";2;0000000000004711;{tag}"),
        format!("4294967296;2;0000000000004711;{tag}"),
        format!("1;18446744073709551616;0000000000004711;{tag}"),
        format!("1;2;000000000000471;{tag}"),
        format!("1;2;000000000000471x;{tag}"),
        format!("1;2;0000000000004711;{tag}A"),
        format!("1;2;0000000000004711;{tag}="),
        "1;2;0000000000004711;AAAA".to_owned(),
    ] {
        assert!(Entry::parse(&text).is_none(), "{text}");
    }
}

#[test]
fn what_a_client_puts_before_an_entry_does_not_push_it_out() {
    let (one, other) = (Gateway::new("a", &[]), Gateway::new("b", &[]));
    let junk: Vec<String> = (0..100).map(|_| signed(&key("junk"), 9, 1_700_000_000_000, PAIR)).collect();
    let mut sent = Headers::new();
    sent.append(HOPS, HeaderValue::from_str(&junk.join(", ")).unwrap());
    let provenance = one.judge(&sent, ELSEWHERE, at(0));
    let copy = one.copy(&provenance, at(0));
    assert_eq!(entries(&copy).len(), 8);
    let again = other.copy(&other.judge(&copy, ELSEWHERE, at(1)), at(1));
    assert_eq!((entries(&again).len(), one.hops(&again, ELSEWHERE, at(1))), (8, 1));
}

#[test]
fn only_the_last_eight_pieces_are_looked_at() {
    let entry = signed(&key("a"), 1, 1_700_000_000_000, PAIR);
    let gateway = Gateway::new("a", &[]);
    for (after, hops) in [(7, 1), (8, 0)] {
        let mut sent = Headers::new();
        sent.append(HOPS, HeaderValue::from_str(&entry).unwrap());
        sent.append(HOPS, HeaderValue::from_str(&vec!["x"; after].join(",")).unwrap());
        assert_eq!(gateway.hops(&sent, ELSEWHERE, at(0)), hops);
    }
}

proptest! {
    #[test]
    fn arbitrary_entries_never_panic_and_are_never_believed(text: String, pieces in vec("[0-9;,A-Za-z_-]{0,120}", 0..12)) {
        prop_assert!(Entry::parse(&text).is_none_or(|entry| !entry.is_signed_with(&key("a"))));
        let values: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
        prop_assert!(Entry::newest_first(&values).all(|entry| !entry.is_signed_with(&key("a"))));
    }

    #[test]
    fn arbitrary_bytes_never_panic(values in vec(vec(any::<u8>(), 0..200), 0..5), marked: bool, seconds in 0..u64::MAX / 2) {
        let gateway = Gateway::new("a", &[]);
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let arrival = Arrival { entries: &values, marked, peer: [127, 0, 0, 1].into() };
        let now = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH);
        prop_assert_eq!(Provenance::of(arrival, &gateway.needs, now).hops, 0);
    }

    #[test]
    fn what_is_written_is_read(hop: u32, time_ms: u64, pair: u64) {
        let entry = signed(&key("a"), hop, time_ms, PairId(pair));
        let read = Entry::parse(&entry).unwrap();
        prop_assert_eq!((read.hop, read.time_ms, read.text), (hop, time_ms, entry.as_str()));
        prop_assert!(read.is_signed_with(&key("a")) && !read.is_signed_with(&key("b")));
    }
}
