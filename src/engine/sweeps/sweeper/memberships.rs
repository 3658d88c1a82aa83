//! The members of the groups that the schemes of a sweep name. They are read before the users are listed, page by page,
//! so that the list is enough for most users.
//!
//! They decide that nothing is to be done, and count a user whom a run with limits selects. A user who is to be changed is
//! read.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use tracing::{debug, info};

use super::Sweeper;
use crate::{
    domain::{AskedSweep, GroupName, Memberships, SchemeId, Timestamp, UserHints, UserId},
    products::{Error, MemberPage},
    runtime::{Interrupted, Work},
    source::read::refused,
};

/// The highest number of groups: each is in every sighting.
const MAX_GROUPS: usize = 30;
/// The highest number of pages of members. A page of 50 saves at most 50 reads, and none if most users are settled
/// anyway.
const MAX_PAGES: usize = 1_000;
/// The highest number of kept members, at 16 bytes each.
const MAX_MEMBERS: usize = 1_000_000;
/// Older lists are read again, if a sweep takes long.
const TRUE_FOR_MILLIS: i64 = 60 * 60 * 1000;

/// The members of some groups.
#[derive(Debug, Default)]
pub(super) struct Preloaded {
    groups: Vec<Members>,
    /// The time at which the first page was requested.
    as_of: Option<Timestamp>,
    pages: u64,
}

/// The members of one group.
#[derive(Debug)]
struct Members {
    group: GroupName,
    /// Digests of their ids.
    users: HashSet<u128>,
    /// Whether the list is complete.
    whole: bool,
    /// Whether it also holds for inactive users.
    inactive_too: bool,
}

impl Preloaded {
    /// The known memberships of `user` in these groups; `hints` are from the list of users; none if nothing is known.
    /// An incomplete list shows only who is a member, and never who is not.
    pub(super) fn of(&self, user: &UserId, hints: &UserHints) -> Option<Memberships> {
        let (as_of, print) = (self.as_of?, print(user));
        let (mut of, mut not_of) = (Vec::new(), Vec::new());
        for members in &self.groups {
            if members.users.contains(&print) {
                of.push(members.group.clone());
            } else if members.whole && (members.inactive_too || hints.active == Some(true)) {
                not_of.push(members.group.clone());
            }
        }
        (!of.is_empty() || !not_of.is_empty()).then_some(Memberships { of, not_of, as_of })
    }

    /// The number of pages that were read.
    pub(super) fn pages(&self) -> u64 {
        self.pages
    }

    /// Whether it is to be read again.
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        self.as_of.is_some_and(|as_of| now.as_millis() - as_of.as_millis() > TRUE_FOR_MILLIS)
    }
}

/// The remaining bounds of reading.
struct Room {
    pages: usize,
    members: usize,
}

impl Sweeper {
    /// Reads the members of the groups of interest to the runs of `asked`. A group that can't be read, or has too many
    /// members, is left out: then users are read one by one.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn preload(&self, asked: &AskedSweep, work: &Work) -> Result<Preloaded, Interrupted> {
        let ids: Vec<SchemeId> = asked.runs.iter().map(|run| run.scheme.id.clone()).collect();
        let Some(schemes) = self.schemes.as_ref().map(|schemes| schemes.borrow().clone()) else {
            return Ok(Preloaded::default());
        };
        let mut wanted = schemes.groups_of_interest(&asked.source, &ids).into_iter().take(MAX_GROUPS).peekable();
        if wanted.peek().is_none() {
            return Ok(Preloaded::default());
        }
        let mut preloaded = Preloaded { groups: Vec::new(), as_of: Some(self.now()), pages: 0 };
        let mut room = Room { pages: MAX_PAGES, members: MAX_MEMBERS };
        for group in wanted {
            let Some(members) = self.members(group, &mut room, work).await? else { continue };
            preloaded.groups.push(members);
        }
        let (groups, pages) = (preloaded.groups.len(), MAX_PAGES - room.pages);
        preloaded.pages = pages as u64;
        info!(sweep.id = %asked.sweep, groups, pages, "the members of the groups of its schemes are known");
        Ok(preloaded)
    }

    async fn members(&self, group: GroupName, room: &mut Room, work: &Work) -> Result<Option<Members>, Interrupted> {
        let mut members = Members { group, users: HashSet::new(), whole: true, inactive_too: true };
        let (mut start, mut total) = (0, None);
        loop {
            if room.pages == 0 || room.members == 0 {
                members.whole = false;
                return Ok(Some(members));
            }
            room.pages -= 1;
            let page = match self.member_page(&members.group, start, work).await? {
                Ok(Some(page)) => page,
                Ok(None) => return Ok(None),
                Err(error) => {
                    debug!(group = %members.group, %error, "the members of a group can't be read");
                    return Ok(None);
                }
            };
            let before = members.users.len();
            members.users.extend(page.users.iter().map(print));
            room.members = room.members.saturating_sub(members.users.len() - before);
            members.whole &= page.all_readable;
            members.inactive_too &= page.inactive_too;
            total = total.or(page.total);
            match page.next {
                // A page without a new member: the product ignores the offset, or a member has left meanwhile.
                Some(next) if next > start && members.users.len() > before => start = next,
                Some(_) => members.whole = false,
                None => {}
            }
            if page.next.is_none() || !members.whole {
                // If the product counts the members, the list must have this number.
                members.whole &= total.is_none_or(|total| members.users.len() as u64 >= total);
                return Ok(Some(members));
            }
        }
    }

    async fn member_page(
        &self,
        group: &GroupName,
        start: usize,
        work: &Work,
    ) -> Result<Result<Option<MemberPage>, Error>, Interrupted> {
        let client = &self.connection.client;
        self.connection.query(&work.stop, || async move { client.members(group, start).await.map_err(refused) }).await
    }
}

/// Sixteen bytes of a digest: a bounded memory for ids of any length.
fn print(user: &UserId) -> u128 {
    let digest = Sha256::digest(user.as_str().as_bytes());
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(group: &str, users: &[&str], whole: bool, inactive_too: bool) -> Members {
        let users = users.iter().map(|user| print(&UserId::new(*user))).collect();
        Members { group: GroupName::new(group), users, whole, inactive_too }
    }

    /// The groups of which `jane` is a member, and those of which she is not.
    fn told(groups: Vec<Members>, active: Option<bool>) -> Option<(Vec<String>, Vec<String>)> {
        let preloaded = Preloaded { groups, as_of: Some(Timestamp::from_millis(1)), pages: 0 };
        let hints = UserHints { active, ..UserHints::default() };
        let names = |groups: Vec<GroupName>| groups.iter().map(GroupName::to_string).collect();
        preloaded.of(&UserId::new("jane"), &hints).map(|told| (names(told.of), names(told.not_of)))
    }

    #[test]
    fn a_list_that_is_not_known_to_be_whole_tells_of_nobody_that_they_are_not_in_it() {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let groups = || {
            vec![
                members("staff", &["jane"], false, true),
                members("vip", &["joe"], true, true),
                members("vpn", &["joe"], false, true),
            ]
        };
        assert_eq!(told(groups(), Some(true)), Some((own(&["staff"]), own(&["vip"]))));
        assert_eq!(told(vec![members("vpn", &["joe"], false, true)], Some(true)), None);
    }

    #[test]
    fn a_list_that_may_leave_out_who_is_not_active_tells_nothing_of_them() {
        let group = || vec![members("vip", &["joe"], true, false)];
        assert_eq!(told(group(), Some(true)).map(|told| told.1.len()), Some(1));
        assert_eq!(told(group(), Some(false)), None);
        assert_eq!(told(group(), None), None);
    }

    #[test]
    fn lists_are_old_after_an_hour() {
        let preloaded = Preloaded { groups: Vec::new(), as_of: Some(Timestamp::from_millis(0)), pages: 0 };
        assert!(!preloaded.is_old(Timestamp::from_millis(TRUE_FOR_MILLIS)));
        assert!(preloaded.is_old(Timestamp::from_millis(TRUE_FOR_MILLIS + 1)));
        assert!(!Preloaded::default().is_old(Timestamp::from_millis(TRUE_FOR_MILLIS + 1)));
    }
}
