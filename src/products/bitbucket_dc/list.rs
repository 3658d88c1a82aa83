//! Listing all users.

use super::{BitbucketDc, USERS, pages::List, user::Bean};
use crate::{
    domain::{UserHints, UserId},
    products::{
        Error, UserPage,
        http::request::Operation,
        listing::{Cursor, Given},
    },
};

impl BitbucketDc {
    /// The page at `cursor`. Its users are found by id from now on.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the page can't be read.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let start = cursor.offset() as u64;
        let (page, asked) = List::of(Operation::ListUsers, USERS).page::<Bean>(self, start).await?;
        let next = page.says(start)?;
        let given = Given::read(page.values, asked, |bean| Some(self.listed(bean)))?;
        cursor.by_stream(given, next)
    }

    fn listed(&self, bean: Bean) -> (UserId, UserHints) {
        self.names.keep(bean.id, &bean.name);
        bean.into_user().into_listed()
    }
}
