//! Listing all users of the directory.

use reqwest::Method;
use serde_json::json;

use super::{
    AtlassianOrg,
    pages::{MOST, Page, body},
    user::{Bean, USERS},
};
use crate::{
    domain::{UserHints, UserId},
    products::{Error, UserPage, listing::Cursor, request::Operation},
};

impl AtlassianOrg {
    /// The page at `cursor`. Whoever is gone already is left out.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let place = (!cursor.is_first()).then_some(cursor.place.as_str());
        let asked = body(&json!({ "limit": MOST }), place);
        let call = self.within(Operation::ListUsers, Method::POST, USERS).await?.body(asked);
        let page = self.http.send(call).await?.json::<Page<Bean>>()?;
        let next = page.next().map(str::to_owned);
        let users = page.data.into_iter().filter(|bean| !bean.is_gone()).map(Bean::into_listed).collect();
        cursor.by_stream(users, next)
    }
}

impl Bean {
    fn into_listed(self) -> (UserId, UserHints) {
        let user = self.into_user();
        let hints = UserHints { name: None, email: user.email, active: user.active, account_type: user.account_type };
        (user.id, hints)
    }
}
