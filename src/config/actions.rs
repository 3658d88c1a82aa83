//! What a scheme does, and the groups it does it with.

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

/// Reads a scheme's `actions`.
pub(super) fn actions(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<Action>> {
    let mut named = Vec::new();
    let actions = reader.each(node, |item, reader| action(item, &mut named, reader))?;
    if actions.is_empty() {
        return reader.refuse(&node.at, "no action stands here; write `- add_groups: [a-group]`, say");
    }
    opposites(&named, reader);
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
        (Some(add), None) => groups_of(add, "add_groups", named, reader).map(Action::AddGroups),
        (None, Some(remove)) => groups_of(remove, "remove_groups", named, reader).map(Action::RemoveGroups),
        _ if reader.problems.len() > problems => None,
        _ => reader.refuse(
            &node.at,
            "one action is needed; write `- add_groups: [a-group]`, each action in an item of its own",
        ),
    }
}

fn groups_of<'n>(
    node: &'n Node,
    action: &'static str,
    named: &mut Vec<Named<'n>>,
    reader: &mut Reader<'_>,
) -> Option<Vec<GroupName>> {
    let groups = reader.each(node, |item, reader| {
        let group = group(item, reader)?;
        named.push(Named { at: &item.at, group: group.clone(), action });
        Some(group)
    })?;
    if groups.is_empty() {
        return reader.refuse(&node.at, "no group stands here; write `[a-group]`, say");
    }
    Some(groups)
}

/// Reports groups that a scheme both adds and removes: which of them wins would hang on the order of the actions.
fn opposites(named: &[Named<'_>], reader: &mut Reader<'_>) {
    for (index, later) in named.iter().enumerate() {
        let earlier =
            named[..index].iter().find(|earlier| earlier.group == later.group && earlier.action != later.action);
        if let Some(earlier) = earlier {
            let message =
                format!("`{}` also stands in {} at {}; keep one of them", later.group, earlier.action, earlier.at);
            reader.refuse::<()>(later.at, message);
        }
    }
}
