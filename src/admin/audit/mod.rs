//! The record of what administrators do: written before it is done, and before the answer.
//!
//! An act that can't be recorded is not done
//! ([decision 52](../../../docs/decisions/0052-an-act-is-recorded-before-it-is-done.md)). The API and the pages both call
//! [`AdminState::recorded`].

mod entry;
mod once;
mod refusals;

use std::{net::IpAddr, time::Duration};

use tokio::time::timeout;

pub use entry::{Act, Entry, Object};
pub use once::Once;
pub(super) use refusals::Refusals;

use super::{
    AdminState, Problem,
    identity::{About, Permission, Principal, Refusal},
};
use crate::{
    clock::{Clock, SystemClock},
    domain::{ActResult, Actor, AdminAction, Channel, UserKey},
    log::{Position, Record, Stream, codec},
};

/// The time after which an act that can't be recorded is given up. Nothing is done then.
const RECORD_TIMEOUT: Duration = Duration::from_secs(10);

/// An act that is in the log, and may be done now.
#[derive(Debug)]
pub struct Recorded {
    action: AdminAction,
    /// Its place in the log.
    pub(super) position: Position,
}

impl Recorded {
    /// The id of the act.
    pub(super) fn id(&self) -> &str {
        &self.action.id
    }
}

impl AdminState {
    /// Records that `by` is about to do what `entry` says.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if it can't be written now: then nothing may be done.
    pub async fn record(&self, by: &Principal, entry: Entry) -> Result<Recorded, Problem> {
        let action = entry.by(by, ActResult::Accepted, SystemClock.now());
        let position = self.append(&action).await?;
        Ok(Recorded { action, position })
    }

    /// Records that `by` is about to do what `entry` says, then does `act`, and records if that was refused.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if it can't be recorded now: then `act` is not done. The problem of `act`.
    pub async fn recorded<T>(
        &self,
        by: &Principal,
        entry: Entry,
        act: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let recorded = self.record(by, entry).await?;
        match act.await {
            Ok(done) => Ok(done),
            Err(problem) => {
                self.not_done(recorded, &problem).await;
                Err(problem)
            }
        }
    }

    /// Records that an act was not done. If it is not known whether it was, nothing is recorded.
    pub(super) async fn not_done(&self, recorded: Recorded, problem: &Problem) {
        if matches!(problem, Problem::Unavailable(_) | Problem::Internal) {
            return;
        }
        let reason = Some(problem.to_string());
        let action = AdminAction { result: ActResult::Failed, reason, at: SystemClock.now(), ..recorded.action };
        // The caller learns of the problem in any case.
        if let Err(problem) = self.append(&action).await {
            tracing::warn!(act.id = action.id, %problem, "it can't be recorded that an act was not done");
        }
    }

    /// Records that `by` was refused. Attempts in quick succession are recorded together.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if it can't be written now.
    pub async fn refused(&self, by: &Principal, entry: Entry, why: &str) -> Result<(), Problem> {
        let Some(left_out) = self.refusals.of_known(&by.name) else { return Ok(()) };
        let entry = entry.because(Some(refusals::reason(why, left_out)));
        self.append(&entry.by(by, ActResult::Refused, SystemClock.now())).await.map(|_| ())
    }

    /// Lets pass what `by` may do with this object; records an attempt that is refused.
    ///
    /// # Errors
    /// [`Problem::Forbidden`] if they may not; [`Problem::NotFound`] if the source is not one of theirs;
    /// [`Problem::Unavailable`] if the attempt can't be recorded now.
    pub async fn permitted(
        &self,
        by: &Principal,
        permission: Permission,
        about: About<'_>,
        on: Object,
    ) -> Result<(), Problem> {
        let Err(refusal) = by.may(permission, about) else { return Ok(()) };
        if !matches!(refusal, Refusal::Source(_)) {
            let entry = Entry::new(Act::Attempt(permission.as_str()), on);
            self.refused(by, entry, &refusal.to_string()).await?;
        }
        Err(refusal.into())
    }

    /// Records that `name`, whom the identity provider knows and who has no role here, was refused. Attempts in quick
    /// succession are recorded together.
    ///
    /// # Errors
    /// [`Problem::Unavailable`] if it can't be written now.
    pub(crate) async fn refused_without_role(
        &self,
        name: &Actor,
        from: Option<IpAddr>,
        entry: Entry,
        why: &str,
    ) -> Result<(), Problem> {
        let Some(left_out) = self.refusals.of_known(name) else { return Ok(()) };
        let entry = entry.because(Some(refusals::reason(why, left_out)));
        let nobody = entry.by_nobody(Channel::Console, from, SystemClock.now());
        self.append(&AdminAction { by: Some(name.clone()), ..nobody }).await.map(|_| ())
    }

    /// Records a wrong token, at most one a minute. A record that can't be written is left out: nobody was let in.
    pub(crate) fn wrong_token(&self, via: Channel, from: Option<IpAddr>) {
        let Some(left_out) = self.refusals.of_strangers() else { return };
        let entry =
            Entry::new(Act::SignIn, Object::Usher).because(Some(refusals::reason("a wrong token was sent", left_out)));
        let action = entry.by_nobody(via, from, SystemClock.now());
        let log = std::sync::Arc::clone(&self.log);
        self.runtime().spawn(async move {
            let record = Record { key: UserKey::of_admin_actions(), payload: codec::encode(&action) };
            if let Ok(Err(error)) = timeout(RECORD_TIMEOUT, log.append(Stream::AdminActions, record)).await {
                tracing::warn!(%error, "a wrong token can't be recorded");
            }
        });
    }

    async fn append(&self, action: &AdminAction) -> Result<Position, Problem> {
        let record = Record { key: UserKey::of_admin_actions(), payload: codec::encode(action) };
        let why = match timeout(RECORD_TIMEOUT, self.log.append(Stream::AdminActions, record)).await {
            Ok(Ok(position)) => return Ok(position),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the log does not answer".to_owned(),
        };
        Err(Problem::Unavailable(format!("nothing was done, because it can't be recorded now: {why}")))
    }
}
