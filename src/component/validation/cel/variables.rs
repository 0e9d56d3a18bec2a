//! What expressions can look at: requests, answers and tokens, in the types the original gives them.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use cel::Value;

use crate::{
    component::BackendCall,
    model::{Data, Headers, Payload, Response},
};

use super::rules::Variable;

/// `now`.
#[must_use]
pub fn now() -> Variable {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    ("now", time_text(since).into())
}

/// A time after 1970 as RFC 3339 in UTC, with milliseconds.
#[must_use]
pub fn time_text(since: Duration) -> String {
    let seconds = since.as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March have their odd day at the end.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

/// A claim: numbers are floating.
#[must_use]
pub fn of_claim(claim: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match claim {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => text.as_str().into(),
        Json::Array(list) => list.iter().map(of_claim).collect::<Vec<Value>>().into(),
        Json::Object(members) => {
            let members = members.iter().map(|(name, claim)| (name.clone(), of_claim(claim)));
            members.collect::<HashMap<String, Value>>().into()
        }
    }
}

/// Data of an answer: numbers are texts, as the original hands them on unread.
#[must_use]
pub fn of_data(data: &Data) -> Value {
    match data {
        Data::Null => Value::Null,
        Data::Bool(flag) => Value::Bool(*flag),
        Data::Number(digits) => (&**digits).into(),
        Data::Figure(number) => Value::Float(*number),
        Data::String(text) => text.as_str().into(),
        Data::Raw(text) => (&*String::from_utf8_lossy(text)).into(),
        Data::Array(list) => list.iter().map(of_data).collect::<Vec<Value>>().into(),
        Data::Object(members) => {
            let members = members.iter().map(|(name, data)| (name.clone(), of_data(data)));
            members.collect::<HashMap<String, Value>>().into()
        }
    }
}

/// Headers by their names as Go writes them.
#[must_use]
pub fn of_headers(headers: &Headers) -> Value {
    let mut lists: HashMap<String, Vec<Value>> = HashMap::new();
    for (name, value) in headers.iter() {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        lists.entry(canonical(name.as_str())).or_default().push(text.into());
    }
    lists.into()
}

/// `x-tier` as `X-Tier`.
fn canonical(name: &str) -> String {
    let words = name.split('-').map(title);
    words.collect::<Vec<_>>().join("-")
}

/// A word with its first letter upper-cased.
#[must_use]
pub fn title(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A query, decoded, values of one name in order.
#[must_use]
pub fn of_query(query: &str) -> Value {
    let mut lists: HashMap<String, Vec<Value>> = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        lists.entry(name.into_owned()).or_default().push((&*value).into());
    }
    lists.into()
}

/// Path parameters by their names with the first letter upper-cased.
#[must_use]
pub fn of_params(names: &[String], values: &[String]) -> Value {
    titled(names, values).collect::<HashMap<String, String>>().into()
}

/// The same for a backend's call, with the values it has from earlier answers.
#[must_use]
pub fn of_call(names: &[String], call: &BackendCall) -> Value {
    let earlier = call.earlier.iter().cloned();
    titled(names, &call.request.params).chain(earlier).collect::<HashMap<String, String>>().into()
}

fn titled<'a>(names: &'a [String], values: &'a [String]) -> impl Iterator<Item = (String, String)> + 'a {
    names.iter().zip(values).map(|(name, value)| (title(name), value.clone()))
}

/// What expressions about answers look at. Status and headers are those of answers that pass through.
#[must_use]
pub fn of_response(response: &Response) -> Vec<Variable> {
    let (status, headers, data) = match &response.payload {
        Payload::Data(data) => {
            let mut opened = data.clone();
            opened.open_deep();
            (0, Headers::new(), of_data(&opened))
        }
        Payload::Whole(_) | Payload::Transit(_) => {
            let nothing: HashMap<String, Value> = HashMap::new();
            (i64::from(response.status.as_u16()), response.headers.clone(), nothing.into())
        }
    };
    vec![
        ("resp_completed", Value::Bool(response.complete)),
        ("resp_metadata_status", Value::Int(status)),
        ("resp_metadata_headers", of_headers(&headers)),
        ("resp_data", data),
        now(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_original_writes_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (4_102_444_800, "2100-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(time_text(Duration::from_secs(seconds)), text);
        }
        assert_eq!(time_text(Duration::from_millis(1_795_549_360_042)), "2026-11-24T19:42:40.042Z");
    }

    #[test]
    fn numbers_of_answers_are_texts_and_those_of_tokens_are_floating() {
        let mut data = Data::parse(&bytes::Bytes::from_static(b"[1, 2.50]")).unwrap();
        data.open_deep();
        assert_eq!(of_data(&data), vec![Value::from("1"), Value::from("2.50")].into());
        assert_eq!(of_claim(&serde_json::json!(1)), Value::Float(1.0));
    }

    #[test]
    fn headers_have_the_names_that_go_gives_them() {
        let mut headers = Headers::new();
        headers.append(http::HeaderName::from_static("x-tier"), http::HeaderValue::from_static("gold"));
        let wanted = HashMap::from([("X-Tier".to_owned(), vec![Value::from("gold")])]);
        assert_eq!(of_headers(&headers), wanted.into());
    }
}
