//! Listing all users of a Confluence, disabled and unlicensed ones too.

use reqwest::Method;

use super::{ConfluenceDc, user::Bean};
use crate::{
    domain::{UserHints, UserId},
    products::{
        Error, UserPage,
        linked::{LIMIT, Linked},
        listing::Cursor,
        request::{Call, Operation},
    },
};

const LIST: &str = "rest/api/user/list";

impl ConfluenceDc {
    /// The page at `cursor`.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let start = cursor.offset();
        let call = Call::new(Operation::ListUsers, Method::GET, LIST)
            .query("start", start.to_string())
            .query("limit", LIMIT.to_string())
            .query("expand", "status");
        let page = self.http.send(call).await.map_err(too_old)?.json::<Linked<Bean>>()?;
        let next = page.next(start)?.map(|next| next.to_string());
        let given = page.results.len();
        let users: Vec<_> = page.results.into_iter().filter_map(Bean::into_listed).collect();
        if given > 0 && users.is_empty() {
            return Err(Error::Unreadable("it names no user".to_owned()));
        }
        cursor.by_stream(users, next)
    }
}

/// The members of all groups would be no substitute: whoever is in none would be missed, and nobody would notice.
fn too_old(error: Error) -> Error {
    match error {
        Error::Refused { status: status @ (404 | 405), .. } => {
            let message = "it can't list its users; Confluence can do this since 8.4".to_owned();
            Error::Refused { status, message }
        }
        other => other,
    }
}

impl Bean {
    /// As a list tells of the user; none where the user is gone.
    fn into_listed(self) -> Option<(UserId, UserHints)> {
        let user = self.into_user().ok()?;
        let hints =
            UserHints { name: user.name, email: user.email, active: user.active, account_type: user.account_type };
        Some((user.id, hints))
    }
}
