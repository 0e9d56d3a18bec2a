//! `auth/signer`: members of an answer become signed tokens, for endpoints that log clients in.
//!
//! Promises: it is the last guard: limits and scripts of the same endpoint never run, as in the original. Its answer is
//! JSON and has no header of ours; whatever goes wrong is told by a status alone. A key that could not be had is asked
//! for again with the next request; the original gives up for good.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};

use crate::{
    component::{
        Layer, Next, Refusal, Visit,
        tables::{Guarded, Place},
    },
    config::{
        Node,
        diagnostic::{Diagnostic, Findings, Severity},
    },
    model::{Data, DataKind, Payload, Reply},
};

use super::{
    algorithm::Algorithm,
    key::Material,
    key_file,
    keys::{Keys, Naming},
    settings::{KeyPlace, Settings},
    token::{Form, signed},
};

/// How long a key that was found is kept: for good, as in the original.
const KEEP: std::time::Duration = std::time::Duration::from_secs(100 * 365 * 24 * 3600);

/// Guards that the original never runs beside this.
const OVERRULED: [&str; 2] = ["qos/ratelimit/router", "modifier/lua-endpoint"];

/// Signs members of answers.
#[derive(Debug)]
pub struct Signer(Option<Pen>);

/// With what, and what, is signed.
#[derive(Debug)]
struct Pen {
    algorithm: Algorithm,
    keys: Keys,
    key_id: String,
    kind: String,
    form: Form,
    members: Vec<String>,
}

/// Reads the component.
pub fn make(node: &Node<'_>, place: Place<'_>, findings: &mut Findings) -> Option<Arc<dyn Layer<Visit, Guarded>>> {
    for overruled in OVERRULED.map(|name| place.extra.component(name)).into_iter().filter(|node| !node.is_absent()) {
        let message = "it does not run on an endpoint with auth/signer, as in KrakenD";
        findings.push(Diagnostic::new(Severity::Mistake, overruled.pointer(), message));
    }
    let mut settings = Settings::new(node, findings);
    let pen = pen(&mut settings, place);
    Some(Arc::new(Signer(pen.filter(|_| !settings.are_spoilt()))))
}

fn pen(settings: &mut Settings<'_, '_>, place: Place<'_>) -> Option<Pen> {
    let algorithm = settings.algorithm();
    let kind = match settings.text("typ") {
        kind if kind.is_empty() => "JWT".to_owned(),
        kind => kind,
    };
    let keys = match settings.key_place()? {
        KeyPlace::File(path) => match key_file::read(&path) {
            Ok(keys) => Keys::fixed(&keys, Naming::Id),
            Err(error) => {
                settings.mistake("jwk_local_path", &format!("cannot be used: {error}"));
                return None;
            }
        },
        KeyPlace::Host(host) => Keys::asked(host, Arc::clone(place.key_hosts), Naming::Id, Some(KEEP), None),
    };
    Some(Pen {
        keys,
        kind,
        key_id: settings.text("kid"),
        form: if settings.flag("full") { Form::Full } else { Form::Compact },
        members: settings.texts("keys_to_sign"),
        algorithm: algorithm?,
    })
}

impl Layer<Visit, Guarded> for Signer {
    fn call<'a>(&'a self, visit: Visit, next: Next<'a, Visit, Guarded>) -> LocalBoxFuture<'a, Guarded> {
        Box::pin(async move {
            let Some(pen) = &self.0 else { return Err(Refusal::status(StatusCode::UNAUTHORIZED)) };
            let key = match pen.keys.find(&pen.key_id).await {
                Ok(key) => key,
                Err(error) => {
                    tracing::error!("[JWTSigner] no key {:?}: {error}", pen.key_id);
                    return Err(Refusal::status(StatusCode::UNAUTHORIZED));
                }
            };
            let reply = next.run(visit).await?;
            Err(pen.answer(reply, &key).unwrap_or_else(|error| {
                tracing::error!("[JWTSigner] {error}");
                Refusal::status(StatusCode::BAD_REQUEST)
            }))
        })
    }
}

impl Pen {
    /// The answer as the client gets it.
    fn answer(&self, reply: Reply, key: &Material) -> Result<Refusal, String> {
        if let Some(failure) = reply.failures.first() {
            return Err(failure.message.clone());
        }
        let response = reply.response.ok_or("there is no answer to sign")?;
        let status = response.status;
        let mut data = match response.payload {
            Payload::Data(data) => data,
            Payload::Whole(_) | Payload::Transit(_) => Data::empty_object(),
        };
        self.sign(&mut data, key)?;
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        Ok(Refusal { status, headers: vec![(CONTENT_TYPE, json)], body: data.to_bytes() })
    }

    /// Replaces the members that are objects; others are left alone.
    fn sign(&self, data: &mut Data, key: &Material) -> Result<(), String> {
        let Some(members) = data.as_object_mut() else { return Ok(()) };
        for name in &self.members {
            let Some(member) = members.get_mut(name).filter(|member| member.kind() == DataKind::Object) else {
                continue;
            };
            member.open_deep();
            let header = (self.algorithm, self.key_id.as_str(), self.kind.as_str());
            *member = Data::String(signed(&member.to_bytes(), header, key, self.form)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, Kind, Response};
    use bytes::Bytes;

    fn pen() -> Pen {
        Pen {
            algorithm: Algorithm::named("HS256").unwrap(),
            keys: Keys::fixed(&[], Naming::Id),
            key_id: "k".into(),
            kind: "JWT".into(),
            form: Form::Compact,
            members: ["a", "text", "nothing"].map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn listed_members_that_are_objects_become_tokens_and_others_stay() {
        let body = Bytes::from_static(br#"{"a":{"z":1,"b":"x"},"text":"kept","other":{"c":1}}"#);
        let reply = Reply::ok(Response::data(Data::parse(&body).unwrap(), true));
        let answer = pen().answer(reply, &Material::Secret(b"secret".to_vec())).unwrap();
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let head = r#"{"a":"eyJhbGciOiJIUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ.eyJiIjoieCIsInoiOjF9."#;
        assert!(text.starts_with(head), "{text}");
        assert!(text.ends_with(r#""other":{"c":1},"text":"kept"}"#), "{text}");
    }

    #[test]
    fn an_answer_that_lacks_a_part_is_not_signed() {
        let response = Response::data(Data::empty_object(), false);
        let reply = Reply { response: Some(response), failures: vec![Failure::new(Kind::Timeout, "late")] };
        assert_eq!(pen().answer(reply, &Material::Secret(Vec::new())), Err("late".into()));
    }
}
