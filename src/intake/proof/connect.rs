//! Connect's tokens: `Authorization: JWT …`, HS256 with the secret that the app got when it was installed.
//!
//! Source: developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps.

use serde::Deserialize;

use super::{
    Proof,
    qsh::query_string_hash,
    signature::Secrets,
    token::{Validity, signed_with},
};
use crate::{config, domain::Timestamp};

/// Checks the tokens of one installation of one app.
pub(super) struct Connect {
    client_key: Option<String>,
    base_path: String,
    secrets: Secrets,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    qsh: String,
    #[serde(flatten)]
    validity: Validity,
}

impl Connect {
    /// Accepts tokens by `config`; none: no token. A refusal costs `rounds` digests.
    pub fn new(config: Option<&config::Connect>, rounds: usize) -> Self {
        Self {
            client_key: config.map(|config| config.client_key.clone()),
            base_path: config.map_or("/", |config| &config.base_path).to_owned(),
            secrets: Secrets::new(config.map_or(&[], |config| &config.shared_secret), rounds),
        }
    }

    /// The place of the secret that signed `token`, if the installation made it, for this very request, and it counts at
    /// `now`.
    pub fn accepts(&self, token: &[u8], request: &Proof<'_>, now: Timestamp) -> Option<usize> {
        let token = signed_with("HS256", token)?;
        let signature = <[u8; 32]>::try_from(token.signature.as_slice()).ok()?;
        let place = self.secrets.accept(token.signed, &signature)?;
        let claims = token.claims::<Claims>()?;
        let hash = query_string_hash(request.method, request.path, request.query, &self.base_path);
        let counts = self.client_key.as_ref() == Some(&claims.iss) && claims.qsh == hash && claims.validity.holds(now);
        counts.then_some(place)
    }
}
