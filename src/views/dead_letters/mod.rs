//! What was given up, newest first, and what became of it.

mod filter;
mod row;
mod status;

use sled::transaction::{
    ConflictableTransactionError as Conflictable, TransactionError, Transactional, TransactionalTree,
};

pub use self::{
    filter::LetterFilter,
    row::{DeadLetterRow, GivenUpStep, LetterState, Resolved, Said},
};

use self::status::{News, Status};
use super::{
    Error,
    keys::{newest_first, time_and_id},
    page::{Page, Paging, Pick, page},
    prune::{Horizon, Room, Step},
};
use crate::{
    domain::{DeadLetter, Decision, Outcome},
    log::codec::{self, LetterRecord},
    store::Store,
};

/// The dead letters as they stand in the log, where that of an id stands, and what was said about each.
#[derive(Debug, Clone)]
pub(super) struct DeadLetters {
    rows: sled::Tree,
    index: sled::Tree,
    statuses: sled::Tree,
}

impl DeadLetters {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self {
            rows: store.tree("view-dead-letters")?,
            index: store.tree("view-dead-letters-index")?,
            statuses: store.tree("view-dead-letters-statuses")?,
        })
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 3] {
        [&self.rows, &self.index, &self.statuses]
    }

    /// Takes in a record of the stream.
    pub(super) fn apply(&self, record: &LetterRecord) -> Result<(), Error> {
        match record {
            LetterRecord::Letter(letter) => self.add(letter),
            LetterRecord::Order(order) => self.note(&News::of_order(order)),
        }
    }

    /// Takes in what came of an event that was taken up again.
    pub(super) fn decided(&self, decision: &Decision) -> Result<(), Error> {
        News::of_decision(decision).map_or(Ok(()), |news| self.note(&news))
    }

    /// Takes in what came of a step that was taken up again.
    pub(super) fn ended(&self, outcome: &Outcome) -> Result<(), Error> {
        News::of_outcome(outcome).map_or(Ok(()), |news| self.note(&news))
    }

    /// Adds a dead letter. Of two with one id, the newer one counts, whichever is read first.
    fn add(&self, letter: &DeadLetter) -> Result<(), Error> {
        let place = newest_first(letter.at, &letter.id);
        let row = codec::encode(letter);
        transaction(&self.rows, &self.index, |rows, index| {
            if let Some(earlier) = index.get(&letter.id)? {
                if *earlier <= *place {
                    return Ok(());
                }
                rows.remove(earlier)?;
            }
            rows.insert(place.as_slice(), row.as_ref())?;
            index.insert(letter.id.as_str(), place.as_slice())?;
            Ok(())
        })
    }

    /// Several streams tell of one letter, each in a task of its own.
    fn note(&self, news: &News) -> Result<(), Error> {
        loop {
            let before = self.statuses.get(&news.letter)?;
            let known = before.as_ref().map(|row| serde_json::from_slice::<Status>(row)).transpose()?;
            let after = serde_json::to_vec(&known.unwrap_or_default().with(news))?;
            if self.statuses.compare_and_swap(&news.letter, before, Some(after))?.is_ok() {
                return Ok(());
            }
        }
    }

    fn status(&self, letter: &str) -> Result<Status, Error> {
        let row = self.statuses.get(letter)?;
        Ok(row.map(|row| serde_json::from_slice(&row)).transpose()?.unwrap_or_default())
    }

    fn row(&self, record: &[u8]) -> Result<(DeadLetterRow, DeadLetter), Error> {
        let letter: DeadLetter = codec::decode(record)?;
        Ok((DeadLetterRow::new(&letter, self.status(&letter.id)?), letter))
    }

    /// One letter, with what it keeps to be taken up again; none where there is no such letter.
    pub(super) fn get(&self, id: &str) -> Result<Option<(DeadLetterRow, DeadLetter)>, Error> {
        let Some(place) = self.index.get(id)? else { return Ok(None) };
        self.rows.get(place)?.map(|record| self.row(&record)).transpose()
    }

    /// Letters that `filter` lets through, newest first.
    pub(super) fn list(
        &self,
        filter: &LetterFilter,
        paging: &Paging,
    ) -> Result<Page<(DeadLetterRow, DeadLetter)>, Error> {
        page(&self.rows, &[], paging, |record| {
            let (row, letter) = self.row(record)?;
            Ok(match filter.since {
                Some(since) if row.at < since => Pick::Stop,
                _ if filter.lets_through(&row) => Pick::Take((row, letter)),
                _ => Pick::Skip,
            })
        })
    }

    /// Forgets dead letters, from the row at `from` on: all behind it are older.
    pub(super) fn prune(&self, horizon: Horizon, from: Option<&[u8]>) -> Result<Step, Error> {
        let mut room = Room::new();
        let begin = from.map_or_else(|| newest_first(horizon.over, ""), <[u8]>::to_vec);
        for key in self.rows.range(begin..).keys() {
            let key = key?;
            if !room.look() {
                return Ok(room.go_on_at(&key));
            }
            let Some((_, id)) = time_and_id(&key).filter(|(at, _)| *at < horizon.over) else { continue };
            self.forget(&key, id)?;
            room.dropped += 1;
        }
        Ok(room.end())
    }

    /// Forgets what was said about letters that are gone, from the row at `from` on.
    pub(super) fn prune_statuses(&self, horizon: Horizon, from: Option<&[u8]>) -> Result<Step, Error> {
        let mut room = Room::new();
        for item in self.statuses.range(from.unwrap_or_default().to_vec()..) {
            let (id, row) = item?;
            if !room.look() {
                return Ok(room.go_on_at(&id));
            }
            let is_old = serde_json::from_slice::<Status>(&row)?.last().is_none_or(|last| last < horizon.over);
            if is_old && !self.index.contains_key(&id)? {
                self.statuses.remove(&id)?;
                room.dropped += 1;
            }
        }
        Ok(room.end())
    }

    /// Removes the row at `place`, and its id where that does not stand for a newer row by now.
    fn forget(&self, place: &[u8], id: &[u8]) -> Result<(), Error> {
        transaction(&self.rows, &self.index, |rows, index| {
            rows.remove(place)?;
            if index.get(id)?.is_some_and(|stands| *stands == *place) {
                index.remove(id)?;
            }
            Ok(())
        })
    }
}

/// Does all of `change` or nothing.
fn transaction(
    rows: &sled::Tree,
    index: &sled::Tree,
    change: impl Fn(&TransactionalTree, &TransactionalTree) -> Result<(), Conflictable<Error>>,
) -> Result<(), Error> {
    (rows, index).transaction(|(rows, index)| change(rows, index)).map_err(|error| match error {
        TransactionError::Abort(error) => error,
        TransactionError::Storage(error) => error.into(),
    })
}

#[cfg(test)]
mod tests;
