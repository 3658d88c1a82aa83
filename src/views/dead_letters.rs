//! What was given up, newest first.

use serde::{Deserialize, Serialize};
use sled::transaction::{
    ConflictableTransactionError as Conflictable, TransactionError, Transactional, TransactionalTree,
};

use super::{
    Error,
    decisions::PlannedStep,
    keys::{newest_first, time_and_id},
    page::{Page, Paging, page, take},
    prune::{Horizon, Room, Step},
};
use crate::{
    domain::{DeadLetter, EventId, RunId, SchemeId, SourceId, StepRef, Timestamp, UserRef},
    store::Store,
};

/// What can never succeed, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterRow {
    /// Names it: the step's key, or the event's id.
    pub id: String,
    /// Where it was given up: `planner` or `executor`.
    pub stage: String,
    /// The source it is about.
    pub source: SourceId,
    /// The user it is about: the lasting id, or the login name where that is all that is known.
    pub user: String,
    /// The login name, where it is known.
    pub user_name: Option<String>,
    /// The event it follows from, where it could be read.
    pub event: Option<EventId>,
    /// The step given up, where it is one.
    pub step: Option<GivenUpStep>,
    /// Why, and what an administrator can do.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The step given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUpStep {
    /// The run it belongs to.
    pub run: RunId,
    /// The scheme that asked for it.
    pub scheme: SchemeId,
    /// What the scheme said then.
    pub scheme_version: String,
    /// What, with what.
    #[serde(flatten)]
    pub step: PlannedStep,
}

impl From<&StepRef> for GivenUpStep {
    fn from(step: &StepRef) -> Self {
        Self {
            run: step.run.clone(),
            scheme: step.scheme.id.clone(),
            scheme_version: step.scheme.version.clone(),
            step: PlannedStep::from(&step.step),
        }
    }
}

impl From<&DeadLetter> for DeadLetterRow {
    fn from(letter: &DeadLetter) -> Self {
        let name = match &letter.user {
            UserRef::Id(_) => None,
            UserRef::Name(name) => Some(name.clone()),
        };
        Self {
            id: letter.id.clone(),
            stage: letter.stage.as_str().to_owned(),
            source: letter.source.clone(),
            user: letter.user.to_string(),
            user_name: letter.step.as_ref().and_then(|step| step.user_name.clone()).or(name),
            event: letter.event.clone(),
            step: letter.step.as_ref().map(GivenUpStep::from),
            reason: letter.reason.clone(),
            at: letter.at,
        }
    }
}

/// The rows of dead letters, and where that of an id stands.
#[derive(Debug, Clone)]
pub(super) struct DeadLetters {
    rows: sled::Tree,
    index: sled::Tree,
}

impl DeadLetters {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self { rows: store.tree("view-dead-letters")?, index: store.tree("view-dead-letters-index")? })
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 2] {
        [&self.rows, &self.index]
    }

    /// Adds a dead letter. Of two with one id, the newer one counts, whichever is read first.
    pub(super) fn apply(&self, letter: &DeadLetter) -> Result<(), Error> {
        let place = newest_first(letter.at, &letter.id);
        let row = serde_json::to_vec(&DeadLetterRow::from(letter))?;
        transaction(&self.rows, &self.index, |rows, index| {
            if let Some(earlier) = index.get(&letter.id)? {
                if *earlier <= *place {
                    return Ok(());
                }
                rows.remove(earlier)?;
            }
            rows.insert(place.as_slice(), row.as_slice())?;
            index.insert(letter.id.as_str(), place.as_slice())?;
            Ok(())
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

    pub(super) fn list(&self, paging: &Paging) -> Result<Page<DeadLetterRow>, Error> {
        page(&self.rows, &[], paging, take)
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
