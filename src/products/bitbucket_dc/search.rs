//! Finding users by name or address.

use reqwest::Method;

use super::{BitbucketDc, USERS, pages::Page, user::Bean};
use crate::products::{
    Error, User,
    http::request::{Call, Operation},
};

/// The number of requested records.
const AT_MOST: &str = "50";

impl BitbucketDc {
    /// Users who have `text` in their login name, display name or address.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn search_users(&self, text: &str) -> Result<Vec<User>, Error> {
        let call =
            Call::new(Operation::FindUser, Method::GET, USERS).user_query("filter", text).query("limit", AT_MOST);
        let page = self.http.send(call).await?.json::<Page<Bean>>()?;
        Ok(page.values.read.into_iter().map(Bean::into_user).collect())
    }
}
