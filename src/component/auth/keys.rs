//! Where a component gets its keys from: a file read at start, or an address asked when a key is needed.
//!
//! Promises: with a cache an address is asked once at a time, and those who wait share what came of it; what is
//! remembered has bounds in number and in time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    key::{Key, Material, read_set},
    key_host::{KeyHost, KeyHosts},
    token::Token,
};

/// So many names of keys that don't exist are remembered; clients choose them.
const UNKNOWN_MAX: usize = 1024;

/// How a token names its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// By `kid`.
    #[default]
    Id,
    /// By the SHA-1 of its certificate, by `kid` where the token has none.
    Thumbprint,
    /// By the SHA-256 of its certificate, likewise.
    Thumbprint256,
    /// By `kid` and SHA-1, one after the other.
    IdAndThumbprint,
}

impl Naming {
    /// The naming of this name; anything unknown names by `kid`, as in the original.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "x5t" => Self::Thumbprint,
            "x5t#S256" => Self::Thumbprint256,
            "kid_x5t" => Self::IdAndThumbprint,
            _ => Self::Id,
        }
    }

    /// The name of the key that signed a token.
    #[must_use]
    pub fn wanted(self, token: &Token<'_>) -> String {
        let or_id = |name: &str| match token.header(name) {
            "" => token.header("kid").to_owned(),
            thumbprint => thumbprint.trim_end_matches('=').to_owned(),
        };
        match self {
            Self::Id => token.header("kid").to_owned(),
            Self::Thumbprint => or_id("x5t"),
            Self::Thumbprint256 => or_id("x5t#S256"),
            Self::IdAndThumbprint => match token.header("x5t") {
                "" => token.header("kid").to_owned(),
                thumbprint => format!("{}{}", token.header("kid"), thumbprint.trim_end_matches('=')),
            },
        }
    }

    fn name_of(self, key: &Key) -> String {
        match self {
            Self::Id => key.id.clone(),
            Self::Thumbprint => key.thumbprint.clone(),
            Self::Thumbprint256 => key.thumbprint_256.clone(),
            Self::IdAndThumbprint => format!("{}{}", key.id, key.thumbprint),
        }
    }
}

/// Keys by name.
type ByName = HashMap<String, Arc<Material>>;

/// Where keys come from.
#[derive(Debug)]
pub enum Keys {
    /// They are known for good.
    Fixed(ByName),
    /// They are asked for, every time or when the cache has none.
    Asked(Box<Asked>),
}

/// An address with what is remembered of it.
#[derive(Debug)]
pub struct Asked {
    host: KeyHost,
    hosts: Arc<dyn KeyHosts>,
    naming: Naming,
    /// How long keys are kept; nothing asks every time.
    keep: Option<Duration>,
    /// How long a name that no key has is not asked for again.
    cooldown: Option<Duration>,
    known: Mutex<Option<(Instant, Arc<ByName>)>>,
    unknown: Mutex<HashMap<String, Instant>>,
    /// Held by whoever asks the address.
    turn: tokio::sync::Mutex<()>,
    /// How often the address has been asked.
    asked: AtomicU64,
}

impl Keys {
    /// These keys, for good.
    #[must_use]
    pub fn fixed(keys: &[Key], naming: Naming) -> Self {
        Self::Fixed(by_name(keys, naming))
    }

    /// The keys an address publishes, kept for `keep` if at all.
    #[must_use]
    pub fn asked(
        host: KeyHost,
        hosts: Arc<dyn KeyHosts>,
        naming: Naming,
        keep: Option<Duration>,
        cooldown: Option<Duration>,
    ) -> Self {
        Self::Asked(Box::new(Asked {
            host,
            hosts,
            naming,
            keep,
            cooldown,
            known: Mutex::default(),
            unknown: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            asked: AtomicU64::new(0),
        }))
    }

    /// The key of this name.
    ///
    /// # Errors
    /// When there is none, or none can be had.
    pub async fn find(&self, name: &str) -> Result<Arc<Material>, String> {
        match self {
            Self::Fixed(keys) => keys.get(name).cloned().ok_or_else(no_such_key),
            Self::Asked(asked) => asked.find(name).await,
        }
    }
}

impl Asked {
    async fn find(&self, name: &str) -> Result<Arc<Material>, String> {
        let Some(keep) = self.keep else {
            return self.ask().await?.get(name).cloned().ok_or_else(no_such_key);
        };
        if let Some(key) = self.kept(keep, name) {
            return Ok(key);
        }
        if self.is_cooling(name) {
            return Err(no_such_key());
        }
        let before = self.asked.load(Ordering::Acquire);
        let _turn = self.turn.lock().await;
        // Somebody asked while this one waited: what came of that counts for both.
        if self.asked.load(Ordering::Acquire) != before {
            return self.kept(keep, name).ok_or_else(no_such_key);
        }
        let outcome = self.ask().await;
        self.asked.fetch_add(1, Ordering::Release);
        let keys = Arc::new(outcome?);
        *locked(&self.known) = Some((Instant::now(), Arc::clone(&keys)));
        let found = keys.get(name).cloned();
        if found.is_none() {
            self.remember_unknown(name);
        }
        found.ok_or_else(no_such_key)
    }

    fn kept(&self, keep: Duration, name: &str) -> Option<Arc<Material>> {
        let known = locked(&self.known);
        let (since, keys) = known.as_ref()?;
        if since.elapsed() < keep { keys.get(name).cloned() } else { None }
    }

    fn is_cooling(&self, name: &str) -> bool {
        self.cooldown
            .is_some_and(|cooldown| locked(&self.unknown).get(name).is_some_and(|since| since.elapsed() < cooldown))
    }

    fn remember_unknown(&self, name: &str) {
        let Some(cooldown) = self.cooldown else { return };
        let mut unknown = locked(&self.unknown);
        if unknown.len() >= UNKNOWN_MAX {
            unknown.retain(|_, since| since.elapsed() < cooldown);
        }
        if unknown.len() < UNKNOWN_MAX {
            unknown.insert(name.to_owned(), Instant::now());
        }
    }

    async fn ask(&self) -> Result<ByName, String> {
        let document = self.hosts.fetch(&self.host).await?;
        let is_set = ["application/json", "application/jwk-set+json"]
            .iter()
            .any(|wanted| document.content_type.starts_with(wanted));
        if !is_set {
            return Err(format!("invalid content type {:?}", document.content_type));
        }
        Ok(by_name(&read_set(&document.text)?, self.naming))
    }
}

/// Of keys with one name the first counts.
fn by_name(keys: &[Key], naming: Naming) -> ByName {
    keys.iter().rev().map(|key| (naming.name_of(key), Arc::new(key.material.clone()))).collect()
}

fn no_such_key() -> String {
    "no keys has been found".to_owned()
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::future::LocalBoxFuture;

    use super::{super::key_host::KeyDocument, *};

    /// An address that publishes one key, and counts.
    #[derive(Debug, Default)]
    struct OneKey(AtomicU64);

    impl KeyHosts for OneKey {
        fn fetch<'a>(&'a self, _from: &'a KeyHost) -> LocalBoxFuture<'a, Result<KeyDocument, String>> {
            Box::pin(async move {
                self.0.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                let text = Bytes::from_static(br#"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"}]}"#);
                Ok(KeyDocument { content_type: "application/json; charset=utf-8".into(), text })
            })
        }
    }

    fn keys(keep: Option<u64>, cooldown: Option<u64>) -> (Arc<OneKey>, Keys) {
        let hosts = Arc::new(OneKey::default());
        let host = KeyHost { url: "https://id.example/".into(), is_insecure: false, authority: None };
        let seconds = |time: Option<u64>| time.map(Duration::from_secs);
        let shared = Arc::clone(&hosts) as Arc<dyn KeyHosts>;
        (hosts, Keys::asked(host, shared, Naming::Id, seconds(keep), seconds(cooldown)))
    }

    #[tokio::test]
    async fn without_a_cache_the_address_is_asked_every_time() {
        let (hosts, keys) = keys(None, None);
        for _ in 0..3 {
            assert!(keys.find("a").await.is_ok());
        }
        assert_eq!(hosts.0.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn with_a_cache_it_is_asked_once_for_all_until_the_time_is_over() {
        let (hosts, keys) = keys(Some(60), None);
        let (one, two) = tokio::join!(keys.find("a"), keys.find("a"));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(hosts.0.load(Ordering::Relaxed), 1);
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(keys.find("a").await.is_ok());
        assert_eq!(hosts.0.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_name_is_asked_for_once_per_cooldown() {
        let (hosts, keys) = keys(Some(60), Some(10));
        for _ in 0..3 {
            assert!(keys.find("nope").await.is_err());
        }
        assert_eq!(hosts.0.load(Ordering::Relaxed), 1);
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(keys.find("nope").await.is_err());
        assert_eq!(hosts.0.load(Ordering::Relaxed), 2);
    }
}
