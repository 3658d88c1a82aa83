//! The keys of a scheme.

use super::{
    actions::{ACTION, MAX_ACTIONS},
    groups::{GROUPS, SOME_GROUPS, USERS, groups, remember, some_groups, users},
    limits,
    select::{EMPTY_SELECT, SELECTION},
    trigger::{self, TRIGGERS},
};
use crate::{
    config::{
        reader::not_yet,
        shape::{
            Described, Part,
            key::{Key, Or},
            lists::List,
            object::Object,
            texts::{Parsed, Text, Title},
            values::{Boolean, Yes, as_json},
        },
    },
    domain::{GroupName, MentionedAt, SchemeId},
};

/// The schema of an id that an administrator chooses.
pub(in crate::config) const AN_ID: Text = Text::ANY.matching("^[a-z0-9][a-z0-9_-]{0,62}$");

pub(super) static ID: Key<Parsed<SchemeId>> = Key::needed(
    "id",
    "write `id: contractors`, say",
    "Names the scheme: 1 to 63 of a-z, 0-9, `-`, `_`, beginning with a letter or digit. Unique among schemes.",
    Parsed { read: |text| text.parse::<SchemeId>().map_err(|error| error.to_string()), text: AN_ID },
);
pub(in crate::config) static NAME: Key<Title> = Key::new("name", "For people. Left out: the id.", Title);
pub(super) static SOURCE: Key<Text> =
    Key::needed("source", "write the id of a source", "The id of the source whose users the scheme is about.", AN_ID);
pub(super) static TRIGGER: Key<&dyn Described> = Key::needed(
    "trigger",
    TRIGGERS,
    "What sets the scheme off: `on_create` (a user was created), `on_login` (a user logged in), a schedule, or `manual` (an \
     administrator says so).",
    &trigger::TRIGGER,
);
pub(super) static ENABLED: Or<Boolean> =
    Or::new("enabled", "`false`: the scheme is kept and never looked at.", Boolean, || true, as_json);
pub(super) static TEST_MODE: Or<Boolean> = Or::new(
    "test_mode",
    "`true`: everything is recorded, nothing is changed. Set it to `false` when the run log shows what you meant.",
    Boolean,
    || true,
    as_json,
);
pub(super) static SELECT: Key<&Object> = Key::needed(
    "select",
    EMPTY_SELECT,
    "Whom: a user is selected when any of these conditions holds. Everyone must be asked for by name.",
    &SELECTION,
);
pub(super) static ONLY_GROUPS: Key<Part<Vec<GroupName>>> = Key::new(
    "only_groups",
    "Only members of one of these groups are selected. Left out: there is no such limit.",
    Part {
        read: |node, reader| {
            some_groups(node, reader).inspect(|groups| remember(MentionedAt::OnlyGroups, node, groups, reader))
        },
        described: &SOME_GROUPS,
    },
);
pub(super) static EXEMPT: Key<&Object> =
    Key::new("exempt", "Users and groups that the scheme never touches. Left out: nobody.", &EXEMPTED);
pub(super) static ACTIONS: Key<List> = Key::needed(
    "actions",
    "write `- add_groups: [a-group]` below it, say",
    "What is done with each selected user, in this order.",
    List::some(&ACTION).at_most(MAX_ACTIONS),
);
pub(super) static LIMITS: Key<&Object> = Key::new(
    "limits",
    "How many users one run may select; a run beyond is held for an administrator. Left out: any number.",
    &limits::LIMITS,
);
pub(super) static AUDIT: Key<&Object> =
    Key::new("audit", "What is told of the scheme's runs. Left out: the application log alone.", &AUDITED);

/// A scheme.
pub(in crate::config) static SCHEME: Object =
    Object::new("Scheme", "What to do with whom, when: a trigger, a selection and actions.", || {
        vec![
            &ID,
            &NAME,
            &SOURCE,
            &TRIGGER,
            &ENABLED,
            &TEST_MODE,
            &SELECT,
            &ONLY_GROUPS,
            &EXEMPT,
            &ACTIONS,
            &LIMITS,
            &AUDIT,
        ]
    });

pub(super) static EXEMPT_USERS: Key<Part<Vec<String>>> = Key::new(
    "users",
    "These users, by login name or lasting id.",
    Part {
        read: |node, reader| {
            users(node, reader).inspect(|users| remember(MentionedAt::ExemptUsers, node, users, reader))
        },
        described: &USERS,
    },
);
pub(super) static EXEMPT_GROUPS: Key<Part<Vec<GroupName>>> = Key::new(
    "groups",
    "Members of any of these groups.",
    Part {
        read: |node, reader| {
            groups(node, reader).inspect(|groups| remember(MentionedAt::ExemptGroups, node, groups, reader))
        },
        described: &GROUPS,
    },
);
/// The value of `exempt`.
pub(super) static EXEMPTED: Object =
    Object::new("Exempt", "Users and groups that the scheme never touches.", || vec![&EXEMPT_USERS, &EXEMPT_GROUPS])
        .like("{ users: [a-user], groups: [a-group] }");

pub(super) static APPLICATION_LOG: Key<Yes> =
    Key::new("application_log", "Whether usher's own log tells of each step. It always does.", Yes);
/// The value of `audit`.
pub(super) static AUDITED: Object =
    Object::new("Audit", "What is told of the scheme's runs.", || vec![&APPLICATION_LOG]).awaiting(not_yet::AUDIT);
