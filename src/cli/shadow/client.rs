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
    pub(in crate::cli) fn new(admin: &str, token: Option<String>) -> Result<Self, String> {
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
        let (status, text) = self.answer(method, &format!("/__shadow{path}"), body).await?;
        self.done(status, &text)
    }

    /// Asks for something of splits, below `/__split`.
    ///
    /// # Errors
    /// When nobody answers, or the answer is a refusal, in words.
    pub(in crate::cli) async fn ask_split(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let (status, text) = self.answer(method, &format!("/__split{path}"), body).await?;
        self.done(status, &text)
    }

    /// Reads how everything is at a glance, with these parameters.
    ///
    /// # Errors
    /// When nobody answers, or the answer is a refusal, in words.
    pub(in crate::cli) async fn overview(&self, find: &str, limit: usize) -> Result<Value, String> {
        let find = utf8_percent_encode(find, NON_ALPHANUMERIC);
        let (status, text) = self.answer(Method::GET, &format!("/__overview?find={find}&limit={limit}"), None).await?;
        self.done(status, &text)
    }

    /// Reads the outline of the plan that is served.
    ///
    /// # Errors
    /// When nobody answers, or the answer is a refusal, in words.
    pub(super) async fn plan(&self) -> Result<Value, String> {
        let (status, text) = self.answer(Method::GET, "/__plan", None).await?;
        self.done(status, &text)
    }

    /// Where it is.
    pub(in crate::cli) fn root(&self) -> &str {
        &self.root
    }

    fn done(&self, status: u16, text: &[u8]) -> Result<Value, String> {
        if (200..300).contains(&status) { self.json(text) } else { Err(refusal(status, text)) }
    }

    /// Reads something below `/__shadow`.
    ///
    /// # Errors
    /// When nobody answers, or the answer is a refusal, in words.
    pub(super) async fn read(&self, path: &str) -> Result<Value, String> {
        self.ask(Method::GET, path, None).await
    }

    /// Asks whether a shadow is ready: an answer whose status says that it is not is one all the same.
    ///
    /// # Errors
    /// When nobody answers, or the answer is a refusal, in words.
    pub(super) async fn readiness(&self, id: &str) -> Result<Value, String> {
        let path = format!("/__shadow{}/readiness", path_of(id));
        let (status, text) = self.answer(Method::GET, &path, None).await?;
        if [200, 409, 425].contains(&status) {
            return self.json(&text);
        }
        Err(refusal(status, &text))
    }

    fn json(&self, text: &[u8]) -> Result<Value, String> {
        serde_json::from_slice(text).map_err(|_error| format!("{} is no gnomon", self.root))
    }

    async fn answer(&self, method: Method, path: &str, body: Option<&Value>) -> Result<(u16, Vec<u8>), String> {
        let url = format!("{}{path}", self.root);
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
        Ok((answer.status().as_u16(), text.to_vec()))
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
