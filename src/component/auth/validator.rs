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
    let propagated = settings.lists("propagate_claims");
    let propagated = propagated.into_iter().filter_map(|pair| match pair.as_slice() {
        [claim, header] => Some((claim.clone(), header.parse().ok()?)),
        _ => None,
    });
    Some(Gate {
        propagated: propagated.collect(),
        keeps_lists: settings.flag("propagate_claims_preserve_array"),
        requirements: requirements(settings),
        keys: keys(settings, place, naming)?,
        algorithm: algorithm?,
        naming,
        header: header.parse().ok()?,
        cookie,
        rules,
    })
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
        let header = visit.headers.get(&self.header).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match without_bearer(header) {
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
