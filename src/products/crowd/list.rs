//! Lists by index: of all users, of a group's members, of a user's groups.

use reqwest::Method;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{Crowd, MEMBERSHIP, SEARCH, user::Bean};
use crate::{
    domain::GroupName,
    products::{
        Error, MemberPage, UserPage,
        http::request::{Call, Operation},
        listing::{
            self, Cursor, Given, PAGE,
            records::{NamedGroup, Record, Records},
        },
    },
};

/// A list that is read as a whole and has more pages does not end.
const MOST_PAGES: usize = 1_000;

impl Crowd {
    /// The page at `cursor` of all users in all directories of the application.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the page can't be read.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        listing::by_offset(cursor, &self.page_size, |start, size| self.users_from(start, size)).await
    }

    /// The page of a group's direct members that begins at `start`; one that may be as long as any is not the last one.
    ///
    /// # Errors
    /// [`Error`] if the call fails; [`Error::Intercepted`] if the answer has no list.
    pub(super) async fn member_page(&self, group: &GroupName, start: usize) -> Result<MemberPage, Error> {
        let call = Call::new(Operation::ListMembers, Method::GET, MEMBERSHIP)
            .query("groupname", group.as_str())
            .query("expand", "user")
            .query("start-index", start.to_string())
            .query("max-results", PAGE.to_string());
        let answer = self.send(call).await?;
        let beans = answer.json::<Users>()?.all().map_err(|_| answer.of_other_form())?;
        self.http.passed_over(Bean::KIND, beans.unreadable);
        let (given, all_readable) = (beans.given(), beans.unreadable == 0);
        let users = beans.read.into_iter().map(|bean| bean.into_user().id).collect();
        let next = listing::may_be_full(given, PAGE).then_some(start + given);
        Ok(MemberPage { users, next, total: None, all_readable, inactive_too: false })
    }

    async fn users_from(&self, start: usize, size: usize) -> Result<Given, Error> {
        let call = Call::new(Operation::ListUsers, Method::GET, SEARCH)
            .query("entity-type", "user")
            .query("start-index", start.to_string())
            .query("max-results", size.to_string())
            .query("expand", "user");
        let answer = self.send(call).await?;
        let records = answer.json::<Users>()?.all().map_err(|_| answer.of_other_form())?;
        self.http.passed_over(Bean::KIND, records.unreadable);
        Given::read(records, size, |bean| Some(bean.into_user().into_listed()))
    }

    /// Everything on a list, which `call` begins. A page that may be as long as any of this Crowd is not the last one.
    ///
    /// # Errors
    /// [`Error`] if a call fails; [`Error::Intercepted`] if an answer has no list; [`Error::Unreadable`] if the list
    /// does not end, or nothing on a page can be read.
    pub(super) async fn whole<'a, L: List>(
        &self,
        call: impl Fn() -> Call<'a> + Send + Sync,
    ) -> Result<Records<L::Item>, Error> {
        let mut all: Records<L::Item> = Records::default();
        for _ in 0..MOST_PAGES {
            let start = all.given();
            let ask = |size: usize| {
                let page = call().query("start-index", start.to_string()).query("max-results", size.to_string());
                async move {
                    let answer = self.send(page).await?;
                    answer.json::<L>()?.all().map_err(|_| answer.of_other_form())
                }
            };
            let (page, asked) = self.page_size.ask(ask).await?;
            self.http.passed_over(L::Item::KIND, page.unreadable);
            let page = page.or_nothing()?;
            let may_go_on = listing::may_be_full(page.given(), asked);
            if may_go_on && page.read.first().map(L::name) == all.read.first().map(L::name) {
                return match page.given() >= asked {
                    true => Err(Error::Unreadable("a list does not go on".to_owned())),
                    false => Ok(all), // the index is not heeded, and everything stands on one page
                };
            }
            all.extend(page);
            if !may_go_on {
                return Ok(all);
            }
        }
        Err(Error::Unreadable(format!("a list has more than {MOST_PAGES} pages")))
    }
}

/// A list in the form of Crowd.
pub(super) trait List: DeserializeOwned + Send {
    type Item: Record + Send;

    /// The records of the page.
    fn all(self) -> Result<Records<Self::Item>, Error>;

    /// The name that identifies an item.
    fn name(item: &Self::Item) -> &str;
}

/// Users. The list has another name in the reference than in Crowd's own examples.
#[derive(Deserialize)]
pub(super) struct Users {
    expand: Option<IgnoredAny>,
    #[serde(alias = "user")]
    users: Option<Records<Bean>>,
}

/// Groups, named alike.
#[derive(Deserialize)]
pub(super) struct Groups {
    expand: Option<IgnoredAny>,
    #[serde(alias = "group")]
    groups: Option<Records<NamedGroup>>,
}

impl List for Users {
    type Item = Bean;

    fn all(self) -> Result<Records<Bean>, Error> {
        there(self.users, self.expand)
    }

    fn name(user: &Bean) -> &str {
        &user.name
    }
}

impl List for Groups {
    type Item = NamedGroup;

    fn all(self) -> Result<Records<NamedGroup>, Error> {
        there(self.groups, self.expand)
    }

    fn name(group: &NamedGroup) -> &str {
        &group.name
    }
}

/// An empty list may be left out, and then there is still what could be expanded in it.
fn there<T>(list: Option<Records<T>>, expand: Option<IgnoredAny>) -> Result<Records<T>, Error> {
    match (list, expand) {
        (Some(list), _) => Ok(list),
        (None, Some(_)) => Ok(Records::default()),
        (None, None) => Err(Error::Unreadable("there is no list in it".to_owned())),
    }
}
