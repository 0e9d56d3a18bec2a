//! Tells others what stop rules decided: a POST of JSON to where the file says.
//!
//! Promises: who decides never waits, for letters lie in a queue with a bound and a thread of their own sends them; a
//! letter that can't be sent is tried twice more, then told in the log and forgotten; nothing of the answer is read but its
//! status.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

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
struct Letter {
    /// An `http://` or `https://` address.
    url: String,
    /// JSON.
    body: Vec<u8>,
    /// Whom TLS believes.
    secure: Option<Secure>,
}

/// Where letters are posted. Cheap to clone; all clones are one post, whose thread begins with the first letter and ends
/// with the last clone.
#[derive(Clone, Debug, Default)]
pub struct Post(Arc<Mutex<Office>>);

#[derive(Debug, Default)]
struct Office {
    queue: Option<mpsc::SyncSender<Letter>>,
    secure: Option<Secure>,
    /// Letters that were given up.
    untold: Arc<AtomicU64>,
}

impl Post {
    /// Says whom it believes that has a certificate.
    pub fn believe(&self, secure: Secure) {
        self.with(|office| office.secure = Some(secure));
    }

    /// Leaves JSON to be sent to an `http://` or `https://` address.
    pub fn leave(&self, url: String, body: Vec<u8>) {
        self.with(|office| office.leave(url, body));
    }

    /// How many letters were given up since the start.
    #[must_use]
    pub fn untold(&self) -> u64 {
        self.with(|office| office.untold.load(Ordering::Relaxed))
    }

    fn with<T>(&self, does: impl FnOnce(&mut Office) -> T) -> T {
        // Only moves are made under the lock, which don't panic.
        does(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Office {
    fn leave(&mut self, url: String, body: Vec<u8>) {
        let queue = match &self.queue {
            Some(queue) => queue,
            None => match start(Arc::clone(&self.untold)) {
                Ok(queue) => self.queue.insert(queue),
                Err(error) => {
                    self.untold.fetch_add(1, Ordering::Relaxed);
                    tracing::error!("no thread for webhooks ({error}): a decision is not told");
                    return;
                }
            },
        };
        if queue.try_send(Letter { url, body, secure: self.secure.clone() }).is_err() {
            self.untold.fetch_add(1, Ordering::Relaxed);
            tracing::error!("{QUEUE_MAX} decisions wait to be told to webhooks: one is not told");
        }
    }
}

fn start(untold: Arc<AtomicU64>) -> io::Result<mpsc::SyncSender<Letter>> {
    let (queue, letters) = mpsc::sync_channel::<Letter>(QUEUE_MAX);
    let send = move || {
        let system = actix::System::new();
        while let Ok(letter) = letters.recv() {
            let is_told = system.block_on(deliver(&letter));
            untold.fetch_add(u64::from(!is_told), Ordering::Relaxed);
        }
    };
    std::thread::Builder::new().name("webhook".into()).spawn(send)?;
    Ok(queue)
}

/// Sends a letter, and tries twice more if it must; tells whether it was taken.
async fn deliver(letter: &Letter) -> bool {
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(why) = attempt(letter).await else { return true };
        let Some(pause) = pauses.next() else {
            tracing::error!("a decision could not be told to the webhook: {why}");
            return false;
        };
        tracing::warn!("the webhook does not take a decision, trying again in {} s: {why}", pause.as_secs());
        sleep(pause).await;
    }
}

/// Sends a letter once. What is wrong is told without the address, which may hold a secret.
async fn attempt(letter: &Letter) -> Result<(), String> {
    let uri: Uri = letter.url.parse().map_err(|error| format!("its address: {error}"))?;
    let mut headers = Headers::with_capacity(1);
    headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let outbound = Outbound { method: Method::POST, uri, headers, asked_for_gzip: false };
    let client = Client::new(PoolLimits::default(), letter.secure.clone().unwrap_or_else(|| Secure::new(None)));
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
        let post = Post::default();
        post.with(|office| office.queue = Some(queue));
        for number in 0..=u8::MAX {
            post.leave(String::new(), vec![number]);
        }
        let left: Vec<u8> = letters.try_iter().flat_map(|letter| letter.body).collect();
        assert_eq!(left, (0..64).collect::<Vec<u8>>());
        assert_eq!(post.untold(), 256 - 64);
    }
}
