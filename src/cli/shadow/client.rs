//! The admin listener of a gateway, asked over HTTP.

use std::time::Duration;

use awc::{Client, http::Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::server::admin_access::INTENT;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const ANSWER_MAX: usize = 256 << 20;

/// A gateway's admin listener.
pub(in crate::cli) struct AdminClient {
    client: Client,
    root: String,
    token: Option<String>,
}

impl AdminClient {
    /// The listener at an address, or at a URL without a path.
    ///
    /// # Errors
    /// When it is neither.
    pub(super) fn new(admin: &str, token: Option<String>) -> Result<Self, String> {
        let url = if admin.contains("://") { admin.to_owned() } else { format!("http://{admin}") };
        let root = url.trim_end_matches('/').to_owned();
        let parsed = url::Url::parse(&root).map_err(|error| format!("{admin} is no address: {error}"))?;
        if parsed.scheme() != "http" || parsed.host().is_none() || parsed.path() != "/" {
            return Err(format!("{admin} is not the address of a dashboard: write it like http://127.0.0.1:8090"));
        }
        let client = Client::builder().timeout(TIMEOUT).disable_redirects().finish();
        Ok(Self { client, root, token })
    }

    /// Asks for something below `/__shadow`.
    ///
    /// # Errors
    /// When nobody answers, or the answer is a refusal, in words.
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
        self.ask_at("/__shadow", method, path, body).await
    }

    /// Asks for something below `root`.
    ///
    /// # Errors
    /// When nobody answers, or the answer is a refusal, in words.
    pub(in crate::cli) async fn ask_at(
        &self,
        root: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let url = format!("{}{root}{path}", self.root);
        let mut request = self.client.request(method, url).insert_header((INTENT, "1"));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let sent = match body {
            Some(body) => request.send_json(body).await,
            None => request.send().await,
        };
        let mut answer = sent.map_err(|error| format!("no answer from {}: {error}", self.root))?;
        let text = answer.body().limit(ANSWER_MAX).await;
        let text = text.map_err(|error| format!("the answer of {} broke off: {error}", self.root))?;
        if answer.status().is_success() {
            return serde_json::from_slice(&text).map_err(|_error| format!("{} is no gnomon", self.root));
        }
        Err(refusal(answer.status().as_u16(), &text))
    }
}

/// The path of a shadow or a split.
pub(in crate::cli) fn path_of(id: &str) -> String {
    format!("/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// A refusal in words: the listener's own, with the shadows or splits there are.
fn refusal(status: u16, text: &[u8]) -> String {
    let Ok(said) = serde_json::from_slice::<Value>(text) else {
        return format!("refused ({status}): {}", String::from_utf8_lossy(text).trim());
    };
    let why = said.get("error").and_then(Value::as_str).unwrap_or("no reason was given");
    let mut words = format!("refused ({status}): {why}");
    let lists = [said.get("shadows"), said.get("splits")].into_iter().flatten().filter_map(Value::as_array);
    for id in lists.flatten().filter_map(Value::as_str) {
        words.push_str("\n  ");
        words.push_str(id);
    }
    words
}
