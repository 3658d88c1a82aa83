//! The acts of administrators, newest first.

mod filter;
mod row;

use rusqlite::{Connection, OptionalExtension as _, named_params};

pub use self::{filter::ActionFilter, row::AdminActionRow};

use super::{
    Error,
    page::{Page, Paging},
    prune::step::{Horizon, Step},
};
use crate::{
    domain::{AdminAction, RunId, Timestamp},
    log::Stream,
};

/// The acts, in the order of the log: all of them are in one partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct AdminActions<'c>(pub(super) &'c Connection);

/// A request that may be repeated, as it was first made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstRequest {
    /// Its act.
    pub act: String,
    /// The digest of what was asked.
    pub request: String,
    /// The run that it began.
    pub run: Option<RunId>,
}

/// Adds an act. A later record of the same act says only that it was not done. The place of a later act is the smaller
/// text, so that acts of one moment are listed as the log has them, the newest first.
const ADD: &str = "
    INSERT INTO admin_actions (
        no, place, id, at, by, role, via, sender, action, object, source, before, after, reason, run, result, key, request
    ) SELECT
        next, printf('%019d', 9223372036854775807 - next), :id, :at, :by, :role, :via, :sender, :action, :object, :source,
        :before, :after, :reason, :run, :result, :key, :request
    FROM (SELECT ifnull(max(no), 0) + 1 AS next FROM admin_actions) WHERE true
    ON CONFLICT (id) DO UPDATE SET result = excluded.result, reason = excluded.reason";

impl AdminActions<'_> {
    /// Takes in a record of the stream.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn apply(self, act: &AdminAction) -> Result<(), Error> {
        self.0.prepare_cached(ADD)?.execute(named_params! {
            ":id": act.id, ":at": act.at, ":by": act.by.as_ref().map(ToString::to_string),
            ":role": act.role.map(crate::domain::Role::as_str), ":via": act.via.as_str(),
            ":sender": act.from.map(|from| from.to_string()), ":action": act.action, ":object": act.on,
            ":source": act.source, ":before": act.before, ":after": act.after, ":reason": act.reason, ":run": act.run,
            ":result": act.result.as_str(), ":key": act.request.as_ref().map(|request| &request.key),
            ":request": act.request.as_ref().map(|request| &request.request),
        })?;
        Ok(())
    }

    /// The acts that match `filter`, newest first.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn list(self, filter: &ActionFilter, paging: &Paging) -> Result<Page<AdminActionRow>, Error> {
        filter.list().page(self.0, paging, |number| {
            let mut statement = self.0.prepare_cached("SELECT * FROM admin_actions WHERE no = ?1")?;
            Ok(statement.query_row([number], AdminActionRow::of).optional()?)
        })
    }

    /// The first request with this `key` since then that did not fail.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn first_request(self, key: &str, since: Timestamp) -> Result<Option<FirstRequest>, Error> {
        let sql = "SELECT id, request, run FROM admin_actions
            WHERE key = ?1 AND at >= ?2 AND result = 'accepted' ORDER BY no LIMIT 1";
        let first = self.0.prepare_cached(sql)?.query_row((key, since), |row| {
            Ok(FirstRequest { act: row.get(0)?, request: row.get(1)?, run: row.get(2)? })
        });
        Ok(first.optional()?)
    }

    /// Forgets acts that the log no longer holds.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails.
    pub(super) fn prune(self, horizon: Horizon) -> Result<Step, Error> {
        let sql = "DELETE FROM admin_actions WHERE no IN (SELECT no FROM admin_actions WHERE at < ?1 LIMIT ?2)";
        let before = horizon.of(Stream::AdminActions);
        Ok(Step::of(self.0.prepare_cached(sql)?.execute((before, Step::MAX))?))
    }
}

#[cfg(test)]
mod tests;
