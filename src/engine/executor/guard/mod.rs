//! The guard: the users from whom usher never takes anything, whatever was decided. They are its own account, the users
//! in `protect`, and the last administrators of a source.

mod claims;
mod rules;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Protect,
    domain::{ClaimState, SchemeId, Step, Timestamp, UserId},
    engine::{References, references::Doubt},
    live::Live,
    log::Log,
    products::{Error, User},
    resizable_semaphore,
    runtime::{Backoff, Interrupted},
    source::Connection,
    source::read::refused,
};
use claims::Claim;
use claims::Claims;
use rules::Verdict;

/// The time for which the acting account is known. One call an hour costs little. When the credentials change, usher
/// asks at once.
const ACTING_KNOWN_FOR: Duration = Duration::from_hours(1);
/// Guards one source. What it allows to be taken from an administrator is taken under a claim, so that two at once,
/// here or in two processes, can't each be "not the last".
pub(in crate::engine) struct Guard {
    connection: Arc<Connection>,
    protect: Live<Protect>,
    references: Option<Arc<References>>,
    acting: Mutex<Option<Acting>>,
    claims: Option<Claims>,
}

/// The account that usher acts as.
struct Acting {
    user: Option<UserId>,
    at: Instant,
    /// The revision of the connection at that reading.
    revision: u64,
}

/// The permission to do a step now. It is kept while the product is called, and then ended.
#[must_use]
#[derive(Default)]
pub(in crate::engine) struct Permit {
    claim: Option<Claim>,
    place: Option<resizable_semaphore::Permit>,
}

impl Permit {
    /// The time until which the step may be done; none if there is no limit.
    pub(in crate::engine) fn usable_until(&self) -> Option<Instant> {
        self.claim.as_ref().map(Claim::usable_until)
    }

    /// The [place](Connection::place) that the step has already. One that needs a claim has it: the time of a claim
    /// must not run out among the changes that wait for a place.
    pub(in crate::engine) fn take_place(&mut self) -> Option<resizable_semaphore::Permit> {
        self.place.take()
    }

    /// Records that the step was done, or may have been, by `now`.
    pub(in crate::engine) async fn used(self, now: Timestamp) {
        self.end(ClaimState::Used, now).await;
    }

    /// Records that the step was not done.
    pub(in crate::engine) async fn released(self, now: Timestamp) {
        self.end(ClaimState::Released, now).await;
    }

    async fn end(self, state: ClaimState, now: Timestamp) {
        if let Some(claim) = self.claim {
            claim.end(state, now).await;
        }
    }
}

/// Why a step must not be done.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine) struct Refusal {
    pub(in crate::engine) why: String,
    /// The error of the product, if it could not be asked.
    pub(in crate::engine) error: Option<Error>,
}

impl Guard {
    /// A guard for the source of `connection`.
    pub(in crate::engine) fn new(connection: Arc<Connection>, protect: impl Into<Live<Protect>>) -> Self {
        Self { connection, protect: protect.into(), references: None, acting: Mutex::default(), claims: None }
    }

    /// The same guard, with the claims in `log`. Without them usher takes nothing from an administrator.
    pub(in crate::engine) fn claiming(self, log: Arc<dyn Log>) -> Self {
        Self { claims: Some(Claims::new(Arc::clone(&self.connection), log)), ..self }
    }

    /// The same guard, which holds steps that take something away while a protective name in `references` matches
    /// nothing.
    pub(in crate::engine) fn referring(self, references: Arc<References>) -> Self {
        Self { references: Some(references), ..self }
    }

    /// Whether `step` of `scheme` may be done to `user`, as just read. Waits for the product, and while another
    /// administrator's step is under way.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first. The inner error is final: it comes after all retries.
    pub(in crate::engine) async fn ask(
        &self,
        step: &Step,
        scheme: &SchemeId,
        user: &User,
        stop: &CancellationToken,
    ) -> Result<Result<Permit, Refusal>, Interrupted> {
        if !step.kind().takes_away() {
            return Ok(Ok(Permit::default()));
        }
        let acting = match self.acting(stop).await? {
            Ok(acting) => acting,
            Err(error) => return Ok(Err(Refusal::untold("which account usher acts as", error))),
        };
        let verdict = rules::judge(&self.protect.get(), step, user, acting.as_ref());
        if let Verdict::Refused(why) = verdict {
            return Ok(Err(Refusal { why, error: None }));
        }
        if let Some(references) = &self.references
            && let Err(Doubt { why, error, certain: _ }) = references.protections(scheme, &user.id, stop).await?
        {
            return Ok(Err(Refusal { why, error }));
        }
        match verdict {
            Verdict::AskAdministrators => self.ask_administrators(step, user, stop).await,
            Verdict::Allowed | Verdict::Refused(_) => Ok(Ok(Permit::default())),
        }
    }

    /// Whether `step` on `user` would certainly be refused. The other administrators are not read. If they decide, or
    /// the acting account is unknown, the answer is no. It is also no for a missing name: the name may be corrected
    /// before the step is done, so limits must count the user.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn would_refuse(
        &self,
        step: &Step,
        scheme: &SchemeId,
        user: &User,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        if !step.kind().takes_away() {
            return Ok(false);
        }
        let acting = self.acting(stop).await?.unwrap_or_default();
        if rules::is_refused_for_certain(&self.protect.get(), step, user, acting.as_ref()) {
            return Ok(true);
        }
        let Some(references) = &self.references else { return Ok(false) };
        Ok(matches!(references.protections(scheme, &user.id, stop).await?, Err(doubt) if doubt.certain))
    }

    async fn ask_administrators(
        &self,
        step: &Step,
        user: &User,
        stop: &CancellationToken,
    ) -> Result<Result<Permit, Refusal>, Interrupted> {
        let protect = self.protect.get();
        match self.administrators_like(user, stop).await? {
            Err(refusal) => return Ok(Err(refusal)),
            // A user who is no administrator, as most uncertain ones, need not wait for the others.
            Ok(administrators) if !rules::is_one(&protect, user, &administrators) => {
                return Ok(Ok(Permit::default()));
            }
            Ok(administrators) => {
                if let Err(why) = rules::judge_administrator(&protect, step, user, &administrators) {
                    return Ok(Err(Refusal { why, error: None }));
                }
            }
        }
        let Some(claims) = &self.claims else { return Ok(Err(Refusal::unclaimed())) };
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(5));
        loop {
            let known = claims.lock(stop).await?;
            let place = self.connection.place(stop).await?;
            let certain = match self.administrators_like(user, stop).await? {
                Ok(administrators) => administrators,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Err(why) = rules::judge_administrator(&protect, step, user, &certain) {
                return Ok(Err(Refusal { why, error: None }));
            }
            let (claim, before) = claims.claim(known, &user.id, stop).await?;
            let certain = without(&certain, &before.used);
            let left = without(&certain, &before.pending);
            if rules::judge_administrator(&protect, step, user, &left).is_ok() {
                return Ok(Ok(Permit { claim: Some(claim), place: Some(place) }));
            }
            claim.end(ClaimState::Released, self.connection.clock.now()).await;
            drop(place);
            if let Err(why) = rules::judge_administrator(&protect, step, user, &certain) {
                return Ok(Err(Refusal { why, error: None }));
            }
            // It depends on what becomes of another process's step. Nothing has failed, so nothing is told.
            backoff.wait(stop).await?;
        }
    }

    async fn administrators_like(
        &self,
        user: &User,
        stop: &CancellationToken,
    ) -> Result<Result<BTreeSet<UserId>, Refusal>, Interrupted> {
        let client = &self.connection.client;
        let told =
            self.connection.query(stop, || async { client.administrators_like(user).await.map_err(refused) }).await?;
        Ok(told.map_err(|error| Refusal::untold("who administers it", error)))
    }

    /// The account that usher acts as; none if it is not protected, or there is none.
    async fn acting(&self, stop: &CancellationToken) -> Result<Result<Option<UserId>, Error>, Interrupted> {
        if !self.protect.get().acting_account {
            return Ok(Ok(None));
        }
        let mut known = stop.run_until_cancelled(self.acting.lock()).await.ok_or(Interrupted)?;
        let revision = self.connection.revision();
        if let Some(acting) = &*known
            && acting.at.elapsed() < ACTING_KNOWN_FOR
            && acting.revision == revision
        {
            return Ok(Ok(acting.user.clone()));
        }
        let client = &self.connection.client;
        let told = self.connection.query(stop, || async { client.myself().await.map_err(refused) }).await?;
        Ok(told.map(|user| known.insert(Acting { user, at: Instant::now(), revision }).user.clone()))
    }
}

fn without(administrators: &BTreeSet<UserId>, taken: &BTreeSet<UserId>) -> BTreeSet<UserId> {
    administrators.difference(taken).cloned().collect()
}

impl Refusal {
    fn unclaimed() -> Self {
        Self { why: "the user is an administrator, and no claim can be made here".into(), error: None }
    }

    fn untold(what: &str, error: Error) -> Self {
        Self { why: format!("the product does not tell {what}"), error: Some(error) }
    }
}
