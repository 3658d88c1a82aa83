//! The decisions about one user, with the results of the steps.

use rusqlite::{Connection, OptionalExtension as _};

use super::{
    Entry, Error, Page, Paging,
    decisions::{DecisionRow, Decisions},
    page::Cursor,
    runs::entries_of_user,
};
use crate::domain::{RunId, SchemeId, SourceId, UserId};

/// One decision about a user, with the ended steps that it asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: DecisionRow,
    /// The ended steps, in the schemes' order. Of a sweep's run: all of the user in that run.
    pub steps: Vec<EndedStep>,
    /// The place of the decision in the list.
    pub place: Cursor,
}

/// A step that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedStep {
    /// The scheme.
    pub scheme: SchemeId,
    /// The run.
    pub run: RunId,
    /// The result.
    pub entry: Entry,
}

/// One page of what was decided about the user with this lasting id, newest first.
///
/// # Errors
/// [`Error::Database`] if SQLite fails, [`Error::Row`] if a row can't be read.
pub(super) fn page(db: &Connection, source: &SourceId, user: &UserId, paging: &Paging) -> Result<Page<Decided>, Error> {
    let Page { items, next } = Decisions(db).of_user(source, user, paging)?;
    let items = items.into_iter().map(|decision| {
        let steps = steps(db, &decision, user)?;
        Ok(Decided { place: Decisions::place(&decision), decision, steps })
    });
    Ok(Page { items: items.collect::<Result<_, Error>>()?, next })
}

fn steps(db: &Connection, decision: &DecisionRow, user: &UserId) -> Result<Vec<EndedStep>, Error> {
    let mut steps = Vec::new();
    for verdict in &decision.schemes {
        let Some(run) = &verdict.run else { continue };
        let mut statement = db.prepare_cached("SELECT no FROM runs WHERE id = ?1")?;
        let Some(number) = statement.query_row([run], |row| row.get::<_, i64>(0)).optional()? else { continue };
        let entries = entries_of_user(db, number, user)?;
        let of_run = entries.into_iter();
        steps.extend(of_run.map(|entry| EndedStep { scheme: verdict.scheme.clone(), run: run.clone(), entry }));
    }
    Ok(steps)
}
