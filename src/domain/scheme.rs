//! What an administrator wants done: trigger, selection, actions.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DomainPattern, GroupName, SchemeId, SourceId};

/// What sets a scheme off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A user was created.
    OnCreate,
    /// A user logged in.
    OnLogin,
}

impl Trigger {
    /// The name used in configuration and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnCreate => "on_create",
            Self::OnLogin => "on_login",
        }
    }
}

/// Whether usher changes anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Schemes that are not in test mode change what they say.
    #[default]
    Active,
    /// Nothing is changed anywhere; everything else happens.
    Observe,
}

/// The conditions of a scheme: a user is selected when any of them holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Everyone, asked for by name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everyone: bool,
    /// The e-mail domain is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_domain: Vec<DomainPattern>,
    /// The e-mail domain is none of these. An unknown domain selects nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_domain_not: Vec<DomainPattern>,
}

impl Selection {
    /// Whether no condition stands in it; such a scheme is refused.
    pub fn is_empty(&self) -> bool {
        !self.everyone && self.email_domain.is_empty() && self.email_domain_not.is_empty()
    }
}

/// Users and groups that a scheme never touches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exempt {
    /// By name or lasting id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<String>,
    /// Members of any of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupName>,
}

/// One entry of a scheme's `actions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Make sure that the user is in each of these groups.
    AddGroups(Vec<GroupName>),
    /// Make sure that the user is in none of these groups.
    RemoveGroups(Vec<GroupName>),
}

/// What to do with whom, when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// Chosen by the administrator, unique.
    pub id: SchemeId,
    /// For people.
    #[serde(default)]
    pub name: String,
    /// Where it applies.
    pub source: SourceId,
    /// What sets it off.
    pub trigger: Trigger,
    /// Off: kept, and never looked at.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// On (as a new scheme is): everything is recorded, nothing is changed.
    #[serde(default = "yes")]
    pub test_mode: bool,
    /// Whom.
    pub select: Selection,
    /// Only members of one of these groups; empty: no such limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only_groups: Vec<GroupName>,
    /// Whom never.
    #[serde(default)]
    pub exempt: Exempt,
    /// What, in this order.
    pub actions: Vec<Action>,
}

const fn yes() -> bool {
    true
}

impl Scheme {
    /// The steps for one user, in the scheme's order: one for each group named.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for action in &self.actions {
            match action {
                Action::AddGroups(groups) => steps.extend(groups.iter().cloned().map(Step::AddGroup)),
                Action::RemoveGroups(groups) => steps.extend(groups.iter().cloned().map(Step::RemoveGroup)),
            }
        }
        steps
    }
}

/// A scheme as it was at one time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemeRef {
    /// Which scheme.
    pub id: SchemeId,
    /// Which version: for a provisioned scheme a digest of what it says.
    pub version: String,
}

impl fmt::Display for SchemeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

/// One action on one user, worded as the state to bring about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The user is a member of the group.
    AddGroup(GroupName),
    /// The user is not a member of the group.
    RemoveGroup(GroupName),
}

impl Step {
    /// The names of all actions, for filters.
    pub const ACTIONS: [&str; 2] = ["add_groups", "remove_groups"];

    /// The action's name in configuration, metrics and the API.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::AddGroup(_) => "add_groups",
            Self::RemoveGroup(_) => "remove_groups",
        }
    }

    /// What the step is about, for the run log.
    pub fn target(&self) -> &str {
        match self {
            Self::AddGroup(group) | Self::RemoveGroup(group) => group.as_str(),
        }
    }
}
