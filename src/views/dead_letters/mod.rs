//! The dead letters, newest first, and their states.

mod filter;
mod groups;
mod row;
mod status;

use rusqlite::{Connection, OptionalExtension as _, named_params};

pub use self::{
    filter::LetterFilter,
    groups::LetterGroup,
    row::{DeadLetterRow, GivenUpStep, Resolved},
    status::{LetterState, Said},
};

use self::{
    filter::Folded,
    groups::Problem,
    status::{News, Status},
};
use super::{
    Error,
    database::Json,
    page::{Page, Paging},
    prune::step::{Horizon, Step},
};
use crate::{
    domain::{DeadLetter, Decision, Outcome},
    log::codec::{self, LetterRecord},
};

/// The dead letters, with the orders about each.
#[derive(Debug, Clone, Copy)]
pub(super) struct DeadLetters<'c>(pub(super) &'c Connection);

/// Adds a letter. Of two with one id, the newer one counts, whichever is read first.
const ADD: &str = "
    INSERT INTO dead_letters (id, at, source, stage, held, user, user_name, reason, state, record, problem)
    VALUES (:id, :at, :source, :stage, :held, :user, :user_name, :reason, :state, :record, :problem)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, source = excluded.source, stage = excluded.stage,
        held = excluded.held, user = excluded.user, user_name = excluded.user_name, reason = excluded.reason,
        state = excluded.state, record = excluded.record, problem = excluded.problem
    WHERE dead_letters.at < excluded.at";

impl DeadLetters<'_> {
    /// Takes in a record of the stream.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn apply(self, record: &LetterRecord) -> Result<(), Error> {
        match record {
            LetterRecord::Letter(letter) => self.add(letter),
            LetterRecord::Order(order) => self.record(&News::of_order(order)),
        }
    }

    /// Applies the decision on a redriven event.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn decided(self, decision: &Decision) -> Result<(), Error> {
        News::of_decision(decision).map_or(Ok(()), |news| self.record(&news))
    }

    /// Applies the outcome of a redriven step.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn ended(self, outcome: &Outcome) -> Result<(), Error> {
        News::of_outcome(outcome).map_or(Ok(()), |news| self.record(&news))
    }

    fn add(self, letter: &DeadLetter) -> Result<(), Error> {
        let (row, record) = (DeadLetterRow::new(letter, self.status(&letter.id)?), codec::encode(letter));
        let problem = Problem::of(&row).id();
        self.0.prepare_cached(ADD)?.execute(named_params! {
            ":id": row.id, ":at": row.at, ":source": row.source, ":stage": row.stage, ":held": row.held,
            ":user": row.user, ":user_name": row.user_name.map(|name| name.to_lowercase()),
            ":reason": row.reason.to_lowercase(), ":state": row.state, ":record": &record[..],
            ":problem": problem,
        })?;
        Ok(())
    }

    /// Records news about a letter. Several streams contain news about one letter, in any order, also before the letter
    /// itself is read.
    fn record(self, news: &News) -> Result<(), Error> {
        let status = self.status(&news.letter)?.with(news);
        let sql = "INSERT OR REPLACE INTO dead_letter_statuses (letter, latest, status) VALUES (?1, ?2, ?3)";
        self.0.prepare_cached(sql)?.execute((&news.letter, status.last(), Json(&status)))?;
        let mut statement = self.0.prepare_cached("SELECT at FROM dead_letters WHERE id = ?1")?;
        if let Some(at) = statement.query_row([&news.letter], |row| row.get(0)).optional()? {
            let sql = "UPDATE dead_letters SET state = ?2 WHERE id = ?1 AND state <> ?2";
            self.0.prepare_cached(sql)?.execute((&news.letter, status.state(at)))?;
        }
        Ok(())
    }

    fn status(self, letter: &str) -> Result<Status, Error> {
        let mut statement = self.0.prepare_cached("SELECT status FROM dead_letter_statuses WHERE letter = ?1")?;
        let status = statement.query_row([letter], |row| row.get::<_, Json<_>>(0)).optional()?;
        Ok(status.map(|status| status.0).unwrap_or_default())
    }

    fn row(self, record: &[u8]) -> Result<(DeadLetterRow, DeadLetter), Error> {
        let letter: DeadLetter = codec::decode(record)?;
        Ok((DeadLetterRow::new(&letter, self.status(&letter.id)?), letter))
    }

    /// One letter, with the content for taking it up again; none if there is no such letter.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn get(self, id: &str) -> Result<Option<(DeadLetterRow, DeadLetter)>, Error> {
        let mut statement = self.0.prepare_cached("SELECT record FROM dead_letters WHERE id = ?1")?;
        let record = statement.query_row([id], |row| row.get::<_, Vec<u8>>(0)).optional()?;
        record.map(|record| self.row(&record)).transpose()
    }

    /// The letters that match `filter`, newest first.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn list(
        self,
        filter: &LetterFilter,
        paging: &Paging,
    ) -> Result<Page<(DeadLetterRow, DeadLetter)>, Error> {
        let folded = Folded::of(filter);
        filter.list(&folded).page(self.0, paging, |number| {
            let mut statement = self.0.prepare_cached("SELECT record FROM dead_letters WHERE no = ?1")?;
            let record = statement.query_row([number], |row| row.get::<_, Vec<u8>>(0)).optional()?;
            record.map(|record| self.row(&record)).transpose()
        })
    }

    /// Forgets dead letters.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn prune(self, horizon: Horizon) -> Result<Step, Error> {
        let sql = "DELETE FROM dead_letters WHERE no IN (SELECT no FROM dead_letters WHERE at < ?1 LIMIT ?2)";
        Ok(Step::of(self.0.prepare_cached(sql)?.execute((horizon.over, Step::MAX))?))
    }

    /// Removes the statuses of letters that are gone.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn prune_statuses(self, horizon: Horizon) -> Result<Step, Error> {
        let sql = "DELETE FROM dead_letter_statuses WHERE letter IN
            (SELECT letter FROM dead_letter_statuses
             WHERE latest < ?1 AND NOT EXISTS (SELECT 1 FROM dead_letters WHERE id = letter)
             LIMIT ?2)";
        Ok(Step::of(self.0.prepare_cached(sql)?.execute((horizon.over, Step::MAX))?))
    }
}

/// SQLite's plan for a list: for tests.
#[cfg(test)]
pub(super) fn plan(db: &Connection, filter: &LetterFilter) -> String {
    filter.list(&Folded::of(filter)).plan(db, true)
}

#[cfg(test)]
mod tests;
