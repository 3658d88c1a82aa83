//! Reads whether a step's state is reached. An issue is looked for only when a search can find it.

use std::time::Duration;

use super::{Interrupted, Progress};
use crate::{
    domain::Step,
    products::{Error, User},
    runtime::pause,
};

/// The time after which Jira's search finds a new issue. An issue that may just have been created is looked for after
/// this time. Before that, "not found" would mean nothing, and the issue could be created twice.
///
/// Source: developer.atlassian.com/cloud/jira/platform/search-and-reconcile.
pub(in crate::engine) const SEARCH_IS_BEHIND: Duration = Duration::from_secs(30);

impl Progress<'_> {
    /// Whether the step's state is reached for `user`; `None` if that is unknown.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first. The inner error is final: it comes after all retries.
    pub(super) async fn is_so(&self, user: &User) -> Result<Result<Option<bool>, Error>, Interrupted> {
        let step = &self.plan.step.step;
        if let Step::CreateIssue(issue) = step
            && let Some(at) = self.executor.outcomes.issue_asked_for(&issue.marker, self.work).await?
        {
            let now = self.executor.now();
            let wait = SEARCH_IS_BEHIND.saturating_sub(at.until(now));
            pause(wait, &self.work.stop).await?;
            if at > now {
                // The clock was ahead then. Without this every later step waits, until the clock is as far again.
                self.executor.outcomes.asked_at(&issue.marker, now, self.work);
            }
        }
        let connection = &self.executor.connection;
        connection.query(&self.work.stop, || connection.client.is_so(user, step)).await
    }
}
