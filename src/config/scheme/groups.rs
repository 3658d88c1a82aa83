//! Lists of groups and users.

use super::names::{NAME, name};
use crate::{
    config::{
        reader::{
            Reader,
            named::Named,
            node::{Content, Node},
        },
        shape::lists::List,
    },
    domain::{GroupName, Mention, MentionedAt},
};

/// The number of groups in one list: each is looked up in the product.
const MAX_GROUPS: usize = 1_000;
/// The number of users in one list of `exempt` or `protect`: each is looked up in the product.
const MAX_USERS: usize = 10_000;

/// Users, by name or lasting id.
pub(in crate::config) static USERS: List = List::of(&NAME).at_most(MAX_USERS);
/// Groups.
pub(in crate::config) static GROUPS: List = List::of(&NAME).at_most(MAX_GROUPS);
/// At least one group, or application.
pub(in crate::config) static SOME_GROUPS: List = List::some(&NAME).at_most(MAX_GROUPS);

/// Remembers the `names` from the list at `node`, which is the value of the key `at`.
pub(in crate::config) fn remember(at: MentionedAt, node: &Node, names: &[impl ToString], reader: &mut Reader<'_>) {
    let Content::List(items) = &node.content else { return };
    let named = names
        .iter()
        .zip(items)
        .map(|(name, item)| Named { mention: Mention { at, name: name.to_string() }, place: item.at.clone() });
    reader.names.extend(named);
}

/// Reads a list of users, by name or lasting id, which may be empty.
pub(in crate::config) fn users(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    at_most(USERS.most, node, reader)?;
    reader.each(node, |item, reader| name(item, reader).map(str::to_owned))
}

/// Reads a list of groups, which may be empty.
pub(in crate::config) fn groups(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<GroupName>> {
    at_most(GROUPS.most, node, reader)?;
    reader.each(node, group)
}

/// Refuses a longer list; a value that is no list is refused elsewhere.
pub(in crate::config) fn at_most(most: usize, node: &Node, reader: &mut Reader<'_>) -> Option<()> {
    match &node.content {
        Content::List(items) if items.len() > most => {
            reader.refuse(&node.at, format!("{} names in one list; {most} are the most", items.len()))
        }
        Content::List(_) | Content::Map(_) | Content::Scalar { .. } => Some(()),
    }
}

fn group(item: &Node, reader: &mut Reader<'_>) -> Option<GroupName> {
    match reader.text(item)? {
        text if text.trim().is_empty() => reader.refuse(&item.at, "a group without a name; write its name"),
        _ => name(item, reader).map(GroupName::new),
    }
}

/// Reads a list of at least one group.
pub(in crate::config) fn some_groups(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<GroupName>> {
    let groups = groups(node, reader)?;
    if groups.is_empty() {
        return reader.refuse(&node.at, "no group stands here; write `[a-group]`, say, or leave the key out");
    }
    Some(groups)
}
