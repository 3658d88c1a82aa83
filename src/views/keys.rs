//! The places in lists that cursors name: parts that can't run into one another, and times that sort newest first.

use crate::domain::Timestamp;

/// `text` so that no other text begins with it: its length goes before it.
pub(super) fn part(text: &str) -> Vec<u8> {
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// Sorts rows by `at`, the newest first, and rows of one time by `id`.
pub(super) fn newest_first(at: Timestamp, id: &str) -> Vec<u8> {
    // The sign bit is turned so that signed numbers sort as bytes; then all bits, so that later comes first.
    let rank = !(at.as_millis().cast_unsigned() ^ (1 << 63));
    [&rank.to_be_bytes(), id.as_bytes()].concat()
}

/// The first text of a key, and the rest; none if there is no [`part`].
pub(super) fn first_part(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = key.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)
}

/// The time and the id from which [`newest_first`] made `key`.
pub(super) fn time_and_id(key: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (rank, id) = key.split_first_chunk()?;
    Some((Timestamp::from_millis((!u64::from_be_bytes(*rank) ^ (1 << 63)).cast_signed()), id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_times_sort_first_on_both_sides_of_1970() {
        let key = |millis| newest_first(Timestamp::from_millis(millis), "x");
        let times = [i64::MAX, 1_700_000_000_000, 1, 0, -1, i64::MIN];
        assert!(times.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
        for millis in times {
            assert_eq!(time_and_id(&key(millis)), Some((Timestamp::from_millis(millis), &b"x"[..])));
        }
        assert_eq!(time_and_id(b"short"), None);
    }

    #[test]
    fn no_part_begins_with_another() {
        assert!(!part("jane/x").starts_with(&part("jane")));
        assert_ne!([part("a"), part("bc")].concat(), [part("ab"), part("c")].concat());
        assert_eq!(first_part(&[part("jane"), part("x")].concat()), Some((&b"jane"[..], &part("x")[..])));
        assert_eq!((first_part(b"form"), first_part(&part("jane")[..9])), (None, None));
    }
}
