//! Schemes: the rules of an administrator, with trigger, selection and actions.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::domain::{Action, Condition, Exempt, GroupName, SchemeId, Selection, SourceId, Trigger};

/// Whether usher changes anything at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Schemes that are not in test mode make their changes.
    #[default]
    Active,
    /// usher decides and records, and changes nothing anywhere.
    Observe,
}

/// The limits on users whom one run may select before an administrator has to look at it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// At most this number.
    pub users: Option<u64>,
    /// At most this percentage of the source's users, 1 to 100.
    pub percent: Option<u8>,
}

impl Limits {
    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        self.users.is_none() && self.percent.is_none()
    }

    /// Whether `selected` of `seen` users are too many.
    pub fn exceeded_by(&self, selected: u64, seen: u64) -> bool {
        let too_many = self.users.is_some_and(|users| selected > users);
        let too_large_a_part =
            self.percent.is_some_and(|percent| u128::from(selected) * 100 > u128::from(percent) * u128::from(seen));
        too_many || too_large_a_part
    }
}

/// A scheme: a trigger, a selection and actions. `config` writes it with the keys of the configuration; the same scheme
/// always gives the same text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scheme {
    /// Chosen by the administrator, unique.
    pub id: SchemeId,
    /// The name shown to people.
    pub name: String,
    /// The source in which it applies.
    pub source: SourceId,
    /// The trigger.
    pub trigger: Trigger,
    /// Whether the scheme is used. If not, it is only kept.
    pub enabled: bool,
    /// Whether everything is recorded and nothing is changed. It is on in a new scheme.
    pub test_mode: bool,
    /// The selected users.
    pub select: Selection,
    /// Only members of one of these groups; empty: no such limit.
    pub only_groups: Vec<GroupName>,
    /// The users who are never selected.
    pub exempt: Exempt,
    /// The actions, in this order.
    pub actions: Vec<Action>,
    /// The limits of a run.
    pub limits: Limits,
}

impl Scheme {
    /// The id and the digest of the content. Two schemes with the same content have the same digest.
    pub fn reference(&self) -> SchemeRef {
        let canonical = serde_json::to_vec(self).expect("a scheme has no keys but text, so it is JSON");
        SchemeRef { id: self.id.clone(), version: hex::encode(&Sha256::digest(canonical)[..4]) }
    }

    /// The groups whose memberships may decide about a user. These are the groups that narrow the selection, and those
    /// of the actions if a list of members can show that all actions are done already.
    pub fn groups_of_interest(&self) -> BTreeSet<&GroupName> {
        let mut groups: BTreeSet<_> = self.only_groups.iter().chain(&self.exempt.groups).collect();
        let is_told_by_lists = |action: &Action| match action {
            Action::AddGroups(_)
            | Action::RemoveGroups(_)
            | Action::Deactivate
            | Action::Reactivate
            | Action::Rename { .. } => true,
            Action::RemoveAllGroups
            | Action::RemoveApplicationAccess(_)
            | Action::Delete
            | Action::InvalidatePassword { .. }
            | Action::CreateIssue(_) => false,
        };
        if self.actions.iter().all(is_told_by_lists) {
            let named = self.actions.iter().filter_map(|action| match action {
                Action::AddGroups(groups) | Action::RemoveGroups(groups) => Some(groups),
                _ => None,
            });
            groups.extend(named.flatten());
        }
        groups
    }

    /// Whether it may use the activity of a user: to select the user, or to write about their logins.
    pub fn looks_at_activity(&self) -> bool {
        let writes_of_logins =
            |action: &Action| matches!(action, Action::CreateIssue(issue) if issue.may_name("login"));
        self.select.0.iter().any(Condition::looks_at_activity) || self.actions.iter().any(writes_of_logins)
    }
}

/// A scheme as it was at one time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemeRef {
    /// The scheme.
    pub id: SchemeId,
    /// The version: a digest of the content.
    pub version: String,
}

impl fmt::Display for SchemeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_exceeded_by_one_more_than_it_allows() {
        let limits = Limits { users: Some(50), percent: Some(5) };
        assert!(!limits.exceeded_by(50, 1000));
        assert!(limits.exceeded_by(51, 10_000));
        assert!(limits.exceeded_by(6, 100));
        assert!(!limits.exceeded_by(5, 100));
        assert!(limits.exceeded_by(1, 0), "a part of nothing is too large");
        assert!(!Limits::default().exceeded_by(u64::MAX, 0));
    }
}
