//! Lists of groups.

use crate::domain::GroupName;

use super::{node::Node, reader::Reader};

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
