//! Forge's invocation tokens: `Authorization: Bearer …`, RS256 with keys that Atlassian publishes.
//!
//! Source: developer.atlassian.com/platform/forge/remote/essentials.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    ProofError,
    jwks::Jwks,
    token::{Validity, signed_with},
};
use crate::{domain::Timestamp, key_set::Algorithm};

/// The issuer of invocation tokens.
const ISSUER: &str = "forge/invocation-token";

/// Checks the tokens for one app.
pub(super) struct Forge {
    app_id: Option<String>,
    keys: Arc<Jwks>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    #[serde(flatten)]
    validity: Validity,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, app: &str) -> bool {
        match self {
            Self::One(one) => one == app,
            Self::Several(several) => several.iter().any(|one| one == app),
        }
    }
}

impl Forge {
    /// Accepts tokens for `app_id`; none: no token, at the same cost.
    pub fn new(app_id: Option<&str>, keys: &Arc<Jwks>) -> Self {
        Self { app_id: app_id.map(str::to_owned), keys: Arc::clone(keys) }
    }

    /// Whether `token` was made by Forge for the app and is valid at `now`.
    ///
    /// Keys are fetched only for a token with the right claims. So a stranger who does not know the app's id can't make
    /// usher call out, and can't learn from the time whether the source has an app.
    ///
    /// # Errors
    /// [`ProofError::NoKeys`] if Forge's keys are needed and can't be fetched now.
    pub async fn accepts(&self, token: &[u8], now: Timestamp) -> Result<bool, ProofError> {
        let Some(token) = signed_with("RS256", token) else { return Ok(false) };
        let (Some(kid), Some(claims)) = (&token.kid, token.claims::<Claims>()) else { return Ok(false) };
        let named = self.app_id.as_ref().is_some_and(|app| claims.aud.names(app));
        let right = named && claims.iss == ISSUER && claims.validity.holds(now);
        let key = if right { self.keys.fetch(kid).await? } else { self.keys.known(kid) };
        // The signature is checked even if the claims are wrong: otherwise the time of the answer would show the right
        // app.
        Ok(key.is_some_and(|key| key.verifies(Algorithm::RS256, token.signed, &token.signature)) && right)
    }
}
