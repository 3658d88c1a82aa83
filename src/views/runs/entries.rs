//! The table of entries. It uses a run's number instead of its id, because there are many entries.

use rusqlite::{Connection, OptionalExtension as _, ToSql, named_params, params_from_iter};

use super::{
    EntryResult,
    entry::{Entry, Kept, Place},
    of_user::Users,
};
use crate::{
    domain::{CallMade, StepResult, UserId},
    views::{
        Error,
        keys::{first_part, part},
        page::{Cursor, Page, Paging},
    },
};

/// The highest number of rows that are looked at for one page.
const MAX_LOOKED_AT: usize = 20_000;

/// A filter of the entries of a run. A part that is none matches all.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// The result.
    pub result: Option<EntryResult>,
    /// The action.
    pub action: Option<String>,
    /// The lasting ids of a user.
    pub user: Option<Users>,
    /// A part of the user, the target, the reason or the error, in lower case.
    pub text: Option<String>,
}

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entries<'c>(pub(super) &'c Connection);

const PUT: &str = "
    INSERT OR REPLACE INTO entries (run, user, place, user_name, action, target, result, reason, before, at, duration_ms,
        error, step, released, redriven, after, attempts, operation, status)
    VALUES (:run, :user, :place, :user_name, :action, :target, :result, :reason, :before, :at, :duration_ms,
        :error, :step, :released, :redriven, :after, :attempts, :operation, :status)";

impl Entries<'_> {
    /// The entry at `place` of a run.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn get(self, run: i64, place: &Place) -> Result<Option<Kept>, Error> {
        let sql = "SELECT * FROM entries WHERE run = ?1 AND user = ?2 AND place = ?3";
        let mut statement = self.0.prepare_cached(sql)?;
        Ok(statement.query_row((run, &place.user, &place.index), kept).optional()?)
    }

    /// Writes the entry at `place` of a run.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn put(self, run: i64, place: &Place, kept: &Kept) -> Result<(), Error> {
        let Kept { entry, step, released, redriven } = kept;
        self.0.prepare_cached(PUT)?.execute(named_params! {
            ":run": run, ":user": place.user, ":place": place.index, ":user_name": entry.user_name,
            ":action": entry.action, ":target": entry.target, ":result": entry.result, ":reason": entry.reason,
            ":before": entry.before, ":at": entry.at, ":duration_ms": entry.duration_ms, ":error": entry.error,
            ":step": step, ":released": released, ":redriven": redriven, ":after": entry.after,
            ":attempts": entry.attempts, ":operation": entry.call.as_ref().map(|call| &call.operation),
            ":status": entry.call.as_ref().and_then(|call| call.status),
        })?;
        Ok(())
    }

    /// The entries of `user` in a run, in the scheme's order.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn of_user(self, run: i64, user: &UserId) -> Result<Vec<Entry>, Error> {
        let mut statement =
            self.0.prepare_cached("SELECT * FROM entries WHERE run = ?1 AND user = ?2 ORDER BY place")?;
        let entries = statement.query_map((run, user), |row| Ok(kept(row)?.entry))?;
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// One page of the entries of a run that `filter` lets through: by user, in the scheme's order.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn page(self, run: i64, filter: &EntryFilter, paging: &Paging) -> Result<Page<Entry>, Error> {
        let most = paging.limit.get();
        let place = paging.cursor.as_ref().and_then(|cursor| Place::of_cursor(cursor.place()));
        let EntryFilter { result, action, user, text } = filter;
        let result = result.map(EntryResult::as_str);
        let mut values: Vec<&dyn ToSql> = vec![&run];
        values.extend(result.as_ref().map(|result| result as &dyn ToSql));
        values.extend(user.as_ref().map(|users| users as &dyn ToSql));
        if let Some(place) = &place {
            values.extend([&place.user as &dyn ToSql, &place.index]);
        }
        let sql = list(result.is_some(), user.is_some(), place.is_some());
        let mut statement = self.0.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let (mut items, mut last, mut looked_at) = (Vec::new(), None, 0);
        while let Some(row) = rows.next()? {
            let entry = kept(row)?.entry;
            let is_wanted = action.as_ref().is_none_or(|action| entry.action == *action)
                && text.as_ref().is_none_or(|text| entry.contains(text));
            if (is_wanted && items.len() == most) || looked_at == MAX_LOOKED_AT {
                return Ok(Page { items, next: last });
            }
            if is_wanted {
                items.push(entry);
            }
            looked_at += 1;
            last = Some(Place { user: row.get("user")?, index: row.get("place")? }.cursor());
        }
        Ok(Page { items, next: None })
    }

    /// The users with a held step, after `after`, in the order of entries.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn users_held(self, run: i64, after: Option<&UserId>, most: usize) -> Result<Vec<UserId>, Error> {
        let sql = "SELECT DISTINCT user FROM entries INDEXED BY entries_by_result
            WHERE run = ?1 AND result = ?2 AND user > ?3 ORDER BY user LIMIT ?4";
        let mut statement = self.0.prepare_cached(sql)?;
        let values = (run, StepResult::Held.as_str(), after.map_or("", UserId::as_str), most);
        let users = statement.query_map(values, |row| row.get(0))?;
        Ok(users.collect::<Result<_, _>>()?)
    }

    /// Records why `user` fell out of a run when it was released.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn put_fell_out(self, run: i64, user: &str, reason: &str) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO fell_out (run, user, reason) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute((run, user, reason))?;
        Ok(())
    }

    /// Why `user` fell out of a run when it was released; none if they did not.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn fell_out(self, run: i64, user: &str) -> Result<Option<String>, Error> {
        let mut statement = self.0.prepare_cached("SELECT reason FROM fell_out WHERE run = ?1 AND user = ?2")?;
        Ok(statement.query_row((run, user), |row| row.get(0)).optional()?)
    }

    /// Removes entries of a run, at most `most`, with what is kept about their users. Returns the number of entries.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn remove(self, run: i64, most: usize) -> Result<usize, Error> {
        let sql = "SELECT user, place FROM entries WHERE run = ?1 ORDER BY user, place LIMIT 1 OFFSET ?2";
        let mut statement = self.0.prepare_cached(sql)?;
        let rest = statement.query_row((run, most), |row| Ok(Place { user: row.get(0)?, index: row.get(1)? }));
        Ok(match rest.optional()? {
            Some(Place { user, index }) => {
                let sql = "DELETE FROM fell_out WHERE run = ?1 AND user < ?2";
                self.0.prepare_cached(sql)?.execute((run, &user))?;
                let sql = "DELETE FROM entries WHERE run = ?1 AND (user, place) < (?2, ?3)";
                self.0.prepare_cached(sql)?.execute((run, user, index))?
            }
            None => {
                self.0.prepare_cached("DELETE FROM fell_out WHERE run = ?1")?.execute([run])?;
                self.0.prepare_cached("DELETE FROM entries WHERE run = ?1")?.execute([run])?
            }
        })
    }
}

/// The statement for the entries of a run, after a place.
fn list(has_result: bool, has_user: bool, has_place: bool) -> String {
    let (index, result) = if has_result { ("INDEXED BY entries_by_result", "AND result = ?") } else { ("", "") };
    let user = if has_user { "AND user IN (SELECT value FROM json_each(?))" } else { "" };
    let place = if has_place { "AND (user, place) > (?, ?)" } else { "" };
    format!("SELECT * FROM entries {index} WHERE run = ? {result} {user} {place} ORDER BY user, place")
}

/// SQLite's plan for a page of entries, a line a loop: for tests.
#[cfg(test)]
pub(in crate::views) fn plan(db: &Connection, has_result: bool, has_place: bool) -> String {
    let sql = format!("EXPLAIN QUERY PLAN {}", list(has_result, false, has_place));
    let values = vec![&0 as &dyn ToSql; 1 + usize::from(has_result) + 2 * usize::from(has_place)];
    crate::views::database::testing::plan(db, &sql, &values)
}

impl Place {
    fn cursor(&self) -> Cursor {
        Cursor::behind([part(&self.user), self.index.clone().into_bytes()].concat())
    }

    fn of_cursor(cursor: &[u8]) -> Option<Self> {
        let (user, index) = first_part(cursor)?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Some(Self { user: text(user), index: text(index) })
    }
}

pub(super) fn kept(row: &rusqlite::Row<'_>) -> rusqlite::Result<Kept> {
    let (call, status) = (row.get::<_, Option<String>>("operation")?, row.get("status")?);
    let entry = Entry {
        user: row.get("user")?,
        user_name: row.get("user_name")?,
        action: row.get("action")?,
        target: row.get("target")?,
        result: row.get("result")?,
        reason: row.get("reason")?,
        before: row.get("before")?,
        at: row.get("at")?,
        duration_ms: row.get("duration_ms")?,
        error: row.get("error")?,
        after: row.get("after")?,
        attempts: row.get("attempts")?,
        call: call.map(|operation| CallMade { operation, status }),
    };
    let (step, released, redriven) = (row.get("step")?, row.get("released")?, row.get("redriven")?);
    Ok(Kept { entry, step, released, redriven })
}
