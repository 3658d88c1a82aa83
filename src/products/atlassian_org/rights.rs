//! Facts that the organisation tells of usher's key.

use reqwest::Method;
use serde_json::json;

use super::{
    AtlassianOrg,
    groups::{GROUPS, Group},
    users::{
        pages::Page,
        user::{Bean, USERS},
    },
};
use crate::products::{Client, Error, Right, Standing, http::request::Operation, told};

impl AtlassianOrg {
    /// Whether usher's key has `right`.
    ///
    /// # Errors
    /// [`Error`] if a call fails.
    pub(super) async fn own_right(&self, right: Right) -> Result<Standing, Error> {
        match right {
            Right::ReadUsers => {
                let call = self.within(Operation::FindUser, Method::POST, USERS).await?.body(json!({ "limit": 1 }));
                self.http.send(call).await?.json::<Page<Bean>>().map(|_| Standing::Yes)
            }
            Right::ReadGroups => {
                let call = self.within(Operation::FindGroup, Method::POST, GROUPS).await?.body(json!({ "limit": 1 }));
                self.http.send(call).await?.json::<Page<Group>>().map(|_| Standing::Yes)
            }
            Right::ReadAuditLog => told::by_audit_log(self.audit_log()).await,
            Right::ChangeUsers => Ok(Standing::NotTold(
                "no call tells the scopes of a key; one that was made without scopes may change users and groups",
            )),
        }
    }
}
