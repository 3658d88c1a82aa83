//! How records lie on disk: keys and values of the one sled tree.
//!
//! ```text
//! stream u8 | partition u16 | base offset u64 | piece u16   ->  a record batch, or a further piece of it
//! 0x40 | stream u8 | partition u16 | group                  ->  next offset u64
//! 0x00 | name                                               ->  identity, partitions, format
//!
//! batch:  appended i64 (ms) | records u32 | length u32 | { key length u32 | key | payload length u32 | payload }
//! ```
//!
//! Numbers are big endian, so that sled's order is the log's. What was appended together is one value per part, as
//! a value each would cost sled many times the work. A value is never longer than [`VALUE_LIMIT`]; a batch that is
//! (of one long record) goes on in further pieces.

use bytes::{Buf, BufMut, Bytes};

use crate::{
    domain::Timestamp,
    log::{Position, Stored, embedded::part::Part},
};

/// The longest value, in bytes. sled rewrites a page of up to some 20 values as one item, and puts an item longer than
/// a quarter of a segment in a file of its own, which it never syncs. With this limit that can't come to pass.
pub(in crate::log::embedded) const VALUE_LIMIT: usize = 8 * 1024;

/// The bytes a batch has before its first record.
const HEADER: usize = 16;

/// The bytes a record takes beside its key and its payload.
const RECORD_OVERHEAD: usize = 8;

const GROUPS: u8 = 0x40;
const META: u8 = 0x00;

/// The key of what is known about the whole log under `name`.
pub(in crate::log::embedded) fn meta_key(name: &str) -> Vec<u8> {
    [&[META], name.as_bytes()].concat()
}

/// The key of the offset that `group` has come to in `part`.
pub(in crate::log::embedded) fn group_key(part: Part, group: &str) -> Vec<u8> {
    [&[GROUPS], &part_prefix(part)[..], group.as_bytes()].concat()
}

/// What all keys of group offsets begin with.
pub(in crate::log::embedded) const GROUP_PREFIX: &[u8] = &[GROUPS];

/// The group in a key made by [`group_key`] for `part`.
pub(in crate::log::embedded) fn group_of(key: &[u8], part: Part) -> Option<&str> {
    let rest = key.strip_prefix(GROUP_PREFIX)?.strip_prefix(&part_prefix(part))?;
    std::str::from_utf8(rest).ok()
}

/// What the keys of all record batches of `part` begin with.
pub(in crate::log::embedded) fn part_prefix(part: Part) -> [u8; 3] {
    let [high, low] = part.partition.0.to_be_bytes();
    [part.code(), high, low]
}

/// The key of one piece of a record batch.
pub(in crate::log::embedded) fn batch_key(part: Part, base: u64, piece: u16) -> [u8; 13] {
    let mut key = [0; 13];
    key[..3].copy_from_slice(&part_prefix(part));
    key[3..11].copy_from_slice(&base.to_be_bytes());
    key[11..].copy_from_slice(&piece.to_be_bytes());
    key
}

/// The base offset and the piece in a key made by [`batch_key`].
pub(in crate::log::embedded) fn base_and_piece(key: &[u8]) -> Option<(u64, u16)> {
    let key: &[u8; 13] = key.try_into().ok()?;
    let mut rest = &key[3..];
    Some((rest.get_u64(), rest.get_u16()))
}

/// What stands before the records of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::log::embedded) struct Header {
    /// When it was written.
    pub appended: Timestamp,
    /// How many records it has; never 0.
    pub count: u32,
    /// How long the batch is, header and all pieces, in bytes.
    pub length: u32,
}

impl Header {
    /// Reads the header of a batch from its first piece.
    pub fn decode(mut value: &[u8]) -> Option<Self> {
        (value.len() >= HEADER).then(|| Self {
            appended: Timestamp::from_millis(value.get_i64()),
            count: value.get_u32(),
            length: value.get_u32(),
        })
    }

    /// In how many pieces the batch is stored.
    pub fn pieces(&self) -> u16 {
        u16::try_from(usize::try_from(self.length).unwrap_or(usize::MAX).div_ceil(VALUE_LIMIT)).unwrap_or(u16::MAX)
    }
}

/// Records of one part that are written together.
#[derive(Debug)]
pub(in crate::log::embedded) struct Batch {
    base: u64,
    count: u32,
    bytes: Vec<u8>,
}

impl Batch {
    /// An empty batch whose first record will have the offset `base`.
    pub fn new(base: u64) -> Self {
        Self { base, count: 0, bytes: vec![0; HEADER] }
    }

    /// The offset the next record gets.
    pub fn next_offset(&self) -> u64 {
        self.base + u64::from(self.count)
    }

    /// Whether it has no record; such a batch is not to be written.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a record of that size can be added. An empty batch takes any.
    pub fn has_room(&self, key: &str, payload: &[u8]) -> bool {
        self.count == 0 || self.bytes.len() + RECORD_OVERHEAD + key.len() + payload.len() <= VALUE_LIMIT
    }

    /// Adds a record; its lengths must fit in 32 bits.
    pub fn push(&mut self, key: &str, payload: &[u8]) {
        for field in [key.as_bytes(), payload] {
            self.bytes.put_u32(u32::try_from(field.len()).expect("append() bounds the length of a record"));
            self.bytes.put_slice(field);
        }
        self.count += 1;
    }

    /// Hands the pieces to `put` with their numbers.
    pub fn write(mut self, appended: Timestamp, mut put: impl FnMut(u64, u16, &[u8])) {
        let length = u32::try_from(self.bytes.len()).expect("append() bounds the length of a record");
        let mut header = &mut self.bytes[..HEADER];
        header.put_i64(appended.as_millis());
        header.put_u32(self.count);
        header.put_u32(length);
        for (piece, bytes) in (0..).zip(self.bytes.chunks(VALUE_LIMIT)) {
            put(self.base, piece, bytes);
        }
    }
}

/// The records of a batch of `part`, all its pieces in one; `None` where they are not what [`Batch`] writes.
pub(in crate::log::embedded) fn decode(part: Part, base: u64, mut bytes: Bytes) -> Option<Vec<Stored>> {
    let header = Header::decode(&bytes)?;
    if bytes.len() != usize::try_from(header.length).ok()? {
        return None;
    }
    bytes.advance(HEADER);
    let mut field = || {
        let length = usize::try_from(bytes.try_get_u32().ok()?).ok()?;
        (length <= bytes.len()).then(|| bytes.split_to(length))
    };
    (0..u64::from(header.count))
        .map(|index| {
            let key = String::from_utf8(field()?.to_vec()).ok()?;
            let position = Position { partition: part.partition, offset: base + index };
            Some(Stored { position, key, payload: field()?, appended: header.appended })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Partition, Stream};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn part() -> Part {
        Part::new(Stream::Decisions, Partition(2))
    }

    fn pieces(batch: Batch) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        batch.write(NOW, |base, piece, bytes| {
            assert_eq!((base, usize::from(piece)), (7, pieces.len()));
            pieces.push(bytes.to_vec());
        });
        pieces
    }

    #[test]
    fn records_come_back_in_order_with_their_offsets() {
        let mut batch = Batch::new(7);
        batch.push("acme/id/a", b"one");
        batch.push("", b"");
        assert_eq!(batch.next_offset(), 9);
        let pieces = pieces(batch);
        assert_eq!(pieces.len(), 1);
        let header = Header::decode(&pieces[0]).expect("a header");
        assert_eq!((header.appended, header.count, header.pieces()), (NOW, 2, 1));
        let records = decode(part(), 7, pieces[0].clone().into()).expect("records");
        assert!(records.iter().all(|record| record.appended == NOW));
        let seen: Vec<_> = records.iter().map(|r| (r.position.offset, r.key.as_str(), &r.payload[..])).collect();
        assert_eq!(seen, [(7, "acme/id/a", &b"one"[..]), (8, "", &b""[..])]);
    }

    #[test]
    fn a_long_record_is_cut_into_pieces_none_of_which_is_too_long() {
        let payload = vec![42; 1024 * 1024];
        let mut batch = Batch::new(7);
        assert!(batch.has_room("k", &payload));
        batch.push("k", &payload);
        assert!(!batch.has_room("k", b"short"));
        let pieces = pieces(batch);
        assert!(pieces.iter().all(|piece| piece.len() <= VALUE_LIMIT));
        assert_eq!(usize::from(Header::decode(&pieces[0]).expect("a header").pieces()), pieces.len());
        let records = decode(part(), 7, pieces.concat().into()).expect("records");
        assert_eq!(records[0].payload, payload);
    }

    #[test]
    fn bytes_cut_short_anywhere_are_no_batch() {
        let mut batch = Batch::new(7);
        batch.push("key", b"payload");
        let whole = pieces(batch).concat();
        for length in 0..whole.len() {
            assert!(decode(part(), 7, Bytes::copy_from_slice(&whole[..length])).is_none(), "{length}");
        }
    }

    #[test]
    fn keys_sort_like_the_log_and_are_read_back() {
        let keys = [batch_key(part(), 1, 0), batch_key(part(), 255, 9), batch_key(part(), 256, 0)];
        assert!(keys.is_sorted());
        assert_eq!(base_and_piece(&keys[1]), Some((255, 9)));
        assert_eq!(group_of(&group_key(part(), "usher.planner.acme"), part()), Some("usher.planner.acme"));
        assert_eq!(group_of(&group_key(part(), "g"), Part::new(Stream::Events, Partition(2))), None);
    }
}
