//! `auth/validator`: an endpoint serves only who brings a token that says what the file demands.
//!
//! Promises: a request without such a token reaches nothing behind this, and its answer says nothing but the status.
//! Why it was refused is logged only with `operation_debug`, and never the token. When the settings are spoilt, or
//! no key can be had, everybody is refused.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::future::LocalBoxFuture;
use http::{HeaderName, HeaderValue, StatusCode, header::COOKIE};
use serde_json::{Map, Value};

use crate::{
    component::{
        Layer, Next, Refusal, Visit,
        tables::{Guarded, Place},
        validation::cel::TokenRules,
    },
    config::{Node, diagnostic::Findings},
    model::claim,
};

use super::{
    algorithm::Algorithm,
    key_file,
    keys::{Keys, Naming},
    requirements::Requirements,
    settings::{KeyPlace, Settings},
    token::{Token, without_bearer},
};

/// How long keys are kept, unless the file says otherwise.
const KEEP: Duration = Duration::from_secs(900);
/// The least leeway, and the one unless the file says otherwise.
const LEEWAY_MIN: Duration = Duration::from_secs(1);
/// The least time for which unknown keys are not asked for again.
const COOLDOWN_MIN: Duration = Duration::from_secs(1);

/// Only bearers of a valid token pass.
#[derive(Debug)]
pub struct Validator {
    /// Nothing when the settings let nobody through.
    gate: Option<Gate>,
    /// Where it stands, if reasons are logged.
    told_as: Option<String>,
}

/// How tokens are found, checked, and what of them goes on.
#[derive(Debug)]
struct Gate {
    algorithm: Algorithm,
    keys: Keys,
    naming: Naming,
    header: HeaderName,
    cookie: String,
    requirements: Requirements,
    rules: TokenRules,
    propagated: Vec<(String, HeaderName)>,
    keeps_lists: bool,
}

/// Why somebody is refused.
struct Reason(StatusCode, String);

/// Reads the component.
pub fn make(node: &Node<'_>, place: Place<'_>, findings: &mut Findings) -> Option<Arc<dyn Layer<Visit, Guarded>>> {
    let rules = TokenRules::of(&place.extra.component("validation/cel"), findings);
    let mut settings = Settings::new(node, findings);
    let path = place.endpoint.split_once(' ').map_or(place.endpoint, |(_, path)| path);
    let told_as = settings.flag("operation_debug").then(|| format!("[ENDPOINT: {path}][JWTValidator]"));
    let gate = gate(&mut settings, place, rules);
    Some(Arc::new(Validator { gate: gate.filter(|_| !settings.are_spoilt()), told_as }))
}

fn gate(settings: &mut Settings<'_, '_>, place: Place<'_>, rules: TokenRules) -> Option<Gate> {
    let algorithm = settings.algorithm();
    let naming = Naming::named(&settings.text("key_identify_strategy"));
    let header = match settings.text("auth_header_name") {
        name if name.is_empty() => "authorization".to_owned(),
        name => name,
    };
    let cookie = match settings.text("cookie_key") {
        name if name.is_empty() => "access_token".to_owned(),
        name => name,
    };
    let propagated = propagated(settings);
    let header: Option<HeaderName> = header.parse().ok();
    if header.is_none() {
        settings.mistake("auth_header_name", "is not the name of a header");
    }
    Some(Gate {
        propagated,
        keeps_lists: settings.flag("propagate_claims_preserve_array"),
        requirements: requirements(settings),
        keys: keys(settings, place, naming)?,
        algorithm: algorithm?,
        naming,
        header: header?,
        cookie,
        rules,
    })
}

/// Claims and the headers they go into; what is no such pair is left out, as in the original.
fn propagated(settings: &mut Settings<'_, '_>) -> Vec<(String, HeaderName)> {
    let mut propagated = Vec::new();
    for pair in settings.lists("propagate_claims") {
        let read = match pair.as_slice() {
            [claim, header] => header.parse().ok().map(|header| (claim.clone(), header)),
            _ => None,
        };
        match read {
            Some(pair) => propagated.push(pair),
            None => settings.warning("propagate_claims", &format!("{pair:?} is not a claim and a header, left out")),
        }
    }
    propagated
}

fn requirements(settings: &mut Settings<'_, '_>) -> Requirements {
    let roles_key = match settings.text("roles_key") {
        key if key.is_empty() => "roles".to_owned(),
        key => key,
    };
    let roles_are_nested = settings.flag("roles_key_is_nested");
    if roles_are_nested && roles_key.contains('.') && roles_key.len() < 4 {
        settings.error("roles_key", "a nested roles_key must have four letters or more");
    }
    Requirements {
        issuer: settings.text("issuer"),
        audience: settings.texts("audience"),
        leeway: settings.duration("leeway").unwrap_or(LEEWAY_MIN).max(LEEWAY_MIN),
        roles: settings.texts("roles"),
        roles_key,
        roles_are_nested,
        scopes: settings.texts("scopes"),
        scopes_key: settings.text("scopes_key"),
        needs_every_scope: settings.text("scopes_matcher") == "all",
    }
}

fn keys(settings: &mut Settings<'_, '_>, place: Place<'_>, naming: Naming) -> Option<Keys> {
    let is_cached = settings.flag("cache");
    let keep = match settings.seconds("cache_duration") {
        Duration::ZERO => KEEP,
        given => given,
    };
    let cooldown = settings.duration("failed_jwk_key_cooldown").filter(|time| *time >= COOLDOWN_MIN);
    match settings.key_place()? {
        KeyPlace::File(_) if is_cached => {
            settings.error("cache", "cache and jwk_local_path exclude each other");
            None
        }
        KeyPlace::File(path) => match key_file::read(&path) {
            Ok(keys) => Some(Keys::fixed(&keys, naming)),
            Err(error) => {
                settings.error("jwk_local_path", error);
                None
            }
        },
        KeyPlace::Host(host) => {
            Some(Keys::asked(host, Arc::clone(place.key_hosts), naming, is_cached.then_some(keep), cooldown))
        }
    }
}

impl Validator {
    async fn admit(&self, visit: &mut Visit) -> Result<(), Reason> {
        match &self.gate {
            Some(gate) => gate.admit(visit).await,
            None => Err(Reason(StatusCode::UNAUTHORIZED, "the settings let nobody through".into())),
        }
    }
}

impl Layer<Visit, Guarded> for Validator {
    fn call<'a>(&'a self, mut visit: Visit, next: Next<'a, Visit, Guarded>) -> LocalBoxFuture<'a, Guarded> {
        Box::pin(async move {
            match self.admit(&mut visit).await {
                Ok(()) => next.run(visit).await,
                Err(Reason(status, text)) => {
                    if let Some(place) = &self.told_as {
                        tracing::error!("{place} {text}");
                    }
                    Err(Refusal::status(status))
                }
            }
        })
    }
}

impl Gate {
    async fn admit(&self, visit: &mut Visit) -> Result<(), Reason> {
        let refused = |text: String| Reason(StatusCode::UNAUTHORIZED, text);
        let invalid = |text: &str| refused(format!("Unable to validate the token: {text}"));
        let claims = {
            let text = self.token(visit).ok_or_else(|| invalid("Token not found"))?;
            self.believed(&text).await.map_err(|error| invalid(&error))?
        };
        if !self.rules.allow(&claims) {
            return Err(refused("Token sent by client rejected".into()));
        }
        let forbidden =
            |what: &str| Reason(StatusCode::FORBIDDEN, format!("Token sent by client does not have {what}"));
        if !self.requirements.allow_roles(&claims) {
            return Err(forbidden("sufficient roles"));
        }
        if !self.requirements.allow_scopes(&claims) {
            return Err(forbidden("the required scopes"));
        }
        for (name, header) in &self.propagated {
            self.propagate(claim::find(&claims, name), header, visit);
        }
        visit.claims = Some(Arc::new(Value::Object(claims)));
        Ok(())
    }

    /// The token as it was sent: in the header, or, when that is not there, in a cookie.
    fn token(&self, visit: &Visit) -> Option<String> {
        let header = visit.headers.get(&self.header).map(HeaderValue::as_bytes).unwrap_or_default();
        match without_bearer(&String::from_utf8_lossy(header)) {
            "" => self.cookie(visit),
            token => Some(token.to_owned()),
        }
    }

    fn cookie(&self, visit: &Visit) -> Option<String> {
        let lines = visit.headers.get_all(&COOKIE).filter_map(|value| value.to_str().ok());
        let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        let (_, value) = cookies.find(|(name, _)| *name == self.cookie)?;
        Some(value.trim_matches('"').to_owned())
    }

    /// What a token says, if its signature and its times hold.
    async fn believed(&self, text: &str) -> Result<Map<String, Value>, String> {
        let token = Token::parse(text)?;
        if token.header("alg") != self.algorithm.name() {
            return Err("go-auth0: algorithm is invalid".into());
        }
        let key = self.keys.find(&self.naming.wanted(&token)).await?;
        if !token.is_signed_by(self.algorithm, &key) {
            return Err("go-jose/go-jose: error in cryptographic primitive".into());
        }
        let claims = token.claims()?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        self.requirements.check_token(&claims, now)?;
        Ok(claims)
    }

    /// Puts a claim into a header; one that is not there empties it, so that no client can fill it instead.
    fn propagate(&self, claim: Option<&Value>, header: &HeaderName, visit: &mut Visit) {
        let value = |text: String| HeaderValue::try_from(text).unwrap_or_else(|_bad| HeaderValue::from_static(""));
        visit.headers.remove(header);
        match claim {
            Some(Value::Array(elements)) if self.keeps_lists => {
                for element in elements {
                    visit.headers.append(header.clone(), value(claim::text(element)));
                }
            }
            claim => visit.headers.append(header.clone(), value(claim.map(claim::text).unwrap_or_default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http::Method;
    use serde_json::json;

    use super::{
        super::{
            key::{Key, Material},
            token::{Form, signed},
        },
        *,
    };
    use crate::{
        component::tables::tests::at,
        config::diagnostic::Severity,
        model::{Body, Headers},
    };

    fn secret() -> Material {
        Material::Secret(b"secret".to_vec())
    }

    /// The gate of these settings, with one key.
    fn gate(settings: &Value, extra: &Value) -> Gate {
        let mut settings = settings.clone();
        settings["alg"] = "HS256".into();
        settings["jwk_url"] = "https://id.example/".into();
        let key = Key { id: "k".into(), thumbprint: "t".into(), thumbprint_256: String::new(), material: secret() };
        let mut findings = Findings::default();
        let rules = TokenRules::of(&Node::root(extra), &mut findings);
        let node = Node::root(&settings);
        let mut reader = Settings::new(&node, &mut findings);
        let gate = at(&json!({}), |place| super::gate(&mut reader, place, rules)).unwrap();
        assert!(!reader.are_spoilt());
        assert!(findings.into_list().iter().all(|finding| finding.severity == Severity::Warning));
        Gate { keys: Keys::fixed(&[key], gate.naming), ..gate }
    }

    fn token(claims: &Value) -> String {
        let algorithm = Algorithm::named("HS256").unwrap();
        signed(claims.to_string().as_bytes(), (algorithm, "k", "JWT"), &secret(), Form::Compact).unwrap()
    }

    fn visit(headers: &[(&'static str, &str)]) -> Visit {
        let mut sent = Headers::new();
        for (name, value) in headers {
            sent.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        Visit {
            method: Method::GET,
            path: "/".into(),
            query: String::new(),
            headers: sent,
            params: Vec::new(),
            address: IpAddr::from([127, 0, 0, 1]),
            body: Body::Empty,
            claims: None,
        }
    }

    async fn status(gate: &Gate, visit: &mut Visit) -> u16 {
        gate.admit(visit).await.map_or_else(|Reason(status, _)| status.as_u16(), |()| 200)
    }

    #[tokio::test]
    async fn a_token_comes_in_the_header_or_where_that_is_not_there_in_a_cookie() {
        let gate = gate(&json!({}), &json!([]));
        let token = token(&json!({"sub": "ann"}));
        let (bearer, cookie) = (format!("Bearer {token}"), format!("a=b; access_token={token}"));
        assert_eq!(status(&gate, &mut visit(&[("authorization", &bearer)])).await, 200);
        assert_eq!(status(&gate, &mut visit(&[("authorization", &token)])).await, 200);
        assert_eq!(status(&gate, &mut visit(&[("cookie", &cookie)])).await, 200);
        assert_eq!(status(&gate, &mut visit(&[("authorization", "Basic x"), ("cookie", &cookie)])).await, 401);
        assert_eq!(status(&gate, &mut visit(&[("authorization", "ä"), ("cookie", &cookie)])).await, 401);
        assert_eq!(status(&gate, &mut visit(&[])).await, 401);
    }

    #[tokio::test]
    async fn what_a_token_says_of_itself_opens_no_door() {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let gate = gate(&json!({}), &json!([]));
        let honest = token(&json!({"sub": "ann"}));
        let (_, rest) = honest.split_once('.').unwrap();
        for header in [
            json!({"alg": "none", "kid": "k"}),
            json!({"alg": "None", "kid": "k"}),
            json!({"alg": "HS512", "kid": "k"}),
            json!({"alg": ["HS256"], "kid": "k"}),
            json!({"alg": "HS256", "kid": "other"}),
            json!({"alg": "HS256", "kid": ["k"]}),
            json!({"alg": "HS256"}),
            json!({"alg": "HS256", "jwk": {"kty": "oct", "k": "c2VjcmV0"}}),
        ] {
            let header = URL_SAFE_NO_PAD.encode(header.to_string());
            for text in [format!("{header}.{rest}"), format!("{header}.{}.", rest.split_once('.').unwrap().0)] {
                assert_eq!(status(&gate, &mut visit(&[("authorization", &text)])).await, 401, "{text}");
            }
        }
    }

    #[tokio::test]
    async fn a_claim_cannot_end_its_header() {
        let settings = json!({"propagate_claims": [["sub", "x-user"]]});
        let token = token(&json!({"sub": "ann\r\nx-admin: 1"}));
        let mut visit = visit(&[("authorization", &token), ("x-user", "root")]);
        assert_eq!(status(&gate(&settings, &json!([])), &mut visit).await, 200);
        let name = HeaderName::from_static("x-user");
        assert_eq!(visit.headers.get_all(&name).collect::<Vec<_>>(), [""]);
    }

    #[tokio::test]
    async fn roles_scopes_and_expressions_refuse_with_their_own_status() {
        let settings = json!({"roles": ["admin"], "scopes": ["read"], "scopes_key": "scope"});
        let gate = gate(&settings, &json!([{"check_expr": "JWT.level > 1"}]));
        for (claims, wanted) in [
            (json!({"roles": ["admin"], "scope": "read", "level": 2}), 200),
            (json!({"roles": ["guest"], "scope": "read", "level": 2}), 403),
            (json!({"roles": ["admin"], "scope": "write", "level": 2}), 403),
            (json!({"roles": ["admin"], "scope": "read", "level": 1}), 401),
            (json!({"roles": ["admin"], "scope": "read"}), 401),
        ] {
            let token = token(&claims);
            assert_eq!(status(&gate, &mut visit(&[("authorization", &token)])).await, wanted, "{claims}");
        }
    }

    #[tokio::test]
    async fn claims_fill_headers_and_absent_ones_empty_what_the_client_sent() {
        let settings = json!({"propagate_claims": [["sub", "x-user"], ["nope", "x-none"], ["bad"]]});
        let gate = gate(&settings, &json!([]));
        let token = token(&json!({"sub": "ann"}));
        let mut visit = visit(&[("authorization", &token), ("x-user", "root"), ("x-none", "forged")]);
        assert_eq!(status(&gate, &mut visit).await, 200);
        let header = |name: &'static str| visit.headers.get(&HeaderName::from_static(name)).cloned();
        assert_eq!(header("x-user"), Some(HeaderValue::from_static("ann")));
        assert_eq!(header("x-none"), Some(HeaderValue::from_static("")));
        assert_eq!(visit.claims.as_deref(), Some(&json!({"sub": "ann"})));
    }

    #[tokio::test]
    async fn lists_stay_lists_when_the_file_says_so() {
        let settings = json!({"propagate_claims": [["a", "x-a"]], "propagate_claims_preserve_array": true});
        let token = token(&json!({"a": ["x", 3]}));
        let mut visit = visit(&[("authorization", &token)]);
        assert_eq!(status(&gate(&settings, &json!([])), &mut visit).await, 200);
        let name = HeaderName::from_static("x-a");
        assert_eq!(visit.headers.get_all(&name).collect::<Vec<_>>(), ["x", "3"]);
    }

    #[test]
    fn settings_that_let_nobody_through_fail_the_check_and_those_that_stop_the_original_stop_us() {
        for (settings, severity) in [
            (json!({"alg": "HS256", "jwk_url": "http://id.example/"}), Severity::Mistake),
            (json!({"alg": "HS256", "jwk_local_path": "keys.json"}), Severity::Mistake),
            (json!({"alg": "HS256", "jwk_url": "https://id.example/", "roles": "admin"}), Severity::Mistake),
            (json!({"alg": "ES512", "jwk_url": "https://id.example/"}), Severity::Mistake),
            (json!("HS256"), Severity::Mistake),
            (json!({"alg": "none", "jwk_url": "https://id.example/"}), Severity::Error),
            (
                json!({"alg": "HS256", "jwk_local_path": "/nowhere/at/all", "disable_jwk_security": true}),
                Severity::Error,
            ),
        ] {
            let mut findings = Findings::default();
            assert!(at(&json!({}), |place| make(&Node::root(&settings), place, &mut findings)).is_some());
            let worst = findings.into_list().iter().map(|finding| finding.severity).max();
            assert_eq!(worst, Some(severity), "{settings}");
        }
    }
}
