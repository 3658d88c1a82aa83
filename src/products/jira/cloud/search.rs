//! Finding people by name or address.

use reqwest::Method;

use super::{JiraCloud, user::Bean};
use crate::products::{
    Error, User,
    http::request::{Call, Operation},
};

const SEARCH: &str = "rest/api/3/user/search";
/// The number of requested users: an exact address is among the first.
const AT_MOST: &str = "50";

impl JiraCloud {
    /// Active users whose display name or address begins with `text`. Privacy settings hide addresses from the search too.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn search_users(&self, text: &str) -> Result<Vec<User>, Error> {
        let call =
            Call::new(Operation::FindUser, Method::GET, SEARCH).user_query("query", text).query("maxResults", AT_MOST);
        let found = self.http.send(call).await?.json::<Vec<Bean>>()?;
        Ok(found.into_iter().filter_map(|bean| bean.known().ok()).map(Bean::into_user).collect())
    }
}
