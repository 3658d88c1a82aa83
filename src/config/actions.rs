//! What a scheme does, and the groups it does it with.

use std::collections::HashMap;

use crate::domain::{Action, GroupName};

use super::{fields::Fields, node::Node, not_yet::Section, problem::Place, reader::Reader};

/// Reads a list of groups, which may be empty.
pub(super) fn groups(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<GroupName>> {
    reader.each(node, group)
}

fn group(item: &Node, reader: &mut Reader<'_>) -> Option<GroupName> {
    match reader.text(item)? {
        name if name.trim().is_empty() => reader.refuse(&item.at, "a group without a name; write its name"),
        name => Some(GroupName::new(name)),
    }
}

/// Reads a list of at least one group.
pub(super) fn some_groups(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<GroupName>> {
    let groups = groups(node, reader)?;
    if groups.is_empty() {
        return reader.refuse(&node.at, "no group stands here; write `[a-group]`, say, or leave the key out");
    }
    Some(groups)
}

/// Reads a scheme's `actions`.
pub(super) fn actions(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<Action>> {
    let mut named = Vec::new();
    let actions = reader.each(node, |item, reader| action(item, &mut named, reader));
    check_opposites(named, reader);
    let actions = actions?;
    if actions.is_empty() {
        return reader.refuse(&node.at, "no action stands here; write `- add_groups: [a-group]`, say");
    }
    Some(actions)
}

/// A group that an action names, and what the action does with it.
struct Named<'n> {
    at: &'n Place,
    group: GroupName,
    action: &'static str,
}

fn action<'n>(node: &'n Node, named: &mut Vec<Named<'n>>, reader: &mut Reader<'_>) -> Option<Action> {
    let problems = reader.problems.len();
    let mut fields = Fields::of(node, Section::Action, reader)?;
    let (add, remove) = (fields.get("add_groups"), fields.get("remove_groups"));
    fields.done(reader);
    match (add, remove) {
        (Some(add), None) => named_groups(add, "add_groups", named, reader).map(Action::AddGroups),
        (None, Some(remove)) => named_groups(remove, "remove_groups", named, reader).map(Action::RemoveGroups),
        _ if reader.problems.len() > problems => None,
        _ => {
            let message = "one action is needed; write `- add_groups: [a-group]`, each action in an item of its own";
            reader.refuse(&node.at, message)
        }
    }
}

fn named_groups<'n>(
    node: &'n Node,
    action: &'static str,
    named: &mut Vec<Named<'n>>,
    reader: &mut Reader<'_>,
) -> Option<Vec<GroupName>> {
    let groups = some_groups(node, reader)?;
    let items = reader.list(node)?;
    named.extend(items.iter().zip(&groups).map(|(item, group)| Named { at: &item.at, group: group.clone(), action }));
    Some(groups)
}

/// Reports groups that a scheme both adds and removes: which of them wins would hang on the order of the actions.
fn check_opposites(named: Vec<Named<'_>>, reader: &mut Reader<'_>) {
    let mut first: HashMap<GroupName, (&'static str, &Place)> = HashMap::new();
    for Named { at, group, action } in named {
        match first.get(&group) {
            Some((other, place)) if *other != action => {
                reader.refuse::<()>(at, format!("`{group}` also stands in {other} at {place}; keep one of them"));
            }
            Some(_) => {}
            None => {
                first.insert(group, (action, at));
            }
        }
    }
}
