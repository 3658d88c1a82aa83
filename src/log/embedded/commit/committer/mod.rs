//! The one thread that writes: takes what waits, makes it durable with one sync, answers everybody.

mod chores;

use std::{
    ops::Range,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    append_queue::{Arrival, Requests},
    group_commit::GroupCommit,
    interval::Interval,
    queue::{Append, Work},
};
use crate::{
    clock::Clock,
    log::{
        Error, Position, Stored,
        embedded::{
            copy::snapshot::{Pins, Snapshot},
            database::{
                commit::{CommitError, Write},
                disk_reserve::Reserve,
                store::Store,
            },
            groups::Groups,
            health::Health,
            part::Parts,
            retention::Retention,
            tails::Tails,
        },
    },
    wake_queue,
};

/// How long group offsets may wait to be written, and how often the thread looks around when nothing is appended.
pub(in crate::log::embedded) const OFFSETS_INTERVAL: Duration = Duration::from_secs(1);

/// How often the high watermark is written.
pub(in crate::log::embedded) const HIGH_WATERMARK_INTERVAL: Duration = Duration::from_secs(10);

/// All that the thread owns.
pub(in crate::log::embedded) struct Committer {
    pub store: Arc<Store>,
    /// The newest records, for readers; moved before the bounds are.
    pub tails: Arc<Tails>,
    pub groups: Arc<Groups>,
    pub health: Arc<Health>,
    /// Ends the process where only opening the log anew can help.
    pub process: crate::health::Health,
    pub clock: Arc<dyn Clock>,
    /// The part of each stream that readers may see; moved only after the sync.
    pub bounds: Parts<watch::Sender<Range<u64>>>,
    pub reserve: Reserve,
    pub retention: Retention,
    pub identity: String,
    pub dir: PathBuf,
    pub group_commit: GroupCommit,
    pub offsets_due: Interval,
    pub high_watermark_due: Interval,
    /// While a snapshot is copied nothing is removed.
    pub pins: Pins,
}

impl Committer {
    /// Works until `requests` is closed and everything in it is answered; then lets go of the store.
    pub fn run(mut self, requests: &Requests) {
        loop {
            let wait = if self.retention.is_due() && self.may_remove() { Duration::ZERO } else { OFFSETS_INTERVAL };
            match requests.wait(wait) {
                Arrival::Waiting => self.serve(requests),
                Arrival::Nothing => {}
                Arrival::Closed => break,
            }
            self.do_chores();
        }
        self.groups.close();
        self.save_offsets();
        self.write_high_watermark();
        self.store.release();
    }

    /// Serves what waits in `requests`, and what is about to come, together.
    fn serve(&mut self, requests: &Requests) {
        let mut work = Work::default();
        requests.take(&mut work);
        let more = self.group_commit.expected(work.appends.len(), Instant::now());
        if let Some(more) = more.filter(|_| work.savers.is_empty() && work.has_room()) {
            requests.wait_for(more.count, more.until);
            requests.take(&mut work);
        }
        let Work { appends, savers, copiers, bytes } = work;
        if !appends.is_empty() {
            let count = appends.len();
            self.group_commit.begins(Instant::now());
            self.append(appends, bytes);
            self.group_commit.answered(count, Instant::now());
        }
        if !savers.is_empty() {
            self.save_offsets();
            for done in savers {
                let _ = done.send(()); // nobody may be waiting any more
            }
        }
        for done in copiers {
            let _ = done.send(self.snapshot());
        }
    }

    /// The log as it is between two commits.
    fn snapshot(&self) -> Result<Snapshot, Error> {
        if self.health.has_failed() {
            return Err(self.health.refusal());
        }
        // Groups first: what follows from what they are done with was committed before, and only this thread moves the bounds.
        let groups = self.groups.all();
        let bounds = self.bounds.map(|bounds| bounds.borrow().clone());
        Ok(Snapshot::of_running(&self.store, &self.pins, bounds.partitions(), bounds, groups))
    }

    /// Whether old records may be removed now.
    fn may_remove(&mut self) -> bool {
        !self.health.has_failed() && !self.pins.are_held() && self.has_room_for_notes()
    }

    fn append(&mut self, appends: Vec<Append>, bytes: usize) {
        let positions = if self.has_room_for(bytes) { self.write(&appends) } else { None };
        wake_queue::at_once(|| match positions {
            Some(positions) => {
                for (append, position) in appends.into_iter().zip(positions) {
                    let _ = append.done.send(Ok(position)); // nobody may be waiting any more
                }
            }
            None => {
                for append in appends {
                    let _ = append.done.send(Err(self.health.refusal()));
                }
            }
        });
    }

    /// Makes the records durable, then visible; none of it where that fails.
    fn write(&mut self, appends: &[Append]) -> Option<Vec<Position>> {
        let (mut ends, appended) = (self.ends(), self.clock.now());
        let mut records: Parts<Vec<Stored>> = Parts::new(ends.partitions());
        let add = |Append { part, record, .. }: &Append| {
            let position = Position { partition: part.partition, offset: ends[*part] };
            ends[*part] += 1;
            let (key, payload) = (record.key.as_str().to_owned(), record.payload.clone());
            records[*part].push(Stored { position, key, payload, appended });
            position
        };
        let positions = appends.iter().map(add).collect();
        let records = records.into_entries().filter(|(_, records)| !records.is_empty()).collect();
        let write = Write { records, ..Write::default() };
        if !self.commit(&write) {
            return None;
        }
        for (part, records) in write.records {
            let end = records.last().map(|newest| newest.position.offset + 1);
            self.tails.push(part, records);
            self.bounds[part].send_modify(|bounds| bounds.end = end.unwrap_or(bounds.end));
        }
        Some(positions)
    }

    /// Makes `write` durable; false where that fails, and from then on unless it may pass.
    ///
    /// A full disk, or another program that writes to the database, leaves all as it was. After another failure, of a sync for one, the
    /// kernel may hold in memory what it takes for written and is not on disk. So nothing is written any more, nor taken over
    /// into the database, until the log is opened again: that writes all that can be read of the WAL file anew and syncs it.
    /// The bounds have not moved; an offset that was promised to nobody may come to hold a record that was not
    /// acknowledged, as after a crash.
    fn commit(&self, write: &Write) -> bool {
        self.try_commit(write).unwrap_or_else(|error| {
            self.fail(&error);
            false
        })
    }

    /// As [`Self::commit`], but says where nothing was written as the database is damaged: that fails nothing yet.
    fn try_commit(&self, write: &Write) -> Result<bool, CommitError> {
        if self.health.has_failed() {
            return Ok(false);
        }
        let committed = self.health.during(|| self.store.commit(write));
        if !matches!(committed, Err(CommitError::Damaged(_))) {
            self.note(&committed);
        }
        match committed {
            Ok(()) => Ok(true),
            Err(error @ CommitError::Damaged(_)) => Err(error),
            Err(CommitError::Full | CommitError::Busy | CommitError::Closed | CommitError::Failed(_)) => Ok(false),
        }
    }

    /// Notes whether the next write may succeed.
    fn note(&self, committed: &Result<(), CommitError>) {
        let dir = self.dir.display();
        match committed {
            Ok(()) => self.health.set_refused(None),
            Err(CommitError::Full) => self.health.set_refused(Some(format!("the disk of {dir} is full"))),
            Err(error @ CommitError::Busy) => self.health.set_refused(Some(format!("{dir}: {error}"))),
            Err(error @ (CommitError::Closed | CommitError::Failed(_) | CommitError::Damaged(_))) => self.fail(error),
        }
    }

    /// Nothing is written any more.
    fn fail(&self, error: &CommitError) {
        tracing::error!(%error, "the event log accepts nothing until usher is restarted");
        self.health.fail(format!("{error}; nothing is accepted until usher is restarted"));
        self.process.end_process(format!(
            "log: {error}; usher ends, as what is on disk is known only when the log is opened again"
        ));
    }

    /// Finds out whether there is room for anything at all.
    pub fn look_at_disk(&mut self) {
        self.has_room_for(0);
    }

    fn has_room_for(&mut self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        // A disk of the network may not even say how full it is.
        let checked = self.health.during(|| self.reserve.check(bytes));
        let enough = checked.is_ok();
        self.health.set_disk(checked.err().map(|error| error.to_string()));
        enough
    }

    fn has_room_for_notes(&mut self) -> bool {
        self.health.during(|| self.reserve.has_room_for_notes())
    }

    fn ends(&self) -> Parts<u64> {
        self.bounds.map(|bounds| bounds.borrow().end)
    }
}
