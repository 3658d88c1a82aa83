//! The requests to the committer, and how many of them are served together.

use tokio::sync::oneshot;

use crate::log::{
    Error, Position, Record,
    embedded::{copy::snapshot::Snapshot, part::Part},
};

/// The most records of one commit.
const MAX_RECORDS: usize = 16 * 1024;

/// When the records of a commit are that long together, in bytes, no further one is taken.
const ENOUGH_BYTES: usize = 4 * 1024 * 1024;

/// A request to the committer.
pub(in crate::log::embedded) enum Request {
    /// To make a record durable.
    Append(Append),
    /// To write group offsets now, and to say so.
    SaveOffsets(oneshot::Sender<()>),
    /// For the log as it is now.
    Snapshot(oneshot::Sender<Result<Snapshot, Error>>),
}

/// A record waiting to be written.
pub(in crate::log::embedded) struct Append {
    /// The part that it is appended to.
    pub part: Part,
    /// The record.
    pub record: Record,
    /// The waiter.
    pub done: oneshot::Sender<Result<Position, Error>>,
}

/// The requests that are served together.
#[derive(Default)]
pub(in crate::log::embedded) struct Work {
    /// Records to be made durable.
    pub appends: Vec<Append>,
    /// The waiters for written group offsets.
    pub savers: Vec<oneshot::Sender<()>>,
    /// The waiters for a snapshot.
    pub copiers: Vec<oneshot::Sender<Result<Snapshot, Error>>>,
    /// How long the records are together.
    pub bytes: usize,
}

impl Work {
    /// Adds what is asked.
    pub fn take(&mut self, request: Request) {
        match request {
            Request::Append(append) => {
                self.bytes += append.record.key.as_str().len() + append.record.payload.len();
                self.appends.push(append);
            }
            Request::SaveOffsets(done) => self.savers.push(done),
            Request::Snapshot(done) => self.copiers.push(done),
        }
    }

    /// Whether there is room for more in one commit.
    pub fn has_room(&self) -> bool {
        self.appends.len() < MAX_RECORDS && self.bytes < ENOUGH_BYTES
    }
}
