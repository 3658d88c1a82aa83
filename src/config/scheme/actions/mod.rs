//! The actions of a scheme.

mod details;
mod issue;
mod words;

pub(super) use details::{APPLICATIONS, SEND_RESET_LINK, SUFFIX};
pub(in crate::config) use issue::scalar;
pub(super) use issue::{FIELDS, ISSUE_TYPE, PROJECT, SUMMARY};
pub(super) use words::ACTION;

use crate::{
    config::reader::{
        Reader,
        node::{Content, Node},
        problem::Place,
    },
    domain::{Action, ActionKind, GroupName},
};
use words::{Rule, WORDS};

/// The number of actions in a scheme. Actions that may stand more than once name groups, and one action can name many.
pub(in crate::config) const MAX_ACTIONS: usize = 100;

/// An action in a scheme, also an unreadable one.
pub(in crate::config) struct ActionAt<'n> {
    /// Its kind.
    pub kind: ActionKind,
    /// The place of its key.
    pub at: &'n Place,
    /// The action; none if it can't be read.
    pub action: Option<Action>,
    node: &'n Node,
}

impl<'n> ActionAt<'n> {
    /// The groups it names, each with its place.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupName, &'n Place)> {
        let groups = match &self.action {
            Some(Action::AddGroups(groups) | Action::RemoveGroups(groups)) => groups.as_slice(),
            _ => &[],
        };
        let items = match &self.node.content {
            Content::List(items) => items.as_slice(),
            Content::Scalar { .. } | Content::Map(_) => &[],
        };
        groups.iter().zip(items.iter().map(|item| &item.at))
    }
}

/// Reads a scheme's `actions`. Each of them goes to `acts`.
pub(in crate::config) fn actions<'n>(
    node: &'n Node,
    acts: &mut Vec<ActionAt<'n>>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Action>> {
    if let Content::List(items) = &node.content
        && items.len() > MAX_ACTIONS
    {
        let message = format!("{} actions in one scheme; {MAX_ACTIONS} are the most: split it", items.len());
        return reader.refuse(&node.at, message);
    }
    let actions = reader.each_like(node, "[{ add_groups: [a-group] }]", |item, reader| action(item, acts, reader))?;
    if actions.is_empty() {
        return reader.refuse(&node.at, "no action stands here; write `- add_groups: [a-group]`, say");
    }
    Some(actions)
}

fn action<'n>(item: &'n Node, acts: &mut Vec<ActionAt<'n>>, reader: &mut Reader<'_>) -> Option<Action> {
    let problems = reader.problems.count();
    let mut fields = ACTION.open_or(item, &format!("write `- {}`, say", example(item)), reader)?;
    let found = fields.words(&WORDS, reader);
    fields.done(reader);
    let count = found.len();
    let mut last = None;
    for (word, entry) in found {
        let Rule { kind, read } = word.read;
        last = read(&entry.node, reader);
        acts.push(ActionAt { kind, at: &entry.at, action: last.clone(), node: &entry.node });
    }
    match count {
        1 => last,
        0 if reader.problems.count() > problems => None,
        0 => reader.refuse(&item.at, "no action stands here; write `- add_groups: [a-group]`, say"),
        _ => reader.refuse(&item.at, "several actions stand in one item; give each an item of its own, in their order"),
    }
}

/// An example in the place of `item`, which may be nothing but an action's name.
fn example(item: &Node) -> &'static str {
    let meant = match &item.content {
        Content::Scalar { text, .. } => WORDS.iter().find(|word| word.name == text),
        Content::List(_) | Content::Map(_) => None,
    };
    meant.unwrap_or(&WORDS[0]).example
}
