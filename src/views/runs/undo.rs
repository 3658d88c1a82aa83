//! The steps that undo a run: made of its entries, and of the later changes of the same users.

use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, Run, Runs, entries::kept, row::Row, table::Table};
use crate::{
    domain::{Change, Product, RunId, SchemeId, SourceId, StepResult, UndoPart, UndoVerdict, UserId, undo_parts},
    engine::UndoPage,
    views::page::{Cursor, Paging},
};

/// The highest number of users who are looked at for the counts of a plan: it is to be answered at once.
const COUNTED_USERS: usize = 500;
/// The highest number of later changes of one user that are looked at.
const MAX_LATER: usize = 1_000;

/// The effect that an undo of a run would have, as far as the log tells. The product is read when a step is carried out: what somebody
/// else has changed there since is left alone, and is not known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UndoPlan {
    /// The number of steps that can be put back.
    pub can: u64,
    /// The number of steps that are left alone: a later run has changed the same thing.
    pub changed_since: u64,
    /// The number of changes that can't be put back.
    pub cannot: u64,
    /// Whether the counts are of all users that the run has changed, and not of the first 500.
    pub counted_all: bool,
    /// The undo of the run, if there is one that was not cancelled.
    pub undone_by: Option<RunId>,
    /// The steps, by user, the newest change of a user first.
    pub items: Vec<UndoItem>,
    /// The cursor of the next page; none: this was the last.
    pub next: Option<Cursor>,
}

/// One step of an undo; or a change that can't be undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UndoItem {
    /// The user: the lasting id.
    pub user: String,
    /// The login name, if it is known.
    pub user_name: Option<String>,
    /// The action that puts it back; with `cannot`, the action of the run.
    pub action: String,
    /// Its target.
    pub target: String,
    /// Whether it can be put back.
    pub verdict: UndoVerdict,
    /// The state that is put back, or the reason why it is not.
    pub why: String,
}

/// The steps that undo a run for one user.
struct Undone {
    user: UserId,
    user_name: Option<String>,
    parts: Vec<UndoPart>,
}

impl Undone {
    fn count(&self, verdict: UndoVerdict) -> u64 {
        self.parts.iter().filter(|part| part.verdict == verdict).count() as u64
    }
}

impl Runs<'_> {
    /// The effect that an undo of the run `id` would have; none if there is no such run.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn undo_plan(
        self,
        id: &RunId,
        product: Option<Product>,
        paging: &Paging,
    ) -> Result<Option<UndoPlan>, Error> {
        let Some(run) = self.get(id)? else { return Ok(None) };
        let changed = Changed::of(self.0, &run, product)?;
        let (mut counted, counted_all) = (Vec::new(), changed.users(None, COUNTED_USERS + 1)?);
        for user in counted_all.iter().take(COUNTED_USERS) {
            counted.push(changed.undone(user)?);
        }
        let count = |verdict| counted.iter().map(|undone: &Undone| undone.count(verdict)).sum();
        let (can, changed_since) = (count(UndoVerdict::Can), count(UndoVerdict::ChangedSince));
        let (cannot, counted_all) = (count(UndoVerdict::Cannot), counted_all.len() <= COUNTED_USERS);
        let after = paging.cursor.as_ref().map(|cursor| String::from_utf8_lossy(cursor.place()).into_owned());
        let mut users = changed.users(after.map(UserId::new).as_ref(), paging.limit.get() + 1)?;
        let has_more = users.len() > paging.limit.get();
        users.truncate(paging.limit.get());
        let next = users.last().filter(|_| has_more).map(|last| Cursor::behind(last.as_str()));
        let undone: Vec<_> = users.iter().map(|user| changed.undone(user)).collect::<Result<_, _>>()?;
        let items = undone.into_iter().flat_map(items).collect();
        Ok(Some(UndoPlan { can, changed_since, cannot, counted_all, undone_by: run.undone_by, items, next }))
    }

    /// The steps that undo the run `id` for the next `most` users after `after`; none until it has ended with all its steps.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn undo_page(
        self,
        id: &RunId,
        product: Option<Product>,
        after: Option<&UserId>,
        most: usize,
    ) -> Result<Option<UndoPage>, Error> {
        let Some(row) = Table(self.0).get(id)?.filter(Row::is_settled) else { return Ok(None) };
        let changed = Changed::of(self.0, &row.run, product)?;
        let users = changed.users(after, most)?;
        let next = users.last().filter(|_| users.len() == most).cloned();
        let mut page = UndoPage { users: Vec::new(), next };
        for user in users {
            let steps: Vec<_> = changed.undone(&user)?.parts.iter().filter_map(UndoPart::as_step).collect();
            if !steps.is_empty() {
                page.users.push((user, steps));
            }
        }
        Ok(Some(page))
    }

    /// The undos of the run `id`, the newest first. They don't show their progress.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn undos(self, id: &RunId) -> Result<Vec<Run>, Error> {
        Ok(Table(self.0).undos(id)?.into_iter().map(|row| row.run).collect())
    }
}

fn items(undone: Undone) -> impl Iterator<Item = UndoItem> {
    let Undone { user, user_name, parts } = undone;
    parts.into_iter().map(move |UndoPart { action, target, verdict, why, .. }| UndoItem {
        user: user.to_string(),
        user_name: user_name.clone(),
        action,
        target,
        verdict,
        why,
    })
}

/// The users whom a run has changed.
struct Changed<'c> {
    db: &'c Connection,
    number: i64,
    source: SourceId,
    run: RunId,
    scheme: SchemeId,
    product: Option<Product>,
}

const USERS: &str = "
    SELECT DISTINCT user FROM entries INDEXED BY entries_by_result
    WHERE run = ?1 AND result = ?2 AND user > ?3 ORDER BY user LIMIT ?4";
const CHANGES: &str = "
    SELECT * FROM entries INDEXED BY entries_by_result
    WHERE run = ?1 AND result = ?2 AND user = ?3 ORDER BY place DESC";
/// Steps of other runs that changed a user, or of other schemes that found the user as they want, from a time on. The
/// scheme of the run itself finds its own mistake as it wants it. Of two at one time the later one is not known, so both
/// count.
const LATER: &str = "
    SELECT runs.id, entries.action, entries.target, entries.before, entries.after, entries.at, entries.result = ?7
    FROM entries INDEXED BY entries_by_user JOIN runs ON runs.no = entries.run
    WHERE entries.user = ?1 AND entries.at >= ?2 AND entries.run <> ?3 AND runs.source = ?5
        AND (entries.result = ?4 OR (entries.result = ?7 AND runs.scheme <> ?8))
    ORDER BY entries.at DESC LIMIT ?6";

impl<'c> Changed<'c> {
    fn of(db: &'c Connection, run: &Run, product: Option<Product>) -> Result<Self, Error> {
        let number = Table(db).number(&run.id)?.unwrap_or_default();
        Ok(Self { db, number, source: run.source.clone(), run: run.id.clone(), scheme: run.scheme.clone(), product })
    }

    /// The next users after `after`.
    fn users(&self, after: Option<&UserId>, most: usize) -> Result<Vec<UserId>, Error> {
        let values = (self.number, StepResult::Changed.as_str(), after.map_or("", UserId::as_str), most);
        let mut statement = self.db.prepare_cached(USERS)?;
        let users = statement.query_map(values, |row| row.get(0))?;
        Ok(users.collect::<Result<_, _>>()?)
    }

    fn undone(&self, user: &UserId) -> Result<Undone, Error> {
        let mut statement = self.db.prepare_cached(CHANGES)?;
        let entries = statement.query_map((self.number, StepResult::Changed.as_str(), user), kept)?;
        let entries: Vec<_> = entries.collect::<Result<_, _>>()?;
        let user_name = entries.iter().find_map(|kept| kept.entry.user_name.clone());
        let changes = entries.into_iter().map(|kept| Change {
            run: self.run.clone(),
            action: kept.entry.action,
            target: kept.entry.target,
            before: kept.entry.before,
            after: kept.entry.after,
            at: kept.entry.at,
            was_so: false,
        });
        let changes: Vec<_> = changes.collect();
        let later = self.later(user, &changes)?;
        Ok(Undone { user: user.clone(), user_name, parts: undo_parts(self.product, &changes, &later) })
    }

    fn later(&self, user: &UserId, changes: &[Change]) -> Result<Vec<Change>, Error> {
        let Some(since) = changes.iter().map(|change| change.at).min() else { return Ok(Vec::new()) };
        let mut statement = self.db.prepare_cached(LATER)?;
        let (changed, unchanged) = (StepResult::Changed.as_str(), StepResult::Unchanged.as_str());
        let values = (user, since, self.number, changed, &self.source, MAX_LATER, unchanged, &self.scheme);
        let changes = statement.query_map(values, |row| {
            Ok(Change {
                run: row.get(0)?,
                action: row.get(1)?,
                target: row.get(2)?,
                before: row.get(3)?,
                after: row.get(4)?,
                at: row.get(5)?,
                was_so: row.get(6)?,
            })
        })?;
        Ok(changes.collect::<Result<_, _>>()?)
    }
}

/// SQLite's plan for each statement: for tests.
#[cfg(test)]
pub(in crate::views) fn plans(db: &Connection) -> Vec<String> {
    let plan = |sql: &str, values: usize| {
        let values = vec![&0 as &dyn rusqlite::ToSql; values];
        crate::views::database::testing::plan(db, &format!("EXPLAIN QUERY PLAN {sql}"), &values)
    };
    vec![plan(USERS, 4), plan(CHANGES, 3), plan(LATER, 8)]
}
