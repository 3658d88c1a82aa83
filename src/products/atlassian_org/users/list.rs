//! Listing all users of the directory.

use reqwest::Method;
use serde_json::json;

use super::{
    pages::{MOST, Page, body},
    user::{Bean, USERS},
};
use crate::products::{
    Error, UserPage,
    atlassian_org::AtlassianOrg,
    http::request::Operation,
    listing::{Cursor, Given, records::Record},
};

impl AtlassianOrg {
    /// The page at `cursor`. Users who are gone are left out. Managed accounts among them count as leaving, because
    /// their deletion may be cancelled.
    ///
    /// # Errors
    /// [`Error`] if the call fails, or the page can't be read.
    pub(in crate::products::atlassian_org) async fn page(&self, cursor: Cursor) -> Result<UserPage, Error> {
        let place = (!cursor.is_first()).then_some(cursor.place.as_str());
        let asked = body(&json!({ "limit": MOST }), place);
        let call = self.within(Operation::ListUsers, Method::POST, USERS).await?.body(asked);
        let page = self.http.send(call).await?.json::<Page<Bean>>()?;
        let next = page.says();
        self.http.passed_over(Bean::KIND, page.data.unreadable);
        let mut leaving = Vec::new();
        let given = Given::read(page.data, MOST, |bean| match bean.is_gone() {
            false => Some(bean.into_user().into_listed()),
            true => {
                let is_managed = bean.standing().is_some_and(|standing| standing.managed);
                leaving.extend(is_managed.then(|| bean.into_user().id));
                None
            }
        })?;
        let page = cursor.by_stream(given, next)?;
        Ok(UserPage { leaving, ..page })
    }
}
