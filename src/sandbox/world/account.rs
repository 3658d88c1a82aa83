//! A user of a simulated site.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{domain::Timestamp, sandbox::InOrg};

/// A user as a site keeps it. The product decides which fields its API shows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The lasting id: user key in Data Center, account id in Cloud. Bitbucket's ids are numbers; another text is shown
    /// as the number that [`crate::sandbox::user_number`] makes of it.
    pub id: String,
    /// The login name; Cloud has none and shows it nowhere.
    #[serde(default)]
    pub name: String,
    /// The name that people see.
    #[serde(default)]
    pub display_name: String,
    /// The e-mail address.
    #[serde(default)]
    pub email: Option<String>,
    /// The privacy setting by which Cloud leaves the e-mail address out of its answers.
    #[serde(default)]
    pub email_hidden: bool,
    /// Whether the account may log in.
    #[serde(default = "active")]
    pub active: bool,
    /// Cloud's sort of account: `atlassian`, `app` or `customer`.
    #[serde(default = "person")]
    pub account_type: String,
    /// The time of the last login; Cloud does not show it.
    #[serde(default)]
    pub last_login: Option<Timestamp>,
    /// Whether it comes from a directory that the product can't write to: every change is refused with 403.
    #[serde(default)]
    pub read_only: bool,
    /// The global permission that the user has by no group (Bitbucket): `LICENSED_USER`, `ADMIN`.
    #[serde(default)]
    pub permission: Option<String>,
    /// Whether something hangs on it, issues perhaps, for which the product refuses to delete it, with 400.
    #[serde(default)]
    pub undeletable: bool,
    /// The relation to its organisation, for that product only.
    #[serde(default)]
    pub in_org: InOrg,
    /// Fields shown in addition to the product's own, for receivers that must tolerate them.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

fn active() -> bool {
    true
}

fn person() -> String {
    "atlassian".to_owned()
}

impl Account {
    /// An active person without an e-mail address, called `name` in every respect.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: id.into(),
            display_name: name.clone(),
            name,
            email: None,
            email_hidden: false,
            active: true,
            account_type: person(),
            last_login: None,
            read_only: false,
            permission: None,
            undeletable: false,
            in_org: InOrg::default(),
            extra: Map::new(),
        }
    }

    /// With an e-mail address.
    #[must_use]
    pub fn email(mut self, address: impl Into<String>) -> Self {
        self.email = Some(address.into());
        self
    }

    /// With the e-mail address hidden by privacy settings (Cloud).
    #[must_use]
    pub fn hide_email(mut self) -> Self {
        self.email_hidden = true;
        self
    }

    /// Deactivated.
    #[must_use]
    pub fn inactive(mut self) -> Self {
        self.active = false;
        self
    }

    /// Of another sort than a person (Cloud): `app`, `customer`.
    #[must_use]
    pub fn account_type(mut self, word: impl Into<String>) -> Self {
        self.account_type = word.into();
        self
    }

    /// Logged in with at that time (Data Center).
    #[must_use]
    pub fn last_login(mut self, at: Timestamp) -> Self {
        self.last_login = Some(at);
        self
    }

    /// From a directory that can't be written to.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// With a global permission of its own (Bitbucket).
    #[must_use]
    pub fn permission(mut self, word: impl Into<String>) -> Self {
        self.permission = Some(word.into());
        self
    }

    /// Not to be deleted, as something hangs on it.
    #[must_use]
    pub fn undeletable(mut self) -> Self {
        self.undeletable = true;
        self
    }

    /// Standing so to its organisation.
    #[must_use]
    pub fn in_org(mut self, standing: InOrg) -> Self {
        self.in_org = standing;
        self
    }

    /// With one more field in every answer.
    #[must_use]
    pub fn extra(mut self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(field.into(), value.into());
        self
    }
}

impl fmt::Debug for Account {
    /// Ids and states only: names and addresses are personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("active", &self.active)
            .field("account_type", &self.account_type)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_can_be_written_with_its_id_and_name_alone() {
        let read: Account = serde_json::from_str(r#"{"id":"JIRAUSER1","name":"jdoe"}"#).expect("an account");
        assert!(read.active && read.account_type == "atlassian" && read.email.is_none());
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let shown = format!("{:?}", Account::new("JIRAUSER1", "jane").email("jane@acme.example"));
        assert!(shown.contains("JIRAUSER1") && !shown.contains("jane"));
    }
}
