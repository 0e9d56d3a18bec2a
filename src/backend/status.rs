//! What an upstream's status means: only 200 and 201 are success, and the file says what becomes of the rest.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Uri, header::CONTENT_TYPE};

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

fn details(name: &str, status: StatusCode, content_type: Option<&HeaderValue>, body: &Bytes) -> Data {
    let mut details = serde_json::Map::new();
    details.insert("http_status_code".into(), status.as_u16().into());
    if !body.is_empty() {
        details.insert("http_body".into(), String::from_utf8_lossy(body).into_owned().into());
    }
    if let Some(Ok(text)) =
        content_type.map(HeaderValue::to_str).filter(|text| text.as_ref().is_ok_and(|text| !text.is_empty()))
    {
        details.insert("http_body_encoding".into(), text.into());
    }
    let value = serde_json::json!({ format!("error_{name}"): details });
    Data::parse(&Bytes::from(value.to_string())).unwrap_or(Data::Null)
}
