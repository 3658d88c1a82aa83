//! The claims of an ID token, checked as OpenID Connect Core 1.0, 3.1.3.7 says.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Attempt, TokenFault};
use crate::domain::Timestamp;

/// The allowed difference of the provider's clock.
const SKEW: Duration = Duration::from_mins(1);

/// The claims that a token is checked against.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e str,
    pub(super) client_id: &'e str,
    pub(super) attempt: &'e Attempt,
    pub(super) now: Timestamp,
}

/// Claims of a token. [`Expected::check`] says whether they are right; nothing here checks the signature.
pub(super) struct Claims(pub(super) Map<String, Value>);

impl Expected<'_> {
    /// Whether the token is of this provider, for usher, for this sign-in, and valid now.
    ///
    /// # Errors
    /// [`TokenFault`] of the first claim that is not right.
    pub(super) fn check(&self, claims: &Claims) -> Result<(), TokenFault> {
        if claims.text("iss")? != self.issuer {
            return Err(TokenFault::Issuer);
        }
        self.check_audience(claims)?;
        if claims.text("nonce")? != self.attempt.nonce {
            return Err(TokenFault::Nonce);
        }
        if self.now.minus(SKEW) >= claims.time("exp")? {
            return Err(TokenFault::Expired);
        }
        let issued = claims.time("iat")?;
        if issued < self.attempt.began.minus(SKEW) || issued > self.now.plus(SKEW) {
            return Err(TokenFault::Issued);
        }
        if claims.0.contains_key("nbf") && claims.time("nbf")? > self.now.plus(SKEW) {
            return Err(TokenFault::Issued);
        }
        self.check_age(claims)
    }

    /// With several audiences it has to be told to which of them the token was given.
    fn check_audience(&self, claims: &Claims) -> Result<(), TokenFault> {
        let (is_named, count) = match claims.0.get("aud") {
            Some(Value::String(one)) => (one == self.client_id, 1),
            Some(Value::Array(several)) => (several.iter().any(|one| one == self.client_id), several.len()),
            _ => return Err(TokenFault::Claim("aud")),
        };
        let is_given = match claims.0.get("azp") {
            None => count == 1,
            Some(party) => party == self.client_id,
        };
        if is_named && is_given { Ok(()) } else { Err(TokenFault::Audience) }
    }

    /// A provider that was asked to let nobody in without signing in again, and tells when that was, has to have done so.
    fn check_age(&self, claims: &Claims) -> Result<(), TokenFault> {
        let (Some(max_age), Some(at)) = (self.attempt.max_age, claims.authenticated()) else { return Ok(()) };
        let oldest = self.attempt.began.minus(Duration::from_secs(max_age)).minus(SKEW);
        if at < oldest { Err(TokenFault::NotAgain) } else { Ok(()) }
    }
}

impl Claims {
    /// A claim that has to be a text.
    ///
    /// # Errors
    /// [`TokenFault::Claim`] if it is missing, empty or something else.
    pub(super) fn text(&self, name: &'static str) -> Result<&str, TokenFault> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or(TokenFault::Claim(name))
    }

    /// A time, in seconds since 1970.
    fn time(&self, name: &'static str) -> Result<Timestamp, TokenFault> {
        self.0.get(name).and_then(seconds).ok_or(TokenFault::Claim(name))
    }

    /// When the person proved themselves to the provider, if it says so.
    pub(super) fn authenticated(&self) -> Option<Timestamp> {
        self.0.get("auth_time").and_then(seconds)
    }
}

/// Some providers write fractions.
fn seconds(value: &Value) -> Option<Timestamp> {
    #[allow(clippy::cast_possible_truncation, reason = "what is out of range is no time, and refused as one")]
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))?;
    Some(Timestamp::from_millis(seconds.saturating_mul(1000)))
}
