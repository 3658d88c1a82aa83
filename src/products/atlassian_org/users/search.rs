//! Finding people by name or address.

use reqwest::Method;
use serde_json::json;

use super::{
    pages::Page,
    user::{Bean, USERS},
};
use crate::{
    domain::EmailAddress,
    products::{Error, User, atlassian_org::AtlassianOrg, http::request::Operation},
};

/// The number of requested users.
const AT_MOST: u8 = 50;

impl AtlassianOrg {
    /// The users with the address `text`, or with it in their display name if it is no address. Users who are gone are
    /// left out.
    ///
    /// # Errors
    /// [`Error`] if a call fails.
    pub(in crate::products::atlassian_org) async fn search_users(&self, text: &str) -> Result<Vec<User>, Error> {
        let is_address = EmailAddress::parse(text).is_some_and(|address| address.domain().is_some());
        let asked = match is_address {
            true => json!({ "emails": forms(text), "limit": AT_MOST }),
            false => json!({ "searchTerm": text, "limit": AT_MOST }),
        };
        let call = self.within(Operation::FindUser, Method::POST, USERS).await?.body(asked).about(text);
        let found = self.http.send(call).await?.json::<Page<Bean>>()?;
        Ok(found.data.read.into_iter().filter(|bean| !bean.is_gone()).map(Bean::into_user).collect())
    }
}

/// The search is for exact addresses; whether it heeds their case is not said.
fn forms(address: &str) -> Vec<String> {
    let lower = address.to_lowercase();
    if lower == address { vec![lower] } else { vec![address.to_owned(), lower] }
}
