//! What a scheme does.

use super::{
    groups::{MOST_GROUPS, at_most, remember, some_groups},
    issue::issue,
    names::name,
};
use crate::{
    config::reader::{
        Reader,
        fields::{Fields, Word},
        node::{Content, Node},
        problem::Place,
    },
    domain::{Action, ActionKind, GroupName, MentionedAt},
};

/// The longest `suffix`: login names have room for 255 characters.
const MAX_SUFFIX: usize = 64;

/// How many actions a scheme may have: those that may stand more than once name groups, of which one can name many.
const MOST_ACTIONS: usize = 100;

/// An action that stands in a scheme, also one that can't be read.
pub(in crate::config) struct Act<'n> {
    /// Which.
    pub kind: ActionKind,
    /// Where its key stands.
    pub at: &'n Place,
    /// What it says; none where that can't be read.
    pub action: Option<Action>,
    node: &'n Node,
}

impl<'n> Act<'n> {
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

/// How an action is read.
struct Rule {
    kind: ActionKind,
    read: fn(&Node, &mut Reader<'_>) -> Option<Action>,
}

const fn word(
    kind: ActionKind,
    example: &'static str,
    read: fn(&Node, &mut Reader<'_>) -> Option<Action>,
) -> Word<Rule> {
    Word { name: kind.as_str(), example, read: Rule { kind, read } }
}

static WORDS: [Word<Rule>; 10] = [
    word(ActionKind::AddGroups, "add_groups: [a-group]", |node, reader| {
        let groups = some_groups(node, reader)?;
        remember(MentionedAt::AddGroups, node, &groups, reader);
        Some(Action::AddGroups(groups))
    }),
    word(ActionKind::RemoveGroups, "remove_groups: [a-group]", |node, reader| {
        let groups = some_groups(node, reader)?;
        remember(MentionedAt::RemoveGroups, node, &groups, reader);
        Some(Action::RemoveGroups(groups))
    }),
    word(ActionKind::RemoveAllGroups, "remove_all_groups: {}", |node, reader| {
        bare(node, reader).map(|()| Action::RemoveAllGroups)
    }),
    word(ActionKind::RemoveApplicationAccess, "remove_application_access: {}", remove_application_access),
    word(ActionKind::Deactivate, "deactivate: {}", |node, reader| bare(node, reader).map(|()| Action::Deactivate)),
    word(ActionKind::Reactivate, "reactivate: {}", |node, reader| bare(node, reader).map(|()| Action::Reactivate)),
    word(ActionKind::Delete, "delete: {}", |node, reader| bare(node, reader).map(|()| Action::Delete)),
    word(ActionKind::Rename, "rename: { suffix: \"-inactive\" }", rename),
    word(ActionKind::InvalidatePassword, "invalidate_password: {}", invalidate_password),
    word(
        ActionKind::CreateIssue,
        "create_issue: { project: OPS, type: Task, summary: \"Review {{ user.name }}\" }",
        |node, reader| issue(node, reader).map(Action::CreateIssue),
    ),
];

/// Reads a scheme's `actions`. Each of them goes to `acts`.
pub(in crate::config) fn actions<'n>(
    node: &'n Node,
    acts: &mut Vec<Act<'n>>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Action>> {
    if let Content::List(items) = &node.content
        && items.len() > MOST_ACTIONS
    {
        let message = format!("{} actions in one scheme; {MOST_ACTIONS} are the most: split it", items.len());
        return reader.refuse(&node.at, message);
    }
    let actions = reader.each_like(node, "[{ add_groups: [a-group] }]", |item, reader| action(item, acts, reader))?;
    if actions.is_empty() {
        return reader.refuse(&node.at, "no action stands here; write `- add_groups: [a-group]`, say");
    }
    Some(actions)
}

fn action<'n>(item: &'n Node, acts: &mut Vec<Act<'n>>, reader: &mut Reader<'_>) -> Option<Action> {
    let problems = reader.problems.count();
    let mut fields = Fields::like(item, &format!("- {}", example(item)), reader)?;
    let found = fields.words(&WORDS, reader);
    fields.done(reader);
    let count = found.len();
    let mut last = None;
    for (word, entry) in found {
        let Rule { kind, read } = word.read;
        last = read(&entry.node, reader);
        acts.push(Act { kind, at: &entry.at, action: last.clone(), node: &entry.node });
    }
    match count {
        1 => last,
        0 if reader.problems.count() > problems => None,
        0 => reader.refuse(&item.at, "no action stands here; write `- add_groups: [a-group]`, say"),
        _ => reader.refuse(&item.at, "several actions stand in one item; give each an item of its own, in their order"),
    }
}

/// What to write for `item`, which may be nothing but an action's name.
fn example(item: &Node) -> &'static str {
    let meant = match &item.content {
        Content::Scalar { text, .. } => WORDS.iter().find(|word| word.name == text),
        Content::List(_) | Content::Map(_) => None,
    };
    meant.unwrap_or(&WORDS[0]).example
}

/// Reads `{}`: all that an action without details takes.
fn bare(node: &Node, reader: &mut Reader<'_>) -> Option<()> {
    match &node.content {
        Content::Map(keys) if keys.is_empty() => Some(()),
        Content::Map(_) => reader.refuse(&node.at, "this action takes no keys; write `{}`"),
        Content::Scalar { .. } | Content::List(_) => {
            reader.refuse(&node.at, format!("found {}; write `{{}}`", node.kind()))
        }
    }
}

fn remove_application_access(node: &Node, reader: &mut Reader<'_>) -> Option<Action> {
    let mut fields = Fields::like(node, "{ applications: [jira-software] }", reader)?;
    let applications = fields.or("applications", Vec::new(), |node| {
        at_most(MOST_GROUPS, node, reader)?;
        let read = reader.each(node, |item, reader| name(item, reader).map(str::to_owned))?;
        remember(MentionedAt::Applications, node, &read, reader);
        if read.is_empty() {
            let message = "no application stands here; write `[jira-software]`, say, or `{}` for all of them";
            return reader.refuse(&node.at, message);
        }
        Some(read)
    });
    fields.done(reader);
    applications.map(Action::RemoveApplicationAccess)
}

fn rename(node: &Node, reader: &mut Reader<'_>) -> Option<Action> {
    let mut fields = Fields::like(node, "{ suffix: \"-inactive\" }", reader)?;
    let suffix = fields
        .required("suffix", "write `suffix: \"-inactive\"`, say", reader)
        .and_then(|node| reader.parsed(node, suffix));
    fields.done(reader);
    suffix.map(|suffix| Action::Rename { suffix })
}

/// Blanks, and the characters that Jira refuses in login names.
fn suffix(text: &str) -> Result<String, String> {
    let bad = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '&' | '"' | '\'' | '\\' | ',' | '+' | '/')
    };
    if text.is_empty() || text.chars().count() > MAX_SUFFIX || text.contains(bad) {
        return Err(format!(
            "`{text}` can't end a login name; write 1 to {MAX_SUFFIX} characters without blanks, quotes and `<>&\\,+/`, \
             `-inactive`, say"
        ));
    }
    if text.chars().any(char::is_uppercase) {
        return Err(format!("login names are in lower case; write `{}`", text.to_lowercase()));
    }
    Ok(text.to_owned())
}

fn invalidate_password(node: &Node, reader: &mut Reader<'_>) -> Option<Action> {
    let mut fields = Fields::like(node, "{ send_reset_link: false }", reader)?;
    let send_reset_link = fields.or("send_reset_link", false, |node| reader.boolean(node));
    fields.done(reader);
    send_reset_link.map(|send_reset_link| Action::InvalidatePassword { send_reset_link })
}
