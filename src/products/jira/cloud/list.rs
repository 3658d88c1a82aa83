//! Listing all users of a Cloud site: people, apps and customers, active or not.

use reqwest::Method;

use super::{JiraCloud, MEMBERS, user::Bean};
use crate::{
    domain::{GroupName, UserHints, UserId},
    products::{
        Error, UserPage,
        http::request::{Call, Operation},
        jira::members,
        listing::{self, Cursor, Form, Given, records::Records},
    },
};

pub(super) const LIST: &str = "rest/api/3/users/search";

impl JiraCloud {
    /// The page at `cursor`.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the page can't be read.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        if cursor.form == Form::Members {
            let ask = |group: GroupName, start| async move {
                members::read(&self.http, MEMBERS, &group, start, listed).await
            };
            return listing::by_members(cursor, self.access.groups(&self.http, &[]), ask).await;
        }
        let page = listing::by_offset(cursor, &self.page_size, |start, size| self.users_from(start, size)).await;
        page.map(listing::and_members)
    }

    async fn users_from(&self, start: usize, size: usize) -> Result<Given, Error> {
        let call = Call::new(Operation::ListUsers, Method::GET, LIST)
            .query("startAt", start.to_string())
            .query("maxResults", size.to_string());
        let records = self.http.send(call).await.map_err(took_too_long)?.json::<Records<Bean>>()?;
        let mut given = Given::read(records, size, listed)?;
        // A placeholder stands for a user whom Jira can't tell of: the list lacks one.
        given.unreadable = given.records - given.users.len();
        self.http.passed_over("user", given.unreadable);
        given.with_users()
    }
}

/// 409 is said to mean here that Jira needed more than 10 seconds, or was interrupted: not to be asked never again.
fn took_too_long(error: Error) -> Error {
    match error {
        Error::Refused { status: status @ 409, message } => Error::Unavailable { status, message, retry_after: None },
        other => other,
    }
}

/// The user with the details of a list; none if Jira can't tell who it is.
fn listed(bean: Bean) -> Option<(UserId, UserHints)> {
    bean.known().ok().map(|known| known.into_user().into_listed())
}
