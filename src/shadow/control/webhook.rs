//! Tells others what stop rules decided: a POST of JSON to where the file says.
//!
//! Promises: who decides never waits, for letters lie in a queue with a bound and a thread of their own sends them; a
//! letter that can't be sent is tried twice more, then told in the log and forgotten; nothing of the answer is read but its
//! status.

use std::{io, sync::mpsc, time::Duration};

use http::{HeaderValue, Method, Uri, header::CONTENT_TYPE};
use tokio::time::{sleep, timeout};

use crate::{
    backend::{
        Client,
        transport::{PoolLimits, Secure},
    },
    model::{Body, Headers, Outbound, body::Held},
};

/// How many letters may wait.
pub const QUEUE_MAX: usize = 64;
/// How long an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// The pauses before a letter is tried again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// What is sent, and where.
#[derive(Clone, Debug)]
pub struct Letter {
    /// An `http://` or `https://` address.
    pub url: String,
    /// JSON.
    pub body: Vec<u8>,
    /// Whom TLS believes.
    pub secure: Option<Secure>,
}

/// Where letters are posted. Its thread begins with the first and ends with it.
#[derive(Debug, Default)]
pub struct Post(Option<mpsc::SyncSender<Letter>>);

impl Post {
    /// Leaves a letter to be sent.
    pub fn leave(&mut self, letter: Letter) {
        let queue = match &self.0 {
            Some(queue) => queue,
            None => match start() {
                Ok(queue) => self.0.insert(queue),
                Err(error) => {
                    tracing::error!("no thread for webhooks ({error}): a decision is not told");
                    return;
                }
            },
        };
        if queue.try_send(letter).is_err() {
            tracing::error!("{QUEUE_MAX} decisions wait to be told to webhooks: one is not told");
        }
    }
}

fn start() -> io::Result<mpsc::SyncSender<Letter>> {
    let (queue, letters) = mpsc::sync_channel::<Letter>(QUEUE_MAX);
    let send = move || {
        let system = actix::System::new();
        while let Ok(letter) = letters.recv() {
            system.block_on(deliver(&letter));
        }
    };
    std::thread::Builder::new().name("webhook".into()).spawn(send)?;
    Ok(queue)
}

/// Sends a letter, and tries twice more if it must.
pub(super) async fn deliver(letter: &Letter) {
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(why) = attempt(letter).await else { return };
        let Some(pause) = pauses.next() else {
            tracing::error!("a decision could not be told to the webhook: {why}");
            return;
        };
        tracing::warn!("the webhook does not take a decision, trying again in {} s: {why}", pause.as_secs());
        sleep(pause).await;
    }
}

/// Sends a letter once. What is wrong is told without the address, which may hold a secret.
async fn attempt(letter: &Letter) -> Result<(), String> {
    let uri: Uri = letter.url.parse().map_err(|error| format!("its address: {error}"))?;
    let limits = PoolLimits {
        idle_per_host: 0,
        idle_time: None,
        head_time: None,
        dial_time: None,
        keep_alive_time: None,
        fallback_delay: None,
        continue_time: None,
    };
    let mut headers = Headers::with_capacity(1);
    headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let outbound = Outbound { method: Method::POST, uri, headers, asked_for_gzip: false };
    let client = Client::new(limits, letter.secure.clone().unwrap_or_else(|| Secure::new(None)));
    let body = Body::Held(Held::new(vec![letter.body.clone().into()]));
    match timeout(ANSWER_TIME, client.send(&outbound, body)).await {
        Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
        Ok(Ok(answer)) => Err(format!("it answers {}", answer.status().as_u16())),
        Ok(Err(failure)) => Err(failure.kind.label().to_owned()),
        Err(_elapsed) => Err(format!("no answer within {} s", ANSWER_TIME.as_secs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_holds_nobody_up() {
        let (queue, letters) = mpsc::sync_channel(QUEUE_MAX);
        let mut post = Post(Some(queue));
        for number in 0..=u8::MAX {
            post.leave(Letter { url: String::new(), body: vec![number], secure: None });
        }
        let left: Vec<u8> = letters.try_iter().flat_map(|letter| letter.body).collect();
        assert_eq!(left, (0..64).collect::<Vec<u8>>());
    }
}
