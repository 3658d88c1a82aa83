//! The actions: what each means, and how it is read.

use super::{
    details::{ACCESS, BARE, PASSWORD, RENAME, bare, invalidate_password, remove_application_access, rename},
    issue::{ISSUE, issue},
};
use crate::{
    config::{
        reader::{Reader, node::Node},
        scheme::groups::{SOME_GROUPS, remember, some_groups},
        shape::{
            Described,
            key::{AnyKey, Word},
            object::Object,
        },
    },
    domain::{Action, ActionKind, GroupName, MentionedAt},
};

/// The reader of an action.
pub(super) struct Rule {
    /// The kind of action.
    pub kind: ActionKind,
    /// Reads the parameters.
    pub read: fn(&Node, &mut Reader<'_>) -> Option<Action>,
}

const fn word(
    kind: ActionKind,
    example: &'static str,
    about: &'static str,
    shape: &'static dyn Described,
    read: fn(&Node, &mut Reader<'_>) -> Option<Action>,
) -> Word<Rule> {
    Word { name: kind.as_str(), example, about, shape, read: Rule { kind, read } }
}

/// One of a scheme's `actions`.
pub(in crate::config) static ACTION: Object =
    Object::new("Action", "One action.", || WORDS.iter().map(|word| word as &dyn AnyKey).collect()).one_key();

/// All actions.
pub(super) static WORDS: [Word<Rule>; 10] = [
    word(
        ActionKind::AddGroups,
        "add_groups: [a-group]",
        "Makes sure that the user is in each of these groups.",
        &SOME_GROUPS,
        |node, reader| named_groups(MentionedAt::AddGroups, node, reader).map(Action::AddGroups),
    ),
    word(
        ActionKind::RemoveGroups,
        "remove_groups: [a-group]",
        "Makes sure that the user is in none of these groups.",
        &SOME_GROUPS,
        |node, reader| named_groups(MentionedAt::RemoveGroups, node, reader).map(Action::RemoveGroups),
    ),
    word(
        ActionKind::RemoveAllGroups,
        "remove_all_groups: {}",
        "Makes sure that the user is in no group.",
        &BARE,
        |node, reader| bare(node, reader).map(|()| Action::RemoveAllGroups),
    ),
    word(
        ActionKind::RemoveApplicationAccess,
        "remove_application_access: {}",
        "Makes sure that the user is in no group that gives access to an application.",
        &ACCESS,
        remove_application_access,
    ),
    word(
        ActionKind::Deactivate,
        "deactivate: {}",
        "Makes the account inactive. With a schedule or `manual` alone.",
        &BARE,
        |node, reader| bare(node, reader).map(|()| Action::Deactivate),
    ),
    word(
        ActionKind::Reactivate,
        "reactivate: {}",
        "Makes the account active. With a schedule or `manual` alone.",
        &BARE,
        |node, reader| bare(node, reader).map(|()| Action::Reactivate),
    ),
    word(
        ActionKind::Delete,
        "delete: {}",
        "Deletes the account. The actions behind it are done only where the product refuses. With a schedule or `manual` alone.",
        &BARE,
        |node, reader| bare(node, reader).map(|()| Action::Delete),
    ),
    word(
        ActionKind::Rename,
        "rename: { suffix: \"-inactive\" }",
        "Puts a suffix behind the login name, once. With a schedule or `manual` alone.",
        &RENAME,
        rename,
    ),
    word(
        ActionKind::InvalidatePassword,
        "invalidate_password: {}",
        "Gives the account a random password that nobody knows. With a schedule or `manual` alone.",
        &PASSWORD,
        invalidate_password,
    ),
    word(
        ActionKind::CreateIssue,
        "create_issue: { project: OPS, type: Task, summary: \"Review {{ user.name }}\" }",
        "Creates an issue about the user, once.",
        &ISSUE,
        |node, reader| issue(node, reader).map(Action::CreateIssue),
    ),
];

fn named_groups(at: MentionedAt, node: &Node, reader: &mut Reader<'_>) -> Option<Vec<GroupName>> {
    some_groups(node, reader).inspect(|groups| remember(at, node, groups, reader))
}
