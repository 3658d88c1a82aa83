//! Taking records into the views: many at a time, in one transaction with the checkpoints.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tracing::warn;

use super::checkpoints;
use crate::{
    domain::{Decision, LoginCoverage, Outcome, Setting, SourceId, StepKey, SweepProgress, SweepRequest, UserKey},
    log::{
        Stored, Stream,
        codec::{OutcomeRecord, decode},
    },
    views::{
        Error, Views,
        activity::Activities,
        admin_actions::AdminActions,
        comparisons::Comparisons,
        creations::Creations,
        dead_letters::DeadLetters,
        decisions::Decisions,
        orders::Orders,
        runs::{Deletions, Runs},
        schedules::LastFirings,
    },
};

/// The news for waiters, which they get once the rows are visible.
#[derive(Debug, Default)]
struct News {
    /// Steps that have ended.
    ended: Vec<(UserKey, StepKey)>,
    /// The periods of the sources.
    coverage: Vec<(SourceId, LoginCoverage)>,
    /// Whether an answer about runs may have changed.
    has_progress: bool,
    /// Whether runs were removed from the run log.
    has_removed: bool,
}

impl Views {
    /// Writes the rows of `records` and the checkpoints in one transaction; then notifies the waiters. Applying a
    /// record twice changes nothing more.
    ///
    /// # Errors
    /// [`Error::Database`] if they can't be written; [`Error::Store`] if the end of a step can't be recorded:
    /// [`remove_ended_steps`](Self::remove_ended_steps) does that later.
    pub(in crate::views) fn apply(&self, stream: Stream, records: &[Stored]) -> Result<(), Error> {
        let mut next = BTreeMap::new();
        for Stored { position, .. } in records {
            next.insert(position.partition, position.offset + 1);
        }
        let news = self.database.write(|db| {
            let mut news = News::default();
            for record in in_order(stream, records) {
                apply_readable(db, stream, record, &mut news)?;
            }
            for (&partition, &next) in &next {
                checkpoints::put(db, stream, partition, next)?;
            }
            Ok(news)
        })?;
        // After the commit: a waiter for an offset must find the rows of all records before it.
        for (partition, next) in next {
            self.checkpoints.committed(stream, partition, next);
        }
        let has_removed = news.has_removed;
        self.notify(news)?;
        while has_removed && self.database.write(|db| Deletions(db).remove())?.is_full() {}
        Ok(())
    }

    /// Notifies the waiters after the commit, because they may ask for the result of the step.
    fn notify(&self, news: News) -> Result<(), Error> {
        for (source, coverage) in news.coverage {
            self.coverage.set(source, coverage);
        }
        let told = news.ended.iter().try_for_each(|(user, step)| match &self.pending {
            Some(pending) => pending.ended(user, step),
            None => Ok(()),
        });
        if news.has_progress {
            self.progressed();
        }
        Ok(told?)
    }

    /// Takes away the pending steps that have ended. A process that ended between the commit and the telling had left
    /// them.
    ///
    /// # Errors
    /// [`Error::Store`] where pending steps can't be read or written.
    pub(in crate::views) fn remove_ended_steps(&self) -> Result<(), Error> {
        let Some(pending) = &self.pending else { return Ok(()) };
        // A state that can't be read now counts as open: the step is removed with its outcome, or forgotten after the
        // wait for it.
        Ok(pending.end_all(|step| self.database.read(|db| Runs(db).has_ended(step)).unwrap_or(false))?)
    }
}

/// `records` in the order in which their rows are written. If the order matters only per user, it is the order of the
/// table.
fn in_order(stream: Stream, records: &[Stored]) -> Vec<&Stored> {
    let mut ordered: Vec<&Stored> = records.iter().collect();
    if stream == Stream::Activity {
        ordered.sort_by(|one, other| one.key.cmp(&other.key));
    }
    ordered
}

/// Applies one record. A record that can't be read now can't be read later either: it is logged and skipped.
fn apply_readable(db: &Connection, stream: Stream, record: &Stored, news: &mut News) -> Result<(), Error> {
    match apply(db, stream, record, news) {
        Err(error) if error.is_of_one_record() => {
            let position = record.position;
            warn!(
                %stream, partition = %position.partition, offset = position.offset, %error,
                "record {stream}/{}/{} is left out of the view", position.partition, position.offset,
            );
            Ok(())
        }
        applied => applied,
    }
}

fn apply(db: &Connection, stream: Stream, record: &Stored, news: &mut News) -> Result<(), Error> {
    let payload = &record.payload;
    match stream {
        Stream::Decisions => decided(db, &decode(payload)?, news),
        Stream::Outcomes => match decode(payload)? {
            OutcomeRecord::Attempt(_) => Ok(()), // the outcome follows, with all of it
            OutcomeRecord::Outcome(outcome) => ended(db, &outcome, news),
        },
        Stream::DeadLetters => DeadLetters(db).apply(&decode(payload)?),
        Stream::Sweeps => asked(db, &decode(payload)?, news),
        Stream::SweepProgress => {
            let progress: SweepProgress = decode(payload)?;
            news.has_progress = true;
            Runs(db).progressed(&progress)?;
            Comparisons(db).apply(&progress)
        }
        Stream::Activity => match UserKey::parse(&record.key) {
            Some(user) => Activities(db).merge(&user, &decode(payload)?),
            None => Ok(()), // usher writes no such key
        },
        Stream::AdminActions => {
            news.has_progress = true;
            AdminActions(db).apply(&decode(payload)?)
        }
        // They are not followed.
        Stream::Events | Stream::Feeds | Stream::Claims => Ok(()),
        Stream::Settings => set(db, payload, news),
    }
}

fn decided(db: &Connection, decision: &Decision, news: &mut News) -> Result<(), Error> {
    if decision.only.is_some() {
        return Ok(()); // a step is taken once more; its outcome tells the rest
    }
    news.has_progress = true;
    DeadLetters(db).decided(decision)?;
    Decisions(db).apply(decision)?;
    if let Some(coverage) = Activities(db).decided(decision)? {
        news.coverage.push((decision.source.clone(), coverage));
    }
    Creations(db).decided(decision)?;
    Runs(db).decided(decision)
}

/// Marks the step as ended, whatever happens to the rows: a record is skipped if one of them can't be read.
fn ended(db: &Connection, outcome: &Outcome, news: &mut News) -> Result<(), Error> {
    news.has_progress = true;
    news.ended.push((outcome.step.user_key(), outcome.step.key.clone()));
    match DeadLetters(db).ended(outcome) {
        Err(error) if error.is_of_one_record() => Runs(db).ended(outcome).and(Err(error)),
        Err(error) => Err(error),
        Ok(()) => Runs(db).ended(outcome),
    }
}

/// Most settings are not for the views. One without content is taken back: what it removed stays removed.
fn set(db: &Connection, payload: &[u8], news: &mut News) -> Result<(), Error> {
    if payload.is_empty() {
        return Ok(());
    }
    let Setting::DeletedRuns(deleted) = decode(payload)? else { return Ok(()) };
    news.has_removed = true;
    Deletions(db).apply(&deleted)
}

fn asked(db: &Connection, request: &SweepRequest, news: &mut News) -> Result<(), Error> {
    news.has_progress = true;
    LastFirings(db).apply(request)?;
    Orders(db).apply(request)?;
    match request {
        SweepRequest::Asked(asked) => Runs(db).asked(asked),
        SweepRequest::Cancel(order) => Runs(db).cancel_asked(order),
        SweepRequest::Release(_) | SweepRequest::Armed(_) | SweepRequest::Newcomers(_) => Ok(()),
    }
}
