//! The records whose work a ledger may have forgotten.

use crate::domain::Timestamp;

/// The input records that may be finished without being remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// The records that were appended before this time,
    pub before: Timestamp,
    /// and are before this offset. Later records were appended since, whatever the clock said.
    pub until: u64,
}

impl Forgotten {
    /// Everything is remembered.
    pub const NOTHING: Self = Self { before: Timestamp::from_millis(i64::MIN), until: 0 };

    /// Whether the record at `offset`, which was `appended` then, may be done without being remembered.
    pub fn covers(self, offset: u64, appended: Timestamp) -> bool {
        offset < self.until && appended < self.before
    }

    /// All records of both, and no more where offsets and times grow alike.
    pub(super) fn with(self, other: Self) -> Self {
        Self { before: self.before.max(other.before), until: self.until.max(other.until) }
    }

    pub(super) fn write(self) -> [u8; 16] {
        let mut row = [0; 16];
        row[..8].copy_from_slice(&self.before.as_millis().to_be_bytes());
        row[8..].copy_from_slice(&self.until.to_be_bytes());
        row
    }

    /// Reads a row; none if it is not of this version: then it is determined again.
    pub(super) fn read(row: &[u8]) -> Option<Self> {
        let (before, until) = row.split_at_checked(8)?;
        let before = Timestamp::from_millis(i64::from_be_bytes(before.try_into().ok()?));
        Some(Self { before, until: u64::from_be_bytes(until.try_into().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_later_or_behind_is_remembered() {
        let at = Timestamp::from_millis;
        let forgotten = Forgotten { before: at(1_000), until: 7 };
        assert_eq!(Forgotten::read(&forgotten.write()), Some(forgotten));
        assert_eq!(Forgotten::read(b"short"), None);
        assert!(forgotten.covers(6, at(999)));
        assert!(!forgotten.covers(7, at(999)), "the clock was ahead when it was noted");
        assert!(!forgotten.covers(6, at(1_000)));
        assert!(!Forgotten::NOTHING.covers(0, at(0)));
    }
}
