//! Listing all users of a Confluence, disabled and unlicensed ones too.

use reqwest::Method;

use super::{ConfluenceDc, user::Bean};
use crate::{
    domain::{UserHints, UserId},
    products::{
        Error, User, UserPage,
        confluence::pages::Linked,
        http::request::{Call, Operation},
        listing::{Cursor, Given, records::Record},
    },
};

pub(super) const LIST: &str = "rest/api/user/list";

impl ConfluenceDc {
    /// The page at `cursor`.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the page can't be read; [`Error::Refused`] if Confluence is too old to list its
    /// users.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let start = cursor.offset();
        let ask = |size: usize| async move {
            let call = Call::new(Operation::ListUsers, Method::GET, LIST)
                .query("start", start.to_string())
                .query("limit", size.to_string())
                .query("expand", "status");
            self.http.send(call).await.map_err(too_old)?.json::<Linked<Bean>>()
        };
        let (page, asked) = self.page_size.ask(ask).await?;
        let next = page.says(start)?;
        let (total, end) = (page.total(), start + page.results.given());
        self.http.passed_over(Bean::KIND, page.results.unreadable);
        let given = Given::read(page.results, asked, Bean::into_listed)?.with_users()?;
        let page = cursor.by_stream(given, next)?;
        Ok(page.if_long_enough(total, end))
    }
}

/// The error for a version without a list of users. The members of all groups would be no substitute: users without a
/// group would be missed, and nobody would notice.
pub(super) fn too_old(error: Error) -> Error {
    match error {
        Error::Refused { status: status @ (404 | 405), .. } => {
            let message = "it can't list its users; Confluence can do this since 8.4".to_owned();
            Error::Refused { status, message }
        }
        other => other,
    }
}

impl Bean {
    /// The user with the details of a list; none if the user is gone.
    fn into_listed(self) -> Option<(UserId, UserHints)> {
        self.into_user().ok().map(User::into_listed)
    }
}
