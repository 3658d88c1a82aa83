//! Decisions by user, found by lasting id or by login name.

mod outlived;
mod row;

use rusqlite::{Connection, OptionalExtension as _};

pub use row::{DecisionRow, NoActionRow, PlannedStep, ReasonRow, VerdictRow};

use super::{
    Error,
    database::Json,
    keys::newest_first,
    page::{Cursor, Newest, Page, Paging, condition},
};
use crate::domain::{Decision, EventKind, SourceId, UserId, UserRef};

/// The rows of decisions, and the last user with each login name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decisions<'c>(pub(super) &'c Connection);

impl Decisions<'_> {
    /// Adds a decision. Of two on one event, the first counts, because it was carried out. Of the many sightings only
    /// the relevant ones are shown.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn apply(self, decision: &Decision) -> Result<(), Error> {
        if decision.kind == EventKind::Sighted && decision.verdicts.is_empty() {
            return Ok(());
        }
        self.record_name(decision)?;
        // A decision on a redriven event replaces the earlier one.
        let sql = match &decision.redrive {
            None => {
                "INSERT INTO decisions (source, user, accepted, event, decided, row) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (source, user, accepted, event) DO NOTHING"
            }
            Some(_) => {
                "INSERT INTO decisions (source, user, accepted, event, decided, row) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (source, user, accepted, event) DO UPDATE SET decided = excluded.decided, row = excluded.row
                 WHERE decisions.decided <= excluded.decided"
            }
        };
        let (user, row) = (of_user(&decision.user), Json(DecisionRow::from(decision)));
        let Decision { source, accepted, event, decided, .. } = decision;
        self.0.prepare_cached(sql)?.execute((source, user, accepted, event, decided, row))?;
        Ok(())
    }

    /// Decisions about a user in any of `sources`, newest first; see [`list`](Self::list).
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn list_all(
        self,
        sources: &[SourceId],
        user: &str,
        paging: &Paging,
    ) -> Result<Page<DecisionRow>, Error> {
        // A cursor is a place in time and holds in every source, so the pages of all can be laid over one another.
        let place = |row: &DecisionRow| newest_first(row.accepted, row.event.as_str());
        let pages = sources.iter().map(|source| self.list(source, user, paging)).collect::<Result<Vec<_>, _>>()?;
        let mut more = pages.iter().any(|page| page.next.is_some());
        let mut items: Vec<_> = pages.into_iter().flat_map(|page| page.items).collect();
        items.sort_by_cached_key(place);
        more |= items.len() > paging.limit.get();
        items.truncate(paging.limit.get());
        let next = items.last().filter(|_| more).map(|last| Cursor::behind(place(last)));
        Ok(Page { items, next })
    }

    /// Decisions about the user with the lasting id `user`; else about the last user with this login name; else those
    /// on deliveries that contained only the name.
    fn list(self, source: &SourceId, user: &str, paging: &Paging) -> Result<Page<DecisionRow>, Error> {
        let by_id = of_user(&UserRef::Id(UserId::new(user)));
        let user = if self.has_any(source, &by_id)? {
            by_id
        } else {
            match self.seen_as(source, user)? {
                Some(id) => of_user(&UserRef::Id(id)),
                None => of_user(&UserRef::Name(user.to_owned())),
            }
        };
        self.listed(source, &user, paging)
    }

    /// Decisions about the user with this lasting id, newest first.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn of_user(self, source: &SourceId, user: &UserId, paging: &Paging) -> Result<Page<DecisionRow>, Error> {
        self.listed(source, &of_user(&UserRef::Id(user.clone())), paging)
    }

    /// The place of a decision in the lists.
    pub(super) fn place(row: &DecisionRow) -> Cursor {
        Cursor::behind(newest_first(row.accepted, row.event.as_str()))
    }

    fn listed(self, source: &SourceId, user: &str, paging: &Paging) -> Result<Page<DecisionRow>, Error> {
        list(source, &user).page(self.0, paging, |number| {
            let mut statement = self.0.prepare_cached("SELECT row FROM decisions WHERE no = ?1")?;
            Ok(statement.query_row([number], |row| Ok(row.get::<_, Json<_>>(0)?.0)).optional()?)
        })
    }

    fn has_any(self, source: &SourceId, user: &str) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM decisions WHERE source = ?1 AND user = ?2)";
        Ok(self.0.prepare_cached(sql)?.query_row((source, user), |row| row.get(0))?)
    }

    /// The last user with a login name.
    fn seen_as(self, source: &SourceId, name: &str) -> Result<Option<UserId>, Error> {
        let mut statement = self.0.prepare_cached("SELECT id FROM user_names WHERE source = ?1 AND name = ?2")?;
        Ok(statement.query_row((source, name.to_lowercase()), |row| row.get(0)).optional()?)
    }

    /// Names can be changed and given to others: the latest sighting counts.
    fn record_name(self, decision: &Decision) -> Result<(), Error> {
        let (UserRef::Id(id), Some(name)) = (&decision.user, &decision.user_name) else { return Ok(()) };
        let sql = "INSERT INTO user_names (source, name, id, at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (source, name) DO UPDATE SET id = excluded.id, at = excluded.at WHERE user_names.at <= excluded.at";
        let values = (&decision.source, name.to_lowercase(), id, decision.accepted);
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

fn list<'a>(source: &'a SourceId, user: &'a &'a str) -> Newest<'a> {
    Newest {
        from: "decisions INDEXED BY decisions_by_user",
        time: "accepted",
        id: "event",
        searched: vec![condition("source = ? AND user = ?", [source as _, user as _])],
        wanted: Vec::new(),
        since: None,
    }
}

/// The form of a user in the table. Products compare login names without regard to case.
fn of_user(user: &UserRef) -> String {
    match user {
        UserRef::Id(id) => format!("id/{id}"),
        UserRef::Name(name) => format!("name/{}", name.to_lowercase()),
    }
}

/// SQLite's plan for a list: for tests.
#[cfg(test)]
pub(super) fn plan(db: &Connection) -> String {
    list(&"acme".parse().expect("an id"), &"id/jane").plan(db, true)
}

#[cfg(test)]
mod tests;
