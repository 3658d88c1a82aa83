//! The effects of schemes on users, and pairs of opposite ones.

use std::collections::BTreeSet;

use crate::domain::{Action, GroupName, Scheme, TriggerKind};

use super::{ConflictKind, profile::Profile};

/// The effects of a scheme on the users whom it selects.
#[derive(Debug, Default)]
pub(super) struct Effects<'a> {
    pub(super) adds: BTreeSet<&'a GroupName>,
    pub(super) removes: BTreeSet<&'a GroupName>,
    pub(super) removes_all: bool,
    pub(super) deactivates: bool,
    pub(super) reactivates: bool,
    pub(super) deletes: bool,
}

impl<'a> Effects<'a> {
    pub(super) fn of(scheme: &'a Scheme) -> Self {
        let mut effects = Self::default();
        for action in &scheme.actions {
            match action {
                Action::AddGroups(groups) => effects.adds.extend(groups),
                Action::RemoveGroups(groups) => effects.removes.extend(groups),
                Action::RemoveAllGroups => effects.removes_all = true,
                Action::Deactivate => effects.deactivates = true,
                Action::Reactivate => effects.reactivates = true,
                Action::Delete => effects.deletes = true,
                // Only the product knows the groups that give access.
                Action::RemoveApplicationAccess(_)
                | Action::Rename { .. }
                | Action::InvalidatePassword { .. }
                | Action::CreateIssue(_) => {}
            }
        }
        effects
    }

    /// Whether a user is in `group` no more after it.
    pub(super) fn takes(&self, group: &GroupName) -> bool {
        self.removes_all || self.removes.contains(group)
    }
}

/// An effect of the first scheme that the second one reverses.
pub(super) struct Opposition<'a> {
    pub(super) kind: ConflictKind,
    pub(super) first: &'a Profile<'a>,
    pub(super) second: &'a Profile<'a>,
    pub(super) group: Option<&'a GroupName>,
}

/// The oppositions of two schemes, whichever is the first one. Whom they select is not looked at.
pub(super) fn oppositions<'a>(one: &'a Profile<'a>, other: &'a Profile<'a>) -> Vec<Opposition<'a>> {
    let mut found = Vec::new();
    for (first, second) in [(one, other), (other, one)] {
        let kind = match (first.trigger(), second.trigger().is_sweep()) {
            (TriggerKind::OnCreate | TriggerKind::OnLogin, true) => ConflictKind::AddsBack,
            _ => ConflictKind::OpposingGroups,
        };
        let taken = first.effects.adds.iter().copied().filter(|group| second.effects.takes(group));
        found.extend(taken.map(|group| Opposition { kind, first, second, group: Some(group) }));
        if first.effects.deactivates && second.effects.reactivates {
            found.push(Opposition { kind: ConflictKind::OpposingActivation, first, second, group: None });
        }
    }
    found
}

impl Opposition<'_> {
    /// The sentence for people.
    pub(super) fn why(&self) -> String {
        let (first, second) = (&self.first.scheme.id, &self.second.scheme.id);
        let group = self.group.map(ToString::to_string).unwrap_or_default();
        let when = match self.first.trigger() {
            TriggerKind::OnCreate => "when a user is created",
            TriggerKind::OnLogin => "when a user logs in",
            TriggerKind::Schedule | TriggerKind::Manual => "in its runs",
        };
        match self.kind {
            ConflictKind::OpposingGroups => {
                format!("`{first}` adds `{group}` to users from whom `{second}` removes it")
            }
            ConflictKind::AddsBack => format!("`{first}` adds `{group}` back {when}, after `{second}` has removed it"),
            ConflictKind::OpposingActivation => format!("`{first}` deactivates users whom `{second}` reactivates"),
            ConflictKind::Unreachable => format!("`{second}` leaves nobody for `{first}`"),
        }
    }
}
