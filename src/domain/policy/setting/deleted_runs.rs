//! Runs that an administrator has removed from the run log.

use serde::{Deserialize, Serialize};

use crate::domain::{Actor, RunId, SchemeId, SourceId, Timestamp, UserKey};

/// One removal. It counts for runs that had ended when it was made, also when the views are built anew from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedRuns {
    /// Names it.
    pub id: String,
    /// The author.
    pub by: Actor,
    /// The time.
    pub at: Timestamp,
    /// The author's reason.
    pub reason: String,
    /// The runs.
    pub runs: RunSelection,
    /// Runs that were being undone, and stay.
    pub except: Vec<RunId>,
}

impl DeletedRuns {
    /// The key of the record of the removal `id`.
    pub fn key_of(id: &str) -> UserKey {
        UserKey::of_setting("deleted-runs", id)
    }
}

/// The runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunSelection {
    /// These.
    These(Vec<RunId>),
    /// All that match.
    All(Matching),
}

/// A filter of runs. A part that is none matches all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matching {
    /// Started before then.
    pub before: Timestamp,
    /// The scheme.
    pub scheme: Option<SchemeId>,
    /// The source.
    pub source: Option<SourceId>,
    /// Their cause: a word of the API.
    pub kind: Option<String>,
    /// The state: a word of the API.
    pub state: Option<String>,
    /// Whether nothing was to be changed.
    pub test_mode: Option<bool>,
}
