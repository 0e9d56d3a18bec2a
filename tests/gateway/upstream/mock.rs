//! The mock backend of KrakenD's own integration suite, written anew: it echoes, redirects, lists, and publishes keys.
//!
//! Like that one it answers nobody but who says to come from this machine in `X-Forwarded-For`.

use std::{collections::BTreeMap, net::IpAddr};

use serde_json::{Value, json};

use super::{behaviour::Reply, record::Seen};

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<user type=\"admin\">\n  <name>Elliot</name>\n  <social>\n    \
    <facebook>https://facebook.com</facebook>\n    <twitter>https://twitter.com</twitter>\n  </social>\n</user>";

/// The secret that signs the suite's tokens, published under the name `sim2`.
pub(crate) const SECRET: &[u8] = b"secret";

/// What it answers; nothing at all on `/delayed/`, where the suite waits longer than anybody else.
pub(super) fn answer(seen: &Seen) -> Option<Reply> {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    if path == "/jwk/symmetric" {
        return Some(Reply::json(&json!({ "keys": [
            { "kty": "oct", "kid": "sim1", "alg": "A128KW", "k": "b3RoZXI" },
            { "kty": "oct", "kid": "sim2", "alg": "HS256", "k": "c2VjcmV0" },
        ] })));
    }
    let from = seen.header("x-forwarded-for").and_then(|value| value.parse::<IpAddr>().ok());
    if !from.is_some_and(|address| address.is_loopback()) {
        return Some(Reply::new(400, "text/plain; charset=utf-8", b"invalid X-Forwarded-For\n"));
    }
    Some(match path.split('/').nth(1).unwrap_or_default() {
        "param_forwarding" | "collection" if path.matches('/').count() == 1 => moved(301, &format!("{path}/")),
        "param_forwarding" => echo(seen, path, query),
        "collection" => list(path),
        "redirect" => {
            let status = query.trim_start_matches("status=").parse().unwrap_or(301);
            moved(status, &format!("/param_forwarding/?{query}"))
        }
        "xml" => Reply::new(200, "application/xml; charset=utf-8", XML.as_bytes()),
        "user" => feed(path),
        "__debug" => Reply::new(200, "application/json; charset=utf-8", br#"{"message":"pong"}"#),
        "delayed" => return None,
        _ => Reply::new(404, "text/plain; charset=utf-8", b"404 page not found\n"),
    })
}

fn moved(status: u16, location: &str) -> Reply {
    Reply::new(status, "text/html; charset=utf-8", b"").with("Location", location)
}

/// What came in, as Go's server shows it.
fn echo(seen: &Seen, path: &str, query: &str) -> Reply {
    let mut headers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let hidden = ["host", "x-forwarded-for", "transfer-encoding"];
    for (name, value) in seen.headers.iter().filter(|(name, _)| !hidden.contains(&name.as_str())) {
        headers.entry(canonical(name)).or_default().push(value);
    }
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        parameters.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let mut shown = json!({ "foo": 42, "headers": headers, "path": path, "query": parameters });
    if parameters.contains_key("dump_body") {
        shown["body"] = Value::from(String::from_utf8_lossy(&seen.body));
    }
    let body = format!("{shown}\n");
    let reply = Reply::new(200, "application/json", body.as_bytes());
    reply.with("Set-Cookie", "test1=test1").with("Set-Cookie", "test2=test2")
}

/// `x-y-z` as `X-Y-Z`.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

fn list(path: &str) -> Reply {
    Reply::json(&(0..10).map(|number| json!({ "i": number, "path": path })).collect())
}

fn feed(path: &str) -> Reply {
    let title = if path.contains("/schedule/") { "schedule" } else { "personal" };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>{title} feed</title>\
         <item><title>one</title></item></channel></rss>"
    );
    Reply::new(200, "application/rss+xml", text.as_bytes())
}
