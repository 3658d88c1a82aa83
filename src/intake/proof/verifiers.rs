//! All that the sources of one configuration prove their deliveries with.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;

use super::{
    Form, Proof, ProofError, bearer::Bearers, connect::Connect, credentials, forge::Forge, jwks::Jwks,
    signature::Secrets,
};
use crate::{
    clock::Clock,
    config::{self, ForgeKeys, Source, Webhook},
    secret::Secret,
};

/// Tells whether deliveries are from one source.
pub struct Verifier {
    signatures: Secrets,
    bearers: Bearers,
    connect: Connect,
    forge: Option<Forge>,
    names: Names,
    clock: Arc<dyn Clock>,
}

/// The names of secrets, in their order: where each is kept.
struct Names {
    hmac: Vec<Option<Arc<str>>>,
    bearer: Vec<Option<Arc<str>>>,
    connect: Vec<Option<Arc<str>>>,
}

impl Names {
    fn of(webhook: &Webhook) -> Self {
        let names = |secrets: &[Secret]| secrets.iter().map(Secret::name).collect();
        let connect = webhook.connect.as_ref().map_or(&[][..], |connect| connect.shared_secret.as_slice());
        Self { hmac: names(&webhook.hmac), bearer: names(&webhook.bearer), connect: names(connect) }
    }
}

/// The proof of a delivery.
pub(super) struct Proved {
    pub(super) form: Form,
    /// The name of the secret that proved it, if it has one.
    pub(super) by: Option<Arc<str>>,
}

impl Proved {
    fn by(form: Form, names: &[Option<Arc<str>>], place: usize) -> Self {
        Self { form, by: names.get(place).cloned().flatten() }
    }
}

impl Verifier {
    /// Accepts only bodies signed (`X-Hub-Signature`) with any of `secrets`.
    pub fn of_signatures(secrets: &[Secret], clock: Arc<dyn Clock>) -> Self {
        let webhook = Webhook { hmac: secrets.to_vec(), ..Webhook::default() };
        Verifiers::new(&[]).of(&webhook, clock)
    }

    /// The form of the body, if it is proved to be from the source, and the secret's name.
    ///
    /// # Errors
    /// `ProofError::Unproven` if it does not verify, `ProofError::NoKeys` if the needed keys can't be fetched now.
    pub(super) async fn form_of(&self, body: &Bytes, proof: &Proof<'_>) -> Result<Proved, ProofError> {
        if let Some(place) = proof.signature.and_then(|header| self.signatures.signer(body, header)) {
            return Ok(Proved::by(Form::Webhook, &self.names.hmac, place));
        }
        let Some(authorization) = proof.authorization else { return Err(ProofError::Unproven) };
        if let Some(place) = self.bearers.accept(authorization) {
            return Ok(Proved::by(Form::AuditLog, &self.names.bearer, place));
        }
        let now = self.clock.now();
        if let Some(token) = credentials(authorization, "JWT") {
            let place = self.connect.accepts(token, proof, now).ok_or(ProofError::Unproven)?;
            return Ok(Proved::by(Form::Webhook, &self.names.connect, place));
        }
        match (credentials(authorization, "Bearer"), &self.forge) {
            (Some(token), Some(forge)) if forge.accepts(token, now).await? => {
                Ok(Proved { form: Form::Webhook, by: None })
            }
            _ => Err(ProofError::Unproven),
        }
    }
}

/// Makes the verifiers of one configuration. A refusal takes the same work for every source.
pub(in crate::intake) struct Verifiers {
    /// Digests over the body.
    signatures: usize,
    /// Digests over a Connect token.
    connect: usize,
    /// Forge's keys by their address, fetched once for all sources. A source without keys uses any of them.
    forge: HashMap<String, Arc<Jwks>>,
}

impl Verifiers {
    pub(in crate::intake) fn new(sources: &[Source]) -> Self {
        Self::knowing(&HashMap::new(), sources)
    }

    /// The verifiers of `sources`, with the keys that were fetched by these.
    pub(in crate::intake) fn after(&self, sources: &[Source]) -> Self {
        Self::knowing(&self.forge, sources)
    }

    fn knowing(fetched: &HashMap<String, Arc<Jwks>>, sources: &[Source]) -> Self {
        let most = |count: fn(&Webhook) -> usize| sources.iter().map(|source| count(&source.webhook)).max();
        let forges = sources.iter().filter_map(|source| source.webhook.forge.as_ref());
        Self {
            signatures: most(|webhook| webhook.hmac.len()).unwrap_or(0).max(1),
            connect: most(|webhook| webhook.connect.as_ref().map_or(0, |connect| connect.shared_secret.len()))
                .unwrap_or(0),
            forge: forges.map(|forge| (name_of(forge), keys_of(forge, fetched))).collect(),
        }
    }

    /// The verifier of a source that has this `webhook`; of none, the one for sources that do not exist.
    pub(in crate::intake) fn of(&self, webhook: &Webhook, clock: Arc<dyn Clock>) -> Verifier {
        let forge = match &webhook.forge {
            Some(forge) => self.forge.get(&name_of(forge)).map(|keys| Forge::new(Some(&forge.app_id), keys)),
            None => self.forge.values().next().map(|keys| Forge::new(None, keys)),
        };
        Verifier {
            signatures: Secrets::new(&webhook.hmac, self.signatures),
            bearers: Bearers::new(&webhook.bearer),
            connect: Connect::new(webhook.connect.as_ref(), self.connect),
            forge,
            names: Names::of(webhook),
            clock,
        }
    }
}

/// The keys in `fetched` with the same address: the address may not answer at the moment of a reload.
fn keys_of(forge: &config::Forge, fetched: &HashMap<String, Arc<Jwks>>) -> Arc<Jwks> {
    let known = fetched.get(&name_of(forge)).filter(|_| matches!(forge.keys, ForgeKeys::Url(_)));
    known.map_or_else(|| Arc::new(Jwks::new(&forge.keys)), Arc::clone)
}

/// Keys of a file belong to the app that names it.
fn name_of(forge: &config::Forge) -> String {
    match &forge.keys {
        ForgeKeys::Url(url) => url.to_string(),
        ForgeKeys::Fixed { .. } => format!("fixed {}", forge.app_id),
    }
}
