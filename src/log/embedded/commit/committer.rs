//! The one thread that writes: takes what waits, makes it durable with one sync, answers everybody.

use std::{
    ops::Range,
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    group_commit::{GroupCommit, LOOK_AGAIN},
    interval::Interval,
    queue::{Append, Request, Work},
    staged::Staged,
};
use crate::{
    clock::Clock,
    log::{
        Error, Position, Stored,
        embedded::{
            compaction::{self, Compactor},
            copy::snapshot::{Pins, Snapshot},
            database::{
                disk_reserve::Reserve,
                high_watermark::HighWatermark,
                store::{self, Store, Write},
            },
            groups::Groups,
            health::Health,
            part::{Part, Parts},
            retention::Trimmer,
        },
    },
};

/// How long group offsets may wait to be written, and how often the thread looks around when nothing is appended.
pub(in crate::log::embedded) const OFFSETS_EVERY: Duration = Duration::from_secs(1);

/// How often the high watermark is written.
pub(in crate::log::embedded) const WITNESS_EVERY: Duration = Duration::from_secs(10);

/// All that the thread owns.
pub(in crate::log::embedded) struct Committer {
    pub store: Arc<Store>,
    pub groups: Arc<Groups>,
    pub health: Arc<Health>,
    /// Ends the process where only opening the log anew can help.
    pub process: crate::health::Health,
    pub clock: Arc<dyn Clock>,
    /// What readers may see of each part; moved only after the sync.
    pub bounds: Parts<watch::Sender<Range<u64>>>,
    pub reserve: Reserve,
    pub trimmer: Trimmer,
    pub compactor: Compactor,
    pub identity: String,
    pub dir: PathBuf,
    pub group_commit: GroupCommit,
    pub offsets_due: Interval,
    pub witness_due: Interval,
    /// While a snapshot is copied nothing is removed.
    pub pins: Pins,
}

impl Committer {
    /// Works until all senders of `requests` are gone and everything sent is answered; then lets go of the store.
    pub fn run(mut self, requests: &Receiver<Request>) {
        loop {
            let tidying = self.trimmer.is_due() || self.compactor.is_due();
            let wait = if tidying && self.may_tidy() { Duration::ZERO } else { OFFSETS_EVERY };
            match requests.recv_timeout(wait) {
                Ok(first) => self.serve(first, requests),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.do_chores();
        }
        self.groups.close();
        self.save_offsets();
        self.write_witness();
        self.store.release();
    }

    /// Serves `first`, and what else waits or is about to come, together.
    fn serve(&mut self, first: Request, requests: &Receiver<Request>) {
        let mut work = Work::default();
        work.take(first);
        work.take_all(requests);
        let expected = self.group_commit.expected(work.appends.len(), Instant::now());
        while work.savers.is_empty() && !expected.is_enough(work.appends.len(), Instant::now()) {
            thread::sleep(LOOK_AGAIN);
            work.take_all(requests);
        }
        let Work { appends, savers, copiers, bytes } = work;
        if !appends.is_empty() {
            let count = appends.len();
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
    fn may_tidy(&mut self) -> bool {
        !self.health.has_failed() && !self.pins.are_held() && self.reserve.has_room_for_notes()
    }

    fn append(&mut self, appends: Vec<Append>, bytes: usize) {
        let positions = if self.has_room_for(bytes) { self.write(&appends) } else { None };
        let Some(positions) = positions else {
            for append in appends {
                let _ = append.done.send(Err(self.health.refusal()));
            }
            return;
        };
        for (append, position) in appends.into_iter().zip(positions) {
            let _ = append.done.send(Ok(position));
        }
    }

    /// Makes the records durable, then visible; none of it where that fails.
    fn write(&mut self, appends: &[Append]) -> Option<Vec<Position>> {
        let mut staged = Staged::new(&self.ends(), self.clock.now());
        let positions = appends.iter().map(|append| staged.add(append.part, &append.record)).collect();
        self.commit_staged(staged).then_some(positions)
    }

    /// Makes what is staged durable, then visible; false where that fails.
    fn commit_staged(&self, staged: Staged) -> bool {
        let before = self.ends();
        let (write, after) = staged.finish();
        if !self.commit(write) {
            return false;
        }
        for (part, end) in after.iter().filter(|(part, end)| before[*part] != **end) {
            self.bounds[part].send_modify(|bounds| bounds.end = *end);
        }
        true
    }

    /// Makes `write` durable; false where that fails, and from then on.
    ///
    /// After a failed sync the kernel may have dropped what it held, and sled goes on failing after its first error:
    /// what is on disk is known only when the log is opened again. So nothing is written any more until then. The
    /// bounds have not moved; an offset that was promised to nobody may come to hold a record that was not
    /// acknowledged, as after a crash.
    fn commit(&self, write: Write) -> bool {
        if self.health.has_failed() {
            return false;
        }
        let committed = self.health.during(|| self.store.commit(write));
        if let Err(error) = &committed {
            tracing::error!(%error, "the event log accepts nothing until usher is restarted");
            self.health.fail(format!("{error}; nothing is accepted until usher is restarted"));
            self.process.end_process(format!(
                "log: {error}; usher ends, as what is on disk is known only when the log is opened again"
            ));
        }
        committed.is_ok()
    }

    /// Finds out whether there is room for anything at all.
    pub fn look_at_disk(&mut self) {
        self.has_room_for(0);
    }

    fn has_room_for(&mut self, bytes: usize) -> bool {
        let checked = self.reserve.check(u64::try_from(bytes).unwrap_or(u64::MAX));
        let enough = checked.is_ok();
        self.health.set_disk(checked.err().map(|error| error.to_string()));
        enough
    }

    /// What has to be done now and then, whether anything is appended or not.
    fn do_chores(&mut self) {
        self.look_at_disk();
        if self.offsets_due.is_due() {
            self.save_offsets();
        }
        if self.witness_due.is_due() {
            self.write_witness();
        }
        if self.trimmer.is_due() && self.may_tidy() {
            self.trim();
        }
        if self.compactor.is_due() && self.may_tidy() {
            self.compact();
        }
    }

    /// Writes how far groups have come. With too little room it is done later: what they did since comes again after a restart,
    /// and is recognised.
    fn save_offsets(&mut self) {
        if !self.reserve.has_room_for_notes() {
            return;
        }
        let mut write = sled::Batch::default();
        let unsaved = self.groups.take_unsaved();
        for (key, next) in &unsaved {
            write.insert(&key[..], next);
        }
        if !unsaved.is_empty() {
            self.commit(write.into());
        }
    }

    fn trim(&mut self) {
        let now = self.clock.now();
        let Ok(tree) = self.store.tree() else { return };
        let next = store::guarded(|| self.trimmer.next(&tree, &self.groups, &self.bounds, now));
        let removed = next.unwrap_or_else(|panicked| Err(sled::Error::ReportableBug(panicked.to_string())));
        match removed {
            Ok(None) => {}
            Ok(Some(batch)) => {
                self.commit(batch.into());
            }
            Err(error) => {
                let error = crate::words::database(&error);
                tracing::warn!(error, "old records of the event log can't be removed");
            }
        }
    }

    /// Does a bounded part of what there is to do in compacted streams.
    fn compact(&mut self) {
        let now = self.clock.now();
        let Ok(tree) = self.store.tree() else { return };
        let next = store::guarded(|| self.compactor.next(&tree, &self.groups, &self.bounds, now));
        let step = next.unwrap_or_else(|panicked| Err(sled::Error::ReportableBug(panicked.to_string()).into()));
        match step {
            Ok(compaction::Step { part: Some(part), copies, removed, start }) if !removed.is_empty() => {
                if !self.copy(part, &copies) {
                    return self.compactor.put_off();
                }
                // Readers are told first, so that they don't look for what is about to go.
                self.bounds[part].send_modify(|bounds| bounds.start = start);
                let mut write = sled::Batch::default();
                removed.iter().for_each(|key| write.remove(key));
                self.commit(write.into());
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "old records of the event log can't be removed");
                self.compactor.put_off();
            }
        }
    }

    /// Appends records of `part` anew.
    fn copy(&mut self, part: Part, copies: &[Stored]) -> bool {
        if copies.is_empty() {
            return true;
        }
        let bytes = copies.iter().map(|record| record.key.len() + record.payload.len()).sum();
        if !self.has_room_for(bytes) {
            return false;
        }
        let mut staged = Staged::new(&self.ends(), self.clock.now());
        for record in copies {
            staged.add_bytes(part, &record.key, &record.payload);
        }
        self.commit_staged(staged)
    }

    fn write_witness(&mut self) {
        if !self.reserve.has_room_for_notes() {
            return;
        }
        if let Err(error) = HighWatermark::new(&self.identity, &self.ends()).write(&self.dir) {
            let error = crate::words::system(&error);
            tracing::warn!(error, "how far the event log has come can't be noted down beside it");
        }
    }

    fn ends(&self) -> Parts<u64> {
        self.bounds.map(|bounds| bounds.borrow().end)
    }
}
