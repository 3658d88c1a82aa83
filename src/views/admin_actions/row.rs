//! An act of an administrator, as it is shown.

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{RunId, SourceId, Timestamp};

/// An act of an administrator, or an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminActionRow {
    /// Names it.
    pub id: String,
    /// The time.
    pub at: Timestamp,
    /// The name of the token or of the person, `ci (for jdoe)` if the token said for whom; null: nobody whom usher
    /// knows.
    pub by: Option<String>,
    /// `viewer`, `operator` or `admin`: their role then.
    pub role: Option<String>,
    /// `api`, `console`, `jira` or `clock`.
    pub via: String,
    /// The address that the request came from.
    pub from: Option<String>,
    /// The act: `scheme.pause`, say.
    pub action: String,
    /// The object: `scheme:leavers`, say; `usher` for all of it.
    pub on: String,
    /// The source that it is about; null: usher as a whole.
    pub source: Option<SourceId>,
    /// The state before, in short.
    pub before: Option<String>,
    /// The wanted state, in short.
    pub after: Option<String>,
    /// Why it was done, by their own words; or why it was refused or not done.
    pub reason: Option<String>,
    /// The run that it began, or is about.
    pub run: Option<RunId>,
    /// `accepted`: it was about to be done. `refused`: it was not allowed. `failed`: it was accepted, and not done.
    pub result: String,
}

impl AdminActionRow {
    /// Reads the columns of the table.
    ///
    /// # Errors
    /// If a column can't be read.
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            at: row.get("at")?,
            by: row.get("by")?,
            role: row.get("role")?,
            via: row.get("via")?,
            from: row.get("sender")?,
            action: row.get("action")?,
            on: row.get("object")?,
            source: row.get("source")?,
            before: row.get("before")?,
            after: row.get("after")?,
            reason: row.get("reason")?,
            run: row.get("run")?,
            result: row.get("result")?,
        })
    }
}
