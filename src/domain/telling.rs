//! What each product tells of its users, whether asked or by itself. Part of the one table, see [`super::Capability`].

use super::{Capability, EventKind, Product};

/// Something about a user that not every product tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// The e-mail address.
    Email,
    /// When the user last logged in.
    LastLogin,
    /// When the account was created.
    Created,
    /// The user directory that the account is in.
    Directory,
    /// The applications that the user has access to.
    Applications,
}

impl Detail {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Email, Self::LastLogin, Self::Created, Self::Directory, Self::Applications];

    /// The name in the API, and in expressions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::LastLogin => "last_login",
            Self::Created => "created",
            Self::Directory => "directory",
            Self::Applications => "applications",
        }
    }
}

impl Product {
    /// Whether reading a user of this product tells `detail`. What it does not tell, usher may know from elsewhere: from
    /// the events it has seen.
    pub const fn tells(self, detail: Detail) -> Capability {
        match (self, detail) {
            (Self::JiraDc | Self::JiraCloud, Detail::Applications) | (Self::JiraDc, Detail::Email) => Capability::Yes,
            (Self::JiraDc, Detail::LastLogin) => Capability::Partly("older versions of Jira leave it out"),
            (Self::JiraDc, Detail::Directory) => Capability::No("it is not in Jira's REST API"),
            (Self::JiraDc | Self::JiraCloud, Detail::Created) => {
                Capability::No("it is not in Jira's REST API; usher knows it of users whose `user_created` it was told")
            }
            (Self::JiraCloud, Detail::Email) => Capability::Partly("not where the user's privacy settings hide it"),
            (Self::JiraCloud, Detail::LastLogin) => {
                Capability::No("a site does not tell it; usher knows the logins that it was told of")
            }
            (Self::JiraCloud, Detail::Directory) => Capability::No("a site has no directories of its own"),
        }
    }

    /// Whether all users of this product can be listed, which schedules and runs by hand need.
    pub const fn lists_users(self) -> Capability {
        match self {
            Self::JiraDc => Capability::Partly(
                "before Jira 10 by a search, which in some versions tells of no more than the first 1,000 users",
            ),
            Self::JiraCloud => Capability::Yes,
        }
    }

    /// Whether this product sends a webhook about such events.
    pub const fn sends(self, kind: EventKind) -> Capability {
        match (self, kind) {
            (Self::JiraDc | Self::JiraCloud, EventKind::Created | EventKind::Updated | EventKind::Removed) => {
                Capability::Yes
            }
            (Self::JiraDc | Self::JiraCloud, EventKind::LoggedIn) => {
                Capability::No("let a listener of your own post `user_login`, signed as the product's webhooks are")
            }
            (Self::JiraDc | Self::JiraCloud, EventKind::Sighted) => Capability::No("a sighting is usher's own"),
        }
    }

    /// How this product proves that a webhook is its own: the keys of a source's `webhook`.
    pub const fn webhook_proofs(self) -> &'static [&'static str] {
        match self {
            Self::JiraDc | Self::JiraCloud => &["hmac"],
        }
    }
}
