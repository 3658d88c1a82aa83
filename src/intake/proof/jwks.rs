//! Keys that another party publishes and changes: cached for a time, and fetched again if one is missing.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use reqwest::{redirect, retry};
use tokio::{sync::Mutex, time::Instant};
use tracing::warn;
use url::Url;

use super::ProofError;
use crate::{
    config::ForgeKeys,
    key_set::{Key, KeySet},
};

/// The age from which keys are fetched again.
const REFRESH_AGE: Duration = Duration::from_secs(60 * 60);
/// The age up to which the last keys are used if fetching fails. A withdrawn key is not accepted for longer.
const USABLE: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest interval between two fetches, whatever is requested.
const APART: Duration = Duration::from_secs(30);
/// Forge gives up on a delivery after 5 s.
const FETCH_TIMEOUT: Duration = Duration::from_secs(3);
/// The document has some KiB.
const MAX_BYTES: usize = 256 * 1024;

/// The keys behind one URL, or fixed ones.
pub(super) struct Jwks {
    origin: Option<Url>,
    cache: RwLock<Cache>,
    /// Held while keys are fetched, so that it is done once for all who wait.
    fetching: Mutex<()>,
}

#[derive(Clone, Default)]
struct Cache {
    keys: Option<Arc<KeySet>>,
    fetched: Option<Instant>,
    /// The time of the request that they answered.
    asked: Option<Instant>,
    tried: Option<Instant>,
}

impl Cache {
    fn younger_than(moment: Option<Instant>, age: Duration) -> bool {
        moment.is_some_and(|moment| moment.elapsed() < age)
    }

    fn key(&self, kid: &str) -> Option<Key> {
        self.keys.as_ref()?.get(kid).cloned()
    }
}

/// Why keys could not be fetched.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the call failed: {}", crate::words::call(.0))]
    Call(#[from] reqwest::Error),
    #[error("the answer was {0}")]
    Status(reqwest::StatusCode),
    #[error("the answer is longer than 256 KiB")]
    TooLong,
    #[error(transparent)]
    Invalid(#[from] crate::key_set::InvalidKeySet),
}

impl Jwks {
    /// A key set. Nothing is fetched before a key is requested.
    pub fn new(keys: &ForgeKeys) -> Self {
        let (origin, keys) = match keys {
            ForgeKeys::Url(url) => (Some(url.clone()), None),
            ForgeKeys::Fixed { keys, .. } => (None, Some(Arc::new(keys.clone()))),
        };
        let cache = Cache { keys, ..Cache::default() };
        Self { origin, cache: RwLock::new(cache), fetching: Mutex::new(()) }
    }

    /// The key called `kid`, if it is known; fetches nothing.
    pub fn known(&self, kid: &str) -> Option<Key> {
        let cache = self.cache();
        let usable = self.origin.is_none() || Cache::younger_than(cache.fetched, USABLE);
        cache.key(kid).filter(|_| usable)
    }

    /// The key called `kid`, fetched if it is not known or not fresh; none: there is no such key. It is none only by
    /// keys that were requested after this call. A key that was made a moment ago was not among the earlier ones, and a
    /// delivery that is refused for good does not come again.
    ///
    /// # Errors
    /// [`ProofError::NoKeys`] if the key is not known, and the keys can't be fetched now.
    pub async fn fetch(&self, kid: &str) -> Result<Option<Key>, ProofError> {
        let now = Instant::now();
        let Some(url) = &self.origin else { return Ok(self.known(kid)) };
        if !self.is_settled(kid) {
            let _only_one = self.fetching.lock().await;
            // Another caller may have fetched them meanwhile.
            if !self.is_settled(kid) && !Cache::younger_than(self.cache().tried, APART) {
                self.refresh(url).await;
            }
        }
        match self.known(kid) {
            Some(key) => Ok(Some(key)),
            None if self.cache().asked >= Some(now) => Ok(None),
            None => Err(ProofError::NoKeys),
        }
    }

    fn is_settled(&self, kid: &str) -> bool {
        let cache = self.cache();
        Cache::younger_than(cache.fetched, REFRESH_AGE) && cache.key(kid).is_some()
    }

    async fn refresh(&self, url: &Url) {
        let asked = Instant::now();
        match download(url).await {
            Ok(keys) => self.learn(keys, asked),
            Err(error) => {
                warn!(url = %url, %error, "the keys for Forge's tokens could not be fetched");
                self.cache.write().unwrap_or_else(PoisonError::into_inner).tried = Some(Instant::now());
            }
        }
    }

    /// Stores `keys` as the present ones; they were requested at `asked`.
    pub(super) fn learn(&self, keys: KeySet, asked: Instant) {
        let now = Some(Instant::now());
        *self.cache.write().unwrap_or_else(PoisonError::into_inner) =
            Cache { keys: Some(Arc::new(keys)), fetched: now, asked: Some(asked), tried: now };
    }

    fn cache(&self) -> Cache {
        self.cache.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A client for one fetch. It is made each time, which happens about once an hour.
fn client() -> Result<reqwest::Client, reqwest::Error> {
    // The first caller installs it; all providers in this process are the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
        .timeout(FETCH_TIMEOUT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .build()
}

async fn download(url: &Url) -> Result<KeySet, Error> {
    let mut response = client()?.get(url.clone()).send().await.map_err(reqwest::Error::without_url)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(Error::Status(response.status()));
    }
    let mut text = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if text.len() + chunk.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        text.extend_from_slice(&chunk);
    }
    Ok(KeySet::parse_rs256(&text)?)
}
