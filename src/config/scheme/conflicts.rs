//! Checks that the actions of one scheme don't contradict each other.

use std::collections::HashMap;

use super::actions::ActionAt;
use crate::{
    config::reader::{Reader, problem::Place},
    domain::{ActionKind, GroupName},
};

/// Pairs of actions that undo each other: which of them wins would hang on their order, and each run would do both.
const OPPOSITES: [(ActionKind, ActionKind, &str); 2] = [
    (
        ActionKind::AddGroups,
        ActionKind::RemoveAllGroups,
        "keep one of them, or name the groups to take away under `remove_groups`",
    ),
    (ActionKind::Deactivate, ActionKind::Reactivate, "keep one of them"),
];

/// Reports what contradicts itself in `acts`, all actions of a scheme.
pub(in crate::config) fn check(acts: &[ActionAt<'_>], reader: &mut Reader<'_>) {
    check_groups(acts, reader);
    for (one, other, instead) in OPPOSITES {
        let first = |kind| acts.iter().find(|act: &&ActionAt<'_>| act.kind == kind);
        if let (Some(one), Some(other)) = (first(one), first(other)) {
            let (early, late) = if one.at <= other.at { (one, other) } else { (other, one) };
            let (early_name, late_name) = (early.kind.as_str(), late.kind.as_str());
            let message = format!("`{late_name}` contradicts `{early_name}` at {}; {instead}", early.at);
            reader.refuse::<()>(late.at, message);
        }
    }
    check_repeated(acts, reader);
}

/// Reports groups that a scheme both adds and removes, and warns of duplicates.
fn check_groups(acts: &[ActionAt<'_>], reader: &mut Reader<'_>) {
    let mut first: HashMap<&GroupName, (ActionKind, &Place)> = HashMap::new();
    for act in acts {
        for (group, at) in act.groups() {
            if reader.problems.is_full() {
                return;
            }
            match first.get(group) {
                Some((other, place)) if *other != act.kind => {
                    let other = other.as_str();
                    reader.refuse::<()>(at, format!("`{group}` also stands in {other} at {place}; keep one of them"));
                }
                Some((_, place)) => reader.warn(at, format!("`{group}` stands at {place} too; keep one of them")),
                None => {
                    first.insert(group, (act.kind, at));
                }
            }
        }
    }
}

/// Reports repeated actions, if once is enough.
fn check_repeated(acts: &[ActionAt<'_>], reader: &mut Reader<'_>) {
    let mut first: HashMap<ActionKind, &Place> = HashMap::new();
    for act in acts.iter().filter(|act| !may_repeat(act.kind)) {
        match first.get(&act.kind) {
            Some(place) => {
                let action = act.kind.as_str();
                reader.refuse::<()>(act.at, format!("`{action}` already stands at {place}; keep one of them"));
            }
            None => {
                first.insert(act.kind, act.at);
            }
        }
    }
}

/// Whether two such actions can ask for different things. Two issues about one user would be taken for one another.
const fn may_repeat(kind: ActionKind) -> bool {
    matches!(kind, ActionKind::AddGroups | ActionKind::RemoveGroups)
}
