//! Reads from a product, with retries, however long it takes.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Connection, failures::CallKind, retry_policy::RetryPolicy};
use crate::{
    domain::UserRef,
    products::{Disposition, Error, User},
    runtime::Interrupted,
};

/// The result of reading a user.
pub enum UserLookup {
    /// Read just now.
    Found(Box<User>),
    /// The product knows no such user.
    NoSuchUser,
    /// The user can't be read, now or later.
    GaveUp(Error),
}

/// Turns missing rights for a reading into a refusal: they must not stop the whole source, but only the steps that need
/// the answer.
pub(crate) fn refused(error: Error) -> Error {
    match error {
        Error::Unauthorized { status: status @ 403, message } => Error::Refused { status, message },
        other => other,
    }
}

impl Connection {
    /// Reads `user`, with retries, waiting while the source is halted or paused.
    ///
    /// # Errors
    /// [`Interrupted`] if `stop` is cancelled first.
    pub async fn read_user(
        self: &Arc<Self>,
        user: &UserRef,
        stop: &CancellationToken,
    ) -> Result<UserLookup, Interrupted> {
        Ok(match self.query(stop, || self.client.user(user)).await? {
            Ok(user) => UserLookup::Found(Box::new(user)),
            Err(Error::NoSuchUser) => UserLookup::NoSuchUser,
            Err(error) => UserLookup::GaveUp(error),
        })
    }

    /// The answer to `ask`, which must change nothing; with retries, waiting while the source is halted or paused. An
    /// error is permanent.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first. The inner error is final: it comes after all retries.
    pub(crate) async fn query<T, F>(
        self: &Arc<Self>,
        stop: &CancellationToken,
        mut ask: impl FnMut() -> F,
    ) -> Result<Result<T, Error>, Interrupted>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut retry_policy = RetryPolicy::new(self, CallKind::Read);
        loop {
            self.running(stop).await?;
            let answer = stop.run_until_cancelled(ask()).await.ok_or(Interrupted)?;
            let error = match answer {
                Ok(_) | Err(Error::NoSuchUser) => {
                    self.succeeded(CallKind::Read);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            if !error.is_no_answer() {
                self.answered();
            }
            match error.disposition() {
                Disposition::Retry(after) | Disposition::ReadThenRetry(after) => {
                    if !retry_policy.wait(&error, after, stop).await? {
                        return Ok(Err(error));
                    }
                }
                Disposition::Halt => self.halt(&error),
                Disposition::ReadThenGiveUp | Disposition::GiveUp => return Ok(Err(error)),
            }
        }
    }
}
