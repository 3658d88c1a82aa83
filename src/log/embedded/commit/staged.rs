//! One commit being put together: gives out offsets, gathers records into batches.

use crate::{
    domain::Timestamp,
    log::{
        Position, Record,
        embedded::{
            database::{
                format::{self, Batch},
                store::Write,
            },
            part::{Part, Parts},
        },
    },
};

/// Records that will be written together.
pub(in crate::log::embedded) struct Staged {
    appended: Timestamp,
    /// The batch of each part that takes the next record.
    open: Parts<Batch>,
    values: Vec<([u8; 13], Vec<u8>)>,
    /// Whether a batch takes more than one value.
    in_pieces: bool,
}

impl Staged {
    /// Nothing yet; the next record of each part gets the offset in `ends`.
    pub fn new(ends: &Parts<u64>, appended: Timestamp) -> Self {
        Self { appended, open: ends.map(|end| Batch::new(*end)), values: Vec::new(), in_pieces: false }
    }

    /// Adds `record`, and says where it will stand.
    pub fn add(&mut self, part: Part, record: &Record) -> Position {
        self.add_bytes(part, record.key.as_str(), &record.payload)
    }

    /// As [`Staged::add`], with the record in its parts.
    pub fn add_bytes(&mut self, part: Part, key: &str, payload: &[u8]) -> Position {
        if !self.open[part].has_room(key, payload) {
            self.close(part);
        }
        let batch = &mut self.open[part];
        let position = Position { partition: part.partition, offset: batch.next_offset() };
        batch.push(key, payload);
        position
    }

    /// What to write, and where each part ends then.
    pub fn finish(mut self) -> (Write, Parts<u64>) {
        let ends = self.open.map(Batch::next_offset);
        ends.iter().for_each(|(part, _)| self.close(part));
        // A batch in one value is all there or not at all; one in pieces must not lose some of them.
        let write = if self.in_pieces { Write::Together(batch(self.values)) } else { Write::InOrder(self.values) };
        (write, ends)
    }

    fn close(&mut self, part: Part) {
        let next = Batch::new(self.open[part].next_offset());
        let full = std::mem::replace(&mut self.open[part], next);
        if full.is_empty() {
            return;
        }
        full.write(self.appended, |base, piece, bytes| {
            self.in_pieces |= piece > 0;
            self.values.push((format::batch_key(part, base, piece), bytes.to_vec()));
        });
    }
}

fn batch(values: Vec<([u8; 13], Vec<u8>)>) -> sled::Batch {
    let mut batch = sled::Batch::default();
    values.into_iter().for_each(|(key, value)| batch.insert(&key, value));
    batch
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{UserId, UserKey, UserRef},
        log::{Partition, Stream},
    };

    fn record(payload: Vec<u8>) -> Record {
        let key = UserKey::new(&"acme".parse().expect("an id"), &UserRef::Id(UserId::new("1")));
        Record { key, payload: payload.into() }
    }

    fn staged(payloads: &[usize]) -> Write {
        let ends = Parts::<u64>::new(4);
        let mut staged = Staged::new(&ends, Timestamp::from_millis(0));
        for length in payloads {
            staged.add(Part::new(Stream::Events, Partition(1)), &record(vec![0; *length]));
        }
        staged.finish().0
    }

    #[test]
    fn only_parts_with_new_records_are_written() {
        let Write::InOrder(values) = staged(&[10, 10]) else { panic!("no batch is in pieces") };
        assert_eq!(values.len(), 1);
    }

    #[test]
    fn what_is_in_pieces_is_written_together() {
        assert!(matches!(staged(&[10, 100_000]), Write::Together(_)));
    }
}
