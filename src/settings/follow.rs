//! Reads the stream into the state: what is there, then what comes.

use std::{
    sync::{Arc, PoisonError, RwLockWriteGuard},
    time::Duration,
};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Settings, state::State};
use crate::{
    domain::Setting,
    engine::Backoff,
    health::{Component, Health},
    log::{self, Partition, Stored, Stream, codec},
};

/// How many records are applied before the schemes are published.
const BATCH: usize = 256;

/// How long reading what is there may take when usher starts.
const START_WITHIN: Duration = Duration::from_secs(60);

/// Why the settings were not read at the start.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// The log does not answer.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// It takes too long.
    #[error("they were not read within {} s; nothing is decided without them", START_WITHIN.as_secs())]
    Slow,
}

/// Why following was broken off; it is taken up again where it was.
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
    /// Follows the log until `stop` is cancelled. It says to `health` how it is doing.
    pub async fn follow(self, health: Health, stop: CancellationToken) {
        let component = health.component("settings");
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        let mut waits = backoff.clone();
        while !stop.is_cancelled() {
            let before = self.0.next.borrow().clone();
            let Some(interruption) = stop.run_until_cancelled(self.read_on(&component)).await else { return };
            if *self.0.next.borrow() != before {
                waits = backoff.clone(); // it had come on meanwhile
            }
            component.failing(interruption.to_string());
            warn!(%interruption, "the settings are not followed now");
            let _stopped = stop.run_until_cancelled(tokio::time::sleep(waits.next_wait())).await;
        }
    }

    /// Waits until all that the log holds now is in the state.
    pub async fn caught_up(&self) -> Result<(), NotRead> {
        let mut ends = Vec::new();
        for partition in (0..self.0.log.partitions()).map(Partition) {
            let bounds = self.0.log.bounds(Stream::Settings, partition).await?;
            ends.push(if bounds.is_empty() { 0 } else { bounds.end });
        }
        let mut next = self.0.next.subscribe();
        let there = next.wait_for(|next| next.iter().zip(&ends).all(|(next, end)| next >= end));
        match tokio::time::timeout(START_WITHIN, there).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotRead::Slow),
        }
    }

    async fn read_on(&self, component: &Component) -> Interruption {
        let next = self.0.next.borrow().clone();
        let from = (0..).map(Partition).zip(next).collect();
        let mut records = match self.0.log.read(Stream::Settings, from).await {
            Ok(records) => records.ready_chunks(BATCH),
            Err(error) => return error.into(),
        };
        while let Some(batch) = component.waiting(records.next()).await {
            // Reading a scheme may take long, and so is done on a thread of its own.
            let settings = self.clone();
            match tokio::task::spawn_blocking(move || settings.apply(batch)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(_) => return Interruption::Broken,
            }
            component.working();
        }
        Interruption::Ended
    }

    /// Applies the records up to the first error. Whoever is told that a record is applied finds all that it changes.
    ///
    /// The state is changed here alone. It is locked against readers for the change itself, not while a scheme is read.
    fn apply(&self, batch: Vec<Result<Stored, log::Error>>) -> Result<(), log::Error> {
        let mut next = self.0.next.borrow().clone();
        let (mut changed, mut error) = (false, None);
        for record in batch {
            match record {
                Ok(record) => {
                    changed |= self.apply_one(&record);
                    if let Some(next) = next.get_mut(usize::from(record.position.partition.0)) {
                        *next = record.position.offset + 1;
                    }
                }
                Err(failed) => {
                    error = Some(failed);
                    break;
                }
            }
        }
        if changed {
            let before = Arc::clone(&self.0.schemes.borrow());
            let schemes = self.state().enabled(&before);
            self.0.schemes.send_replace(schemes.into());
        }
        self.0.changes.send_modify(|count| *count += 1);
        self.0.next.send_replace(next);
        error.map_or(Ok(()), Err)
    }

    /// Applies one record; true where it changes a scheme. One that can't be read never can be: it is told of, and passed
    /// over.
    fn apply_one(&self, record: &Stored) -> bool {
        if record.payload.is_empty() {
            return self.state_to_change().take_back(&record.key);
        }
        match codec::decode::<Setting>(&record.payload) {
            Ok(setting) => {
                let prepared = self.state().prepared(&record.key, setting);
                self.state_to_change().set(&record.key, prepared)
            }
            Err(error) => {
                let position = record.position;
                warn!(partition = %position.partition, offset = position.offset, %error, "a setting can't be read");
                false
            }
        }
    }

    fn state_to_change(&self) -> RwLockWriteGuard<'_, State> {
        self.0.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
