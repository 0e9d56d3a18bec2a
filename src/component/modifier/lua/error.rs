//! How a script ends when it does not end well.

use std::fmt;

use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

use crate::{
    component::Refusal,
    model::{Failure, Kind, failure::UpstreamAnswer},
};

/// What the original puts between the parts of an error; a message that holds it is cut there and loses its status.
const SEPARATOR: &str = " || ";

/// An error of a script, or one it has made with `custom_error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ScriptError {
    /// What to tell.
    pub(super) message: String,
    /// The status the script asks for.
    pub(super) status: Option<StatusCode>,
    /// The content type the script asks for.
    pub(super) content_type: Option<HeaderValue>,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ScriptError {}

impl ScriptError {
    /// An error that says only what went wrong.
    pub(super) fn plain(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: None, content_type: None }
    }

    /// What `custom_error` makes.
    pub(super) fn custom(message: &str, status: Option<i64>, content_type: Option<&str>) -> Self {
        if let Some((start, _)) = message.split_once(SEPARATOR) {
            return Self::plain(start);
        }
        let status = status.and_then(|code| u16::try_from(code).ok()).and_then(|code| StatusCode::from_u16(code).ok());
        // 1xx would leave the client waiting for another answer.
        let status = status.filter(|status| !status.is_informational());
        let content_type = content_type.and_then(|text| HeaderValue::from_str(text).ok());
        Self { message: message.to_owned(), status, content_type }
    }

    /// The failure of a call.
    pub(super) fn into_failure(self) -> Failure {
        let Some(status) = self.status else { return Failure::new(Kind::Refused, self.message) };
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let answer = UpstreamAnswer {
            status,
            content_type: Some(self.content_type.unwrap_or(plain)),
            body: self.message.clone().into(),
        };
        Failure { answer: Some(Box::new(answer)), ..Failure::new(Kind::Refused, self.message) }
    }

    /// The answer of an endpoint's guard: as in the original the message is only logged.
    pub(super) fn into_refusal(self) -> Refusal {
        let header = |value| (CONTENT_TYPE, value);
        let headers = self.content_type.map(header).into_iter().collect();
        Refusal { headers, ..Refusal::status(self.status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)) }
    }
}
