//! The details of users that each product reports, on request or by webhook. Part of the capability table, see
//! [`super::Capability`].

use super::{Capability, EventKind, Product};

/// A detail of a user that not every product reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Detail {
    /// The e-mail address.
    Email,
    /// Whether the account is active.
    Active,
    /// The time of the user's last login.
    LastLogin,
    /// The time at which the account was created.
    Created,
    /// The user directory that the account is in.
    Directory,
    /// The applications that the user has access to.
    Applications,
}

impl Detail {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::Email, Self::Active, Self::LastLogin, Self::Created, Self::Directory, Self::Applications];

    /// The name in the API, and in expressions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Active => "active",
            Self::LastLogin => "last_login",
            Self::Created => "created",
            Self::Directory => "directory",
            Self::Applications => "applications",
        }
    }
}

impl Product {
    /// Whether a user read from this product contains `detail`. usher may still know the detail from earlier events.
    pub const fn tells(self, detail: Detail) -> Capability {
        match detail {
            Detail::Email => self.tells_email(),
            Detail::Active => match self {
                Self::ConfluenceDc => Capability::Partly("not where it has a word of its own for the account's state"),
                Self::ConfluenceCloud => {
                    Capability::No("a site's Confluence does not tell it; its Jira does, of the same accounts")
                }
                _ => Capability::Yes,
            },
            Detail::LastLogin => self.tells_last_login(),
            Detail::Created => match self {
                Self::AtlassianOrg => {
                    Capability::Partly("when the user came to the organisation; the account may be older")
                }
                Self::Crowd => Capability::Partly("where Crowd tells a `created-date`, which not every version does"),
                _ => Capability::No("it is not in the REST API; usher knows it for users whose creation was reported"),
            },
            Detail::Directory => match self {
                Self::BitbucketDc => Capability::Yes,
                Self::JiraDc | Self::ConfluenceDc => Capability::No("it is not in the REST API"),
                Self::Crowd => Capability::No("an application sees its directories as one"),
                Self::JiraCloud | Self::ConfluenceCloud => Capability::No("a site has no directories of its own"),
                Self::AtlassianOrg => Capability::Yes,
            },
            Detail::Applications => match self {
                Self::JiraDc | Self::JiraCloud => Capability::Yes,
                Self::ConfluenceDc | Self::BitbucketDc | Self::Crowd | Self::ConfluenceCloud | Self::AtlassianOrg => {
                    Capability::No("look at `user.groups` instead: access hangs on groups")
                }
            },
        }
    }

    const fn tells_email(self) -> Capability {
        match self {
            Self::JiraDc | Self::BitbucketDc | Self::Crowd | Self::AtlassianOrg => Capability::Yes,
            Self::ConfluenceDc => Capability::Partly(
                "only where Confluence's answer about a user has it, which its REST reference does not promise",
            ),
            Self::JiraCloud | Self::ConfluenceCloud => {
                Capability::Partly("not where the user's privacy settings hide it")
            }
        }
    }

    const fn tells_last_login(self) -> Capability {
        match self {
            Self::JiraDc => Capability::Partly("older versions of Jira leave it out"),
            Self::BitbucketDc => Capability::Yes,
            Self::Crowd => Capability::Partly(
                "the later of the attributes `lastAuthenticated` and `lastActive`, where the directory keeps them",
            ),
            Self::AtlassianOrg => {
                Capability::Partly("when the user last looked at a page of any product, up to 24 hours late")
            }
            Self::ConfluenceDc => Capability::No("it is not in Confluence's REST API; usher knows the reported logins"),
            Self::JiraCloud | Self::ConfluenceCloud => {
                Capability::No("a site does not report it; usher knows the reported logins")
            }
        }
    }

    /// Whether all users of this product can be listed, which schedules and runs by hand need.
    pub const fn lists_users(self) -> Capability {
        match self {
            Self::JiraDc => Capability::Partly(
                "before Jira 11, except in 10.3 LTS, by a search, which in some versions shows no more than the first 1,000 users",
            ),
            Self::Crowd => Capability::Partly("those in the directories that usher's application is connected to"),
            Self::ConfluenceDc => Capability::Partly("since Confluence 8.4"),
            Self::ConfluenceCloud => Capability::Partly(
                "by a search, which finds 10,000 users at most and does not say who of them is active; use an \
                     `atlassian-org` source for more",
            ),
            _ => Capability::Yes,
        }
    }

    /// Whether this product sends a webhook about such events.
    pub const fn sends(self, kind: EventKind) -> Capability {
        match kind {
            EventKind::Sighted => Capability::No("a sighting is usher's own"),
            EventKind::Undo => Capability::No("an undo is usher's own"),
            EventKind::LoggedIn => match self {
                Self::AtlassianOrg => Capability::Partly("webhooks of the audit log report logins of managed accounts"),
                Self::JiraDc | Self::ConfluenceDc | Self::BitbucketDc => Capability::No(
                    "use a `feed`, or let a listener of your own post `user_login`, signed as the product's webhooks are",
                ),
                _ => {
                    Capability::No("let a listener of your own post `user_login`, signed as the product's webhooks are")
                }
            },
            EventKind::Created | EventKind::Updated | EventKind::Removed => self.sends_changes(kind),
        }
    }

    const fn sends_changes(self, kind: EventKind) -> Capability {
        match (self, kind) {
            (Self::JiraDc | Self::JiraCloud, _) => Capability::Yes,
            (Self::ConfluenceDc, EventKind::Updated) => {
                Capability::Partly("of deactivation and reactivation; Confluence has no webhook about other changes")
            }
            (Self::ConfluenceDc, _) => Capability::Yes,
            (Self::BitbucketDc, _) => Capability::No("Bitbucket has no webhooks about users; use a `feed`"),
            (Self::Crowd, _) => {
                Capability::No("Crowd tells only that something changed; users are compared with its list")
            }
            (Self::ConfluenceCloud, _) => {
                Capability::No("Confluence Cloud has no webhooks about users; those of Jira report the same accounts")
            }
            (Self::AtlassianOrg, EventKind::Created) => Capability::Partly("webhooks of the audit log report it"),
            (Self::AtlassianOrg, _) => Capability::No("it is not documented which entries of the audit log report it"),
        }
    }

    /// The ways in which this product proves its webhooks: the keys of a source's `webhook`.
    pub const fn webhook_proofs(self) -> &'static [&'static str] {
        match self {
            Self::JiraDc | Self::ConfluenceDc => &["hmac"],
            Self::JiraCloud => &["hmac", "connect", "forge"],
            Self::AtlassianOrg => &["bearer"],
            Self::BitbucketDc | Self::Crowd | Self::ConfluenceCloud => &[],
        }
    }
}
