//! The identity provider: its endpoints and keys, kept for a time, and the two steps of a sign-in.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Mutex, Semaphore},
    time::Instant,
};
use tracing::{info, warn};
use url::Url;

use super::{
    Attempt, Error, Person, TokenFault,
    endpoints::{self, Endpoints},
    http::{Http, away},
    id_token::{Claims, Expected},
};
use crate::{
    config::Oidc,
    domain::Timestamp,
    json_web_token::Token,
    key_set::{Algorithm, KeySet, Verdict},
    rate_limited_log::LogLimiter,
};

/// The age from which endpoints and keys are fetched again.
const REFRESH_AGE: Duration = Duration::from_hours(1);
/// The age up to which the last ones are used if fetching fails. A withdrawn key is not accepted for longer.
const USABLE: Duration = Duration::from_hours(24);
/// The shortest time between two fetches because of a key that is not known.
const KEYS_APART: Duration = Duration::from_secs(30);
/// The time after a failed fetch in which it is not tried again. People wait.
const FAILURES_APART: Duration = Duration::from_secs(5);
/// People who may sign in at the same time.
const MAX_AT_ONCE: usize = 16;
/// The longest ID token, in bytes. With some thousand groups in it, it is as long.
const MAX_TOKEN: usize = 64 * 1024;

/// See the module.
pub struct Provider {
    config: Oidc,
    known: RwLock<Option<Known>>,
    /// Held while something is fetched, so that it is done once for all who wait.
    fetching: Mutex<Fetching>,
    turns: Semaphore,
    lines: LogLimiter,
}

/// The fetches of late.
#[derive(Default)]
struct Fetching {
    failure: Option<(Instant, Error)>,
    /// The last one because of a key that was not known.
    for_key: Option<Instant>,
}

/// The provider as it described itself.
#[derive(Clone)]
struct Known {
    endpoints: Arc<Endpoints>,
    keys: Arc<KeySet>,
    fetched: Instant,
    keys_fetched: Instant,
}

/// The answer with tokens. Only one of them is used.
#[derive(Deserialize)]
struct Tokens {
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Provider {
    /// A provider. Nothing is called before somebody signs in.
    pub fn new(config: Oidc) -> Self {
        let (turns, lines) = (Semaphore::new(MAX_AT_ONCE), LogLimiter::once_a_minute());
        Self { config, known: RwLock::default(), fetching: Mutex::default(), turns, lines }
    }

    /// The settings.
    pub fn config(&self) -> &Oidc {
        &self.config
    }

    /// Stands for the issuer and for usher's id there. What one provider proved counts for no other one.
    pub fn fingerprint(&self) -> String {
        digest(&[&self.config.issuer, &self.config.client_id])
    }

    /// Stands for `person`, whatever their name is: for as long as the provider is the same.
    pub fn lasting_id(&self, person: &Person) -> String {
        digest(&[&self.config.issuer, &person.subject])
    }

    /// Begins a sign-in that leads to the page `to`. Gives the address at the provider, from where the person comes
    /// back to `back`. With `max_age` the provider is to let nobody in who proved themselves longer ago than that.
    ///
    /// # Errors
    /// [`Error::Away`] if the provider's endpoints are not known and can't be fetched now; [`Error::Busy`].
    pub async fn begin(
        &self,
        to: &str,
        back: &Url,
        max_age: Option<Duration>,
        now: Timestamp,
    ) -> Result<(Url, Attempt), Error> {
        let _turn = self.turns.try_acquire().map_err(|_| Error::Busy)?;
        let known = self.told(self.known().await)?;
        let attempt = Attempt::begin(to, max_age, now);
        Ok((attempt.address(&known.endpoints.authorization, &self.config, back), attempt))
    }

    /// Ends a sign-in: exchanges `code`, and gives the person of the ID token once everything in that is checked.
    ///
    /// # Errors
    /// [`Error::Away`] if the provider can't be called or does not answer as it should, [`Error::Code`] and
    /// [`Error::Client`] if it accepts the code or usher not, [`Error::Token`] if its token can't be trusted,
    /// [`Error::Busy`].
    pub async fn finish(&self, attempt: &Attempt, code: &str, back: &Url, now: Timestamp) -> Result<Person, Error> {
        let _turn = self.turns.try_acquire().map_err(|_| Error::Busy)?;
        self.told(self.exchanged(attempt, code, back, now).await)
    }

    /// `outcome`, with a failure written to the log.
    fn told<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &outcome
            && let Some(suppressed) = self.lines.permit()
        {
            warn!(issuer = self.config.issuer, %error, suppressed, "nobody could be signed in by the identity provider");
        }
        outcome
    }

    async fn exchanged(&self, attempt: &Attempt, code: &str, back: &Url, now: Timestamp) -> Result<Person, Error> {
        let known = self.known().await?;
        let text = self.id_token(&known.endpoints, attempt, code, back).await?;
        let token = Token::parse(text.as_bytes(), MAX_TOKEN).ok_or(TokenFault::Missing)?;
        let algorithm = Algorithm::named(&token.algorithm).ok_or(TokenFault::Algorithm)?;
        let claims = Claims(token.claims().ok_or(TokenFault::Missing)?);
        let Oidc { issuer, client_id, groups_claim, .. } = &self.config;
        Expected { issuer, client_id, attempt, now }.check(&claims)?;
        self.check_signature(&token, algorithm, &known).await?;
        Ok(Person::of(&claims, groups_claim, issuer)?)
    }

    /// Exchanges the code.
    async fn id_token(&self, endpoints: &Endpoints, of: &Attempt, code: &str, back: &Url) -> Result<String, Error> {
        let Oidc { client_id, client_secret, .. } = &self.config;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back.as_str()),
            ("code_verifier", &of.verifier),
            ("client_id", client_id),
        ];
        let mut client = Some((client_id.as_str(), client_secret));
        if endpoints.secret_in_form {
            form.push(("client_secret", client_secret.reveal()));
            client = None;
        }
        let (status, body) = Http::new(&self.config.transport)?.post(&endpoints.token, &form, client).await?;
        if status.is_success() {
            let tokens: Tokens = serde_json::from_slice(&body).map_err(|error| {
                away(&endpoints.token, &format!("the answer has no tokens: {}", crate::words::json(&error)))
            })?;
            return tokens.id_token.ok_or_else(|| TokenFault::Missing.into());
        }
        let refusal = serde_json::from_slice::<Refusal>(&body).ok().map(|refusal| word(&refusal.error));
        Err(match refusal {
            Some(error) if matches!(error.as_str(), "invalid_client" | "unauthorized_client") => Error::Client(error),
            Some(error) if status.is_client_error() => Error::Code(error),
            _ => away(&endpoints.token, &format!("the answer was {status}")),
        })
    }

    /// Keys are fetched again if the token names one that is not known: it may be new.
    async fn check_signature(&self, token: &Token<'_>, by: Algorithm, known: &Known) -> Result<(), Error> {
        let check = |keys: &KeySet| keys.check(by, token.kid.as_deref(), token.signed, &token.signature);
        let verdict = match check(&known.keys) {
            Verdict::UnknownKey => {
                let newer = self.newer_keys(known).await?;
                check(&newer)
            }
            verdict => verdict,
        };
        if verdict == Verdict::Right { Ok(()) } else { Err(TokenFault::Signature.into()) }
    }

    /// Endpoints and keys, fetched if they are not known or not fresh.
    async fn known(&self) -> Result<Known, Error> {
        if let Some(known) = self.kept(REFRESH_AGE) {
            return Ok(known);
        }
        let mut fetching = self.fetching.lock().await;
        if let Some(known) = self.kept(REFRESH_AGE) {
            return Ok(known); // another one has fetched them meanwhile
        }
        let recent =
            fetching.failure.as_ref().filter(|(at, _)| at.elapsed() < FAILURES_APART).map(|(_, error)| error.clone());
        let error = match recent {
            Some(error) => error,
            None => match self.discovered().await {
                Ok(known) => {
                    fetching.failure = None;
                    self.keep(known.clone());
                    return Ok(known);
                }
                Err(error) => {
                    fetching.failure = Some((Instant::now(), error.clone()));
                    error
                }
            },
        };
        self.kept(USABLE).ok_or(error)
    }

    /// The keys that were fetched after those of `known`.
    async fn newer_keys(&self, known: &Known) -> Result<Arc<KeySet>, Error> {
        let mut fetching = self.fetching.lock().await;
        if let Some(now) = self.kept(USABLE).filter(|now| now.keys_fetched > known.keys_fetched) {
            return Ok(now.keys);
        }
        let url = &known.endpoints.keys;
        if fetching.for_key.is_some_and(|at| at.elapsed() < KEYS_APART) {
            return Err(away(url, "a token names a key that was not there a moment ago; it is looked for again soon"));
        }
        fetching.for_key = Some(Instant::now());
        let keys = Arc::new(self.keys(url).await?);
        self.keep(Known { keys: Arc::clone(&keys), keys_fetched: Instant::now(), ..known.clone() });
        Ok(keys)
    }

    async fn discovered(&self) -> Result<Known, Error> {
        let from = endpoints::address(&self.config.issuer)?;
        let text = Http::new(&self.config.transport)?.get(&from).await?;
        let endpoints = Arc::new(Endpoints::read(&text, &self.config.issuer, &from)?);
        let keys = Arc::new(self.keys(&endpoints.keys).await?);
        let fetched = Instant::now();
        info!(issuer = self.config.issuer, "the identity provider's endpoints and keys are known");
        Ok(Known { endpoints, keys, fetched, keys_fetched: fetched })
    }

    async fn keys(&self, url: &Url) -> Result<KeySet, Error> {
        let text = Http::new(&self.config.transport)?.get(url).await?;
        KeySet::parse(&text).map_err(|error| away(url, &format!("its keys can't be used: {error}")))
    }

    fn kept(&self, at_most: Duration) -> Option<Known> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.clone().filter(|known| known.fetched.elapsed() < at_most)
    }

    fn keep(&self, known: Known) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
    }
}

/// The name of an error, if it is one: what a provider writes beside it may name people.
fn word(error: &str) -> String {
    let is_word = error.len() <= 40 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word { error.to_owned() } else { "another error".to_owned() }
}

fn digest(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    hex::encode(&digest.finalize()[..16])
}
