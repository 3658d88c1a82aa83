//! Listing all users.

use super::{BitbucketDc, USERS, pages::List, user::Bean};
use crate::{
    domain::{UserHints, UserId},
    products::{Error, UserPage, listing::Cursor, request::Operation},
};

impl BitbucketDc {
    /// The page at `cursor`. Whoever stands on it is found by id from now on.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let start = cursor.offset() as u64;
        let page = List::of(Operation::ListUsers, USERS).page::<Bean>(&self.http, start).await?;
        let next = page.next(start)?;
        let users = page.values.into_iter().map(|bean| self.listed(bean)).collect();
        cursor.by_stream(users, next.map(|next| next.to_string()))
    }

    fn listed(&self, bean: Bean) -> (UserId, UserHints) {
        self.names.keep(bean.id, &bean.name);
        let user = bean.into_user();
        let hints =
            UserHints { name: user.name, email: user.email, active: user.active, account_type: user.account_type };
        (user.id, hints)
    }
}
