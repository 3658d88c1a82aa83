//! The rights of usher's own account.

use reqwest::Method;

use super::{
    ConfluenceDc,
    groups::GROUPS,
    list::{LIST, too_old},
    user::Bean,
};
use crate::products::{
    Client, Error, Right, Standing,
    confluence::pages::Linked,
    http::request::{Call, Operation},
    listing::records::{NamedGroup, Record},
    told,
};

impl ConfluenceDc {
    /// Whether usher's account has `right`.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn own_right(&self, right: Right) -> Result<Standing, Error> {
        match right {
            Right::ReadUsers => self.lists::<Bean>(LIST).await.map_err(too_old),
            Right::ReadGroups => self.lists::<NamedGroup>(GROUPS).await,
            Right::ReadAuditLog => told::by_audit_log(self.audit_log()).await,
            Right::ChangeUsers => Ok(match self.administers().await? {
                Some(administers) => told::as_administrator(administers),
                None => Standing::NotTold(
                    "none of the groups in `protect.admin_groups` is there, by whose members usher would see it",
                ),
            }),
        }
    }

    /// Whether the list at `path` can be read, by its first record.
    async fn lists<T: Record>(&self, path: &'static str) -> Result<Standing, Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, path).query("start", "0").query("limit", "1");
        self.http.send(call).await?.json::<Linked<T>>().map(|_| Standing::Yes)
    }
}
