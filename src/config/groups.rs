//! Lists of groups.

use crate::domain::GroupName;

use super::{
    node::{Content, Node},
    problem::Place,
    reader::Reader,
};

/// A group that a scheme names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedGroup {
    /// Its name, as written.
    pub name: GroupName,
    /// The key that it stands under.
    pub key: &'static str,
    /// Where it stands.
    pub place: Place,
}

/// Remembers the `groups` that were read from the list at `node`, which stands under `key`.
pub(super) fn remember(key: &'static str, node: &Node, groups: &[GroupName], reader: &mut Reader<'_>) {
    let Content::List(items) = &node.content else { return };
    let named = groups.iter().zip(items);
    reader.groups.extend(named.map(|(name, item)| NamedGroup { name: name.clone(), key, place: item.at.clone() }));
}

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
