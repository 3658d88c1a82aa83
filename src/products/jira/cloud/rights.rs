//! The rights of usher's own account.

use reqwest::Method;

use super::{JiraCloud, PICKER, list::LIST, user::Bean};
use crate::products::{
    Client, Error, Right, Standing,
    http::request::{Call, Operation},
    jira::picker,
    listing::records::Records,
    told,
};

impl JiraCloud {
    /// Whether usher's account has `right`.
    ///
    /// # Errors
    /// [`Error`] if a call fails.
    pub(super) async fn own_right(&self, right: Right) -> Result<Standing, Error> {
        match right {
            Right::ReadUsers => self.reads_users().await,
            Right::ChangeUsers => self.administers().await.map(told::as_administrator),
            Right::ReadGroups => picker::standing(&self.http, PICKER).await,
            Right::ReadAuditLog => told::by_audit_log(self.audit_log()).await,
        }
    }

    /// The list has the account itself at least.
    async fn reads_users(&self) -> Result<Standing, Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, LIST).query("startAt", "0").query("maxResults", "1");
        let users = self.http.send(call).await?.json::<Records<Bean>>()?;
        Ok(match users.given() {
            0 => Standing::No("its list of users is empty, as for accounts without the permission to browse users"),
            _ => Standing::Yes,
        })
    }
}
