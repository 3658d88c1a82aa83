//! A record, and its place: a partition and an offset.

use std::fmt;

use bytes::Bytes;

use crate::domain::{Timestamp, UserKey};

/// A partition of a stream. The same number in every stream holds the same keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub u16);

impl Partition {
    /// The partition of `key` among `count`: FNV-1a, so that every implementation and version agrees.
    pub fn of(key: &str, count: u16) -> Self {
        let hash = key
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(u16::try_from(hash % u64::from(count.max(1))).unwrap_or(0))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A record to append.
#[derive(Debug, Clone)]
pub struct Record {
    /// Decides the partition, and with it the order.
    pub key: UserKey,
    /// A message of `usher.v1`.
    pub payload: Bytes,
}

/// The place of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The partition.
    pub partition: Partition,
    /// Counted from 0 within the partition.
    pub offset: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.partition, self.offset)
    }
}

/// A record read back. The key is text here: only [`UserKey::parse`] knows whether usher wrote it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its place.
    pub position: Position,
    /// The key it was appended under.
    pub key: String,
    /// The content.
    pub payload: Bytes,
    /// The time of the append, by the clock of the appending process.
    pub appended: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_of_a_key_never_changes() {
        // Fixed values: another result would send a user's next event to another partition than the last one.
        let of = |key| Partition::of(key, 12).0;
        assert_eq!([of("acme/id/JIRAUSER10100"), of("acme/id/JIRAUSER10101"), of("")], [11, 4, 5]);
    }
}
