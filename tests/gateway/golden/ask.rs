//! What is asked of every endpoint of a file.

use serde_json::Value;

use crate::{bodies::body, client::Answer, gnomon::Gnomon};

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    method: String,
    target: String,
    accept: &'static str,
    body: &'static [u8],
}

/// Everything that is asked of one file.
pub(super) fn questions(file: &Value) -> Vec<Question> {
    let mut all = Vec::new();
    for endpoint in file["endpoints"].as_array().expect("a file has endpoints") {
        let method = endpoint["method"].as_str().unwrap_or("GET");
        let path = filled(endpoint["endpoint"].as_str().expect("an endpoint has a path"));
        let ask =
            |method: &str, target: String, accept, body| Question { method: method.to_owned(), target, accept, body };
        let bodies: &[&[u8]] =
            if method == "GET" { &[b""] } else { &[b"", b"{\"a\": [1, 2, 3], \"name\": \"Ada\"}", body(100_000)] };
        for body in bodies {
            all.push(ask(method, path.clone(), "application/json", body));
            all.push(ask(method, format!("{path}?q=1&q=two&page=a%20b&unlisted=3"), "*/*", body));
        }
        for accept in ["application/xml", "application/yaml", "text/plain"] {
            all.push(ask(method, path.clone(), accept, b""));
        }
        all.push(ask("TRACE", path, "*/*", b""));
    }
    all.push(Question { method: "GET".to_owned(), target: "/no/such/place".to_owned(), accept: "*/*", body: b"" });
    all
}

/// A path with something for each of its parameters.
fn filled(pattern: &str) -> String {
    let words = pattern.split('/').map(|word| if word.starts_with('{') { "7-x" } else { word });
    words.collect::<Vec<_>>().join("/")
}

/// The answers to all of them, without what depends on the second and on where the gateway listens.
pub(super) fn answers(gnomon: &Gnomon, questions: &[Question]) -> Vec<(Question, Answer)> {
    let address = gnomon.address().to_string();
    let ask = |question: &Question| {
        let headers = [
            ("Accept", question.accept),
            ("X-Custom", "one"),
            ("X-Other", "two"),
            ("Content-Type", "application/json"),
        ];
        let mut answer = gnomon.ask(&question.method, &question.target, &headers, question.body).timeless();
        if let Ok(text) = std::str::from_utf8(&answer.body) {
            answer.body = text.replace(&address, "gateway").into_bytes();
        }
        (question.clone(), answer)
    };
    questions.iter().map(ask).collect()
}
