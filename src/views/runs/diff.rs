//! The users whom one run has selected and another one has not.

use std::cmp::Ordering;

use itertools::{EitherOrBoth, Itertools as _};
use rusqlite::Statement;
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

/// The users with a step in a run, by their ids. Users of whom it is not known whether they are selected have no step.
/// One row for each step.
const SELECTED: &str = "
    SELECT user, user_name FROM entries WHERE run = ?1 AND user > ?2 AND action <> 'select' ORDER BY user, place";

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
        let (mut these, mut others) = (self.0.prepare_cached(SELECTED)?, self.0.prepare_cached(SELECTED)?);
        let these = selected(&mut these, one, &after)?;
        let others = selected(&mut others, two, &after)?;
        let mut users: Vec<_> = only_in_one(these, others).take(most + 1).collect::<Result<_, _>>()?;
        let has_more = users.len() > most;
        users.truncate(most);
        let next = users.last().filter(|_| has_more).map(|last| Cursor::behind(last.user.as_str()));
        Ok(Some(Page { items: users, next }))
    }
}

type Selected = Result<(String, Option<String>), Error>;

/// The users of `run` behind `after`, each once, by their ids.
fn selected<'s>(
    statement: &'s mut Statement<'_>,
    run: i64,
    after: &str,
) -> Result<impl Iterator<Item = Selected> + use<'s>, Error> {
    let users = statement.query_map((run, after), |row| Ok((row.get("user")?, row.get("user_name")?)))?;
    let is_same =
        |one: &Selected, other: &Selected| matches!((one, other), (Ok((one, _)), Ok((other, _))) if one == other);
    Ok(users.map(|user| Ok(user?)).dedup_by(is_same))
}

/// Those of two lists, both by id, who are in one of them only: side by side, so that each list is read once.
fn only_in_one(
    these: impl Iterator<Item = Selected>,
    others: impl Iterator<Item = Selected>,
) -> impl Iterator<Item = Result<DiffUser, Error>> {
    let order = |one: &Selected, other: &Selected| match (one, other) {
        (Ok((one, _)), Ok((other, _))) => one.cmp(other),
        (Err(_), _) => Ordering::Less,
        (_, Err(_)) => Ordering::Greater,
    };
    let of = |user: Selected, only_in| user.map(|(user, user_name)| DiffUser { user, user_name, only_in });
    these.merge_join_by(others, order).filter_map(move |found| match found {
        EitherOrBoth::Left(user) => Some(of(user, Side::This)),
        EitherOrBoth::Right(user) => Some(of(user, Side::Other)),
        EitherOrBoth::Both(..) => None,
    })
}
