//! Forgetting decisions that the log no longer holds.

use super::Decisions;
use crate::views::{
    Error,
    prune::step::{Horizon, Step},
};

impl Decisions<'_> {
    /// Removes old decisions. The age is that of the decision, because its event may have waited long.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn prune(self, horizon: Horizon) -> Result<Step, Error> {
        let sql = "DELETE FROM decisions WHERE no IN
            (SELECT no FROM decisions WHERE decided < ?1 AND accepted < ?1 LIMIT ?2)";
        Ok(Step::of(self.0.prepare_cached(sql)?.execute((horizon.over, Step::MAX))?))
    }

    /// Removes login names of users without a remaining decision.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn prune_names(self, horizon: Horizon) -> Result<Step, Error> {
        let sql = "DELETE FROM user_names WHERE (source, name) IN
            (SELECT source, name FROM user_names AS seen
             WHERE at < ?1 AND NOT EXISTS
                 (SELECT 1 FROM decisions WHERE decisions.source = seen.source AND user = 'id/' || seen.id)
             LIMIT ?2)";
        Ok(Step::of(self.0.prepare_cached(sql)?.execute((horizon.over, Step::MAX))?))
    }
}
