//! One commit being put together: gives out offsets, gathers records into batches.

use super::{
    format::{self, Batch},
    part::{Part, Parts},
};
use crate::{
    domain::Timestamp,
    log::{Position, Record},
};

/// Records that will be written together.
pub(super) struct Staged {
    appended: Timestamp,
    /// The batch of each part that takes the next record.
    open: Parts<Batch>,
    write: sled::Batch,
}

impl Staged {
    /// Nothing yet; the next record of each part gets the offset in `ends`.
    pub fn new(ends: &Parts<u64>, appended: Timestamp) -> Self {
        Self { appended, open: ends.map(|end| Batch::new(*end)), write: sled::Batch::default() }
    }

    /// Adds `record`, and says where it will stand.
    pub fn add(&mut self, part: Part, record: &Record) -> Position {
        let (key, payload) = (record.key.as_str(), &record.payload[..]);
        if !self.open[part].has_room(key, payload) {
            self.close(part);
        }
        let batch = &mut self.open[part];
        let position = Position { partition: part.partition, offset: batch.next_offset() };
        batch.push(key, payload);
        position
    }

    /// What to write, and where each part ends then.
    pub fn finish(mut self) -> (sled::Batch, Parts<u64>) {
        let ends = self.open.map(Batch::next_offset);
        ends.iter().for_each(|(part, _)| self.close(part));
        (self.write, ends)
    }

    fn close(&mut self, part: Part) {
        let next = Batch::new(self.open[part].next_offset());
        let full = std::mem::replace(&mut self.open[part], next);
        let write = &mut self.write;
        full.write(self.appended, |base, piece, bytes| write.insert(&format::batch_key(part, base, piece), bytes));
    }
}
