//! What became of each step of a run.

use serde::{Deserialize, Serialize};

use crate::domain::{Outcome, Timestamp};

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// On whom: the lasting id, or the login name where that is all that is known.
    pub user: String,
    /// The login name, where it is known.
    pub user_name: Option<String>,
    /// What: `add_groups`, …
    pub action: String,
    /// With what: the group.
    pub target: String,
    /// How it ended.
    pub result: String,
    /// Why, in words.
    pub reason: String,
    /// What was there before, where it was read.
    pub before: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// How long it took in milliseconds, waiting and retries included.
    pub duration_ms: u64,
    /// What the product answered, where it failed.
    pub error: Option<String>,
}

impl From<&Outcome> for Entry {
    fn from(outcome: &Outcome) -> Self {
        let step = &outcome.step;
        Self {
            user: step.user.to_string(),
            user_name: step.user_name.clone(),
            action: step.step.action().to_owned(),
            target: step.step.target().to_owned(),
            result: outcome.result.as_str().to_owned(),
            reason: outcome.reason.clone(),
            before: outcome.before.clone(),
            at: outcome.at,
            duration_ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
            error: outcome.error.clone(),
        }
    }
}
