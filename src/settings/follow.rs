//! Reads the stream into the state: first the present records, then new ones.

use std::{
    sync::{PoisonError, RwLockWriteGuard},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Settings,
    state::{Changed, State},
};
use crate::{
    domain::Setting,
    health::Health,
    log::{self, Batches, Partition, ReadTrouble, Stored, Stream, codec},
    runtime::Backoff,
};

/// The number of records that are applied before the schemes are published.
const BATCH: usize = 256;

/// The time-out for reading the present records when usher starts.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Why the settings were not read at the start.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// The log does not answer.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// It takes too long.
    #[error("they were not read within {} s; nothing is decided without them", START_TIMEOUT.as_secs())]
    Slow,
}

/// The reason why following was interrupted; it continues at the same place.
#[derive(Debug, thiserror::Error)]
enum Interruption {
    #[error(transparent)]
    Log(#[from] log::Error),
    #[error("the log ended")]
    Ended,
    #[error("applying them broke off")]
    Broken,
}

impl Settings {
    /// Follows the log until `stop` is cancelled. It says to `health` how it is doing. A loop of its own beside
    /// [`until_ok`](crate::runtime::until_ok), as the follower of the views.
    pub async fn follow(self, health: Health, stop: CancellationToken) {
        let mut trouble = ReadTrouble::new(health.component("settings"), Stream::Settings.as_str());
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        while !stop.is_cancelled() {
            let before = self.0.next.borrow().clone();
            let Some(interruption) = stop.run_until_cancelled(self.read_on(&mut trouble)).await else { return };
            if *self.0.next.borrow() != before {
                backoff.reset(); // it had come on meanwhile
            }
            trouble.record(&interruption);
            let _stopped = backoff.wait(&stop).await;
        }
    }

    /// Waits until all present records of the log are in the state.
    ///
    /// # Errors
    /// [`NotRead::Log`] if the log does not give its end, [`NotRead::Slow`] if it takes longer than a minute.
    pub async fn caught_up(&self) -> Result<(), NotRead> {
        let mut ends = Vec::new();
        for partition in (0..self.0.log.partitions()).map(Partition) {
            let bounds = self.0.log.bounds(Stream::Settings, partition).await?;
            ends.push(if bounds.is_empty() { 0 } else { bounds.end });
        }
        let mut next = self.0.next.subscribe();
        let there = next.wait_for(|next| next.iter().zip(&ends).all(|(next, end)| next >= end));
        match tokio::time::timeout(START_TIMEOUT, there).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotRead::Slow),
        }
    }

    async fn read_on(&self, trouble: &mut ReadTrouble) -> Interruption {
        let next = self.0.next.borrow().clone();
        let from = (0..).map(Partition).zip(next).collect();
        let mut batches = match Batches::read(&self.0.log, Stream::Settings, from, BATCH).await {
            Ok(batches) => batches,
            Err(error) => return error.into(),
        };
        while let Some(batch) = batches.next(trouble).await {
            if batch.is_empty() {
                continue;
            }
            // Reading a scheme may take long, and so is done on a thread of its own.
            let settings = self.clone();
            if tokio::task::spawn_blocking(move || settings.apply(batch)).await.is_err() {
                return Interruption::Broken;
            }
        }
        Interruption::Ended
    }

    /// Applies records. When a waiter is notified of a record, all its changes are visible.
    ///
    /// Only this function changes the state. It locks the state against readers for the change itself, not while it
    /// reads a scheme.
    fn apply(&self, batch: Vec<Stored>) {
        let mut next = self.0.next.borrow().clone();
        let mut changed = false;
        for record in batch {
            changed |= self.apply_one(&record);
            if let Some(next) = next.get_mut(usize::from(record.position.partition.0)) {
                *next = record.position.offset + 1;
            }
        }
        if changed {
            self.publish();
        }
        self.0.changes.send_modify(|count| *count += 1);
        self.0.next.send_replace(next);
    }

    /// Applies one record; true if it changes schemes. A record that can't be read now can't be read later either: it
    /// is logged and skipped.
    fn apply_one(&self, record: &Stored) -> bool {
        let _turn = self.0.reading.lock().unwrap_or_else(PoisonError::into_inner);
        if record.payload.is_empty() {
            let changed = self.state_to_change().take_back(&record.key);
            return self.after(changed);
        }
        match codec::decode::<Setting>(&record.payload) {
            Ok(setting) => {
                let prepared = self.state().prepared(&record.key, setting);
                let changed = self.state_to_change().set(&record.key, prepared);
                self.after(changed)
            }
            Err(error) => {
                let position = record.position;
                warn!(partition = %position.partition, offset = position.offset, %error, "a setting can't be read");
                false
            }
        }
    }

    /// True if schemes have changed, also by a change of the sources.
    fn after(&self, changed: Changed) -> bool {
        if changed == Changed::Sources {
            self.read_for_sources();
            self.0.sources.send_modify(|count| *count += 1);
        }
        changed != Changed::Others
    }

    pub(super) fn state_to_change(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
