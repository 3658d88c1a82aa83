//! Listing the users of a Confluence Cloud site, by a search: there is no other list.

use reqwest::Method;
use serde::Deserialize;

use super::{ConfluenceCloud, user::Bean};
use crate::{
    domain::{UserHints, UserId},
    products::{
        Error, UserPage,
        linked::{LIMIT, Linked},
        listing::Cursor,
        request::{Call, Operation},
    },
};

const SEARCH: &str = "wiki/rest/api/search/user";

/// The search finds no more, says the reference.
const MOST: usize = 10_000;
const CUT: &str = "it ends after 10,000 users, and Confluence Cloud tells of no more";

#[derive(Deserialize)]
struct Found {
    user: Option<Bean>,
}

impl ConfluenceCloud {
    /// The page at `cursor`: people with a licence, guests and apps.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let start = cursor.offset();
        let call = Call::new(Operation::ListUsers, Method::GET, SEARCH)
            .query("cql", "type=user")
            .query("start", start.to_string())
            .query("limit", LIMIT.to_string())
            .query("sitePermissionTypeFilter", "all");
        let page = self.http.send(call).await?.json::<Linked<Found>>()?;
        let next = page.next(start)?;
        let given = page.results.len();
        let is_cut = next.is_none() && start + given >= MOST;
        let users: Vec<_> = page.results.into_iter().filter_map(|found| found.user?.into_listed()).collect();
        if given > 0 && users.is_empty() {
            return Err(Error::Unreadable("it names no account".to_owned()));
        }
        let page = cursor.by_stream(users, next.map(|next| next.to_string()))?;
        Ok(UserPage { cut: is_cut.then_some(CUT), ..page })
    }
}

impl Bean {
    /// As a list tells of the user; none where the account is gone.
    fn into_listed(self) -> Option<(UserId, UserHints)> {
        let user = self.into_user().ok()?;
        let hints =
            UserHints { name: user.name, email: user.email, active: user.active, account_type: user.account_type };
        Some((user.id, hints))
    }
}
