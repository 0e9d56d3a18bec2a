//! What an upstream's status means: only 200 and 201 are success, and the file says what becomes of the rest.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Uri, header::CONTENT_TYPE};
use serde::Serialize;

use crate::{
    config::ErrorPolicy,
    model::{Data, Failure, Kind, Response, failure::UpstreamAnswer},
    plan::BackendPlan,
};

use super::client::Inbound;

/// How much of a failed answer's body is kept for `return_error_code` and `return_error_details`, in bytes.
const ERROR_BODY_BYTES_MAX: usize = 1024 * 1024;

/// Whether a status is a success for decoding encodings.
#[must_use]
pub fn is_success(status: StatusCode) -> bool {
    matches!(status, StatusCode::OK | StatusCode::CREATED)
}

/// What becomes of an answer with a failing status, of which at most `limit` bytes are read.
///
/// # Errors
/// Unless `return_error_details` turns the failure into data.
pub async fn failed_answer(
    backend: &BackendPlan,
    uri: &Uri,
    inbound: Inbound,
    limit: usize,
) -> Result<Response, Failure> {
    let limit = limit.min(ERROR_BODY_BYTES_MAX);
    let status = inbound.status();
    let content_type = inbound.header(&CONTENT_TYPE).cloned();
    match &backend.error_policy {
        ErrorPolicy::Plain => {
            // Read what little there is, so that the connection can be used again; its content is of no interest.
            // What a component hands on is closed unread, as the original does: a cache must not take it for read.
            if !inbound.is_of_component() {
                let _any_length = inbound.drain(limit).await;
            }
            Err(Failure::new(Kind::Status, status_text(backend, uri, status)))
        }
        ErrorPolicy::Code => {
            let body = inbound.read_whole(limit).await?;
            let message = String::from_utf8_lossy(&body).into_owned();
            let answer = Some(Box::new(UpstreamAnswer { status, content_type, body }));
            Err(Failure { kind: Kind::Status, message, answer })
        }
        ErrorPolicy::Details(name) => {
            let body = inbound.read_whole(limit).await?;
            Ok(Response::data(details(name, status, content_type.as_ref(), &body), false))
        }
    }
}

fn status_text(backend: &BackendPlan, uri: &Uri, status: StatusCode) -> String {
    format!("invalid status code {} [{} {}]: {uri}", status.as_u16(), backend.method, backend.go_pattern)
}

/// The members in the order of the original, which writes them as they stand in its type.
#[derive(Serialize)]
struct Details<'a> {
    http_status_code: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    http_body: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    http_body_encoding: &'a str,
}

fn details(name: &str, status: StatusCode, content_type: Option<&HeaderValue>, body: &Bytes) -> Data {
    let details = Details {
        http_status_code: status.as_u16(),
        http_body: &String::from_utf8_lossy(body),
        http_body_encoding: content_type.and_then(|value| value.to_str().ok()).unwrap_or_default(),
    };
    let text = serde_json::to_vec(&details).unwrap_or_default();
    Data::wrap(&format!("error_{name}"), Data::parse(&text.into()).unwrap_or(Data::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_begin_with_the_status_and_leave_out_what_is_empty() {
        let problem = HeaderValue::from_static("application/problem+json");
        let body = Bytes::from_static(b"no");
        assert_eq!(
            details("x", StatusCode::NOT_FOUND, Some(&problem), &body).to_bytes(),
            r#"{"error_x":{"http_status_code":404,"http_body":"no","http_body_encoding":"application/problem+json"}}"#
        );
        let alone = details("x", StatusCode::NOT_FOUND, None, &Bytes::new());
        assert_eq!(alone.to_bytes(), r#"{"error_x":{"http_status_code":404}}"#);
    }
}
