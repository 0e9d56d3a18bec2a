//! Does what was typed after `gnomon shadow`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to people")]

use std::process::ExitCode;

use awc::http::Method;
use serde_json::{Map, Value, json};

use super::{
    args::{FieldArgs, GatewayArgs, Limit, ShadowCommand, TargetArgs, TermsArgs},
    client::{AdminClient, path_of},
    promote, report, table,
};
use crate::{cli::check::UNUSABLE, config::Environment};

/// The variable whose text is the admin token.
const TOKEN_VARIABLE: &str = "GNOMON_ADMIN_TOKEN";

/// Looks at shadows or changes them.
pub fn shadow(command: &ShadowCommand) -> ExitCode {
    let (gateway, is_json) = match (command, command.gateway()) {
        (ShadowCommand::Promote(arguments), _) => return promote::promote(arguments),
        (_, Some(gateway)) => (gateway, gateway.json),
        (_, None) => return ExitCode::from(UNUSABLE),
    };
    asked(gateway, async |client| match command {
        ShadowCommand::Report(asked) => report::report(&client, &asked.targets, is_json).await,
        _ => done(command, is_json, &client).await.map(|text| (text, ExitCode::SUCCESS)),
    })
}

/// Asks a gateway for something and prints what came of it.
pub(in crate::cli) fn asked(
    gateway: &GatewayArgs,
    ask: impl AsyncFnOnce(AdminClient) -> Result<(String, ExitCode), String>,
) -> ExitCode {
    let client = match client_of(gateway) {
        Ok(client) => client,
        Err(why) => {
            eprintln!("gnomon: {why}");
            return ExitCode::from(UNUSABLE);
        }
    };
    match actix::System::new().block_on(ask(client)) {
        Ok((text, code)) => {
            print!("{text}");
            code
        }
        Err(why) => {
            eprintln!("gnomon: {why}");
            ExitCode::FAILURE
        }
    }
}

/// The gateway that is meant, with the token that was given or is in the environment.
pub(in crate::cli) fn client_of(gateway: &GatewayArgs) -> Result<AdminClient, String> {
    let of_environment = || Environment::of_process().get(TOKEN_VARIABLE).map(str::to_owned);
    AdminClient::new(&gateway.admin, gateway.token.clone().or_else(of_environment))
}

/// One change of each shadow that is meant.
struct Change<'a> {
    targets: &'a TargetArgs,
    method: Method,
    verb: &'static str,
    body: Value,
}

async fn done(command: &ShadowCommand, json: bool, client: &AdminClient) -> Result<String, String> {
    let answer = match command {
        ShadowCommand::Status(arguments) if arguments.targets.is_empty() => client.ask(Method::GET, "", None).await?,
        ShadowCommand::Status(arguments) => {
            let mut shadows = Vec::new();
            for id in &arguments.targets {
                shadows.push(client.ask(Method::GET, &path_of(id), None).await?);
            }
            json!({ "shadows": shadows })
        }
        ShadowCommand::Audit(_) => {
            let answer = client.ask(Method::GET, "/audit", None).await?;
            return Ok(if json { lines(&answer) } else { table::audit(&answer) });
        }
        ShadowCommand::Fields(arguments) => {
            let answer = client.read(&format!("{}/fields", path_of(&arguments.target))).await?;
            return Ok(if json { lines(&answer) } else { table::fields(&answer) });
        }
        ShadowCommand::Ignore(arguments) => return field(arguments, "ignore", client).await,
        ShadowCommand::Heed(arguments) => return field(arguments, "heed", client).await,
        ShadowCommand::Kill(arguments) => {
            client.ask(Method::POST, "/kill", Some(&reason(arguments.reason.as_ref()))).await?
        }
        ShadowCommand::Revive(arguments) => {
            client.ask(Method::POST, "/revive", Some(&reason(arguments.reason.as_ref()))).await?
        }
        _ => match change(command) {
            Some(change) => json!({ "shadows": changed(&change, client).await? }),
            None => Value::Null,
        },
    };
    Ok(if json { lines(&answer) } else { table::status(&answer) })
}

/// Takes a field for noise, or does so no more; tells how it is shown, and what keeps it so.
async fn field(asked: &FieldArgs, verb: &str, client: &AdminClient) -> Result<String, String> {
    // No place in an answer is written like an ID: those begin with `$` or `header:`, or are `status` and `body`.
    let is_id = asked.field.len() == 16 && asked.field.bytes().all(|digit| digit.is_ascii_hexdigit());
    let named = if is_id { "id" } else { "path" };
    let members = [(named, Some(&asked.field)), ("kind", asked.kind.as_ref()), ("reason", asked.reason.as_ref())];
    let body: Map<_, _> =
        members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))).collect();
    let path = format!("{}/fields/{verb}", path_of(&asked.target));
    client.ask(Method::POST, &path, Some(&Value::Object(body))).await.map(|answer| lines(&answer))
}

/// The change that a command asks for.
fn change(command: &ShadowCommand) -> Option<Change<'_>> {
    let change = |targets, verb, body| Some(Change { targets, method: Method::POST, verb, body });
    let patch = |targets, body| Some(Change { targets, method: Method::PATCH, verb: "", body });
    match command {
        ShadowCommand::Pause(asked) => change(&asked.targets, "/pause", terms(json!({}), &asked.terms)),
        ShadowCommand::Resume(asked) => change(&asked.targets, "/resume", reason(asked.reason.as_ref())),
        ShadowCommand::Reset(asked) => change(&asked.targets, "/reset", reason(asked.reason.as_ref())),
        ShadowCommand::Restart(asked) => change(&asked.targets, "/restart", reason(asked.reason.as_ref())),
        ShadowCommand::DryRun(asked) => {
            change(&asked.targets, "/dry-run", terms(json!({ "on": asked.on == "on" }), &asked.terms))
        }
        ShadowCommand::Rate(asked) => patch(&asked.targets, terms(json!({ "rate": rate(&asked.rate) }), &asked.terms)),
        ShadowCommand::Compare(asked) => {
            patch(&asked.targets, terms(json!({ "compare": { "sample": rate(&asked.rate) } }), &asked.terms))
        }
        ShadowCommand::Limit(asked) => {
            let Limit(max_rps) = asked.max_rps;
            patch(&asked.targets, terms(json!({ "max_rps": max_rps }), &asked.terms))
        }
        ShadowCommand::Status(_)
        | ShadowCommand::Kill(_)
        | ShadowCommand::Revive(_)
        | ShadowCommand::Audit(_)
        | ShadowCommand::Report(_)
        | ShadowCommand::Fields(_)
        | ShadowCommand::Ignore(_)
        | ShadowCommand::Heed(_)
        | ShadowCommand::Promote(_) => None,
    }
}

/// Makes a change of one shadow after the other; the first that is refused ends it.
async fn changed(change: &Change<'_>, client: &AdminClient) -> Result<Vec<Value>, String> {
    let ids = if change.targets.all {
        let all = client.ask(Method::GET, "", None).await?;
        let shadows = all.get("shadows").and_then(Value::as_array).cloned().unwrap_or_default();
        shadows.iter().filter_map(|shadow| Some(shadow.get("id")?.as_str()?.to_owned())).collect()
    } else {
        change.targets.targets.clone()
    };
    let mut answers = Vec::with_capacity(ids.len());
    for id in ids {
        let path = format!("{}{}", path_of(&id), change.verb);
        let answer = client.ask(change.method.clone(), &path, Some(&change.body)).await;
        answers.push(answer.map_err(|why| format!("{id}: {why}"))?);
    }
    Ok(answers)
}

/// What was typed as a share; whether it is one the gateway knows.
pub(in crate::cli) fn rate(text: &str) -> Value {
    text.parse::<f64>().ok().and_then(serde_json::Number::from_f64).map_or_else(|| json!(text), Value::Number)
}

fn reason(reason: Option<&String>) -> Value {
    reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }))
}

fn terms(mut body: Value, terms: &TermsArgs) -> Value {
    let mut members = Map::new();
    if let Some(ttl) = &terms.ttl {
        members.insert("ttl".to_owned(), json!(ttl));
    }
    if terms.sticky {
        members.insert("sticky".to_owned(), json!(true));
    }
    if let Some(reason) = &terms.reason {
        members.insert("reason".to_owned(), json!(reason));
    }
    if let Some(body) = body.as_object_mut() {
        body.extend(members);
    }
    body
}

pub(in crate::cli) fn lines(answer: &Value) -> String {
    format!("{answer:#}\n")
}
