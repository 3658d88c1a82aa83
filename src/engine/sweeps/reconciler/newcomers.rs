//! The listed users who are unknown.

use std::collections::BTreeMap;

use super::{Reconciler, UnknownUser, list::Error};
use crate::{
    domain::{AccountType, Comparison, Timestamp, UserHints, UserId, UserList},
    runtime::{Interrupted, Work},
};

/// The number that is never too many at once: a product that drops webhooks does so in bursts.
const ALWAYS: u64 = 50;
/// The number of known users for each allowed newcomer.
const ONE_IN: u64 = 20;
/// The number that is kept in memory. More are always too many at once.
const MAX_KEPT: u64 = 10_000;

/// The newcomers of one list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Newcomers {
    /// The number of known users.
    pub known: u64,
    /// The newcomers by id, because a user may be on two pages.
    kept: BTreeMap<UserId, Option<Timestamp>>,
    /// The number of newcomers who are not kept.
    pub more: u64,
    /// The properties of the list.
    pub list: UserList,
}

impl Newcomers {
    pub(super) fn is_empty(&self) -> bool {
        self.total() == 0
    }

    pub(super) fn total(&self) -> u64 {
        self.kept.len() as u64 + self.more
    }

    /// The highest number at once: 50, or 5 % of the known users.
    pub(super) fn most(&self) -> u64 {
        (self.known / ONE_IN).clamp(ALWAYS, MAX_KEPT)
    }

    /// The state of the comparison if none of them are held.
    pub(super) fn compared(&self, before: &Comparison) -> Comparison {
        let list = Some(self.list.clone());
        Comparison { baseline: before.baseline, known: self.known, held: 0, failed: None, list }
    }

    /// Whether some may have been there before: records that could not be read in the list before this one can be read
    /// now.
    pub(super) fn may_be_old(&self, before: &Comparison) -> bool {
        before.list.as_ref().is_some_and(|list| self.list.unreadable < list.unreadable)
    }

    /// The kept newcomers.
    pub(super) fn unknown_user(&self) -> Vec<UnknownUser> {
        self.kept.iter().map(|(user, as_of)| UnknownUser { user: user.clone(), as_of: *as_of }).collect()
    }

    /// Keeps those who are still newcomers.
    pub(super) fn retain(&mut self, is_newcomer: impl Fn(&UserId) -> bool) {
        self.kept.retain(|user, _| is_newcomer(user));
    }

    fn add(&mut self, UnknownUser { user, as_of }: UnknownUser) {
        if self.kept.len() as u64 == MAX_KEPT && !self.kept.contains_key(&user) {
            self.more += 1;
        } else {
            self.kept.insert(user, as_of);
        }
    }
}

impl Reconciler {
    /// Reads the whole list.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first. The inner error is final: it comes after all retries.
    pub(super) async fn find(&self, work: &Work) -> Result<Result<Newcomers, Error>, Interrupted> {
        let mut found = Newcomers::default();
        let mut list = self.list(work);
        while let Some(page) = list.next().await? {
            match page {
                Ok(page) => page.iter().for_each(|(user, hints)| match self.unknown_user(user) {
                    Some(unknown_user) if may_be_new(hints) => found.add(unknown_user),
                    Some(_) => {}
                    None => found.known += 1,
                }),
                Err(error) => return Ok(Err(error)),
            }
        }
        found.list = list.read();
        Ok(Ok(found))
    }
}

/// Whether a listed user counts as a person who came just now. A list also contains accounts that were deactivated or
/// even deleted. A user who becomes active is new on that day.
fn may_be_new(hints: &UserHints) -> bool {
    hints.active != Some(false) && !matches!(hints.account_type, Some(AccountType::Other(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(known: u64, count: u64) -> Newcomers {
        let mut found = Newcomers { known, ..Newcomers::default() };
        for _twice in 0..2 {
            (0..count.min(MAX_KEPT)).for_each(|number| {
                found.add(UnknownUser { user: UserId::new(number.to_string()), as_of: None });
            });
        }
        (MAX_KEPT..count)
            .for_each(|number| found.add(UnknownUser { user: UserId::new(number.to_string()), as_of: None }));
        found
    }

    #[test]
    fn fifty_or_one_in_twenty_may_come_at_once_and_never_more_than_memory_is_for() {
        for (known, most) in [(0, 50), (1_000, 50), (1_020, 51), (100_000, 5_000), (10_000_000, 10_000)] {
            assert_eq!(of(known, 0).most(), most, "{known}");
        }
    }

    #[test]
    fn who_stands_on_two_pages_counts_once_and_memory_is_bounded() {
        assert_eq!((of(9, 3).total(), of(9, 3).unknown_user().len()), (3, 3));
        let many = of(100_000, MAX_KEPT + 7);
        assert_eq!((many.total(), many.unknown_user().len() as u64, many.more), (MAX_KEPT + 7, MAX_KEPT, 7));
        assert!(many.total() > many.most());
    }

    #[test]
    fn only_active_people_are_new() {
        let hints = |active, account_type| UserHints { active, account_type, ..UserHints::default() };
        assert!(may_be_new(&hints(None, None)), "the list does not say");
        assert!(may_be_new(&hints(Some(true), Some(AccountType::Person))));
        assert!(!may_be_new(&hints(Some(false), Some(AccountType::Person))));
        assert!(!may_be_new(&hints(Some(true), Some(AccountType::Other("app".into())))));
    }
}
