//! The actions of schemes, and the steps that follow from them.

use serde_json::Value;

use crate::domain::{GroupName, Groups};

/// One entry of a scheme's `actions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Make sure that the user is in each of these groups.
    AddGroups(Vec<GroupName>),
    /// Make sure that the user is in none of these groups.
    RemoveGroups(Vec<GroupName>),
    /// Make sure that the user is in no group.
    RemoveAllGroups,
    /// Make sure that the user is in no group that gives access to these applications; none named: to any.
    RemoveApplicationAccess(Vec<String>),
    /// Make the account inactive.
    Deactivate,
    /// Make the account active.
    Reactivate,
    /// Delete the account. If the product refuses, the actions after it are performed; if the account is deleted, they
    /// are skipped.
    Delete,
    /// Append a suffix to the login name, once.
    Rename {
        /// The suffix.
        suffix: String,
    },
    /// Give the account a random password that nobody knows.
    InvalidatePassword {
        /// Whether the user is sent a link to set a new one.
        send_reset_link: bool,
    },
    /// Create an issue about the user.
    CreateIssue(IssueTemplate),
}

/// The actions without their details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActionKind {
    /// See [`Action::AddGroups`].
    AddGroups,
    /// See [`Action::RemoveGroups`].
    RemoveGroups,
    /// See [`Action::RemoveAllGroups`].
    RemoveAllGroups,
    /// See [`Action::RemoveApplicationAccess`].
    RemoveApplicationAccess,
    /// See [`Action::Deactivate`].
    Deactivate,
    /// See [`Action::Reactivate`].
    Reactivate,
    /// See [`Action::Delete`].
    Delete,
    /// See [`Action::Rename`].
    Rename,
    /// See [`Action::InvalidatePassword`].
    InvalidatePassword,
    /// See [`Action::CreateIssue`].
    CreateIssue,
}

/// Whether an undo can put back what an action has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undoable {
    /// It can.
    Yes,
    /// It needs the groups before, which not every product tells.
    InPart,
    /// It can't.
    No,
}

impl ActionKind {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::AddGroups,
        Self::RemoveGroups,
        Self::RemoveAllGroups,
        Self::RemoveApplicationAccess,
        Self::Deactivate,
        Self::Reactivate,
        Self::Delete,
        Self::Rename,
        Self::InvalidatePassword,
        Self::CreateIssue,
    ];

    /// The name in configuration, metrics and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AddGroups => "add_groups",
            Self::RemoveGroups => "remove_groups",
            Self::RemoveAllGroups => "remove_all_groups",
            Self::RemoveApplicationAccess => "remove_application_access",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::Delete => "delete",
            Self::Rename => "rename",
            Self::InvalidatePassword => "invalidate_password",
            Self::CreateIssue => "create_issue",
        }
    }

    /// Whether it may go with `on_create` and `on_login` too; the others need a schedule or a person.
    pub const fn goes_with_events(self) -> bool {
        match self {
            Self::AddGroups
            | Self::RemoveGroups
            | Self::RemoveAllGroups
            | Self::RemoveApplicationAccess
            | Self::CreateIssue => true,
            Self::Delete | Self::Deactivate | Self::Reactivate | Self::Rename | Self::InvalidatePassword => false,
        }
    }

    /// Whether an undo can put the state before back.
    pub const fn undoable(self) -> Undoable {
        match self {
            Self::AddGroups | Self::RemoveGroups | Self::Deactivate | Self::Reactivate | Self::Rename => Undoable::Yes,
            Self::RemoveAllGroups | Self::RemoveApplicationAccess => Undoable::InPart,
            Self::Delete | Self::InvalidatePassword | Self::CreateIssue => Undoable::No,
        }
    }

    /// Whether it can take away a right that the user needs to administer the source.
    pub const fn takes_away(self) -> bool {
        !matches!(self, Self::AddGroups | Self::Reactivate | Self::CreateIssue)
    }
}

impl Action {
    /// Without details.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::AddGroups(_) => ActionKind::AddGroups,
            Self::RemoveGroups(_) => ActionKind::RemoveGroups,
            Self::RemoveAllGroups => ActionKind::RemoveAllGroups,
            Self::RemoveApplicationAccess(_) => ActionKind::RemoveApplicationAccess,
            Self::Deactivate => ActionKind::Deactivate,
            Self::Reactivate => ActionKind::Reactivate,
            Self::Delete => ActionKind::Delete,
            Self::Rename { .. } => ActionKind::Rename,
            Self::InvalidatePassword { .. } => ActionKind::InvalidatePassword,
            Self::CreateIssue(_) => ActionKind::CreateIssue,
        }
    }
}

/// The issue that `create_issue` asks for. Texts are templates: `{{ user.name }}` stands for the login name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueTemplate {
    /// The project's key.
    pub project: String,
    /// The issue type's name.
    pub issue_type: String,
    /// A template of one line.
    pub summary: String,
    /// Further fields by their ids; texts anywhere in them are templates.
    pub fields: serde_json::Map<String, Value>,
}

impl IssueTemplate {
    /// Whether its texts may contain `part` of a name. This is also true if the text contains it without the rest of
    /// the name.
    pub fn may_name(&self, part: &str) -> bool {
        let in_fields = || Value::Object(self.fields.clone()).to_string().contains(part);
        self.summary.contains(part) || in_fields()
    }
}

/// An issue as it is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The project's key.
    pub project: String,
    /// The issue type's name.
    pub issue_type: String,
    /// One line.
    pub summary: String,
    /// Further fields by their ids.
    pub fields: serde_json::Map<String, Value>,
    /// A label that only this scheme and user have, by which the issue is found again.
    pub marker: String,
}

/// One action on one user, described as the state to reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The user is a member of the group.
    AddGroup(GroupName),
    /// The user is not a member of the group.
    RemoveGroup(GroupName),
    /// The user is a member of no group.
    RemoveAllGroups,
    /// The user is in no group that gives access to these applications; none named: to any.
    RemoveApplicationAccess(Vec<String>),
    /// The account is inactive.
    Deactivate,
    /// The account is active.
    Reactivate,
    /// The account is gone.
    Delete,
    /// The login name ends with this.
    Rename {
        /// The suffix.
        suffix: String,
    },
    /// The login name is again what it was before a rename.
    NameBack {
        /// The name that the rename gave. Any other one was given by somebody else since, and stays.
        from: String,
        /// The name before the rename.
        to: String,
    },
    /// The password is a random one that nobody knows.
    InvalidatePassword {
        /// Whether the user is sent a link to set a new one.
        send_reset_link: bool,
    },
    /// There is an open issue with this marker.
    CreateIssue(Box<Issue>),
}

impl Step {
    /// Whether it is held if many users are created at once: it takes something away, or creates an issue.
    pub fn is_kept_back_in_mass_creations(&self) -> bool {
        self.kind().takes_away() || matches!(self, Self::CreateIssue(_))
    }

    /// Whether its state is reached for a user of whom so much is known, and who `is_in` a group; none if that does not show
    /// it.
    pub fn is_so(
        &self,
        name: Option<&str>,
        active: Option<bool>,
        groups: Option<&Groups>,
        is_in: impl Fn(&GroupName) -> Option<bool>,
    ) -> Option<bool> {
        match self {
            Self::AddGroup(group) => is_in(group),
            Self::RemoveGroup(group) => is_in(group).map(|is_in| !is_in),
            Self::RemoveAllGroups => groups.map(Groups::is_empty),
            Self::Deactivate => active.map(|active| !active),
            Self::Reactivate => active,
            Self::Delete => Some(false),                    // the user is there
            Self::InvalidatePassword { .. } => Some(false), // nobody can tell, and once more does no harm
            // Jira keeps login names in small letters, whatever it is sent.
            Self::Rename { suffix } => name.map(|name| name.to_lowercase().ends_with(&suffix.to_lowercase())),
            Self::NameBack { to, .. } => name.map(|name| name.to_lowercase() == to.to_lowercase()),
            Self::RemoveApplicationAccess(_) | Self::CreateIssue(_) => None,
        }
    }

    /// Why it is left alone for a user who is called `name`: somebody else has changed since what it would put back.
    pub fn left_alone(&self, name: Option<&str>) -> Option<String> {
        match (self, name) {
            (Self::NameBack { from, .. }, Some(name)) if name.to_lowercase() != from.to_lowercase() => {
                Some(format!("left alone: the login name was changed since, and is `{name}`"))
            }
            _ => None,
        }
    }

    /// The state after the step has changed something, in the words of the state `before`; none if it does not follow
    /// from that.
    pub fn after(&self, before: Option<&str>) -> Option<String> {
        let word = match self {
            Self::AddGroup(_) => "member",
            Self::RemoveGroup(_) => "not a member",
            Self::RemoveAllGroups => "[]",
            Self::Deactivate => "inactive",
            Self::Reactivate => "active",
            Self::Delete => "deleted",
            Self::NameBack { to, .. } => to,
            Self::Rename { suffix } => return before.map(|name| format!("{name}{suffix}")),
            Self::RemoveApplicationAccess(_) | Self::InvalidatePassword { .. } | Self::CreateIssue(_) => return None,
        };
        Some(word.to_owned())
    }

    /// The kind of its action.
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::AddGroup(_) => ActionKind::AddGroups,
            Self::RemoveGroup(_) => ActionKind::RemoveGroups,
            Self::RemoveAllGroups => ActionKind::RemoveAllGroups,
            Self::RemoveApplicationAccess(_) => ActionKind::RemoveApplicationAccess,
            Self::Deactivate => ActionKind::Deactivate,
            Self::Reactivate => ActionKind::Reactivate,
            Self::Delete => ActionKind::Delete,
            Self::Rename { .. } | Self::NameBack { .. } => ActionKind::Rename,
            Self::InvalidatePassword { .. } => ActionKind::InvalidatePassword,
            Self::CreateIssue(_) => ActionKind::CreateIssue,
        }
    }

    /// The action's name in configuration, metrics and the API.
    pub const fn action(&self) -> &'static str {
        self.kind().as_str()
    }

    /// The target of the step, for the run log; empty if the action has none.
    pub fn target(&self) -> String {
        match self {
            Self::AddGroup(group) | Self::RemoveGroup(group) => group.to_string(),
            Self::RemoveApplicationAccess(applications) => applications.join(", "),
            Self::Rename { suffix } => suffix.clone(),
            Self::NameBack { to, .. } => to.clone(),
            Self::CreateIssue(issue) => issue.project.clone(),
            Self::RemoveAllGroups
            | Self::Deactivate
            | Self::Reactivate
            | Self::Delete
            | Self::InvalidatePassword { .. } => String::new(),
        }
    }
}

#[cfg(test)]
mod tests;
