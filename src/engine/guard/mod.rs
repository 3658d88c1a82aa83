//! Whom usher never takes anything from, whatever was decided: the account it acts as, the users an administrator has
//! listed, the last administrators of a source.

mod rules;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{Connection, Interrupted, References, references::Doubt};
use crate::{
    config::Protect,
    domain::{SchemeId, Step, UserId},
    products::{Error, User},
};
use rules::Verdict;

/// The credentials of a source change with a restart only; asking again now and then costs nothing.
const ACTING_KNOWN_FOR: Duration = Duration::from_hours(1);
/// A product's list of administrators may be behind by some minutes: whom usher took something from since does not count.
const LIST_BEHIND: Duration = Duration::from_mins(10);

/// Guards one source. What it allows to be taken from an administrator is taken under its lock, so that two at once
/// can't each be "not the last".
pub(super) struct Guard {
    connection: Arc<Connection>,
    protect: Protect,
    references: Option<Arc<References>>,
    acting: Mutex<Option<(Option<UserId>, Instant)>>,
    taken: Arc<Mutex<Taken>>,
}

/// From which administrators something was taken lately.
type Taken = HashMap<UserId, Instant>;

/// That a step may be done, now. Kept while the product is asked.
#[must_use]
#[derive(Default)]
pub(super) struct Permit(Option<(UserId, OwnedMutexGuard<Taken>)>);

impl Permit {
    /// Notes that the step was done, or may have been.
    pub(super) fn used(self) {
        if let Some((administrator, mut taken)) = self.0 {
            taken.insert(administrator, Instant::now());
        }
    }
}

/// Why a step must not be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) why: String,
    /// What the product said, where it could not be asked.
    pub(super) error: Option<Error>,
}

impl Guard {
    /// A guard for the source of `connection`.
    pub(super) fn new(connection: Arc<Connection>, protect: Protect) -> Self {
        Self { connection, protect, references: None, acting: Mutex::default(), taken: Arc::default() }
    }

    /// The same, holding what takes something away while `references` that protect users name nothing.
    pub(super) fn referring(self, references: Arc<References>) -> Self {
        Self { references: Some(references), ..self }
    }

    /// Whether `step` of `scheme` may be done to `user`, as just read. Waits for the product, and while another
    /// administrator's step is under way.
    pub(super) async fn ask(
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
        let verdict = rules::judge(&self.protect, step, user, acting.as_ref());
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

    /// Whether `step` on `user` would be refused for certain. Who else administers the source is not asked: where that
    /// decides, and where the product does not tell which account usher acts as, the answer is no. It is no too for a name
    /// that is missing: the name may be mended before the step is done, so limits must count the user.
    pub(super) async fn would_refuse(
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
        if rules::is_refused_for_certain(&self.protect, step, user, acting.as_ref()) {
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
        match self.administrators_like(user, stop).await? {
            Err(refusal) => return Ok(Err(refusal)),
            // Who is none, as most are of whom it was in doubt, need not wait for the others.
            Ok(administrators) if !rules::is_one(&self.protect, user, &administrators) => {
                return Ok(Ok(Permit::default()));
            }
            Ok(_) => {}
        }
        let mut taken = stop.run_until_cancelled(Arc::clone(&self.taken).lock_owned()).await.ok_or(Interrupted)?;
        taken.retain(|_, at| at.elapsed() < LIST_BEHIND);
        let mut administrators = match self.administrators_like(user, stop).await? {
            Ok(administrators) => administrators,
            Err(refusal) => return Ok(Err(refusal)),
        };
        administrators.retain(|one| !taken.contains_key(one));
        Ok(match rules::judge_administrator(&self.protect, step, user, &administrators) {
            Ok(()) => Ok(Permit(Some((user.id.clone(), taken)))),
            Err(why) => Err(Refusal { why, error: None }),
        })
    }

    async fn administrators_like(
        &self,
        user: &User,
        stop: &CancellationToken,
    ) -> Result<Result<BTreeSet<UserId>, Refusal>, Interrupted> {
        let client = &self.connection.client;
        let told =
            self.connection.told(stop, || async { client.administrators_like(user).await.map_err(refused) }).await?;
        Ok(told.map_err(|error| Refusal::untold("who administers it", error)))
    }

    /// The account that usher acts as; none where it is not protected, or nobody's.
    async fn acting(&self, stop: &CancellationToken) -> Result<Result<Option<UserId>, Error>, Interrupted> {
        if !self.protect.acting_account {
            return Ok(Ok(None));
        }
        let mut known = stop.run_until_cancelled(self.acting.lock()).await.ok_or(Interrupted)?;
        if let Some((acting, at)) = &*known
            && at.elapsed() < ACTING_KNOWN_FOR
        {
            return Ok(Ok(acting.clone()));
        }
        let client = &self.connection.client;
        let told = self.connection.told(stop, || async { client.myself().await.map_err(refused) }).await?;
        Ok(told.map(|acting| known.insert((acting, Instant::now())).0.clone()))
    }
}

/// Rights that are not enough to tell are no reason to stop the whole source: only what needs the answer is kept back.
pub(in crate::engine) fn refused(error: Error) -> Error {
    match error {
        Error::Unauthorized { status: status @ 403, message } => Error::Refused { status, message },
        other => other,
    }
}

impl Refusal {
    fn untold(what: &str, error: Error) -> Self {
        Self { why: format!("the product does not tell {what}"), error: Some(error) }
    }
}
