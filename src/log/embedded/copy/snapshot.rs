//! The log as it was at one moment, to be copied while the log goes on.
//!
//! A snapshot is a list of bounds and of group offsets, taken by the committer between two commits. Records never
//! change, so a copy reads them behind the committer. The committer removes none as long as a snapshot is there.

use std::{collections::VecDeque, ops::Range, path::Path, sync::Arc};

use crate::{
    domain::Timestamp,
    log::{
        Error, Partition, Stored, Stream,
        embedded::{
            database::{group_rows::GroupOffset, records, recovery::Recovered, store::Store},
            part::{Part, Parts},
            reader::unreadable,
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

/// Records that were appended together, without a gap.
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
    /// Of a stopped log it keeps the lock.
    store: Arc<Store>,
    /// Keeps the records of a running log there.
    _pin: Option<Pin>,
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
        Self { bounds, groups, partitions, store: Arc::clone(store), _pin: Some(pins.pin()) }
    }

    /// The snapshot of the log in `dir`, which no process has open. The log can't be opened until the snapshot is dropped.
    /// Blocks while the files are read.
    ///
    /// # Errors
    /// [`Error::Unusable`] where there is no log in `dir`, it is in use, or its files are damaged.
    pub fn of_stopped(dir: &Path) -> Result<Self, Error> {
        if !Store::is_in(dir) {
            return Err(Error::Unusable(format!("there is no embedded log in {}", dir.display())));
        }
        let (store, found) = Recovered::open(dir, crate::log::embedded::Options::default().partitions)?;
        let Recovered { partitions, bounds, groups, .. } = found;
        Ok(Self { bounds, groups: groups.all(), partitions, store: Arc::new(store), _pin: None })
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
        let (mut next, mut read) = (Some(held.start), VecDeque::new());
        std::iter::from_fn(move || {
            let offset = next.filter(|offset| *offset < held.end)?;
            let batch = self.batch(part, offset..held.end, &mut read);
            next = batch.as_ref().ok().map(|batch| batch.base + batch.records.len() as u64);
            Some(batch)
        })
    }

    /// The records of `part` from the start of `range` on that were appended together, or as many of them as are read at a time.
    /// `read` has what was read before, and is left with what was read beyond them.
    fn batch(&self, part: Part, range: Range<u64>, read: &mut VecDeque<Stored>) -> Result<RecordBatch, Error> {
        let base = range.start;
        if read.is_empty() {
            let records = self.store.read(|db| records::read(db, part, range));
            read.extend(records.map_err(|error| unreadable(part, &error))?);
        }
        // There is one: nothing is removed meanwhile.
        let first = read.front().map(|first| (first.position.offset, first.appended));
        let (base, appended) = first.unwrap_or((base, Timestamp::from_millis(0)));
        let follows =
            |(offset, record): &(u64, &Stored)| record.appended == appended && record.position.offset == *offset;
        let count = (base..).zip(read.iter()).take_while(follows).count();
        Ok(RecordBatch { base, appended, records: read.drain(..count).collect() })
    }
}
