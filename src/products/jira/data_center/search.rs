//! Finding users by name or address.

use reqwest::Method;

use super::{JiraDc, user::Bean};
use crate::products::{
    Error, User,
    http::request::{Call, Operation},
};

const SEARCH: &str = "rest/api/2/user/search";
/// The number of requested users.
const AT_MOST: &str = "50";

impl JiraDc {
    /// Users whose login name, display name or address begins with `text`.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn search_users(&self, text: &str) -> Result<Vec<User>, Error> {
        let call = Call::new(Operation::FindUser, Method::GET, SEARCH)
            .user_query("username", text)
            .query("maxResults", AT_MOST)
            .query("includeInactive", "true");
        let found = self.http.send(call).await?.json::<Vec<Bean>>()?;
        Ok(found.into_iter().filter_map(|bean| bean.into_user().ok()).collect())
    }
}
