//! Two answers compared under rules: rules, one a line, then the live body, then the shadow's.
//!
//! Laws: an answer matches itself, also written anew; the other way round as much differs, what is missing being extra;
//! one more `ignore` adds no difference; limits hold; and as much of it as the limits let through is compared in time.
#![no_main]

use std::time::{Duration, Instant};

use bytes::Bytes;
use gnomon::{
    compare::{Comparator, Comparison, DifferenceKind, FieldNames, Incomparable, Verdict},
    config::shadow::{
        Against, ArrayRule, Baseline, BaselineMode, BodyRule, Compare, FieldPath, HeaderRules, JsonRules, Share, Stage,
        StatusRule, StringRule, TextRule, Tolerance, ValueShape,
    },
    model::{Data, Headers, Seen, SeenBody},
};
use gnomon_fuzz::part;
use http::{HeaderName, HeaderValue, StatusCode};
use libfuzzer_sys::fuzz_target;

/// Rules beyond these only make the same work slower.
const RULES_MAX: usize = 16;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let mut settings = settings(part(&mut rest));
    let (live, shadow) = (part(&mut rest), rest);
    for (kind, encoding) in [("application/json", None), ("text/plain", None), ("application/json", Some("gzip, br"))] {
        let (live, shadow) = (packed(kind, encoding, live), packed(kind, encoding, shadow));
        let before = check(&settings, &live, &shadow);
        settings.json.ignore.push(FieldPath::parse("$[*].a").expect("a path"));
        let after = check(&settings, &live, &shadow);
        settings.json.ignore.pop();
        if before.verdict == Verdict::Match || before.verdict == Verdict::Ignored {
            assert!(after.verdict == Verdict::Match || after.verdict == Verdict::Ignored);
        }
    }
    check_time(&settings, live, shadow);
    if let Ok(data) = Data::parse(&Bytes::copy_from_slice(live)) {
        let mut opened = data.clone();
        opened.open_deep();
        let verdict = compare(&settings, &seen(SeenBody::Data(data)), &seen(SeenBody::Data(opened))).verdict;
        assert!(matches!(verdict, Verdict::Match | Verdict::Incomparable(Incomparable::TooLarge)), "{verdict:?}");
    }
});

/// So long may a comparison take that is as large as the limits allow: a hundred times of what it takes.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Compares lists of so many of both, which what takes time with the square of its input would take too long for.
fn check_time(settings: &Compare, live: &[u8], shadow: &[u8]) {
    let list = |of: &[u8], times| {
        let all = std::iter::repeat_n(of, times).collect::<Vec<_>>().join(&b","[..]);
        packed("application/json", None, &[&b"["[..], &all, &b"]"[..]].concat())
    };
    for times in [8, 64, 512] {
        let (live, shadow) = (list(live, times), list(shadow, times));
        let begun = Instant::now();
        compare(settings, &live, &shadow);
        assert!(begun.elapsed() < TIME_MAX, "{times} times took {:?}", begun.elapsed());
    }
}

/// Compares in both directions, and each with itself.
fn check(settings: &Compare, live: &Seen, shadow: &Seen) -> Comparison {
    let one = compare(settings, live, shadow);
    let other = compare(settings, shadow, live);
    assert_eq!(one.verdict, other.verdict);
    assert!(one.differences.len() <= 100);
    // Of more than are kept, others are kept in the other direction.
    if !one.is_truncated && one.differences.len() < 100 {
        let count = |it: &Comparison, kind| it.differences.iter().filter(|difference| difference.kind == kind).count();
        assert_eq!(one.differences.len(), other.differences.len());
        assert_eq!(count(&one, DifferenceKind::Missing), count(&other, DifferenceKind::Extra));
        assert_eq!(count(&one, DifferenceKind::Order), count(&other, DifferenceKind::Order));
    }
    assert_eq!(compare(settings, live, live).verdict, Verdict::Match);
    one
}

/// Compares once, and checks what each difference may be.
fn compare(settings: &Compare, live: &Seen, shadow: &Seen) -> Comparison {
    let comparison = Comparator::new(settings).compare(live, shadow, &mut FieldNames::new());
    for difference in &comparison.differences {
        assert!(difference.path.len() <= 512 && difference.at.len() <= 1100);
    }
    comparison
}

fn seen(body: SeenBody) -> Seen {
    Seen { status: StatusCode::OK, headers: Headers::new(), body, took: Duration::ZERO }
}

fn packed(kind: &'static str, encoding: Option<&'static str>, body: &[u8]) -> Seen {
    let mut seen = seen(SeenBody::Bytes(Bytes::copy_from_slice(body)));
    for (name, value) in [("content-type", Some(kind)), ("content-encoding", encoding)] {
        if let Some(value) = value {
            seen.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
    seen
}

/// Rules such as `set $.items` and `ignore $.a`; lines that are none are left out.
fn settings(lines: &[u8]) -> Compare {
    let mut json = JsonRules::default();
    for line in String::from_utf8_lossy(lines).lines().take(RULES_MAX) {
        let Some((word, path)) = line.split_once(' ') else { continue };
        if let Ok(path) = FieldPath::parse(path) {
            add(&mut json, word, path);
        }
    }
    Compare {
        sample: Share::ALL,
        against: Against::Backend(0),
        stage: Stage::Raw,
        status: StatusRule::Exact,
        headers: HeaderRules { named: None, ignored: Vec::new() },
        body: BodyRule::Auto,
        json,
        text: TextRule { normalizes_whitespace: true, similarity: Some(0.5) },
        body_bytes_max: 1 << 16,
        values_max: 2_000,
        baseline: Baseline { mode: BaselineMode::Off, sample: Share::ALL },
    }
}

fn add(json: &mut JsonRules, word: &str, path: FieldPath) {
    match word {
        "ignore" => json.ignore.push(path),
        "only" => json.only.push(path),
        "ordered" => json.arrays.push((path, ArrayRule::Ordered)),
        "set" => json.arrays.push((path, ArrayRule::Set)),
        "key" => json.arrays.push((path, ArrayRule::Key("id".to_owned()))),
        "close" => json.numbers.push((path, Tolerance { absolute: Some(1.0), relative: Some(0.01) })),
        "near" => json.times.push((path, Duration::from_secs(5))),
        "uuid" => json.shapes.push((path, ValueShape::Uuid)),
        "date" => json.shapes.push((path, ValueShape::Iso8601)),
        "epoch" => json.shapes.push((path, ValueShape::Epoch)),
        "hex" => json.shapes.push((path, ValueShape::Hex)),
        "jwt" => json.shapes.push((path, ValueShape::Jwt)),
        "case" => json.strings.push((path, StringRule { ignores_case: true, trims: true })),
        "null" => json.null_is_missing = true,
        _ => {}
    }
}
