//! `auth/client-credentials`: calls a backend with a token of an OAuth 2 server, fetched when first needed.
//!
//! Promises: one token per backend, shared by all threads and fetched by one call at a time; it is fetched anew ten
//! seconds before it ends. Secrets and tokens are never logged nor shown in failures.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt, future::LocalBoxFuture};
use http::{
    HeaderValue, Method, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use tokio::{sync::Mutex, time::Instant};
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::{
    component::{
        Layer, Next,
        tables::{Place, Wired},
    },
    config::{Node, diagnostic::Findings},
    model::{Body, Failure, Headers, Kind, Outbound, WireAnswer, WireRequest, body::Held},
};

use super::token_answer::{Token, token};

/// A token this close to its end is not used any more.
const EXPIRES_BEFORE: Duration = Duration::from_secs(10);
/// The most bytes of a token server's answer that are read.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// The credentials for one backend.
struct ClientCredentials {
    id: String,
    secret: String,
    server: Option<Uri>,
    /// The form to send; `None` if the file's parameters contradict it.
    form: Option<Vec<(String, String)>>,
    held: RwLock<Option<HeldToken>>,
    fetching: Mutex<Option<Style>>,
}

/// Says where, never with what.
impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials").field("server", &self.server).finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct HeldToken {
    authorization: HeaderValue,
    until: Option<Instant>,
}

/// Where the credentials stand in the request for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Header,
    Form,
}

/// The layer for these settings.
pub fn layer(
    node: &Node<'_>,
    _place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<WireRequest, Wired>>> {
    let mut own = Findings::default();
    let made = if node.exact_object(&mut own) { ClientCredentials::new(node, &mut own) } else { None };
    findings.append_as_mistakes(own);
    Some(Arc::new(made?))
}

impl ClientCredentials {
    /// Values of the wrong type keep the original from starting.
    fn new(node: &Node<'_>, findings: &mut Findings) -> Option<Self> {
        let disabled = node.member("is_disabled");
        if !disabled.is_absent()
            && disabled.value().as_bool().or_else(|| disabled.mistyped(findings, "true or false"))?
        {
            return None;
        }
        let mut text = |key: &str| {
            let member = node.member(key);
            let written = member.value().as_str().map(str::to_owned);
            if written.is_none() && !member.is_absent() { member.mistyped(findings, "a text") } else { written }
        };
        let (id, secret) = (text("client_id").unwrap_or_default(), text("client_secret").unwrap_or_default());
        let (server, scopes) = (text("token_url").unwrap_or_default(), text("scopes").unwrap_or_default());
        let server: Option<Uri> =
            server.parse().ok().filter(|uri: &Uri| uri.scheme().is_some() && uri.authority().is_some());
        if server.is_none() {
            findings.warning(node.member("token_url").pointer(), "not the URL of a token server, so every call fails");
        }
        let form = form(&node.member("endpoint_params"), &scopes.replace(',', " "), findings);
        Some(Self { id, secret, server, form, held: RwLock::default(), fetching: Mutex::default() })
    }

    fn held(&self) -> Option<HeaderValue> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        held.until.is_none_or(|until| Instant::now() < until).then_some(held.authorization)
    }

    /// The token to use, fetched if there is none that holds.
    async fn authorization(&self, next: Next<'_, WireRequest, Wired>) -> Result<HeaderValue, Failure> {
        if let Some(held) = self.held() {
            return Ok(held);
        }
        let mut style = self.fetching.lock().await;
        // Another call may have fetched it while this one waited for its turn.
        if let Some(held) = self.held() {
            return Ok(held);
        }
        let token = match *style {
            Some(known) => self.fetch(known, next).await?,
            None => match self.fetch(Style::Header, next).await {
                Ok(token) => {
                    *style = Some(Style::Header);
                    token
                }
                Err(_refused) => {
                    let token = self.fetch(Style::Form, next).await?;
                    *style = Some(Style::Form);
                    token
                }
            },
        };
        let until = token.lifetime.map(|lifetime| Instant::now() + lifetime.saturating_sub(EXPIRES_BEFORE));
        let authorization = token.authorization.clone();
        let held = HeldToken { authorization: token.authorization, until };
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(authorization)
    }

    async fn fetch(&self, style: Style, next: Next<'_, WireRequest, Wired>) -> Result<Token, Failure> {
        let request = self.request(style).map_err(|text| Failure::new(Kind::NoHost, text))?;
        let answer = next.run(request).await?;
        let (status, content_type) = (answer.status, answer.headers.get(&CONTENT_TYPE).cloned());
        let body = read(answer).await?;
        let content_type = content_type.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        token(status, content_type, &body).map_err(|text| Failure::new(Kind::Status, text))
    }

    fn request(&self, style: Style) -> Result<WireRequest, &'static str> {
        let uri = self.server.clone().ok_or("oauth2: no URL of a token server")?;
        let mut form = self.form.clone().ok_or("oauth2: cannot overwrite parameter \"scope\"")?;
        let mut headers = Headers::new();
        headers.append(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        match style {
            Style::Header => headers.append(AUTHORIZATION, self.basic().ok_or("oauth2: bad credentials")?),
            Style::Form => {
                form.push(("client_id".to_owned(), self.id.clone()));
                if !self.secret.is_empty() {
                    form.push(("client_secret".to_owned(), self.secret.clone()));
                }
            }
        }
        // Sorted by name, as Go writes forms.
        form.sort_by(|one, other| one.0.cmp(&other.0));
        let text = Serializer::new(String::new()).extend_pairs(form).finish();
        let outbound = Outbound { method: Method::POST, uri, headers, asked_for_gzip: false };
        Ok(WireRequest { outbound, body: Body::Held(Held::new(vec![Bytes::from(text)])) })
    }

    fn basic(&self) -> Option<HeaderValue> {
        let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", escaped(&self.id), escaped(&self.secret));
        let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Layer<WireRequest, Wired> for ClientCredentials {
    fn call<'a>(&'a self, mut request: WireRequest, next: Next<'a, WireRequest, Wired>) -> LocalBoxFuture<'a, Wired> {
        Box::pin(async move {
            let authorization = match self.authorization(next).await {
                Ok(authorization) => authorization,
                Err(failure) => return Err(told(failure, &request.outbound)),
            };
            request.outbound.headers.insert(AUTHORIZATION, authorization);
            next.run(request).await
        })
    }
}

/// The failure of a token as the failure of the call that needs it: `Get "http://host/path": oauth2: …`.
fn told(failure: Failure, outbound: &Outbound) -> Failure {
    let lower = outbound.method.as_str().to_ascii_lowercase();
    let mut letters = lower.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let method: String = first.into_iter().chain(letters).collect();
    Failure { message: format!("{method} \"{}\": {}", outbound.uri, failure.message), ..failure }
}

/// The start of an answer's body, which is all that is read of it.
async fn read(mut answer: WireAnswer) -> Result<Vec<u8>, Failure> {
    let mut whole = Vec::new();
    while whole.len() < ANSWER_BYTES_MAX
        && let Some(chunk) = answer.body.next().await.transpose()?
    {
        whole.extend_from_slice(&chunk);
    }
    whole.truncate(ANSWER_BYTES_MAX);
    Ok(whole)
}

/// The form without credentials; `None` when the file's parameters contradict it.
fn form(params: &Node<'_>, scope: &str, findings: &mut Findings) -> Option<Vec<(String, String)>> {
    let mut form = vec![("scope".to_owned(), scope.to_owned())];
    if !params.is_absent() && !params.expect_object(findings) {
        return Some(form);
    }
    if params.member("grant_type").is_absent() {
        form.push(("grant_type".to_owned(), "client_credentials".to_owned()));
    }
    for (name, values) in params.members() {
        if name == "scope" {
            findings.warning(values.pointer(), "the scope cannot be set here, so every call fails");
            return None;
        }
        if !values.value().is_array() {
            values.mistyped::<()>(findings, "a list of texts");
        }
        for value in values.elements() {
            match value.value().as_str() {
                Some(text) => form.push((name.to_owned(), text.to_owned())),
                None => value.mistyped::<()>(findings, "a text").unwrap_or_default(),
            }
        }
    }
    Some(form)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::component::Layers;

    fn credentials(settings: &serde_json::Value) -> ClientCredentials {
        ClientCredentials::new(&Node::root(settings), &mut Findings::default()).unwrap()
    }

    fn call() -> WireRequest {
        let uri = "http://b/x".parse().unwrap();
        let outbound = Outbound { method: Method::GET, uri, headers: Headers::new(), asked_for_gzip: false };
        WireRequest { outbound, body: Body::Empty }
    }

    /// Runs a call; the server gives tokens for credentials in the form only.
    async fn run(layers: &Layers<WireRequest, Wired>, log: &std::sync::Mutex<Vec<String>>) -> Wired {
        let step = |request: WireRequest| -> LocalBoxFuture<'_, Wired> {
            let authorization = request.outbound.headers.get(&AUTHORIZATION).cloned();
            let authorization = authorization.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
            let body = if let Body::Held(held) = request.body { held.to_bytes() } else { Bytes::new() };
            let body = String::from_utf8(body.to_vec()).unwrap();
            log.lock().unwrap().push(format!("{} {authorization} {body}", request.outbound.uri.path()));
            let (status, answer) = match (request.outbound.uri.path(), body.contains("client_secret")) {
                ("/token", true) => (StatusCode::OK, r#"{"access_token":"t","expires_in":60}"#),
                ("/token", false) => (StatusCode::UNAUTHORIZED, "{}"),
                _ => (StatusCode::OK, ""),
            };
            let answer = WireAnswer::whole(status, Headers::new(), Bytes::from_static(answer.as_bytes()));
            Box::pin(std::future::ready(Ok(answer)))
        };
        layers.run(call(), &step).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_fetched_once_in_the_style_that_works_and_anew_before_it_ends() {
        let settings = json!({"client_id": "i", "client_secret": "s&", "token_url": "http://o/token", "scopes": "a,b"});
        let layers = Layers::new(vec![Arc::new(credentials(&settings)) as _]);
        let log = std::sync::Mutex::default();
        for _ in 0..2 {
            assert!(run(&layers, &log).await.is_ok());
        }
        let form = "grant_type=client_credentials&scope=a+b";
        let with_secret = "client_id=i&client_secret=s%26&grant_type=client_credentials&scope=a+b";
        let mut wanted = vec![
            format!("/token Basic {} {form}", STANDARD.encode("i:s%26")),
            format!("/token  {with_secret}"),
            "/x Bearer t ".to_owned(),
            "/x Bearer t ".to_owned(),
        ];
        assert_eq!(*log.lock().unwrap(), wanted);
        tokio::time::advance(Duration::from_secs(50)).await;
        assert!(run(&layers, &log).await.is_ok());
        wanted.extend([format!("/token  {with_secret}"), "/x Bearer t ".to_owned()]);
        assert_eq!(*log.lock().unwrap(), wanted);
    }

    #[tokio::test]
    async fn a_refused_token_fails_the_call_with_both_names() {
        let layers = Layers::new(vec![Arc::new(credentials(&json!({"token_url": "http://o/token"}))) as _]);
        let failure = run(&layers, &std::sync::Mutex::default()).await.unwrap_err();
        assert_eq!(failure.message, "Get \"http://b/x\": oauth2: cannot fetch token: 401 Unauthorized\nResponse: {}");
    }

    #[test]
    fn values_of_the_wrong_type_cannot_be_used() {
        for settings in [json!({"client_id": 1}), json!({"is_disabled": "x"}), json!({"endpoint_params": {"a": "b"}})] {
            let mut findings = Findings::default();
            let _made = ClientCredentials::new(&Node::root(&settings), &mut findings);
            assert!(findings.any_error(), "{settings}");
        }
    }
}
