//! Requests that may be sent twice: the first one in the log counts, on every replica.
//!
//! All acts are in one partition, so there is one first request of a key, also if two replicas get it at once.

use std::time::Duration;

use tokio::time::timeout;

use super::Entry;
use crate::{
    admin::{AdminState, Problem, api, identity::Principal},
    clock::{Clock, SystemClock},
    domain::{RequestKey, RunId},
    engine::RunQueries as _,
    log::{Position, Stream},
    views::FirstRequest,
};

/// The time for which a key is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);
/// The time for which a request waits until the acts before it are known.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(10);

/// A request, and whether it is the first with its key.
#[derive(Debug)]
pub enum Once {
    /// It is, and may be done now.
    First,
    /// It was sent before, and was to begin this run. Whether it did has to be looked up.
    Again(RunId),
}

impl AdminState {
    /// The run that a request with this key began within a day, as far as is known here. [`record_once`] tells for sure.
    ///
    /// # Errors
    /// [`Problem::Conflict`] if something else was asked with this key.
    ///
    /// [`record_once`]: AdminState::record_once
    pub async fn asked_before(&self, key: Option<&RequestKey>) -> Result<Option<RunId>, Problem> {
        let Some(key) = key else { return Ok(None) };
        let first = self.first_request(key).await?;
        first.map(|first| again(&first, key)).transpose()
    }

    /// Records that `by` is about to do what `entry` says, unless the same request was sent with the same key within a
    /// day.
    ///
    /// # Errors
    /// [`Problem::Conflict`] if something else was asked with this key; [`Problem::Unavailable`] if it can't be recorded
    /// now, or it is not known yet whether it was sent before. Then it may be sent again with the same key.
    pub async fn record_once(&self, by: &Principal, entry: Entry) -> Result<Once, Problem> {
        let Some(key) = entry.request_key().cloned() else { return self.record(by, entry).await.map(|_| Once::First) };
        let recorded = self.record(by, entry).await?;
        self.wait_until_read(recorded.position).await?;
        match self.first_request(&key).await? {
            Some(first) if first.act != recorded.id() => {
                let problem = Problem::Conflict("the same `Idempotency-Key` came first with another request".into());
                self.not_done(recorded, &problem).await;
                again(&first, &key).map(Once::Again)
            }
            Some(_) | None => Ok(Once::First),
        }
    }

    async fn first_request(&self, key: &RequestKey) -> Result<Option<FirstRequest>, Problem> {
        let (views, key, since) = (self.views.clone(), key.key.clone(), SystemClock.now().minus(REMEMBERED));
        api::read(self.runtime(), move || views.first_request(&key, since)).await
    }

    /// Waits until the views have read the act at `position`, and so all before it.
    async fn wait_until_read(&self, position: Position) -> Result<(), Problem> {
        let mut progress = self.views.progress();
        let read = async {
            loop {
                progress.mark_unchanged();
                if self.views.read_until(Stream::AdminActions, position.partition) > position.offset {
                    return;
                }
                if progress.changed().await.is_err() {
                    return std::future::pending().await; // usher ends
                }
            }
        };
        timeout(VISIBLE_TIMEOUT, read).await.map_err(|_| {
            let why =
                "it is not known yet whether this was asked before; send it again with the same `Idempotency-Key`";
            Problem::Unavailable(why.into())
        })
    }
}

/// The run that the first request with `key` began, if it asked the same.
fn again(first: &FirstRequest, key: &RequestKey) -> Result<RunId, Problem> {
    if first.request == key.request
        && let Some(run) = &first.run
    {
        return Ok(run.clone());
    }
    let why =
        "this `Idempotency-Key` was used for another request in the last 24 hours; choose a new one for each request";
    Err(Problem::Conflict(why.into()))
}
