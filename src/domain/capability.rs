//! What each product can do: the one table, used when a scheme is saved and shown to administrators.

use super::{ActionKind, Product};

/// Whether a product can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// It can.
    Yes,
    /// It can, with this caveat.
    Partly(&'static str),
    /// It can't, for this reason, and with this to do instead.
    No(&'static str),
}

impl Product {
    /// Whether this product can do `action`.
    ///
    /// Sources: developer.atlassian.com/server/jira/platform/rest and developer.atlassian.com/cloud/jira/platform/rest/v3.
    pub const fn capability(self, action: ActionKind) -> Capability {
        match self {
            Self::JiraDc => Self::jira_dc(action),
            Self::JiraCloud => Self::jira_cloud(action),
        }
    }

    /// Whether this product can send a user a link to set a new password, where it has passwords at all.
    pub const fn sends_reset_links(self) -> bool {
        match self {
            Self::JiraDc | Self::JiraCloud => false,
        }
    }

    const fn jira_dc(action: ActionKind) -> Capability {
        match action {
            ActionKind::InvalidatePassword => {
                Capability::Partly("the password is replaced; Jira's REST API sends no reset link")
            }
            _ => Capability::Yes,
        }
    }

    const fn jira_cloud(action: ActionKind) -> Capability {
        match action {
            ActionKind::Deactivate => Capability::No(
                "accounts belong to Atlassian and not to the site; use `remove_application_access` to keep somebody out",
            ),
            ActionKind::Reactivate => Capability::No(
                "accounts belong to Atlassian and not to the site; use `add_groups` with a group that gives access",
            ),
            ActionKind::Rename => Capability::No("accounts have no login names; leave it out"),
            ActionKind::InvalidatePassword => Capability::No(
                "passwords belong to the Atlassian account and there is no call to reset them; use \
                     `remove_application_access` to keep somebody out",
            ),
            ActionKind::Delete => Capability::Partly("the user is removed from the site; the Atlassian account stays"),
            _ => Capability::Yes,
        }
    }
}
