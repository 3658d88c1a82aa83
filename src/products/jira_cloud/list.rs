//! Listing all users of a Cloud site: people, apps and customers, active or not.

use reqwest::Method;

use super::{JiraCloud, user::Bean};
use crate::{
    domain::{UserHints, UserId},
    products::{
        Error, UserPage,
        listing::{Cursor, PAGE},
        request::{Call, Operation},
    },
};

const LIST: &str = "rest/api/3/users/search";

impl JiraCloud {
    /// The page at `cursor`.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let (start, size) = (cursor.offset().to_string(), PAGE.to_string());
        let call =
            Call::new(Operation::ListUsers, Method::GET, LIST).query("startAt", &start).query("maxResults", &size);
        let page = self.http.send(call).await.map_err(took_too_long)?.json::<Vec<Bean>>()?;
        let given = page.len();
        let users: Vec<_> = page.into_iter().filter_map(|bean| bean.known().ok()).map(Bean::into_listed).collect();
        if given > 0 && users.is_empty() {
            return Err(Error::Unreadable("it names no account".to_owned()));
        }
        cursor.by_offset(users, given)
    }
}

/// 409 is said to mean here that Jira needed more than 10 seconds, or was interrupted: not to be asked never again.
fn took_too_long(error: Error) -> Error {
    match error {
        Error::Refused { status: status @ 409, message } => Error::Unavailable { status, message, retry_after: None },
        other => other,
    }
}

impl Bean {
    fn into_listed(self) -> (UserId, UserHints) {
        let user = self.into_user();
        let hints =
            UserHints { name: user.name, email: user.email, active: user.active, account_type: user.account_type };
        (user.id, hints)
    }
}
