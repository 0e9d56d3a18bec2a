//! Which requests are chosen: the order of the checks, each kind of key, each kind of condition, laws of the sample, the
//! frozen hash, and that a request that is not chosen costs no allocation.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use regex::Regex;
use serde_json::{Value, json};

use crate::{
    config::shadow::{
        Conditions, Criterion, Limits, LoopGuard, OnMissingKey, Policy, Sample, SampleKey, Share, TextPattern, Writes,
    },
    model::{Headers, Origin, Request},
    sample::{Purpose, hash},
    shadow::{SkipReason, fixture::policy},
};

use super::{Dialed, Recipient, Selector};

const EVERYTHING: Dialed = Dialed { rate: Share::ALL, holdout: Share::NONE };
const NOTHING: Dialed = Dialed { rate: Share::NONE, holdout: Share::NONE };
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn share(ratio: f64) -> Share {
    Share::of_ratio(ratio).unwrap()
}

fn keyed(key: SampleKey) -> Policy {
    let policy = policy();
    Policy { sample: Sample { key, ..policy.sample.clone() }, ..policy }
}

fn header(name: &'static str) -> SampleKey {
    SampleKey::Header(HeaderName::from_static(name))
}

/// A request with something for every kind of key and condition.
fn request() -> Request {
    let mut headers = Headers::new();
    for (name, value) in [
        ("x-user", "ada"),
        ("x-user", "grace"),
        ("cookie", "a=1; session=\"s1\""),
        ("traceparent", PARENT),
        ("content-type", "Application/JSON; charset=utf-8"),
        ("content-length", "1000"),
        ("x-empty", ""),
    ] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let claims = json!({"sub": "u1", "age": 42, "paid": true, "none": null, "half": 0.5, "realm": {"name": "main"},
        "roles": ["reader", "writer"], "empty": []});
    Request {
        method: Method::GET,
        headers: Headers::new(),
        trace_number: None,
        query: String::new(),
        params: vec!["4711".into(), "b c".into()],
        claims: Some(Arc::new(claims)),
        trace: None,
        origin: Some(Arc::new(Origin {
            path: "/user/4711/b c".into(),
            query: "a=1&q=x%20y&q=z&flag".into(),
            address: "::ffff:10.0.0.1".parse().unwrap(),
            headers,
            hops: 0,
            pair: 0,
        })),
    }
}

fn with_hops(hops: u32) -> Request {
    let request = request();
    let origin = Origin { hops, ..request.origin.as_deref().unwrap().clone() };
    Request { origin: Some(Arc::new(origin)), ..request }
}

/// A request that has only this value of `x-user`.
fn of_user(user: &str) -> Request {
    let mut headers = Headers::new();
    headers.append(HeaderName::from_static("x-user"), HeaderValue::from_str(user).unwrap());
    let request = request();
    let origin = Origin { headers, ..request.origin.as_deref().unwrap().clone() };
    Request { origin: Some(Arc::new(origin)), ..request }
}

const RECIPIENT: Recipient<'_> = Recipient { id: "GET:/user/{id}:0", method: &Method::GET };

fn selector(policy: &Policy) -> Selector {
    Selector::new(policy, RECIPIENT)
}

fn choose(policy: &Policy, request: &Request, dialed: Dialed) -> Result<(), SkipReason> {
    selector(policy).choose(request, dialed, 7)
}

fn under(criteria: &[Criterion]) -> Policy {
    Policy { conditions: Conditions(criteria.to_vec()), ..policy() }
}

#[test]
fn the_first_reason_in_the_order_of_the_checks_is_given() {
    let mut policy = under(&[
        Criterion::Methods(vec!["GET".into(), "POST".into()]),
        Criterion::Query("a".into(), vec![TextPattern::Exact("1".into())]),
    ]);
    policy.sample.key = header("x-user");
    let mut request = Request { method: Method::DELETE, origin: None, ..request() };
    let mut reasons = vec![choose(&policy, &request, NOTHING)];
    request.method = Method::POST;
    reasons.push(choose(&policy, &request, NOTHING));
    request.method = Method::GET;
    reasons.push(choose(&policy, &request, NOTHING));
    let mut origin = Origin { hops: 1, ..with_hops(1).origin.as_deref().unwrap().clone() };
    origin.headers.remove(&HeaderName::from_static("x-user"));
    request.origin = Some(Arc::new(origin.clone()));
    reasons.push(choose(&policy, &request, NOTHING));
    origin.hops = 0;
    request.origin = Some(Arc::new(origin));
    reasons.push(choose(&policy, &request, NOTHING));
    reasons.push(choose(&policy, &of_user("ada"), NOTHING));
    reasons.push(choose(&policy, &of_user("ada"), Dialed { rate: Share::ALL, holdout: Share::ALL }));
    let wanted = [
        SkipReason::Method,
        SkipReason::WriteDenied,
        SkipReason::Unmatched,
        SkipReason::Loop,
        SkipReason::NoKey,
        SkipReason::NotSampled,
        SkipReason::Holdout,
    ];
    assert_eq!(reasons, wanted.map(Err));
    assert!(wanted.is_sorted_by_key(|reason| reason.index()));
    assert_eq!(choose(&policy, &of_user("ada"), EVERYTHING), Ok(()));
}

#[test]
fn only_safe_methods_are_copied_unless_writes_are_allowed() {
    let allowed = Policy { writes: Writes::Allowed("the shadow has a database of its own".into()), ..policy() };
    for (method, is_safe) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("TRACE", true),
        ("POST", false),
        ("PUT", false),
        ("PATCH", false),
        ("DELETE", false),
        ("CONNECT", false),
        ("PURGE", false),
    ] {
        let request = Request { method: Method::from_bytes(method.as_bytes()).unwrap(), ..request() };
        let wanted = if is_safe { Ok(()) } else { Err(SkipReason::WriteDenied) };
        assert_eq!(choose(&policy(), &request, EVERYTHING), wanted, "{method}");
        assert_eq!(choose(&allowed, &request, EVERYTHING), Ok(()), "{method}");
    }
}

#[test]
fn a_copy_that_is_sent_with_an_unsafe_method_is_a_write_whatever_the_client_asked() {
    let allowed = Policy { writes: Writes::Allowed("it has a store of its own".into()), ..policy() };
    let several = Policy { limits: Limits { multiplier: 3, ..allowed.limits }, ..allowed.clone() };
    for (policy, method, wanted) in [
        (policy(), Method::DELETE, Err(SkipReason::WriteDenied)),
        (policy(), Method::HEAD, Ok(())),
        (allowed, Method::DELETE, Ok(())),
        (several, Method::DELETE, Err(SkipReason::WriteDenied)),
    ] {
        let selector = Selector::new(&policy, Recipient { method: &method, ..RECIPIENT });
        assert_eq!(selector.choose(&request(), EVERYTHING, 7), wanted, "{method} under {:?}", policy.writes);
    }
}

#[test]
fn methods_are_wanted_by_name() {
    let wanted = under(&[Criterion::Methods(vec!["GET".into(), "not one".into()])]);
    let unwanted = under(&[Criterion::NotMethods(vec!["GET".into()])]);
    let head = Request { method: Method::HEAD, ..request() };
    assert_eq!(choose(&wanted, &request(), EVERYTHING), Ok(()));
    assert_eq!(choose(&wanted, &head, EVERYTHING), Err(SkipReason::Method));
    assert_eq!(choose(&unwanted, &request(), EVERYTHING), Err(SkipReason::Method));
    assert_eq!(choose(&unwanted, &head, EVERYTHING), Ok(()));
}

/// A condition, its twin, and whether the condition holds for [`request`].
fn conditions() -> Vec<(Criterion, Option<Criterion>, bool)> {
    let exact = |text: &str| vec![TextPattern::Exact(text.into())];
    let start = |text: &str| vec![TextPattern::Prefix(text.into())];
    let expression = |text: &str| vec![TextPattern::Expression(Regex::new(text).unwrap())];
    let any = || vec![TextPattern::Any];
    let mut cases = Vec::new();
    for (patterns, holds) in [
        (exact("/user/4711/b c"), true),
        (start("/user/"), true),
        (start("/users"), false),
        (expression("^/user/[0-9]+/"), true),
        ([exact("/other"), start("/u")].concat(), true),
        (Vec::new(), false),
    ] {
        cases.push((Criterion::Path(patterns.clone()), Some(Criterion::NotPath(patterns)), holds));
    }
    for (name, patterns, holds) in [
        ("x-user", exact("grace"), true),
        ("x-user", exact("Ada"), false),
        ("x-empty", any(), true),
        ("x-other", any(), false),
    ] {
        let name = HeaderName::from_static(name);
        let twin = Criterion::NotHeader(name.clone(), patterns.clone());
        cases.push((Criterion::Header(name, patterns), Some(twin), holds));
    }
    for (name, patterns, holds) in
        [("q", exact("x y"), true), ("q", exact("z"), true), ("flag", any(), true), ("r", any(), false)]
    {
        let twin = Criterion::NotQuery(name.into(), patterns.clone());
        cases.push((Criterion::Query(name.into(), patterns), Some(twin), holds));
    }
    for (name, patterns, holds) in [
        ("sub", exact("u1"), true),
        ("age", exact("42"), true),
        ("paid", exact("true"), true),
        ("half", exact("0.500000"), true),
        ("realm.name", start("ma"), true),
        ("roles", exact("writer"), true),
        ("roles", exact("reader,writer"), false),
        ("empty", any(), false),
        ("none", any(), false),
        ("missing", any(), false),
    ] {
        let twin = Criterion::NotClaim(name.into(), patterns.clone());
        cases.push((Criterion::Claim(name.into(), patterns), Some(twin), holds));
    }
    for (patterns, holds) in [(exact("application/json"), true), (start("text/"), false)] {
        cases.push((Criterion::ContentType(patterns.clone()), Some(Criterion::NotContentType(patterns)), holds));
    }
    cases.push((Criterion::MaxContentLength(1000), None, true));
    cases.push((Criterion::MaxContentLength(999), None, false));
    cases
}

#[test]
fn each_condition_holds_when_it_should_and_its_twin_when_it_does_not() {
    let outcome = |holds: bool| if holds { Ok(()) } else { Err(SkipReason::Unmatched) };
    for (criterion, twin, holds) in conditions() {
        assert_eq!(
            choose(&under(std::slice::from_ref(&criterion)), &request(), EVERYTHING),
            outcome(holds),
            "{criterion:?}"
        );
        if let Some(twin) = twin {
            assert_eq!(
                choose(&under(std::slice::from_ref(&twin)), &request(), EVERYTHING),
                outcome(!holds),
                "{twin:?}"
            );
        }
    }
}

#[test]
fn all_conditions_must_hold() {
    let (holding, failing): (Vec<_>, Vec<_>) = conditions().into_iter().partition(|(.., holds)| *holds);
    let mut criteria: Vec<Criterion> = holding.into_iter().map(|(criterion, ..)| criterion).collect();
    assert_eq!(choose(&under(&criteria), &request(), EVERYTHING), Ok(()));
    criteria.push(failing[0].0.clone());
    assert_eq!(choose(&under(&criteria), &request(), EVERYTHING), Err(SkipReason::Unmatched));
}

#[test]
fn a_request_without_type_or_length_is_like_no_type_and_short_enough() {
    let request = of_user("ada");
    let json = vec![TextPattern::Any];
    for (criterion, holds) in [
        (Criterion::ContentType(json.clone()), false),
        (Criterion::NotContentType(json), true),
        (Criterion::MaxContentLength(0), true),
    ] {
        assert_eq!(choose(&under(&[criterion]), &request, EVERYTHING).is_ok(), holds);
    }
}

#[test]
fn a_header_that_is_no_text_is_still_compared() {
    let mut request = of_user("x");
    let mut origin = request.origin.as_deref().unwrap().clone();
    let name = HeaderName::from_static("x-user");
    origin.headers.insert(name.clone(), HeaderValue::from_bytes(b"caf\xe9").unwrap());
    request.origin = Some(Arc::new(origin));
    let of = |pattern| under(&[Criterion::Header(name.clone(), vec![pattern])]);
    assert_eq!(choose(&of(TextPattern::Prefix("caf".into())), &request, EVERYTHING), Ok(()));
    let expression = TextPattern::Expression(Regex::new("caf").unwrap());
    assert_eq!(choose(&of(expression), &request, EVERYTHING), Err(SkipReason::Unmatched));
}

#[test]
fn a_copy_of_a_copy_is_made_up_to_the_depth_that_is_wanted() {
    let deeper = Policy { loop_guard: LoopGuard { max_hops: 2, trusted: Vec::new() }, ..policy() };
    assert_eq!(choose(&policy(), &with_hops(1), EVERYTHING), Err(SkipReason::Loop));
    assert_eq!(choose(&deeper, &with_hops(1), EVERYTHING), Ok(()));
    assert_eq!(choose(&deeper, &with_hops(2), EVERYTHING), Err(SkipReason::Loop));
    assert_eq!(choose(&deeper, &with_hops(u32::MAX), EVERYTHING), Err(SkipReason::Loop));
}

/// Keys, and the text that is hashed of [`request`]; none if it lacks the key.
fn keys() -> Vec<(SampleKey, Option<&'static str>)> {
    let claim = |name: &str| SampleKey::Claim(name.into());
    vec![
        (header("x-user"), Some("ada")),
        (header("x-empty"), None),
        (header("x-other"), None),
        (SampleKey::Cookie("session".into()), Some("s1")),
        (SampleKey::Cookie("Session".into()), None),
        (claim("sub"), Some("u1")),
        (claim("age"), Some("42")),
        (claim("paid"), Some("true")),
        (claim("half"), Some("0.500000")),
        (claim("realm.name"), Some("main")),
        (claim("roles"), Some("reader,writer")),
        (claim("none"), None),
        (claim("missing"), None),
        (SampleKey::Query("a".into()), Some("1")),
        (SampleKey::Query("q".into()), Some("x y")),
        (SampleKey::Query("flag".into()), None),
        (SampleKey::Param(1), Some("b c")),
        (SampleKey::Param(2), None),
        (SampleKey::Path, Some("/user/4711/b c")),
        (SampleKey::Address, Some("10.0.0.1")),
        (SampleKey::TraceId, Some("4bf92f3577b34da6a3ce929d0e0e4736")),
    ]
}

/// The rate below which a request with this hash is not taken.
fn just_out(hash: u64) -> Dialed {
    Dialed { rate: Share::of_threshold(hash), holdout: Share::NONE }
}

/// The smallest rate at which a request with this hash is taken.
fn just_in(hash: u64) -> Dialed {
    Dialed { rate: Share::of_threshold(hash + 1), holdout: Share::NONE }
}

#[test]
fn each_key_is_hashed_as_the_text_it_stands_for() {
    for (key, text) in keys() {
        let policy = keyed(key);
        let Some(text) = text else {
            assert_eq!(choose(&policy, &request(), EVERYTHING), Err(SkipReason::NoKey), "{:?}", policy.sample.key);
            continue;
        };
        let hash = hash(b"u2026", Purpose::Sample, text.as_bytes());
        assert_eq!(choose(&policy, &request(), just_in(hash)), Ok(()), "{:?}", policy.sample.key);
        assert_eq!(choose(&policy, &request(), just_out(hash)), Err(SkipReason::NotSampled), "{:?}", policy.sample.key);
    }
}

#[test]
fn a_missing_key_is_left_to_chance_if_the_file_says_so() {
    let mut policy = keyed(header("x-other"));
    policy.sample.on_missing_key = OnMissingKey::Random;
    let hash = hash(b"u2026", Purpose::Sample, &7_u64.to_be_bytes());
    assert_eq!(choose(&policy, &request(), just_in(hash)), Ok(()));
    assert_eq!(choose(&policy, &request(), just_out(hash)), Err(SkipReason::NotSampled));
}

#[test]
fn the_hash_stays_what_it_was() {
    let golden: Vec<Value> = serde_json::from_str(include_str!("golden.json")).unwrap();
    assert!(golden.len() >= 30);
    for row in golden {
        let repeated = |name: &str, times: &str| {
            let times = row[times].as_u64().unwrap_or(1);
            row[name].as_str().map(|text| text.repeat(usize::try_from(times).unwrap()))
        };
        let number = |name: &str, radix| u64::from_str_radix(row[name].as_str().unwrap(), radix).unwrap();
        let salt = repeated("salt", "salt_times").unwrap();
        let key = repeated("key", "key_times");
        let key = key.map_or_else(|| number("drawn", 10).to_be_bytes().to_vec(), String::into_bytes);
        assert_eq!(hash(salt.as_bytes(), Purpose::Sample, &key), number("sample", 16), "{row}");
        assert_eq!(share(0.1).takes(number("sample", 16)), row["in_10_percent"], "{row}");
    }
}

#[test]
fn what_is_not_chosen_costs_no_allocation() {
    let written_anew = ["half", "roles"].map(|name| SampleKey::Claim(name.into()));
    let escaped = SampleKey::Query("q".into());
    let keys = keys().into_iter().map(|(key, _)| key).filter(|key| !written_anew.contains(key) && *key != escaped);
    let request = Request { origin: Some(without_escapes(&request())), ..request() };
    for key in keys.chain([SampleKey::Random]) {
        let selector = selector(&keyed(key.clone()));
        let mut chosen = Ok(());
        let allocated = allocation_counter::measure(|| chosen = selector.choose(&request, NOTHING, 7));
        assert!(chosen.is_err());
        assert_eq!(allocated.count_total, 0, "{key:?}");
    }
}

fn without_escapes(request: &Request) -> Arc<Origin> {
    Arc::new(Origin { query: "a=1&q=xy&flag".into(), ..request.origin.as_deref().unwrap().clone() })
}

#[test]
fn an_allocation_would_be_seen() {
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1]))).count_total, 1);
}

/// How many of so many users are taken.
fn taken(salt: &str, dialed: Dialed, users: u32) -> Vec<bool> {
    let mut policy = keyed(SampleKey::Param(0));
    policy.sample.salt = salt.into();
    let selector = selector(&policy);
    let mut request = request();
    let mut take = |user: u32| {
        request.params = vec![user.to_string()];
        selector.choose(&request, dialed, u64::from(user)).is_ok()
    };
    (0..users).map(&mut take).collect()
}

/// Whether so many hits of `count` are what chance gives at this probability, within six standard deviations.
fn is_plausible(hits: usize, count: u32, probability: f64) -> bool {
    let count = f64::from(count);
    let spread = (count * probability * (1.0 - probability)).sqrt();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let distance = (hits as f64 - count * probability).abs();
    distance <= 6.0 * spread + 1.0
}

const USERS: u32 = 4000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_larger_rate_keeps_what_a_smaller_one_takes(user in "[ -~]{1,40}", salt: String, one in 0.0..=1.0f64, other in 0.0..=1.0f64) {
        let mut policy = keyed(header("x-user"));
        policy.sample.salt = salt;
        let takes = |rate| choose(&policy, &of_user(&user), Dialed { rate: share(rate), holdout: Share::NONE }).is_ok();
        prop_assert!(!takes(one.min(other)) || takes(one.max(other)));
    }

    #[test]
    fn two_nodes_agree(user in "[ -~]{1,40}", salt: String, rate in 0.0..=1.0f64, one: u64, other: u64) {
        let dialed = Dialed { rate: share(rate), holdout: Share::NONE };
        let node = |drawn| {
            let mut policy = keyed(header("x-user"));
            policy.sample.salt.clone_from(&salt);
            selector(&policy).choose(&of_user(&user), dialed, drawn)
        };
        prop_assert_eq!(node(one), node(other));
    }

    #[test]
    fn shadows_with_one_salt_get_the_same_random_requests(drawn: u64, rate in 0.0..=1.0f64) {
        let dialed = Dialed { rate: share(rate), holdout: Share::NONE };
        let (plain, narrow) = (selector(&policy()), selector(&under(&[Criterion::Path(vec![TextPattern::Any])])));
        prop_assert_eq!(plain.choose(&request(), dialed, drawn), narrow.choose(&request(), dialed, drawn));
    }

    #[test]
    fn the_rate_is_what_chance_gives(salt: String, rate in 0.0..=1.0f64) {
        let taken = taken(&salt, Dialed { rate: share(rate), holdout: Share::NONE }, USERS);
        prop_assert!(is_plausible(taken.iter().filter(|taken| **taken).count(), USERS, rate));
    }

    #[test]
    fn the_rate_of_random_requests_is_what_chance_gives(seed: u64, rate in 0.0..=1.0f64) {
        let (selector, request, mut random) = (selector(&policy()), request(), fastrand::Rng::with_seed(seed));
        let dialed = Dialed { rate: share(rate), holdout: Share::NONE };
        let hits = (0..USERS).filter(|_| selector.choose(&request, dialed, random.u64(..)).is_ok()).count();
        prop_assert!(is_plausible(hits, USERS, rate));
    }

    #[test]
    fn salts_are_independent(one: String, other: String, rate in 0.0..=1.0f64) {
        prop_assume!(one != other);
        let dialed = Dialed { rate: share(rate), holdout: Share::NONE };
        let both = taken(&one, dialed, USERS).into_iter().zip(taken(&other, dialed, USERS));
        prop_assert!(is_plausible(both.filter(|(one, other)| *one && *other).count(), USERS, rate * rate));
    }

    #[test]
    fn the_hold_out_is_its_share_of_the_sample_whatever_the_rate(salt: String, rate in 0.1..=1.0f64, holdout in 0.0..=1.0f64) {
        let sampled = taken(&salt, Dialed { rate: share(rate), holdout: Share::NONE }, USERS);
        let sent = taken(&salt, Dialed { rate: share(rate), holdout: share(holdout) }, USERS);
        prop_assert!(sampled.iter().zip(&sent).all(|(sampled, sent)| *sampled || !*sent));
        let count = |taken: &[bool]| taken.iter().filter(|taken| **taken).count();
        let held_out = count(&sampled) - count(&sent);
        prop_assert!(is_plausible(held_out, u32::try_from(count(&sampled)).unwrap(), holdout));
    }

    #[test]
    fn nobody_is_held_out_for_ever(user in "[ -~]{1,40}", seed: u64, holdout in 0.0..=1.0f64) {
        let (selector, request) = (selector(&keyed(header("x-user"))), of_user(&user));
        let (dialed, mut random) = (Dialed { rate: Share::ALL, holdout: share(holdout) }, fastrand::Rng::with_seed(seed));
        let sent = (0..USERS).filter(|_| selector.choose(&request, dialed, random.u64(..)).is_ok()).count();
        prop_assert!(is_plausible(sent, USERS, 1.0 - holdout));
    }

    #[test]
    fn two_shadows_hold_out_requests_independently(seed: u64, holdout in 0.0..=1.0f64) {
        let other = Selector::new(&policy(), Recipient { id: "GET:/user/{id}:1", ..RECIPIENT });
        let (one, request, mut random) = (selector(&policy()), request(), fastrand::Rng::with_seed(seed));
        let dialed = Dialed { rate: Share::ALL, holdout: share(holdout) };
        let both = (0..USERS).filter(|_| {
            let drawn = random.u64(..);
            one.choose(&request, dialed, drawn).is_err() && other.choose(&request, dialed, drawn).is_err()
        });
        prop_assert!(is_plausible(both.count(), USERS, holdout * holdout));
    }

    #[test]
    fn arbitrary_requests_never_panic(path: String, query: String, cookie in proptest::collection::vec(any::<u8>(), 0..40), drawn: u64, hops: u32) {
        let mut headers = Headers::new();
        if let Ok(value) = HeaderValue::from_bytes(&cookie) {
            for name in [http::header::COOKIE, http::header::CONTENT_TYPE, http::header::CONTENT_LENGTH, HeaderName::from_static("traceparent")] {
                headers.append(name, value.clone());
            }
        }
        let origin = Origin { path, query, address: "::1".parse().unwrap(), headers, hops, pair: 0 };
        let request = Request { params: Vec::new(), claims: None, origin: Some(Arc::new(origin)), ..request() };
        for (key, _) in keys() {
            prop_assert!(selector(&keyed(key)).choose(&request, NOTHING, drawn).is_err());
        }
        for (criterion, twin, _) in conditions() {
            let holds = |criterion| choose(&under(&[criterion]), &request, EVERYTHING);
            if let Some(twin) = twin && hops == 0 {
                prop_assert_ne!(holds(criterion), holds(twin));
            }
        }
    }
}
