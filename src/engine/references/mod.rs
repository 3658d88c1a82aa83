//! References: whether the groups, users and applications that schemes and `protect` name exist in the product.
//!
//! A name that the product does not have protects nobody, and nobody notices. So each name is looked up in the
//! background ([`rounds`]). The guard asks before a step that takes something away, and holds the step for a missing
//! protective name. A name that has not been looked up since the start is looked up at once.

mod findings;
mod lookup;
mod mentions;
mod report;
mod rounds;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    config::Protect,
    domain::{Mention, Product, Reference, ReferenceKind, SchemeId, SourceId, UserId},
    live::Live,
    metrics::Metrics,
    products::Error,
    runtime::Interrupted,
    source::Connection,
    source::read::refused,
};
use findings::Change;
use findings::Findings;
use mentions::Mentions;

pub use lookup::{Finding, Missing};
pub use mentions::WrittenSchemes;
pub use report::{ReferenceReport, Unresolved};
pub use rounds::LookUps;

/// The names of one source and its schemes, with the findings about them.
pub struct References {
    connection: Arc<Connection>,
    product: Product,
    protect: Live<Protect>,
    schemes: Arc<dyn WrittenSchemes>,
    changes: watch::Receiver<u64>,
    mentions: Mutex<Option<(u64, Arc<Mentions>)>>,
    findings: Findings,
    look_ups: LookUps,
    metrics: Metrics,
    /// Held during a look-up for a step: the others wait, and use the finding.
    turn: Turn<()>,
}

impl References {
    /// The source of the names.
    pub fn source(&self) -> &SourceId {
        &self.connection.source
    }
}

/// The reason why a step must not be done: a name that protects users can't be resolved.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    pub(super) why: String,
    /// The product's error, if it could not be asked.
    pub(super) error: Option<Error>,
    /// Whether no later look-up can lift it: the user is listed. A missing name may be mended at any time.
    pub(super) certain: bool,
}

impl References {
    /// The names in `protect` and in `schemes` of the source of `connection`, which is a `product`. Nothing is looked
    /// up yet.
    pub fn new(
        connection: Arc<Connection>,
        product: Product,
        protect: impl Into<Live<Protect>>,
        schemes: Arc<dyn WrittenSchemes>,
        look_ups: LookUps,
        metrics: Metrics,
    ) -> Arc<Self> {
        let (changes, mentions) = (schemes.schemes_changed(), Mutex::new(None));
        let (protect, findings) = (protect.into(), Findings::new(look_ups));
        let turn = Turn::new(());
        Arc::new(Self { connection, product, protect, schemes, changes, mentions, findings, look_ups, metrics, turn })
    }

    /// Whether a step of `scheme` that takes something away may be done to `user`, as far as names go that protect
    /// users. Looks up what is not known; waits for the product.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first. The inner error is final: it comes after all retries.
    pub(super) async fn protections(
        &self,
        scheme: &SchemeId,
        user: &UserId,
        stop: &CancellationToken,
    ) -> Result<Result<(), Doubt>, Interrupted> {
        let mentions = self.mentions();
        let mut doubt = None;
        for mention in mentions.protective(scheme) {
            let reference = mention.reference();
            let told = self.settle(&reference, stop).await?;
            if self.findings.account(&reference).as_ref() == Some(user) {
                let why = format!("the user is listed in `{}`", mention.at);
                return Ok(Err(Doubt { why, error: None, certain: true }));
            }
            let found = match told {
                Ok(Finding::There(_)) => None,
                Ok(Finding::Missing(missing)) => {
                    Some(Doubt { why: unresolved(mention, &missing), error: None, certain: false })
                }
                Err(error) => {
                    let why = format!(
                        "the product does not tell whether `{}` in `{}` is there",
                        reference.shown(),
                        mention.at
                    );
                    Some(Doubt { why, error: Some(error), certain: false })
                }
            };
            doubt = doubt.or(found);
        }
        Ok(doubt.map_or(Ok(()), Err))
    }

    /// Looks up the names of exempt users that were not looked up yet, so that [`References::called`] knows all of
    /// them.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn settle_exempt_users(&self, stop: &CancellationToken) -> Result<(), Interrupted> {
        for name in &self.mentions().exempt_users {
            let reference = Reference { kind: ReferenceKind::User, name: name.clone() };
            if self.findings.is_unknown(&reference) {
                // If the product does not answer, steps that take something away are held.
                let _told = self.settle(&reference, stop).await?;
            }
        }
        Ok(())
    }

    /// The names of exempt users that mean `user`.
    pub fn called(&self, user: &UserId) -> Vec<String> {
        let mentions = self.mentions();
        let means = |name: &&String| {
            let reference = Reference { kind: ReferenceKind::User, name: (*name).clone() };
            self.findings.account(&reference).as_ref() == Some(user)
        };
        mentions.exempt_users.iter().filter(means).cloned().collect()
    }

    /// The finding about `reference`, or else the product's answer now.
    async fn settle(
        &self,
        reference: &Reference,
        stop: &CancellationToken,
    ) -> Result<Result<Finding, Error>, Interrupted> {
        if let Some(known) = self.findings.fresh(reference) {
            return Ok(known);
        }
        let _turn = stop.run_until_cancelled(self.turn.lock()).await.ok_or(Interrupted)?;
        if let Some(known) = self.findings.fresh(reference) {
            return Ok(known);
        }
        let client = &*self.connection.client;
        let ask = || async { lookup::look_up(client, self.product, reference).await.map_err(refused) };
        let told = self.connection.query(stop, ask).await?;
        self.record(reference, told);
        self.count();
        Ok(self.findings.last(reference))
    }

    /// Keeps the result of a look-up, and reports it if it is news.
    fn record(&self, reference: &Reference, told: Result<Finding, Error>) {
        let mentions = self.mentions();
        let source = &self.connection.source;
        let (kind, name) = (reference.kind.as_str(), reference.shown());
        let asked: Vec<_> = mentions.enabled().filter(|(_, mention)| mention.reference() == *reference).collect();
        match self.findings.record(reference, told, !asked.is_empty()) {
            Change::None => {}
            Change::Missing(missing) => {
                for (scheme, mention) in asked {
                    let (at, holds) = (mention.at.as_str(), mention.at.is_protective());
                    let (scheme, why) = (scheme.map(SchemeId::as_str), &missing.why);
                    let meant = missing.suggestion.as_deref().filter(|_| reference.kind != ReferenceKind::User);
                    warn!(
                        source.id = %source, scheme.id = scheme, at, kind, name, why, meant, holds,
                        "a name is not in the product; where `holds` is true, nothing is taken from users until it is mended",
                    );
                }
            }
            Change::FoundAgain => info!(source.id = %source, kind, name, "a name is in the product now"),
        }
    }

    /// Sets the gauges to what is known.
    fn count(&self) {
        let (mentions, source) = (self.mentions(), self.connection.source.as_str());
        for kind in ReferenceKind::ALL {
            let missing = mentions.enabled().filter(|(_, mention)| mention.at.kind() == kind);
            let missing = missing.filter(|(_, mention)| self.findings.is_missing(&mention.reference())).count();
            let gauge = self.metrics.references_unresolved.with_label_values(&[source, kind.as_str()]);
            gauge.set(i64::try_from(missing).unwrap_or(i64::MAX));
        }
    }

    /// The present names; read again if schemes have changed.
    fn mentions(&self) -> Arc<Mentions> {
        let version = *self.changes.borrow();
        let known = self.mentions.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((of, mentions)) = known
            && of == version
        {
            return mentions;
        }
        // Without the lock: the schemes have locks of their own.
        let protect = mentions::of_source(&self.protect.get());
        let mentions = Arc::new(Mentions::of(&protect, self.schemes.schemes_of(&self.connection.source)));
        *self.mentions.lock().unwrap_or_else(PoisonError::into_inner) = Some((version, Arc::clone(&mentions)));
        mentions
    }
}

/// Why a name that is not there holds a step, and what to do.
fn unresolved(mention: &Mention, missing: &Missing) -> String {
    let (name, at) = (mention.reference().shown(), mention.at);
    let meant = missing.suggestion.as_deref().filter(|_| mention.at.kind() != ReferenceKind::User);
    let instead = meant.map_or_else(String::new, |meant| format!(", did you mean `{meant}`?"));
    format!("`{name}` in `{at}` protects nobody: {}{instead}; mend the name, or take it out", missing.why)
}
