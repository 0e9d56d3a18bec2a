//! Does what was typed after `gnomon split`.

use std::process::ExitCode;

use http::Method;
use serde_json::{Map, Value, json};

use super::{
    args::{PlaceArgs, SplitCommand},
    table,
};
use crate::cli::shadow::{
    client::{AdminClient, path_of},
    command::{asked, lines, rate},
};

/// Looks at splits or changes them.
pub fn split(command: &SplitCommand) -> ExitCode {
    asked(command.gateway(), async |client| done(command, &client).await.map(|text| (text, ExitCode::SUCCESS)))
}

async fn done(command: &SplitCommand, client: &AdminClient) -> Result<String, String> {
    let answer = match command {
        SplitCommand::Status(arguments) if arguments.splits.is_empty() => {
            client.ask_split(Method::GET, "", None).await?
        }
        SplitCommand::Status(arguments) => {
            let mut splits = Vec::new();
            for id in &arguments.splits {
                splits.push(client.ask_split(Method::GET, &path_of(id), None).await?);
            }
            json!({ "splits": splits })
        }
        SplitCommand::Rate(arguments) => {
            let mut body = body(&arguments.place, arguments.terms.ttl.as_ref(), arguments.terms.reason.as_ref());
            body.insert("rate".to_owned(), rate(&arguments.rate));
            if arguments.terms.sticky {
                body.insert("sticky".to_owned(), json!(true));
            }
            changed(client, Method::PATCH, (&arguments.place, ""), body).await?
        }
        SplitCommand::Stop(arguments) => {
            let body = body(&arguments.place, arguments.ttl.as_ref(), arguments.reason.as_ref());
            changed(client, Method::POST, (&arguments.place, "/stop"), body).await?
        }
        SplitCommand::Reset(arguments) => {
            let body = body(&arguments.place, None, arguments.reason.as_ref());
            changed(client, Method::POST, (&arguments.place, "/reset"), body).await?
        }
    };
    Ok(if command.gateway().json { lines(&answer) } else { table::status(&answer) })
}

async fn changed(
    client: &AdminClient,
    method: Method,
    (place, verb): (&PlaceArgs, &str),
    body: Map<String, Value>,
) -> Result<Value, String> {
    let path = format!("{}{verb}", path_of(&place.split));
    let answer = client.ask_split(method, &path, Some(&Value::Object(body))).await;
    let answer = answer.map_err(|why| format!("{}: {why}", place.split))?;
    Ok(json!({ "splits": [answer] }))
}

fn body(place: &PlaceArgs, ttl: Option<&String>, reason: Option<&String>) -> Map<String, Value> {
    let members = [("variant", place.variant.as_ref()), ("ttl", ttl), ("reason", reason)];
    members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))).collect()
}
