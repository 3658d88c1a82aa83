//! The rights of usher's own account.

use reqwest::Method;

use super::{
    ConfluenceCloud,
    groups::GROUPS,
    list::{SEARCH, SearchHit},
    user::Group,
};
use crate::products::{
    Client, Error, Right, Standing,
    confluence::pages::Linked,
    http::request::{Call, Operation},
    told,
};

impl ConfluenceCloud {
    /// Whether usher's account has `right`.
    ///
    /// # Errors
    /// [`Error`] if a call fails.
    pub(super) async fn own_right(&self, right: Right) -> Result<Standing, Error> {
        match right {
            Right::ReadUsers => self.finds_users().await,
            Right::ChangeUsers => self.administers().await.map(told::as_administrator),
            Right::ReadGroups => {
                let call =
                    Call::new(Operation::ReadRights, Method::GET, GROUPS).query("start", "0").query("limit", "1");
                self.http.send(call).await?.json::<Linked<Group>>().map(|_| Standing::Yes)
            }
            Right::ReadAuditLog => told::by_audit_log(self.audit_log()).await,
        }
    }

    /// The search finds the account itself at least.
    async fn finds_users(&self) -> Result<Standing, Error> {
        let call = Call::new(Operation::ReadRights, Method::GET, SEARCH)
            .query("cql", "type=user")
            .query("start", "0")
            .query("limit", "1")
            .query("sitePermissionTypeFilter", "all");
        let page = self.http.send(call).await?.json::<Linked<SearchHit>>()?;
        Ok(match page.results.given() {
            0 => Standing::No("its search for users finds nobody, not even the account itself"),
            _ => Standing::Yes,
        })
    }
}
