//! Keys of rows: parts that can't run into one another, and times that sort newest first.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_times_sort_first_on_both_sides_of_1970() {
        let key = |millis| newest_first(Timestamp::from_millis(millis), "x");
        let times = [i64::MAX, 1_700_000_000_000, 1, 0, -1, i64::MIN];
        assert!(times.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
    }

    #[test]
    fn no_part_begins_with_another() {
        assert!(!part("jane/x").starts_with(&part("jane")));
        assert_ne!([part("a"), part("bc")].concat(), [part("ab"), part("c")].concat());
    }
}
