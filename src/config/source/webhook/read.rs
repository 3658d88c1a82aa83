//! Reads a source's `webhook`.

use super::{
    AuditActions, Connect, Forge, Webhook,
    apps::{CONNECT, FORGE, connect, forge},
};
use crate::{
    config::{
        reader::{Reader, node::Node},
        secret::{SECRET, secret},
        shape::{
            Part,
            key::{Key, Or},
            lists::List,
            object::Object,
            texts::Text,
            values::as_json,
        },
    },
    secret::Secret,
};

static SECRETS: List = List::of(&SECRET);
static HMAC: Key<Part<Vec<Secret>>> = Key::new(
    "hmac",
    "Secrets that sign bodies (`X-Hub-Signature`); any of them verifies.",
    Part { read: |node, reader| reader.each(node, secret), described: &SECRETS },
);
static BEARER: Key<Part<Vec<Secret>>> = Key::new(
    "bearer",
    "Values of the `Authorization` header of audit-log webhooks; any of them will do.",
    Part { read: |node, reader| reader.each(node, header_value), described: &SECRETS },
);
static ACTIONS: Key<Part<AuditActions>> = Key::new(
    "actions",
    "Which entries of the audit log mean what. Write it here or under `feed`. Left out: those of all products.",
    Part { read: actions, described: &AUDIT_ACTIONS },
);
static OF_CONNECT: Key<Part<Connect>> =
    Key::new("connect", "The installation of a Connect app.", Part { read: connect, described: &CONNECT });
static OF_FORGE: Key<Part<Forge>> = Key::new("forge", "A Forge app.", Part { read: forge, described: &FORGE });
/// The value of `webhook`.
pub(in crate::config) static WEBHOOK: Object = Object::new(
    "Webhook",
    "How deliveries prove who sent them: any of these ways will do. Without any, they are refused.",
    || vec![&HMAC, &BEARER, &ACTIONS, &OF_CONNECT, &OF_FORGE],
);

static ACTION_IDS: List = List::of(&Text::ANY);
static LOGIN: Or<Part<Vec<String>>> = Or::new(
    "login",
    "Ids of entries that tell of a login.",
    Part { read: |node, reader| action_ids(node, "[user_login]", reader), described: &ACTION_IDS },
    || AuditActions::default().login,
    as_json,
);
static CREATED: Or<Part<Vec<String>>> = Or::new(
    "created",
    "Ids of entries that tell of a user's creation.",
    Part { read: |node, reader| action_ids(node, "[user_created]", reader), described: &ACTION_IDS },
    || AuditActions::default().created,
    as_json,
);
/// The value of `actions`.
pub(in crate::config) static AUDIT_ACTIONS: Object =
    Object::new("AuditActions", "Which entries of the audit log mean what.", || vec![&LOGIN, &CREATED])
        .like("{ login: [user_login] }");

/// Reads a source's `webhook`, and the meanings of entries of an audit log if they are written here.
pub(in crate::config) fn webhook(node: &Node, reader: &mut Reader<'_>) -> Option<(Webhook, Option<AuditActions>)> {
    let mut fields = WEBHOOK.open(node, reader)?;
    let hmac = fields.optional(&HMAC, reader);
    let bearer = fields.optional(&BEARER, reader);
    let actions = fields.optional(&ACTIONS, reader);
    let connect = fields.optional(&OF_CONNECT, reader);
    let forge = fields.optional(&OF_FORGE, reader);
    fields.done(reader);
    let (hmac, bearer) = (hmac?.unwrap_or_default(), bearer?.unwrap_or_default());
    Some((Webhook { hmac, bearer, connect: connect?, forge: forge? }, actions?))
}

/// A header's value may hold blanks, as in `Basic …`.
fn header_value(node: &Node, reader: &mut Reader<'_>) -> Option<Secret> {
    let value = secret(node, reader)?;
    let text = value.reveal();
    if text.trim() != text || !text.chars().all(|c| matches!(c, ' '..='~')) {
        let message = "the header's value begins or ends with a blank, or holds line breaks or other than ASCII; \
                       keep the value there as it was typed into the audit log's settings";
        return reader.refuse(&node.at, message);
    }
    Some(value)
}

/// Reads `actions`, of `webhook` or of `feed`.
pub(in crate::config) fn actions(node: &Node, reader: &mut Reader<'_>) -> Option<AuditActions> {
    let mut fields = AUDIT_ACTIONS.open(node, reader)?;
    let login = fields.or(&LOGIN, reader);
    let created = fields.or(&CREATED, reader);
    fields.done(reader);
    Some(AuditActions { login: login?, created: created? })
}

fn action_ids(node: &Node, example: &str, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    reader.each_like(node, example, |item, reader| reader.filled(item).map(str::to_owned))
}
