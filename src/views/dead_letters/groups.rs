//! Dead letters grouped by their step and reason, so that one cause is one line.

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{DeadLetterRow, DeadLetters, LetterState};
use crate::{
    domain::{SourceId, Timestamp},
    views::{
        Error,
        page::{Cursor, KeptTo, Page, Paging},
    },
};

/// Letters with the same source, stage, step and reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LetterGroup {
    /// Names it, as a filter of the list and of a redrive.
    pub id: String,
    /// The number of letters.
    pub letters: u64,
    /// The source.
    pub source: SourceId,
    /// The stage that gave them up.
    pub stage: String,
    /// The action; none for an event.
    pub action: Option<String>,
    /// Its target.
    pub target: Option<String>,
    /// The reason. Where letters differ in the user alone, `…` stands for the user.
    pub reason: String,
    /// When the first was given up.
    pub first: Timestamp,
    /// When the last was given up.
    pub last: Timestamp,
}

/// The common parts of the letters of a group.
pub(super) struct Problem {
    source: String,
    stage: String,
    action: String,
    target: String,
    reason: String,
}

impl Problem {
    pub(super) fn of(row: &DeadLetterRow) -> Self {
        let step = row.step.as_ref().map(|step| &step.step);
        Self {
            source: row.source.to_string(),
            stage: row.stage.clone(),
            action: step.map(|step| step.action.clone()).unwrap_or_default(),
            target: step.map(|step| step.target.clone()).unwrap_or_default(),
            reason: without_user(row),
        }
    }

    /// The same for all letters of a group, also after the views were built anew.
    pub(super) fn id(&self) -> String {
        let Self { source, stage, action, target, reason } = self;
        let mut hash = Sha256::new();
        for part in [source, stage, action, target, reason] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(&hash.finalize()[..8])
    }
}

/// The reason, with `…` for the user. A short name may be a part of a word, so it stays.
fn without_user(row: &DeadLetterRow) -> String {
    let names = [Some(&row.user), row.user_name.as_ref()].into_iter().flatten().filter(|name| name.chars().count() > 2);
    names.fold(row.reason.clone(), |reason, name| reason.replace(name.as_str(), "…"))
}

const GROUPS: &str = "
    SELECT problem, count(*) AS letters, min(at) AS first, max(at) AS last, max(id) AS example
    FROM dead_letters INDEXED BY dead_letters_by_problem
    WHERE state = ?1 AND problem > ?2 AND (?4 IS NULL OR source IN (SELECT value FROM json_each(?4)))
    GROUP BY problem ORDER BY problem LIMIT ?3";

impl DeadLetters<'_> {
    /// The groups of the letters in `state`, in the sources of `kept_to` alone.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(in crate::views) fn groups(
        self,
        state: LetterState,
        kept_to: Option<&KeptTo>,
        paging: &Paging,
    ) -> Result<Page<LetterGroup>, Error> {
        let after = paging.cursor.as_ref().map(|cursor| String::from_utf8_lossy(cursor.place()).into_owned());
        let most = paging.limit.get();
        let mut statement = self.0.prepare_cached(GROUPS)?;
        let found = statement.query_map((state, after.unwrap_or_default(), most + 1, kept_to), |row| {
            let (id, letters, example): (String, u64, String) =
                (row.get("problem")?, row.get("letters")?, row.get("example")?);
            Ok((id, letters, row.get("first")?, row.get("last")?, example))
        })?;
        let mut found = found.collect::<Result<Vec<(String, u64, Timestamp, Timestamp, String)>, _>>()?;
        let has_more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| has_more).map(|(id, ..)| Cursor::behind(id.as_str()));
        let mut items = Vec::with_capacity(found.len());
        for (id, letters, first, last, example) in found {
            let Some((row, _)) = self.get(&example)? else { continue };
            let reason = if letters > 1 { without_user(&row) } else { row.reason.clone() };
            let (action, target) = row.step.map(|step| (step.step.action, step.step.target)).unzip();
            items.push(LetterGroup {
                id,
                letters,
                source: row.source,
                stage: row.stage,
                action,
                target,
                reason,
                first,
                last,
            });
        }
        Ok(Page { items, next })
    }
}
