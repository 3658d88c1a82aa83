//! Lists by index: of all users, of a group's members, of a user's groups.

use reqwest::Method;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{Crowd, MEMBERSHIP, SEARCH, user::Bean};
use crate::{
    domain::{GroupName, UserHints, UserId},
    products::{
        Error, MemberPage, UserPage,
        listing::{Cursor, PAGE},
        request::{Call, Operation},
    },
};

/// A list that is read as a whole and has more pages does not end.
const MOST_PAGES: usize = 1_000;

impl Crowd {
    /// The page at `cursor` of all users in all directories of the application.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let call = Call::new(Operation::ListUsers, Method::GET, SEARCH)
            .query("entity-type", "user")
            .query("start-index", cursor.offset().to_string())
            .query("max-results", PAGE.to_string())
            .query("expand", "user");
        let answer = self.send(call).await?;
        let beans = answer.json::<Users>()?.all().map_err(|_| answer.of_other_form())?;
        let given = beans.len();
        cursor.by_offset(beans.into_iter().map(listed).collect(), given)
    }

    /// The page of a group's direct members that begins at `start`; one that is not full is the last one.
    pub(super) async fn member_page(&self, group: &GroupName, start: usize) -> Result<MemberPage, Error> {
        let call = Call::new(Operation::ListMembers, Method::GET, MEMBERSHIP)
            .query("groupname", group.as_str())
            .query("expand", "user")
            .query("start-index", start.to_string())
            .query("max-results", PAGE.to_string());
        let beans = self.send(call).await?.json::<Users>()?.all()?;
        let given = beans.len();
        let users = beans.into_iter().map(|bean| bean.into_user().id).collect();
        let next = (given >= PAGE).then_some(start + given);
        Ok(MemberPage { users, next, total: None, all_readable: true, inactive_too: false })
    }

    /// Everything on a list, which `call` begins; a page that is not full is the last one.
    pub(super) async fn whole<'a, L: List>(&self, call: impl Fn() -> Call<'a> + Send) -> Result<Vec<L::Item>, Error> {
        let mut all: Vec<L::Item> = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = call().query("start-index", all.len().to_string()).query("max-results", PAGE.to_string());
            let answer = self.send(page).await?;
            let page = answer.json::<L>()?.all().map_err(|_| answer.of_other_form())?;
            let full = page.len() >= PAGE;
            if full && page.first().map(L::name) == all.first().map(L::name) {
                return Err(Error::Unreadable("a list does not go on".to_owned()));
            }
            all.extend(page);
            if !full {
                return Ok(all);
            }
        }
        Err(Error::Unreadable(format!("a list has more than {MOST_PAGES} pages")))
    }
}

fn listed(bean: Bean) -> (UserId, UserHints) {
    let user = bean.into_user();
    let hints = UserHints { name: user.name, email: user.email, active: user.active, account_type: user.account_type };
    (user.id, hints)
}

/// What Crowd answers with a list.
pub(super) trait List: DeserializeOwned + Send {
    type Item: Send;

    /// What is on the page.
    fn all(self) -> Result<Vec<Self::Item>, Error>;

    /// What tells one from the others.
    fn name(item: &Self::Item) -> &str;
}

/// Users. The list has another name in the reference than in Crowd's own examples.
#[derive(Deserialize)]
pub(super) struct Users {
    expand: Option<IgnoredAny>,
    #[serde(alias = "user")]
    users: Option<Vec<Bean>>,
}

/// Groups, named alike.
#[derive(Deserialize)]
pub(super) struct Groups {
    expand: Option<IgnoredAny>,
    #[serde(alias = "group")]
    groups: Option<Vec<Group>>,
}

/// A group, as lists name it.
#[derive(Deserialize)]
pub(super) struct Group {
    pub name: String,
}

impl List for Users {
    type Item = Bean;

    fn all(self) -> Result<Vec<Bean>, Error> {
        there(self.users, self.expand)
    }

    fn name(user: &Bean) -> &str {
        &user.name
    }
}

impl List for Groups {
    type Item = Group;

    fn all(self) -> Result<Vec<Group>, Error> {
        there(self.groups, self.expand)
    }

    fn name(group: &Group) -> &str {
        &group.name
    }
}

/// An empty list may be left out, and then there is still what could be expanded in it.
fn there<T>(list: Option<Vec<T>>, expand: Option<IgnoredAny>) -> Result<Vec<T>, Error> {
    match (list, expand) {
        (Some(list), _) => Ok(list),
        (None, Some(_)) => Ok(Vec::new()),
        (None, None) => Err(Error::Unreadable("there is no list in it".to_owned())),
    }
}
