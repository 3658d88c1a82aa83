//! The Atlassian products: one trait, one file a product, one shared HTTP client.

mod answer;
mod bean;
mod connect;
mod error;
mod group_ids;
mod http;
#[cfg(test)]
mod http_tests;
mod jira_cloud;
mod jira_dc;
#[cfg(test)]
mod jira_tests;
mod limits;
mod message;
mod pacing;
mod request;
#[cfg(test)]
mod stub;
mod throttle;

use async_trait::async_trait;

pub use connect::{ConnectError, connect, connect_within};
pub use error::{Disposition, Error};
pub use limits::Limits;

use crate::domain::{
    AccountType, EmailAddress, Fact, Facts, Groups, Missing, Origin, Step, Timestamp, UserId, UserRef,
};

/// A user as the product describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The lasting id.
    pub id: UserId,
    /// The login name (Data Center).
    pub name: Option<String>,
    /// The e-mail address; Cloud hides it where privacy settings say so.
    pub email: Option<EmailAddress>,
    /// Whether the account is active.
    pub active: Option<bool>,
    /// The sort of account.
    pub account_type: Option<AccountType>,
    /// Direct group memberships; `None` where the product gave only some of them.
    pub groups: Option<Groups>,
}

impl User {
    /// What conditions may look at, as of `at`.
    pub fn facts(&self, at: Timestamp) -> Facts {
        fn fact<T: Clone>(value: &Option<T>, at: Timestamp) -> Fact<T> {
            Fact::from_option(value.clone(), Origin::Product, at, Missing::NotTold)
        }
        Facts {
            name: Fact::from_option(self.name.clone(), Origin::Product, at, Missing::NotApplicable),
            email: fact(&self.email, at),
            active: fact(&self.active, at),
            groups: fact(&self.groups, at),
            account_type: fact(&self.account_type, at),
        }
    }

    /// Whether what `step` asks for is so; `None` where that can't be told.
    pub fn satisfies(&self, step: &Step) -> Option<bool> {
        let groups = self.groups.as_ref()?;
        Some(match step {
            Step::AddGroup(group) => groups.contains(group),
            Step::RemoveGroup(group) => !groups.contains(group),
        })
    }
}

/// One connected product instance. Calls are paced, have a time-out and are made once: retrying is the caller's.
#[async_trait]
pub trait Client: Send + Sync + 'static {
    /// Reads a user with e-mail, state and groups. [`Error::NoSuchUser`] where there is none.
    async fn user(&self, user: &UserRef) -> Result<User, Error>;

    /// Asks the product to make `step` so for `user`, as just read by [`Client::user`].
    async fn make_so(&self, user: &User, step: &Step) -> Result<(), Error>;

    /// Checks that the credentials are accepted, by the cheapest call there is.
    async fn probe(&self) -> Result<(), Error>;
}
