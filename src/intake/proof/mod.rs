//! The proofs of a delivery's sender. Any of the source's proofs is enough.
//!
//! Time does not distinguish sources here: a refusal takes as much work for a source that does not exist, or that has
//! one secret, as for the one with the most secrets.

mod bearer;
mod connect;
mod forge;
mod jwks;
mod qsh;
mod signature;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod token;
mod verifiers;

pub use verifiers::Verifier;
pub(super) use verifiers::Verifiers;

use std::sync::Arc;

use bytes::Bytes;

use crate::source::ProofForm;

/// Why a delivery is not taken. All that is not proved looks alike from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not from who it should be.
    #[error("nothing proves that the delivery is from the source")]
    Unproven,
    /// It may well be, but the keys to prove it can't be had now.
    #[error("the keys that would prove the delivery can't be had now")]
    NoKeys,
}

/// All of a request but the body that may prove who sent it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Proof<'r> {
    /// `X-Hub-Signature`.
    pub signature: Option<&'r [u8]>,
    /// `Authorization`.
    pub authorization: Option<&'r [u8]>,
    /// The method, in upper case.
    pub method: &'r str,
    /// The path as sent, still percent-encoded.
    pub path: &'r str,
    /// The query after `?`, still percent-encoded.
    pub query: &'r str,
}

impl Proof<'_> {
    /// The form of the proof, without checking it.
    pub fn form(&self) -> ProofForm {
        let authorization = |scheme: &str| self.authorization.is_some_and(|text| credentials(text, scheme).is_some());
        match self {
            Self { signature: Some(_), .. } => ProofForm::Hmac,
            Self { authorization: None, .. } => ProofForm::None,
            _ if authorization("Bearer") => ProofForm::Bearer,
            _ if authorization("JWT") => ProofForm::Jwt,
            _ => ProofForm::Authorization,
        }
    }
}

/// The form of a delivery's body, which follows from how it was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One event of a webhook.
    Webhook,
    /// Entries of an audit log.
    AuditLog,
}

/// A delivery whose sender has not been proved. There is nothing to do with it but verify it.
pub struct Unverified<'r> {
    body: Bytes,
    proof: Proof<'r>,
}

/// A delivery whose sender has been proved; only [`Unverified::verify`] makes one, and only this can be read.
#[derive(Clone)]
pub struct Verified {
    body: Bytes,
    form: Form,
    by: Option<Arc<str>>,
}

impl<'r> Unverified<'r> {
    /// A delivery with the proof that came with its body.
    pub fn new(body: Bytes, proof: Proof<'r>) -> Self {
        Self { body, proof }
    }

    /// Proves that `verifier`'s source sent it.
    ///
    /// # Errors
    /// [`ProofError::Unproven`] if nothing in the request proves it, [`ProofError::NoKeys`] if the needed keys can't be
    /// fetched now.
    pub async fn verify(self, verifier: &Verifier) -> Result<Verified, ProofError> {
        let verifiers::Proved { form, by } = verifier.form_of(&self.body, &self.proof).await?;
        Ok(Verified { body: self.body, form, by })
    }
}

impl Verified {
    /// The raw body, as it was sent.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The name of the secret that proved it, if it has one.
    pub(super) fn proved_by(&self) -> Option<&Arc<str>> {
        self.by.as_ref()
    }

    /// The form of the body.
    pub(super) fn form(&self) -> Form {
        self.form
    }
}

/// The credentials after `scheme` and a blank; the case of the scheme does not matter.
fn credentials<'a>(authorization: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    let (name, rest) = authorization.split_at_checked(scheme.len())?;
    let rest = rest.strip_prefix(b" ")?;
    name.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest.trim_ascii())
}
