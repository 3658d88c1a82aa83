//! A new log that is made from what a snapshot of another one held.

use std::{
    fs::{self, Permissions},
    io,
    ops::Range,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::{
    domain::Timestamp,
    log::{
        Error, Partition, Position, Stored, Stream,
        embedded::{
            database::{
                commit::Write,
                group_rows::GroupOffset,
                recovery::{self, Recovered},
                store::Store,
                trouble::{damaged, inaccessible},
            },
            part::{Part, Parts},
        },
    },
};

/// So many bytes of records are written by one commit.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;

/// A log under construction. Dropped before [`Rebuild::finish`] it is no log that anybody should open.
pub struct Rebuild {
    dir: PathBuf,
    store: Store,
    partitions: u16,
    bounds: Parts<Range<u64>>,
    waiting: Write,
    bytes: usize,
}

impl Rebuild {
    /// Begins a log in the folder `dir`, which is made, with `partitions` partitions in each stream. It has an identity of its
    /// own, so that no state that was built from the other log is taken for this one's.
    ///
    /// # Errors
    /// [`Error::Unusable`] where the folder can't be written, or holds a log.
    pub fn begin(dir: &Path, partitions: u16) -> Result<Self, Error> {
        if Store::is_in(dir) {
            return Err(Error::Unusable(format!("there is a log in {} already", dir.display())));
        }
        let store = Store::open(dir)?;
        recovery::create(&store, dir, partitions)?;
        let (dir, bounds) = (dir.to_owned(), Parts::new(partitions));
        Ok(Self { dir, store, partitions, bounds, waiting: Write::default(), bytes: 0 })
    }

    /// The offsets that a partition holds so far; none where there is no such partition.
    pub fn bounds(&self, stream: Stream, partition: Partition) -> Option<Range<u64>> {
        let part = Part::new(stream, partition);
        self.bounds.has(part).then(|| self.bounds[part].clone())
    }

    /// Adds records that were appended together. Gives whether they follow the ones before: only then they are added.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where they can't be written.
    pub fn add<'a>(
        &mut self,
        (stream, partition): (Stream, Partition),
        base: u64,
        appended: Timestamp,
        records: impl Iterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<bool, Error> {
        let part = Part::new(stream, partition);
        // A compacted stream has gaps.
        let follows = |bounds: &Range<u64>| {
            bounds.is_empty() || bounds.end == base || (stream.is_compacted() && bounds.end < base)
        };
        if !self.bounds.has(part) || !follows(&self.bounds[part]) {
            return Ok(false);
        }
        let stored = |(offset, (key, payload)): (u64, (&str, &[u8]))| {
            let position = Position { partition, offset };
            Stored { position, key: key.to_owned(), payload: payload.to_vec().into(), appended }
        };
        let records: Vec<_> = (base..).zip(records).map(stored).collect();
        let Some(end) = records.last().map(|newest| newest.position.offset + 1) else { return Ok(false) };
        self.bytes += records.iter().map(|record| record.key.len() + record.payload.len()).sum::<usize>();
        self.waiting.records.push((part, records));
        let bounds = &mut self.bounds[part];
        *bounds = if bounds.is_empty() { base..end } else { bounds.start..end };
        if self.bytes >= COMMIT_BYTES {
            self.commit()?;
        }
        Ok(true)
    }

    /// Sets how far a consumer group has come. Gives whether there is such a partition.
    pub fn set_group(&mut self, offset: &GroupOffset) -> bool {
        let part = Part::new(offset.stream, offset.partition);
        let is_there = self.bounds.has(part);
        if is_there {
            self.waiting.groups.push(offset.clone());
        }
        is_there
    }

    /// Makes all of it durable, lets go of it, and opens it once as usher does at its start.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it can't be written, [`Error::Unusable`] where it does not hold what was added.
    pub fn finish(mut self) -> Result<(), Error> {
        self.commit()?;
        let Self { dir, store, partitions, bounds, .. } = self;
        drop(store);
        let (store, found) = Recovered::open(&dir, partitions)?; // writes the high watermark
        drop(store);
        if found.bounds.iter().any(|(part, found)| *found != bounds[part]) {
            return Err(damaged(&dir, "they don't hold what was written"));
        }
        make_private(&dir).map_err(|error| inaccessible(&dir, &error))
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        self.store.commit(&waiting).map_err(|error| Error::Unavailable(error.to_string()))
    }
}

/// Leaves the folder and all in it to its owner alone, and makes their names durable.
fn make_private(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let is_folder = fs::symlink_metadata(&path)?.is_dir();
        if is_folder {
            make_private(&path)?;
        } else {
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            fs::File::open(&path)?.sync_all()?;
        }
    }
    fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    fs::File::open(dir)?.sync_all()
}
