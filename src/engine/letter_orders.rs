//! Orders of administrators about dead letters, written into the log.
//!
//! The record with the work is written first: the event again for the planner, or the decision again for the executor,
//! each with the order in it. Then the order is written among the dead letters. If the process is killed between the
//! two, the order still counts. A stage carries an order out once for each time that the letter was given up, however
//! often it is ordered.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, TryStreamExt, stream};
use tracing::info;

use crate::{
    clock::Clock,
    domain::{Actor, Again, DeadLetter, Decision, EventRecord, LetterOrder, LetterOrderKind, Redrive, UserKey},
    log::{self, Log, Position, Record, Stream, codec},
};

/// Orders on their way into the log at once: it makes many durable together.
const CONCURRENCY: usize = 64;

/// Writes orders about dead letters into the log. Cheap to clone.
#[derive(Clone)]
pub struct LetterOrders {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
}

impl LetterOrders {
    /// Orders written into `log`.
    pub fn new(log: Arc<dyn Log>, clock: Arc<dyn Clock>) -> Self {
        Self { log, clock }
    }

    /// Orders a redrive of `letters`; letters without the necessary content are skipped. Letters of one user are
    /// ordered one after the other, the oldest first; users in parallel. Returns the places of the orders among the
    /// dead letters.
    ///
    /// # Errors
    /// If the log does not accept a record. Some of the letters may be redriven already.
    pub async fn redrive(&self, letters: Vec<DeadLetter>, by: &Actor) -> Result<Vec<Position>, log::Error> {
        let orders = by_user(letters).into_iter().map(|letters| self.redrive_in_turn(letters, by));
        let positions: Vec<_> = stream::iter(orders).buffer_unordered(CONCURRENCY).try_collect().await?;
        Ok(positions.into_iter().flatten().collect())
    }

    async fn redrive_in_turn(&self, letters: Vec<DeadLetter>, by: &Actor) -> Result<Vec<Position>, log::Error> {
        let mut positions = Vec::with_capacity(letters.len());
        for letter in letters {
            positions.extend(self.redrive_one(letter, by).await?);
        }
        Ok(positions)
    }

    async fn redrive_one(&self, letter: DeadLetter, by: &Actor) -> Result<Option<Position>, log::Error> {
        let Some(again) = letter.again.clone() else { return Ok(None) };
        let redrive = Redrive { letter: letter.id.clone(), of: letter.at, by: by.clone(), at: self.clock.now() };
        info!(letter.id, source.id = %letter.source, %by, "dead letter is taken up again");
        let (stream, record) = work(again, redrive);
        self.log.append(stream, record).await?;
        self.say(&letter, LetterOrderKind::Redrive, by).await.map(Some)
    }

    /// Dismisses `letter`. Returns the place of the order.
    ///
    /// # Errors
    /// If the log does not take the record.
    pub async fn dismiss(
        &self,
        letter: &DeadLetter,
        reason: Option<String>,
        by: &Actor,
    ) -> Result<Position, log::Error> {
        info!(letter.id, source.id = %letter.source, %by, "dead letter is dismissed");
        self.say(letter, LetterOrderKind::Dismiss { reason }, by).await
    }

    /// The same for all of `letters`.
    ///
    /// # Errors
    /// If the log does not accept a record. Some of the letters may be dismissed already.
    pub async fn dismiss_all(
        &self,
        letters: Vec<DeadLetter>,
        reason: Option<String>,
        by: &Actor,
    ) -> Result<Vec<Position>, log::Error> {
        let orders = letters.into_iter().map(|letter| {
            let reason = reason.clone();
            async move { self.dismiss(&letter, reason, by).await }
        });
        stream::iter(orders).buffer_unordered(CONCURRENCY).try_collect().await
    }

    async fn say(&self, letter: &DeadLetter, kind: LetterOrderKind, by: &Actor) -> Result<Position, log::Error> {
        let order = LetterOrder {
            letter: letter.id.clone(),
            source: letter.source.clone(),
            user: letter.user.clone(),
            of: letter.at,
            kind,
            by: by.clone(),
            at: self.clock.now(),
        };
        self.log.append(Stream::DeadLetters, Record { key: order.key(), payload: codec::encode(&order) }).await
    }
}

/// `letters` of each user, as they were given up: a step may rest on the one before it.
fn by_user(letters: Vec<DeadLetter>) -> Vec<Vec<DeadLetter>> {
    let mut users: BTreeMap<String, Vec<DeadLetter>> = BTreeMap::new();
    for letter in letters {
        let key = UserKey::new(&letter.source, &letter.user);
        users.entry(key.as_str().to_owned()).or_default().push(letter);
    }
    let mut users: Vec<_> = users.into_values().collect();
    for letters in &mut users {
        letters.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    }
    users
}

/// The record that has `again` done.
fn work(again: Again, redrive: Redrive) -> (Stream, Record) {
    match again {
        Again::Event(event) => {
            let record = EventRecord { redrive: Some(redrive), ..*event };
            (Stream::Events, Record { key: record.event.key(), payload: codec::encode(&record) })
        }
        Again::Step { decision, step } => {
            let record = Decision { redrive: Some(redrive), only: Some(step), ..*decision };
            (Stream::Decisions, Record { key: record.key(), payload: codec::encode(&record) })
        }
    }
}
