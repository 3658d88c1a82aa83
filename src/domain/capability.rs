//! The capabilities of each product, in one table. It is used when a scheme is saved, and shown to administrators.

use super::{ActionKind, Product};

/// Whether a product can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// The product can do it.
    Yes,
    /// The product can do it, with this restriction.
    Partly(&'static str),
    /// The product can't do it. The text has the reason and the alternative.
    No(&'static str),
}

impl Product {
    /// Whether this product can do `action`.
    ///
    /// Sources: the REST references of each product on developer.atlassian.com.
    pub const fn capability(self, action: ActionKind) -> Capability {
        match self {
            Self::JiraDc => Self::jira_dc(action),
            Self::ConfluenceDc => Self::confluence_dc(action),
            Self::BitbucketDc => Self::bitbucket_dc(action),
            Self::Crowd => Self::crowd(action),
            Self::JiraCloud => Self::jira_cloud(action),
            Self::ConfluenceCloud => Self::confluence_cloud(action),
            Self::AtlassianOrg => Self::atlassian_org(action),
        }
    }

    /// Whether this product can send a user a link to set a new password, where it has passwords at all.
    pub const fn sends_reset_links(self) -> bool {
        matches!(self, Self::Crowd)
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

    const fn confluence_dc(action: ActionKind) -> Capability {
        match action {
            ActionKind::RemoveGroups => Capability::Partly(
                "a user who is in a group through a nested group stays in it, and the step fails; name the nested group \
                     before it",
            ),
            ActionKind::RemoveApplicationAccess => Capability::Partly(
                "since Confluence 9.2, which tells who may use it; use `remove_groups` with the groups that give access \
                     before",
            ),
            ActionKind::Delete => Capability::Partly(
                "Confluence does it in its own time; usher waits for it, and looks again where it takes long",
            ),
            ActionKind::Rename => Capability::No("Confluence's REST API can't change login names; leave it out"),
            ActionKind::InvalidatePassword => Capability::Partly(
                "since Confluence 8.4; the password is replaced, usher's account must be a system administrator, and no \
                     reset link is sent",
            ),
            ActionKind::CreateIssue => Capability::No("Confluence has no issues; use a scheme on a Jira source"),
            _ => Capability::Yes,
        }
    }

    const fn bitbucket_dc(action: ActionKind) -> Capability {
        match action {
            ActionKind::Deactivate => Capability::No(
                "Bitbucket's REST API has no call for it; use `remove_application_access` to keep somebody out, or \
                     deactivate them in the directory they come from (Crowd, LDAP)",
            ),
            ActionKind::Reactivate => Capability::No(
                "Bitbucket's REST API has no call for it; use `add_groups` with a group that gives access",
            ),
            ActionKind::InvalidatePassword => {
                Capability::Partly("the password is replaced; Bitbucket's REST API sends no reset link")
            }
            ActionKind::RemoveApplicationAccess => Capability::Partly(
                "the user leaves all groups with a global permission and loses their own; those of projects and \
                     repositories stay",
            ),
            ActionKind::CreateIssue => Capability::No("Bitbucket has no issues; use a scheme on a Jira source"),
            _ => Capability::Yes,
        }
    }

    const fn crowd(action: ActionKind) -> Capability {
        match action {
            ActionKind::RemoveApplicationAccess => {
                Capability::No("access hangs on groups in Crowd; use `remove_groups` with those that give access")
            }
            ActionKind::Rename => Capability::Partly("since Crowd 2.8.4, and not in every kind of directory"),
            ActionKind::CreateIssue => Capability::No("Crowd has no issues; use a scheme on a Jira source"),
            _ => Capability::Yes,
        }
    }

    const fn confluence_cloud(action: ActionKind) -> Capability {
        match action {
            ActionKind::RemoveApplicationAccess => {
                Capability::No("no call tells which groups give access; use `remove_groups` with those that do")
            }
            ActionKind::Deactivate | ActionKind::Reactivate | ActionKind::Delete => Capability::No(
                "accounts belong to Atlassian and not to the site; use a scheme on an `atlassian-org` source",
            ),
            ActionKind::Rename => Capability::No("accounts have no login names; leave it out"),
            ActionKind::InvalidatePassword => Capability::No(
                "passwords belong to the Atlassian account and there is no call to reset them; use `remove_groups` with \
                     the groups that give access to keep somebody out",
            ),
            ActionKind::CreateIssue => Capability::No("Confluence has no issues; use a scheme on a Jira source"),
            _ => Capability::Yes,
        }
    }

    const fn atlassian_org(action: ActionKind) -> Capability {
        match action {
            ActionKind::Deactivate => Capability::Partly(
                "a managed account is deactivated everywhere, unless an identity provider keeps it; any other is suspended \
                     in the organisation's directory",
            ),
            ActionKind::Reactivate => Capability::Partly(
                "a managed account is activated, unless an identity provider keeps it, and a suspended user restored in the \
                     organisation's directory",
            ),
            ActionKind::Delete => Capability::Partly(
                "a managed account is deleted everywhere when a grace time of 14 days is over, and counts as gone at once; any \
                     other is removed from the directory",
            ),
            ActionKind::Rename => Capability::No("accounts have no login names; leave it out"),
            ActionKind::InvalidatePassword => Capability::No(
                "passwords belong to the Atlassian account and there is no call to reset them; use `deactivate` to keep \
                     somebody out",
            ),
            ActionKind::CreateIssue => Capability::No("an organisation has no issues; use a scheme on a Jira source"),
            _ => Capability::Yes,
        }
    }
}
