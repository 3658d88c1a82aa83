//! The log as it was at one moment, to be copied while the log goes on.
//!
//! A snapshot is a list of bounds and of group offsets, taken by the committer between two commits. Record batches never
//! change, so a copy reads them behind the committer. The committer removes none as long as a snapshot is there.

use std::{ops::Range, path::Path, sync::Arc};

use crate::{
    domain::Timestamp,
    log::{
        Error, Partition, Stored, Stream,
        embedded::{
            Recovered,
            database::{
                format,
                store::{self, Store},
            },
            part::{Part, Parts},
            reader::{batch_at, unreadable},
        },
    },
};

/// The snapshots that are in use.
#[derive(Debug, Default)]
pub(in crate::log::embedded) struct Pins(Arc<()>);

/// One snapshot in use, until it is dropped.
#[derive(Debug)]
pub(in crate::log::embedded) struct Pin(#[expect(dead_code, reason = "it is counted")] Arc<()>);

impl Pins {
    /// One more.
    pub fn pin(&self) -> Pin {
        Pin(Arc::clone(&self.0))
    }

    /// Whether any snapshot is in use.
    pub fn are_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// How far a consumer group had come in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOffset {
    /// The group.
    pub group: String,
    /// The stream that it consumes.
    pub stream: Stream,
    /// The partition.
    pub partition: Partition,
    /// The offset of the first record that it has not done with.
    pub next: u64,
}

/// Records that were appended together.
#[derive(Debug)]
pub struct RecordBatch {
    /// The offset of the first one.
    pub base: u64,
    /// When they were appended.
    pub appended: Timestamp,
    /// The records, in their order; never empty.
    pub records: Vec<Stored>,
}

/// The log as it was at one moment.
pub struct Snapshot {
    bounds: Parts<Range<u64>>,
    groups: Vec<GroupOffset>,
    partitions: u16,
    held: Held,
}

/// What keeps the records there.
enum Held {
    /// The committer of a running log.
    Running { store: Arc<Store>, _pin: Pin },
    /// The lock on a log that nobody else has open.
    Stopped(Store),
}

impl Drop for Held {
    fn drop(&mut self) {
        match self {
            Self::Running { .. } => {}
            Self::Stopped(store) => store.release(),
        }
    }
}

impl Snapshot {
    /// The snapshot of a running log; for its committer, between two commits.
    pub(in crate::log::embedded) fn of_running(
        store: &Arc<Store>,
        pins: &Pins,
        partitions: u16,
        bounds: Parts<Range<u64>>,
        groups: Vec<GroupOffset>,
    ) -> Self {
        Self { bounds, groups, partitions, held: Held::Running { store: Arc::clone(store), _pin: pins.pin() } }
    }

    /// The snapshot of the log in `dir`, which no process has open. The log can't be opened until the snapshot is dropped.
    /// Blocks while the files are read.
    ///
    /// # Errors
    /// [`Error::Unusable`] where there is no log in `dir`, it is in use, or its files are damaged.
    pub fn of_stopped(dir: &Path) -> Result<Self, Error> {
        if !dir.join("db").is_file() {
            return Err(Error::Unusable(format!("there is no embedded log in {}", dir.display())));
        }
        let (store, found) = Recovered::open(dir, crate::log::embedded::Options::default().partitions)?;
        let Recovered { partitions, bounds, groups, .. } = found;
        Ok(Self { bounds, groups: groups.all(), partitions, held: Held::Stopped(store) })
    }

    /// How many partitions each stream has.
    pub fn partitions(&self) -> u16 {
        self.partitions
    }

    /// The offsets that each partition of each stream held.
    pub fn bounds(&self) -> impl Iterator<Item = (Stream, Partition, Range<u64>)> {
        self.bounds.iter().map(|(part, bounds)| (part.stream, part.partition, bounds.clone()))
    }

    /// How far the consumer groups had come. All that follows from what they were done with is in the snapshot.
    pub fn groups(&self) -> &[GroupOffset] {
        &self.groups
    }

    /// The record batches of one partition, in their order; one at a time is in memory. Ends with the first error.
    pub fn batches(
        &self,
        stream: Stream,
        partition: Partition,
    ) -> impl Iterator<Item = Result<RecordBatch, Error>> + use<'_> {
        let part = Part::new(stream, partition);
        let held = if self.bounds.has(part) { self.bounds[part].clone() } else { 0..0 };
        let mut next = Some(held.start);
        std::iter::from_fn(move || {
            let offset = next.filter(|offset| *offset < held.end)?;
            let batch = self.batch(part, offset);
            next = batch.as_ref().ok().map(|batch| offset + batch.records.len() as u64);
            Some(batch)
        })
    }

    fn batch(&self, part: Part, offset: u64) -> Result<RecordBatch, Error> {
        let store = match &self.held {
            Held::Running { store, .. } => store,
            Held::Stopped(store) => store,
        };
        // Not held longer than for one batch: the log is to close while a copy is made.
        let tree = store.tree()?;
        let found = store::guarded(|| batch_at(&tree, part, offset))
            .map_err(|panicked| unreadable(part, &panicked.to_string()))?
            .map_err(|error| unreadable(part, &crate::words::database(&error)))?;
        let records = found.filter(|(base, _)| *base == offset);
        let records = records.and_then(|(base, bytes)| format::decode(part, base, bytes)).unwrap_or_default();
        let Some(first) = records.first() else {
            return Err(unreadable(part, &format!("the record at offset {offset} is missing")));
        };
        Ok(RecordBatch { base: offset, appended: first.appended, records })
    }
}
