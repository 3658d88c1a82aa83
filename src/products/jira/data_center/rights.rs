//! The rights of usher's own account.

use std::collections::HashMap;

use reqwest::Method;
use serde::Deserialize;

use super::{JiraDc, MY_PERMISSIONS};
use crate::products::{
    Client, Error, Right, Standing,
    http::request::{Call, Operation},
    jira::{picker, user_json::truth},
    told,
};

const SOME_ONLY: &str =
    "users who have the permission \"Jira System administrators\" can be changed only by an account that has it too";

impl JiraDc {
    /// Whether usher's account administers this Jira.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn administers(&self) -> Result<bool, Error> {
        Ok(self.permissions().await?.has("ADMINISTER") == Some(true))
    }

    /// Whether usher's account has `right`.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    pub(super) async fn own_right(&self, right: Right) -> Result<Standing, Error> {
        match right {
            Right::ReadUsers => Ok(self.permissions().await?.to_read_users()),
            Right::ChangeUsers => Ok(self.permissions().await?.to_change_users()),
            Right::ReadGroups => picker::standing(&self.http, super::PICKER).await,
            Right::ReadAuditLog => told::by_audit_log(self.audit_log()).await,
        }
    }

    async fn permissions(&self) -> Result<Permissions, Error> {
        self.http.send(Call::new(Operation::ReadRights, Method::GET, MY_PERMISSIONS)).await?.json()
    }
}

#[derive(Deserialize)]
struct Permissions {
    permissions: HashMap<String, Permission>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    #[serde(default, deserialize_with = "truth")]
    have_permission: Option<bool>,
}

impl Permissions {
    /// Whether the account has a permission; none if Jira does not tell.
    fn has(&self, key: &str) -> Option<bool> {
        self.permissions.get(key)?.have_permission
    }

    fn to_read_users(&self) -> Standing {
        match self.has("USER_PICKER") {
            Some(true) => Standing::Yes,
            Some(false) => Standing::No("without the permission \"Browse users\" its searches find nobody"),
            None => Standing::NotTold("Jira does not tell whether the account has the permission \"Browse users\""),
        }
    }

    fn to_change_users(&self) -> Standing {
        match (self.has("ADMINISTER"), self.has("SYSTEM_ADMIN")) {
            (_, Some(true)) => Standing::Yes,
            (Some(true), Some(false)) => Standing::Within(SOME_ONLY),
            (Some(true), None) => Standing::Yes,
            (Some(false), _) => told::as_administrator(false),
            (None, _) => Standing::NotTold("Jira does not tell whether the account administers it"),
        }
    }
}

#[test]
fn what_jira_does_not_tell_is_not_taken_for_a_missing_right() {
    let told = |json: &str| serde_json::from_str::<Permissions>(json).unwrap();
    let all = r#"{"permissions":{"USER_PICKER":{"havePermission":true},"ADMINISTER":{"havePermission":"true"},
        "SYSTEM_ADMIN":{"havePermission":false}}}"#;
    assert_eq!(told(all).to_read_users(), Standing::Yes);
    assert_eq!(told(all).to_change_users(), Standing::Within(SOME_ONLY));
    let none = told(r#"{"permissions":{}}"#);
    assert!(matches!(none.to_read_users(), Standing::NotTold(_)));
    assert!(matches!(none.to_change_users(), Standing::NotTold(_)));
    let refused = r#"{"permissions":{"USER_PICKER":{"havePermission":false},"ADMINISTER":{"havePermission":false}}}"#;
    assert!(matches!(told(refused).to_read_users(), Standing::No(_)));
    assert!(matches!(told(refused).to_change_users(), Standing::No(_)));
}
