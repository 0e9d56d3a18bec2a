//! Whether a kept answer may still be given, by its headers and the request's.
//!
//! Promises: pure, the time is an argument; the rules are those of the original, gaps included: no heuristics, an
//! answer without `Date` is stale, `s-maxage` and `Age` mean nothing. Only `private` means more than there: what was
//! answered to somebody is not for everybody.

use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, COOKIE, DATE, EXPIRES};

use crate::model::Headers;

use super::control::{Control, seconds};

/// What may be done with a kept answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It may be given.
    Fresh,
    /// The backend must be asked whether it still holds.
    Stale,
    /// The request does not want it.
    Unwanted,
}

/// The freshness of an answer with these headers for a request with those.
pub(super) fn freshness(answer: &Headers, request: &Headers, now: SystemTime) -> Freshness {
    let (of_answer, of_request) = (Control::of(answer), Control::of(request));
    if of_request.has("no-cache") {
        return Freshness::Unwanted;
    }
    if of_answer.has("no-cache") {
        return Freshness::Stale;
    }
    if of_request.has("only-if-cached") {
        return Freshness::Fresh;
    }
    let Some(date) = date(answer) else { return Freshness::Stale };
    let mut age = signed(now, date);
    let lifetime = match (of_request.get("max-age"), of_answer.get("max-age")) {
        (Some(text), _) | (None, Some(text)) => seconds(text).unwrap_or_default().as_secs_f64(),
        (None, None) => expires(answer).map_or(0.0, |expires| signed(expires, date)),
    };
    if let Some(more) = of_request.get("min-fresh").and_then(seconds) {
        age += more.as_secs_f64();
    }
    match of_request.get("max-stale") {
        Some("") => return Freshness::Fresh,
        Some(text) => age -= seconds(text).unwrap_or_default().as_secs_f64(),
        None => {}
    }
    if lifetime > age { Freshness::Fresh } else { Freshness::Stale }
}

/// Whether an answer may be given although it is stale, because the backend fails.
pub(super) fn stands_in_for_errors(answer: &Headers, request: &Headers, now: SystemTime) -> bool {
    let mut lifetime = None;
    for control in [Control::of(answer), Control::of(request)] {
        match control.get("stale-if-error") {
            None => {}
            Some("") => return true,
            Some(text) => match seconds(text) {
                Some(seconds) => lifetime = Some(seconds),
                None => return false,
            },
        }
    }
    let age = date(answer).map(|date| now.duration_since(date).unwrap_or_default());
    lifetime.zip(age).is_some_and(|(lifetime, age)| lifetime > age)
}

/// Whether neither side forbids to keep the answer.
pub(super) fn may_be_kept(answer: &Headers, request: &Headers) -> bool {
    let names_somebody = [AUTHORIZATION, COOKIE].iter().any(|name| request.contains(name));
    let of_answer = Control::of(answer);
    let is_forbidden = of_answer.has("no-store") || Control::of(request).has("no-store");
    let is_somebodys = names_somebody && of_answer.has("private");
    !(is_forbidden || is_somebodys)
}

fn date(answer: &Headers) -> Option<SystemTime> {
    httpdate::parse_http_date(answer.get(&DATE)?.to_str().ok()?).ok()
}

fn expires(answer: &Headers) -> Option<SystemTime> {
    httpdate::parse_http_date(answer.get(&EXPIRES)?.to_str().ok()?).ok()
}

/// Seconds from `earlier` to `later`, below zero if it is the other way round.
fn signed(later: SystemTime, earlier: SystemTime) -> f64 {
    match later.duration_since(earlier) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -Duration::as_secs_f64(&before.duration()),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, header::CACHE_CONTROL};

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    const BORN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn after(age: u64) -> SystemTime {
        httpdate::parse_http_date(BORN).unwrap() + Duration::from_secs(age)
    }

    fn fresh(answer: &str, request: &str, age: u64) -> Freshness {
        let answer = headers(&[(DATE, BORN), (CACHE_CONTROL, answer)]);
        freshness(&answer, &headers(&[(CACHE_CONTROL, request)]), after(age))
    }

    #[test]
    fn an_answer_is_fresh_for_its_max_age_or_what_the_request_says() {
        use Freshness::{Fresh, Stale, Unwanted};
        for (answer, request, age, wanted) in [
            ("max-age=60", "", 59, Fresh),
            ("max-age=60", "", 60, Stale),
            ("public, max-age=60", "max-age=10", 20, Stale),
            ("max-age=60", "min-fresh=50", 20, Stale),
            ("max-age=60", "max-stale=10", 65, Fresh),
            ("max-age=60", "max-stale", 9999, Fresh),
            ("max-age=60", "no-cache", 0, Unwanted),
            ("max-age=60, no-cache", "", 0, Stale),
            ("", "only-if-cached", 99, Fresh),
            ("", "", 0, Stale),
            ("max-age=soon", "", 0, Stale),
        ] {
            assert_eq!(fresh(answer, request, age), wanted, "{answer} / {request} / {age}");
        }
    }

    #[test]
    fn without_a_date_it_is_stale_and_expires_counts_from_the_date() {
        let undated = headers(&[(CACHE_CONTROL, "max-age=60")]);
        assert_eq!(freshness(&undated, &Headers::new(), after(0)), Freshness::Stale);
        let expiring = headers(&[(DATE, BORN), (EXPIRES, "Sun, 06 Nov 1994 08:50:37 GMT")]);
        assert_eq!(freshness(&expiring, &Headers::new(), after(59)), Freshness::Fresh);
        assert_eq!(freshness(&expiring, &Headers::new(), after(61)), Freshness::Stale);
    }

    #[test]
    fn a_stale_answer_stands_in_for_errors_as_long_as_told() {
        let answer = headers(&[(DATE, BORN), (CACHE_CONTROL, "stale-if-error=60")]);
        assert!(stands_in_for_errors(&answer, &Headers::new(), after(59)));
        assert!(!stands_in_for_errors(&answer, &Headers::new(), after(60)));
        assert!(stands_in_for_errors(&Headers::new(), &headers(&[(CACHE_CONTROL, "stale-if-error")]), after(0)));
    }
}
