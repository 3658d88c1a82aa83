//! Further users after a list that is not known to be complete: the members of the groups that give access, page by
//! page.
//!
//! Nothing proves that these are all. They are read because a search that stops after 100 misses most users, and every
//! user who works with the product is in such a group. The list still counts as not known to be complete, with its own
//! reason.

use serde::{Deserialize, Serialize};

use super::{Cursor, Form, MOST_PAGES};
use crate::{
    domain::{GroupName, Groups, UserHints, UserId},
    products::{Completeness, Error, Fault, UserPage, jira::members::Members},
};

/// The place among the members, in the form of a cursor's place.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Why the list before is not known to be whole.
    why: String,
    /// The group to be read; none: the first one. It is kept by name, because groups come and go meanwhile.
    #[serde(default)]
    group: Option<GroupName>,
    /// The place in the group.
    #[serde(default)]
    start: usize,
    /// The number of pages that could not be read, or not completely.
    #[serde(default)]
    left_out: usize,
}

/// The same page. If it ends a list that is not known to be complete, the members of groups follow.
pub(in crate::products) fn and_members(page: UserPage) -> UserPage {
    match &page.completeness {
        Completeness::NotProved(why) if page.next.is_none() => {
            let place = Place { why: why.clone(), ..Place::default() };
            let next = Cursor { pages: 1, ..Cursor::first(Form::Members) }.text_at(&place);
            UserPage { next, ..page }
        }
        Completeness::NotProved(_) | Completeness::Proved | Completeness::Unreadable(_) => page,
    }
}

/// The page at `cursor` of the members of `groups`; `ask` returns the page of a group that begins at an offset.
/// Unreadable members are left out, which leaves the list as it was.
///
/// # Errors
///
/// What `groups` or `ask` give where the product is away or asks for a slower pace.
pub(in crate::products) async fn by_members<F>(
    cursor: Cursor,
    groups: impl Future<Output = Result<Groups, Error>>,
    ask: impl Fn(GroupName, usize) -> F,
) -> Result<UserPage, Error>
where
    F: Future<Output = Result<Members<(UserId, UserHints)>, Error>>,
{
    let mut place: Place = serde_json::from_str(&cursor.place)
        .unwrap_or_else(|_| Place { why: "it is not known how it ended".to_owned(), ..Place::default() });
    let groups = match groups.await {
        Ok(groups) => groups,
        Err(error) if passes(&error) => return Err(error),
        Err(_) => return Ok(ended(&place.why, "which groups give access can't be read", Vec::new())),
    };
    let wanted = place.group.clone();
    let Some(group) = groups.iter().find(|group| wanted.as_ref().is_none_or(|wanted| *group >= wanted)).cloned() else {
        return Ok(place.ended(groups.len(), Vec::new()));
    };
    if wanted.is_some_and(|wanted| wanted != group) {
        place.start = 0; // the one that was under way gives no access any more
    }
    let page = match ask(group.clone(), place.start).await {
        Ok(page) => page,
        Err(error) if passes(&error) => return Err(error),
        Err(_) => Members::unknown(),
    };
    Ok(place.go_on(cursor, &groups, group, page))
}

/// Whether it is over one day, whatever is asked: then it is worth waiting for.
fn passes(error: &Error) -> bool {
    match error.fault() {
        Fault::Source | Fault::Pace => true,
        Fault::Request | Fault::Either => false,
    }
}

impl Place {
    fn go_on(
        mut self,
        mut cursor: Cursor,
        groups: &Groups,
        group: GroupName,
        page: Members<(UserId, UserHints)>,
    ) -> UserPage {
        let print = cursor.print(&page.members);
        // The same page again: the offset is not heeded. Two groups may well begin with the same members.
        let is_again = self.start > 0 && cursor.mark == print && !page.members.is_empty();
        let has_more = page.next.filter(|next| *next > self.start && !is_again);
        self.left_out += usize::from(!page.all_readable || is_again);
        (self.group, self.start) = match has_more {
            Some(next) => (Some(group), next),
            None => (groups.iter().find(|other| **other > group).cloned(), 0),
        };
        if self.group.is_none() || cursor.pages >= MOST_PAGES {
            return self.ended(groups.len(), page.members);
        }
        cursor.pages += 1;
        cursor.mark = print;
        let (next, completeness) = (cursor.text_at(&self), Completeness::NotProved(self.why));
        UserPage { completeness, ..UserPage::new(page.members, next) }
    }

    fn ended(&self, groups: usize, users: Vec<(UserId, UserHints)>) -> UserPage {
        let also = match (groups, self.left_out, self.group.is_some()) {
            (_, _, true) => "the members of the groups that give access were read too, and not to their end".to_owned(),
            (0, _, _) => "no group gives access".to_owned(),
            (_, 0, _) => "the members of the groups that give access were read too".to_owned(),
            (_, left_out, _) => {
                format!(
                    "the members of the groups that give access were read too, but {left_out} of their pages can't be"
                )
            }
        };
        ended(&self.why, &also, users)
    }
}

fn ended(why: &str, also: &str, users: Vec<(UserId, UserHints)>) -> UserPage {
    UserPage { completeness: Completeness::NotProved(format!("{why}; {also}")), ..UserPage::new(users, None) }
}

impl Cursor {
    /// The cursor as text, at `place`.
    fn text_at(&self, place: &Place) -> Option<String> {
        let place = serde_json::to_string(place).ok()?; // texts and numbers can always be written
        Some(Self { place, ..self.clone() }.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> UserPage {
        UserPage { completeness: Completeness::NotProved("it stops".to_owned()), ..UserPage::new(Vec::new(), None) }
    }

    fn groups(names: &[&str]) -> Groups {
        names.iter().map(|name| GroupName::new(*name)).collect()
    }

    fn members(ids: std::ops::Range<usize>, next: Option<usize>) -> Members<(UserId, UserHints)> {
        let members = ids.map(|id| (UserId::new(id.to_string()), UserHints::default())).collect();
        Members { members, next, total: None, all_readable: true }
    }

    /// How many users stand on the pages of members, how many pages there are, and what is said at the end.
    async fn read<F>(
        giving: impl Fn(usize) -> Result<Groups, Error>,
        ask: impl Fn(GroupName, usize) -> F,
    ) -> Result<(usize, usize, String), Error>
    where
        F: Future<Output = Result<Members<(UserId, UserHints)>, Error>>,
    {
        let (mut page, mut users, mut pages) = (and_members(list()), 0, 0);
        while let Some(next) = page.next {
            let cursor = Cursor::read(Some(&next), &[Form::Search, Form::Members]);
            assert_eq!(cursor.form, Form::Members);
            page = by_members(cursor, async { giving(pages) }, &ask).await?;
            users += page.users.len();
            pages += 1;
            assert!(pages < 100, "it does not end");
            assert!(page.completeness.why().is_some_and(|why| why.starts_with("it stops")), "{page:?}");
        }
        Ok((users, pages, page.completeness.why().unwrap_or_default()))
    }

    #[tokio::test]
    async fn members_are_read_group_by_group_and_page_by_page() {
        let (users, pages, why) = read(
            |_| Ok(groups(&["b", "A", "c"])),
            async |group, start| {
                Ok(match group.as_str() {
                    "A" if start == 0 => members(0..50, Some(50)),
                    "A" => members(50..70, None),
                    _ => members(0..50, None), // the same as the first page of another group
                })
            },
        )
        .await
        .unwrap();
        assert_eq!((users, pages), (170, 4));
        assert_eq!(why, "it stops; the members of the groups that give access were read too");
    }

    #[tokio::test]
    async fn a_group_that_ends_to_give_access_is_left_and_the_others_are_read() {
        let giving = |pages| Ok(if pages == 0 { groups(&["a", "b"]) } else { groups(&["b"]) });
        let ask = async |group: GroupName, start| {
            assert!(group.as_str() == "a" || start == 0);
            Ok(if group.as_str() == "a" { members(0..50, Some(50)) } else { members(50..60, None) })
        };
        assert_eq!(read(giving, ask).await.map(|read| read.0), Ok(60));
    }

    #[tokio::test]
    async fn what_can_t_be_read_is_left_out_and_a_product_that_is_away_is_waited_for() {
        let refused = || Error::Refused { status: 404, message: "no".to_owned() };
        let ask = async |group: GroupName, _| {
            if group.as_str() == "a" { Err(refused()) } else { Ok(members(0..3, None)) }
        };
        let (users, _, why) = read(|_| Ok(groups(&["a", "b"])), ask).await.unwrap();
        assert!(users == 3 && why.contains("1 of their pages"), "{users} {why}");
        let (users, _, why) = read(|_| Err(refused()), ask).await.unwrap();
        assert!(users == 0 && why.contains("which groups give access can't be read"), "{why}");
        let away = || Error::Unreachable("gone".to_owned());
        assert_eq!(read(|_| Err(away()), ask).await, Err(away()));
        assert_eq!(read(|_| Ok(groups(&["a"])), async |_, _| Err(away())).await, Err(away()));
    }

    #[tokio::test]
    async fn an_offset_that_is_not_heeded_ends_the_group() {
        let ask = async |_, start: usize| Ok(members(0..50, Some(start + 50)));
        let (_, pages, why) = read(|_| Ok(groups(&["a", "b"])), ask).await.unwrap();
        assert!(pages == 4 && why.contains("2 of their pages"), "{pages} {why}");
    }
}
