//! The results of look-ups of names. They are in memory: after a restart everything is looked up again.

use std::{
    collections::{HashMap, HashSet},
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use tokio::time::Instant;

use super::{Finding, LookUps, Missing, lookup::is_final};
use crate::{
    domain::{Reference, UserId},
    products::Error,
};

/// The result for one name.
#[derive(Debug)]
struct NameFinding {
    /// The product's last answer.
    finding: Option<Finding>,
    /// The error since then.
    trouble: Option<Error>,
    /// The time of the last look-up.
    at: Instant,
    /// The account to which a user's name resolved last, even if it no longer matches anybody.
    account: Option<UserId>,
    /// Whether it was reported as missing.
    told: bool,
}

/// A change of the result for a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Missing(Missing),
    FoundAgain,
}

/// See the module.
pub(super) struct Findings {
    known: RwLock<HashMap<Reference, NameFinding>>,
    look_ups: LookUps,
}

impl Findings {
    /// A memory without results.
    pub(super) fn new(look_ups: LookUps) -> Self {
        Self { known: RwLock::default(), look_ups }
    }

    /// The answer, if a step need not ask again. A name that existed once counts as existing until a look-up says
    /// otherwise.
    pub(super) fn fresh(&self, reference: &Reference) -> Option<Result<Finding, Error>> {
        let known = self.read();
        let known = known.get(reference)?;
        let is_there = matches!(known.finding, Some(Finding::There(_)));
        (is_there || known.at.elapsed() < self.look_ups.missing_trusted_for).then(|| known.answer())
    }

    /// The last answer.
    ///
    /// # Errors
    /// The last error of the product, if it has not answered since.
    pub(super) fn last(&self, reference: &Reference) -> Result<Finding, Error> {
        let unasked = || Err(Error::Lost("it has not been looked up".to_owned()));
        self.read().get(reference).map_or_else(unasked, NameFinding::answer)
    }

    /// The account to which the name of a user resolves, or resolved last.
    pub(super) fn account(&self, reference: &Reference) -> Option<UserId> {
        self.read().get(reference)?.account.clone()
    }

    /// Whether it has not been looked up, or only with errors that may pass.
    pub(super) fn is_unknown(&self, reference: &Reference) -> bool {
        let is_told = |known: &NameFinding| known.finding.is_some() || known.trouble.as_ref().is_some_and(is_final);
        !self.read().get(reference).is_some_and(is_told)
    }

    /// Whether the product said that it does not have it.
    pub(super) fn is_missing(&self, reference: &Reference) -> bool {
        matches!(self.read().get(reference).and_then(|known| known.finding.as_ref()), Some(Finding::Missing(_)))
    }

    /// The reason why the name protects nobody; none if it exists, or has not been looked up.
    pub(super) fn doubt(&self, reference: &Reference) -> Option<Missing> {
        match self.read().get(reference)?.answer() {
            Ok(Finding::There(_)) => None,
            Ok(Finding::Missing(missing)) => Some(missing),
            Err(error) => Some(Missing { why: format!("it could not be looked up: {error}"), suggestion: None }),
        }
    }

    /// Whether a round is to look it up.
    pub(super) fn is_due(&self, reference: &Reference) -> bool {
        let known = self.read();
        let Some(known) = known.get(reference) else { return true };
        let is_there = known.trouble.is_none() && matches!(known.finding, Some(Finding::There(_)));
        let every = if is_there { self.look_ups.every } else { self.look_ups.missing_every };
        known.at.elapsed() >= every.mul_f64(0.8) // rounds are jittered
    }

    /// Stores the result of a look-up; `counts` says whether it may be reported.
    pub(super) fn record(&self, reference: &Reference, told: Result<Finding, Error>, counts: bool) -> Change {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(reference.clone()).or_insert_with(NameFinding::nothing);
        known.at = Instant::now();
        match told {
            Err(error) => known.trouble = Some(error),
            Ok(finding) => {
                known.trouble = None;
                if let Finding::There(Some(account)) = &finding {
                    known.account = Some(account.clone());
                }
                known.finding = Some(finding);
            }
        }
        match &known.finding {
            Some(Finding::Missing(missing)) if counts && !known.told => {
                known.told = true;
                Change::Missing(missing.clone())
            }
            Some(Finding::There(_)) if known.told => {
                known.told = false;
                Change::FoundAgain
            }
            _ => Change::None,
        }
    }

    /// Removes names that are no longer used.
    pub(super) fn keep_only(&self, named: &HashSet<Reference>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|reference, _| named.contains(reference));
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Reference, NameFinding>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

impl NameFinding {
    fn nothing() -> Self {
        Self { finding: None, trouble: None, at: Instant::now(), account: None, told: false }
    }

    /// The product's last answer; or the error, if it never answered.
    fn answer(&self) -> Result<Finding, Error> {
        match (&self.finding, &self.trouble) {
            (Some(finding), _) => Ok(finding.clone()),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err(Error::Lost("it has not been looked up".to_owned())),
        }
    }
}
