//! Whether a list that came to an end is known to be whole.
//!
//! Some lists only end. Jira 10 gives the first 100 of what its user search finds, wherever a page begins, and other versions
//! the first 1,000 (JRASERVER-78660, JRASERVER-29069): to a reader both look like the end. Such a list is believed only if it
//! ends at a number at which none stops by itself, and if a second look at its end, with another size of page, finds the same.

use crate::{
    domain::{UserHints, UserId},
    products::Completeness,
};

/// The page size of the second read: another size than any list is read with.
pub(super) const LOOK: usize = 7;

/// Whether products are known, or likely, to stop by themselves after this number.
const fn is_round(users: usize) -> bool {
    users > 0 && is_a_limit(users)
}

const fn is_a_limit(users: usize) -> bool {
    matches!(users, 10 | 20 | 25 | 50 | 250 | 750)
        || (users <= 1_000 && users.is_multiple_of(100))
        || users.is_multiple_of(500)
}

/// Whether a page with `records` records, of `asked` requested ones, may have the product's highest length.
pub(in crate::products) const fn may_be_full(records: usize, asked: usize) -> bool {
    records >= asked || is_round(records)
}

/// The completeness of a list without a proof of its end: after `records`, the last of which is `last`, none if it is
/// unknown. `again` is the result of a second read of the end.
pub(super) fn by_second_look(records: usize, last: Option<&str>, again: &[Option<UserId>]) -> Completeness {
    let not = |why: String| Completeness::NotProved(why);
    match again {
        [] => not("it was shorter at a second look at its end than at the first".to_owned()),
        [one] => match (one, last) {
            (Some(one), Some(last)) if super::short_print(one) != last => {
                not("at a second look somebody else stood at its end".to_owned())
            }
            _ if is_round(records) => not(format!(
                "it ends after exactly {records} users, and some products stop by themselves at such numbers"
            )),
            _ => Completeness::Proved,
        },
        _ => not("it went on behind its end when it was asked for in pages of another size".to_owned()),
    }
}

/// The ids at the end of a list, in the order of its records; none if a record has no id.
pub(super) fn ids(users: &[(UserId, UserHints)], records: usize) -> Vec<Option<UserId>> {
    let mut ids: Vec<_> = users.iter().map(|(id, _)| Some(id.clone())).collect();
    ids.resize(records.max(ids.len()), None);
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(records: usize, again: &[&str]) -> Option<String> {
        let last = super::super::short_print(&UserId::new("z"));
        let again: Vec<_> = again.iter().map(|id| Some(UserId::new(*id))).collect();
        by_second_look(records, Some(&last), &again).why()
    }

    #[test]
    fn a_list_that_only_ends_is_whole_when_a_second_look_agrees_and_its_length_is_no_round_number() {
        for records in [1, 7, 99, 101, 742, 999, 1_001, 1_537, 2_100, 12_345] {
            assert_eq!(judge(records, &["z"]), None, "{records}");
        }
        for records in [10, 50, 100, 200, 250, 500, 700, 1_000, 1_500, 2_000, 10_000] {
            assert!(judge(records, &["z"]).unwrap().contains(&format!("exactly {records} users")), "{records}");
        }
    }

    #[test]
    fn a_second_look_that_finds_something_else_proves_nothing() {
        assert!(judge(7, &[]).unwrap().contains("shorter"));
        assert!(judge(7, &["y"]).unwrap().contains("somebody else"));
        assert!(judge(7, &["z", "a"]).unwrap().contains("went on behind its end"));
    }
}
