//! A backend's `url_pattern`, split once into fixed text and places for values.
//!
//! Runs once per upstream call: one string is built, and escaped only where a value needs it.

use std::borrow::Cow;

use crate::{
    config::Endpoint,
    model::{Data, Request, claim, escapes},
};

/// A compiled `url_pattern`.
#[derive(Clone, Debug)]
pub struct Template {
    path: Vec<Piece>,
    query: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Text as it was written.
    Text(String),
    /// The value of an endpoint parameter, by its place in the endpoint's path.
    Param(usize),
    /// A value from an earlier answer, by its place in the backend's look-ups; the text stands in when there is none.
    Earlier(usize, String),
    /// What a validated token says under this name; the text stands in when it says nothing.
    Claim(String, String),
}

/// A placeholder that names a value of an earlier answer: `respN_path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierValue {
    /// What components call it, as in `Resp0_id`.
    pub name: String,
    /// Which answer of the group, from 0.
    pub answer: usize,
    /// The path within it; `None` stands for its whole body, of a backend whose answers are not decoded.
    pub path: Option<String>,
}

impl EarlierValue {
    /// The value in the answers so far.
    #[must_use]
    pub fn find(&self, answers: &[Data]) -> Option<String> {
        match (answers.get(self.answer)?, &self.path) {
            (answer, Some(path)) => answer.lookup_text(path),
            (answer, None) => answer.text(),
        }
    }
}

/// How placeholders for claims of a token begin.
const OF_TOKEN: &str = "JWT.";

/// Why a URL could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEscape;

impl Template {
    /// Splits `pattern`; also gives the earlier values it wants, in the order of their places.
    #[must_use]
    pub fn new(pattern: &str, endpoint: &Endpoint) -> (Self, Vec<EarlierValue>) {
        let pattern = pattern.split('#').next().unwrap_or_default();
        let (path, query) = pattern.split_once('?').unwrap_or((pattern, ""));
        let mut earlier = Vec::new();
        let path = pieces(path, endpoint, &mut earlier);
        let query = pieces(query, endpoint, &mut earlier).into_iter().map(Piece::in_query).collect();
        (Self { path, query }, earlier)
    }

    /// The path and query for these values. `extra` is appended to the pattern's own query.
    ///
    /// # Errors
    /// When the path holds a `%` that escapes nothing.
    pub fn render(&self, request: &Request, earlier: &[Option<String>], extra: &str) -> Result<String, BadEscape> {
        let mut out = String::with_capacity(64);
        for piece in &self.path {
            out.push_str(&piece.text(request, earlier));
        }
        if !escapes::are_whole(&out) {
            return Err(BadEscape);
        }
        if !out.bytes().all(is_legal_in_path) {
            out = escape_anew(&out);
        }
        if !self.query.is_empty() || !extra.is_empty() {
            out.push('?');
        }
        for piece in &self.query {
            match piece {
                Piece::Text(text) => out.push_str(text),
                value => {
                    let text = value.text(request, earlier);
                    out.extend(percent_encoding::percent_encode(&escapes::bytes_of(&text), &QUERY_VALUE));
                }
            }
        }
        if !self.query.is_empty() && !extra.is_empty() {
            out.push('&');
        }
        out.push_str(extra);
        Ok(out)
    }
}

impl Piece {
    /// The piece as it may stand in a query: what no URL may hold is percent-encoded, the rest stays as written.
    fn in_query(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(percent_encoding::utf8_percent_encode(&text, &QUERY_TEXT).to_string()),
            value => value,
        }
    }

    fn text<'a>(&'a self, request: &'a Request, earlier: &'a [Option<String>]) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Param(place) => request.params.get(*place).map_or("", String::as_str).into(),
            Self::Earlier(place, literal) => earlier.get(*place).and_then(Option::as_deref).unwrap_or(literal).into(),
            Self::Claim(name, literal) => {
                let said = request.claims.as_deref().and_then(|claims| claims.get(name));
                said.map_or(literal.into(), |said| claim::text(said).into())
            }
        }
    }
}

/// KrakenD writes placeholders as Go templates: `{id}` is `{{.Id}}`. Shown in error texts.
#[must_use]
pub fn go_form(pattern: &str) -> String {
    let mut out = String::new();
    for (text, name) in placeholders(pattern) {
        out.push_str(text);
        if let Some(name) = name {
            out.push_str(&format!("{{{{.{}}}}}", title(name)));
        }
    }
    out
}

/// The pattern as routes are written: `{id}` is `:id`. What its spans and series are called.
#[must_use]
pub fn route_form(pattern: &str) -> String {
    let parts = placeholders(pattern).into_iter();
    parts.map(|(text, name)| text.to_owned() + &name.map(|name| format!(":{name}")).unwrap_or_default()).collect()
}

/// The name with its first letter upper-cased, KrakenD's key for a value.
#[must_use]
pub fn title(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn pieces(text: &str, endpoint: &Endpoint, earlier: &mut Vec<EarlierValue>) -> Vec<Piece> {
    let mut out = Vec::new();
    for (text, name) in placeholders(text) {
        if !text.is_empty() {
            out.push(Piece::Text(text.to_owned()));
        }
        let Some(name) = name else { continue };
        // The last parameter of a name wins, as in KrakenD, where names that differ in the first letter's case collide.
        let param = endpoint.params.iter().rposition(|param| title(param) == title(name));
        out.push(match (param, earlier_value(name)) {
            (Some(place), _) => Piece::Param(place),
            (None, Some(value)) => {
                let literal = format!("{{{{.{}}}}}", value.name);
                earlier.push(value);
                Piece::Earlier(earlier.len() - 1, literal)
            }
            (None, None) if name.starts_with(OF_TOKEN) => {
                let claim = name.trim_start_matches(OF_TOKEN).to_owned();
                Piece::Claim(claim, format!("{{{{.{name}}}}}"))
            }
            (None, None) => Piece::Text(format!("{{{{.{}}}}}", title(name))),
        });
    }
    out
}

/// Reads `respN_path`.
fn earlier_value(name: &str) -> Option<EarlierValue> {
    propagated_value(name).filter(|value| value.path.is_some())
}

/// Reads `respN_path` or `respN`.
#[must_use]
pub fn propagated_value(name: &str) -> Option<EarlierValue> {
    let rest = name.strip_prefix("resp")?;
    let (number, path) = rest.split_once('_').map_or((rest, None), |(number, path)| (number, Some(path.to_owned())));
    Some(EarlierValue { name: title(name), answer: number.parse().ok()?, path })
}

/// Pairs of fixed text and the placeholder after it.
fn placeholders(pattern: &str) -> Vec<(&str, Option<&str>)> {
    let mut out = Vec::new();
    let mut rest = pattern;
    let mut searched = 0;
    while let Some(open) = rest.get(searched..).and_then(|tail| tail.find('{')).map(|at| at + searched) {
        let inside = rest.get(open + 1..).unwrap_or_default();
        let name = inside.split('}').next().filter(|name| inside.len() > name.len() && is_name(name));
        match name {
            Some(name) => {
                out.push((rest.get(..open).unwrap_or_default(), Some(name)));
                rest = inside.get(name.len() + 1..).unwrap_or_default();
                searched = 0;
            }
            None => searched = open + 1,
        }
    }
    out.push((rest, None));
    out
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:/".contains(c))
}

/// What Go leaves as it is in a path that was given in escaped form.
fn is_legal_in_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@[]/%".contains(&byte)
}

/// What the query of a pattern can't hold as it is; what is not ASCII is always encoded.
const QUERY_TEXT: percent_encoding::AsciiSet = percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// What a value may contribute to a query without becoming more than a value.
const QUERY_VALUE: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b',')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');

fn escape_anew(path: &str) -> String {
    let decoded: Vec<u8> = percent_encoding::percent_decode(&escapes::bytes_of(path)).collect();
    percent_encoding::percent_encode(&decoded, &escapes::PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(params: &[&str]) -> Endpoint {
        Endpoint {
            extra: crate::config::Extra::default(),
            path: String::new(),
            method: "GET".into(),
            params: params.iter().map(|name| (*name).to_owned()).collect(),
            backends: vec![],
            timeout: std::time::Duration::ZERO,
            cache_seconds: None,
            input_headers: crate::config::Pick::All,
            input_query_strings: crate::config::Pick::All,
            output_encoding: String::new(),
            concurrent_calls: 1,
            sequential: false,
            propagated_params: vec![],
            static_data: None,
            flatmap: vec![],
            telemetry: crate::config::EndpointTelemetry::default(),
            pointer: String::new(),
        }
    }

    fn request(params: Vec<String>, claims: Option<serde_json::Value>) -> Request {
        let claims = claims.map(std::sync::Arc::new);
        Request {
            method: http::Method::GET,
            headers: Default::default(),
            trace_number: None,
            query: String::new(),
            params,
            claims,
            origin: None,
            trace: None,
        }
    }

    fn render(pattern: &str, values: &[(&str, &str)], extra: &str) -> Result<String, BadEscape> {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let params: Vec<String> = values.iter().map(|(_, value)| (*value).to_owned()).collect();
        Template::new(pattern, &endpoint(&names)).0.render(&request(params, None), &[], extra)
    }

    #[test]
    fn legal_text_goes_out_verbatim_and_illegal_text_makes_the_whole_path_escaped() {
        assert_eq!(render("/v1/{id}", &[("id", "a:@!$&'()*+,;=[]")], ""), Ok("/v1/a:@!$&'()*+,;=[]".into()));
        assert_eq!(render("/v1/{id}", &[("id", "a b[")], ""), Ok("/v1/a%20b%5B".into()));
        assert_eq!(render("/a%2Fb/{id}", &[("id", "x")], ""), Ok("/a%2Fb/x".into()));
        assert_eq!(render("/v1/{id}", &[("id", "ä")], ""), Ok("/v1/%C3%A4".into()));
    }

    #[test]
    fn values_that_are_not_utf_8_go_out_byte_by_byte() {
        let value = escapes::text_of(b"\xe9".to_vec());
        assert_eq!(render("/v1/{id}?q={id}", &[("id", &value)], ""), Ok("/v1/%E9?q=%E9".into()));
    }

    #[test]
    fn a_percent_sign_that_escapes_nothing_is_refused_in_any_path() {
        for value in ["100%", "%zz", "a b%"] {
            assert_eq!(render("/v1/{id}", &[("id", value)], ""), Err(BadEscape), "{value}");
        }
    }

    #[test]
    fn the_clients_query_is_appended_to_the_patterns() {
        assert_eq!(render("/q?id={id}&k=v", &[("id", "5")], "a=1&a=2"), Ok("/q?id=5&k=v&a=1&a=2".into()));
        assert_eq!(render("/q", &[], "a=1"), Ok("/q?a=1".into()));
        assert_eq!(render("/q?x={id}", &[("id", "a b&c=d")], ""), Ok("/q?x=a%20b%26c%3Dd".into()));
    }

    #[test]
    fn a_query_that_no_url_may_hold_is_encoded_and_escapes_stay() {
        assert_eq!(render("/x?name=\u{fc}&q=a b", &[], "c=1"), Ok("/x?name=%C3%BC&q=a%20b&c=1".into()));
        assert_eq!(
            render("/x?q=%C3%BC+{id}<>&n=[1]", &[("id", "\u{fc}")], ""),
            Ok("/x?q=%C3%BC+%C3%BC%3C%3E&n=[1]".into())
        );
    }

    proptest::proptest! {
        #[test]
        fn every_rendered_url_is_one(pattern: String, value: String) {
            if let Ok(url) = render(&format!("/{pattern}"), &[("id", &value)], "") {
                proptest::prop_assert!(url.parse::<http::uri::PathAndQuery>().is_ok(), "{}", url);
            }
        }
    }

    #[test]
    fn an_earlier_value_that_is_missing_leaves_its_name() {
        let (template, earlier) = Template::new("/u/{resp0_a.b}", &endpoint(&[]));
        assert_eq!(earlier, [EarlierValue { name: "Resp0_a.b".into(), answer: 0, path: Some("a.b".into()) }]);
        assert_eq!(template.render(&request(vec![], None), &[Some("7".into())], ""), Ok("/u/7".into()));
        assert_eq!(template.render(&request(vec![], None), &[None], ""), Ok("/u/%7B%7B.Resp0_a.b%7D%7D".into()));
    }

    #[test]
    fn claims_of_a_token_are_put_in_and_missing_ones_leave_their_name() {
        let template = Template::new("/{JWT.sub}/{JWT.n}/{JWT.http://x.example/t}", &endpoint(&[])).0;
        let claims = serde_json::json!({"sub": "a/b c", "n": 42, "http://x.example/t": "blue"});
        assert_eq!(template.render(&request(vec![], Some(claims)), &[], ""), Ok("/a/b%20c/42/blue".into()));
        let template = Template::new("/{JWT.nope}", &endpoint(&[])).0;
        assert_eq!(template.render(&request(vec![], None), &[], ""), Ok("/%7B%7B.JWT.nope%7D%7D".into()));
    }

    #[test]
    fn fragments_are_cut_and_go_forms_are_shown() {
        assert_eq!(render("/x/{id}#frag", &[("id", "1")], ""), Ok("/x/1".into()));
        assert_eq!(go_form("/x/{id}/{}/y{userID}"), "/x/{{.Id}}/{}/y{{.UserID}}");
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_patterns_and_values_never_panic_and_render_legal_paths(pattern: String, value: String) {
            if let Ok(url) = render(&pattern, &[("id", &value)], "") {
                let path = url.split('?').next().unwrap_or_default();
                proptest::prop_assert!(path.bytes().all(is_legal_in_path) && escapes::are_whole(path));
            }
        }
    }
}
