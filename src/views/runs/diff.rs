//! The users whom one run has selected and another one has not.

use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, Runs, table::Table};
use crate::{
    domain::RunId,
    views::page::{Cursor, Page, Paging},
};

/// A user whom only one of two runs has selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DiffUser {
    /// The user: the lasting id.
    pub user: String,
    /// The login name, if it is known.
    pub user_name: Option<String>,
    /// The run that has selected the user.
    pub only_in: Side,
}

/// One of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The run that was asked about.
    This,
    /// The run that it is compared with.
    Other,
}

/// The next users with a step in one run and none in the other. Users of whom it is not known whether they are selected
/// have no step.
const ONLY: &str = "
    SELECT user, max(user_name) AS user_name FROM entries AS one
    WHERE run = ?1 AND user > ?3 AND action <> 'select'
        AND NOT EXISTS (
            SELECT 1 FROM entries AS other WHERE other.run = ?2 AND other.user = one.user AND other.action <> 'select')
    GROUP BY user ORDER BY user LIMIT ?4";

impl Runs<'_> {
    /// The users whom only one of the runs `id` and `other` has selected, by their ids; none if a run is not there.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn diff(
        self,
        id: &RunId,
        other: &RunId,
        paging: &Paging,
    ) -> Result<Option<Page<DiffUser>>, Error> {
        let (Some(one), Some(two)) = (Table(self.0).shown(id)?, Table(self.0).shown(other)?) else { return Ok(None) };
        let after = paging.cursor.as_ref().map(|cursor| String::from_utf8_lossy(cursor.place()).into_owned());
        let (after, most) = (after.unwrap_or_default(), paging.limit.get());
        let mut users = only(self.0, (one, two), &after, most + 1, Side::This)?;
        users.extend(only(self.0, (two, one), &after, most + 1, Side::Other)?);
        users.sort_by(|one, other| one.user.cmp(&other.user));
        let has_more = users.len() > most;
        users.truncate(most);
        let next = users.last().filter(|_| has_more).map(|last| Cursor::behind(last.user.as_str()));
        Ok(Some(Page { items: users, next }))
    }
}

fn only(
    db: &Connection,
    (run, other): (i64, i64),
    after: &str,
    most: usize,
    only_in: Side,
) -> Result<Vec<DiffUser>, Error> {
    let mut statement = db.prepare_cached(ONLY)?;
    let users = statement.query_map((run, other, after, most), |row| {
        Ok(DiffUser { user: row.get("user")?, user_name: row.get("user_name")?, only_in })
    })?;
    Ok(users.collect::<Result<_, _>>()?)
}
