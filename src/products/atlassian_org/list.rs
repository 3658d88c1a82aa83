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
    /// The page at `cursor`. Whoever is gone already is left out; of those the accounts of the organisation are leaving,
    /// as their deletion may be cancelled.
    pub(super) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let place = (!cursor.is_first()).then_some(cursor.place.as_str());
        let asked = body(&json!({ "limit": MOST }), place);
        let call = self.within(Operation::ListUsers, Method::POST, USERS).await?.body(asked);
        let page = self.http.send(call).await?.json::<Page<Bean>>()?;
        let next = page.next().map(str::to_owned);
        let (gone, there): (Vec<_>, Vec<_>) = page.data.into_iter().partition(Bean::is_gone);
        let is_managed = |bean: &Bean| bean.standing().is_some_and(|standing| standing.managed);
        let leaving = gone.into_iter().filter(is_managed).map(|bean| bean.into_user().id).collect();
        let page = cursor.by_stream(there.into_iter().map(Bean::into_listed).collect(), next)?;
        Ok(UserPage { leaving, ..page })
    }
}

impl Bean {
    fn into_listed(self) -> (UserId, UserHints) {
        let user = self.into_user();
        let hints = UserHints { name: None, email: user.email, active: user.active, account_type: user.account_type };
        (user.id, hints)
    }
}
