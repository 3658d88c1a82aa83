//! Listing the users of a Confluence Cloud site, by a search: there is no other list.

use reqwest::Method;
use serde::Deserialize;

use super::{ConfluenceCloud, user::Bean};
use crate::{
    domain::{UserHints, UserId},
    products::{
        Completeness, Error, User, UserPage,
        confluence::pages::Linked,
        http::request::{Call, Operation},
        listing::{
            Cursor, Given,
            records::{self, Record},
        },
    },
};

pub(super) const SEARCH: &str = "wiki/rest/api/search/user";

/// The search finds no more, says the reference.
const MOST: usize = 10_000;
const CUT: &str = "it ends after 10,000 users, and Confluence Cloud tells of no more";

#[derive(Deserialize)]
pub(super) struct SearchHit {
    #[serde(default, deserialize_with = "records::inner")]
    user: Option<Bean>,
}

impl Record for SearchHit {
    const KIND: &'static str = "user";
    const NEEDED: &'static [&'static str] = &["user"];

    fn is_of_use(&self) -> bool {
        self.user.is_some()
    }
}

impl ConfluenceCloud {
    /// The page at `cursor`: people with a licence, guests and apps.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the page can't be read.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let start = cursor.offset();
        let ask = |size: usize| async move {
            let call = Call::new(Operation::ListUsers, Method::GET, SEARCH)
                .query("cql", "type=user")
                .query("start", start.to_string())
                .query("limit", size.to_string())
                .query("sitePermissionTypeFilter", "all");
            self.http.send(call).await?.json::<Linked<SearchHit>>()
        };
        let (page, asked) = self.page_size.ask(ask).await?;
        let next = page.says(start)?;
        let (total, end) = (page.total(), start + page.results.given());
        self.http.passed_over(SearchHit::KIND, page.results.unreadable);
        let given = Given::read(page.results, asked, |found| found.user?.into_listed())?.with_users()?;
        let page = cursor.by_stream(given, next)?.if_long_enough(total, end);
        if page.next.is_none() && end >= MOST {
            return Ok(UserPage { completeness: Completeness::NotProved(CUT.to_owned()), ..page });
        }
        Ok(page)
    }
}

impl Bean {
    /// The user with the details of a list; none if the account is gone.
    fn into_listed(self) -> Option<(UserId, UserHints)> {
        self.into_user().ok().map(User::into_listed)
    }
}
