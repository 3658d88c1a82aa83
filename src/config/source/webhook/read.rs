//! Reads a source's `webhook`.

use super::{
    AuditActions, Webhook,
    apps::{connect, forge},
};
use crate::{
    config::{
        reader::{Reader, fields::Fields, node::Node},
        secret::secret,
    },
    secret::Secret,
};

/// Reads a source's `webhook`, and which entries of an audit log mean what where that is said here.
pub(in crate::config) fn webhook(node: &Node, reader: &mut Reader<'_>) -> Option<(Webhook, Option<AuditActions>)> {
    let mut fields = Fields::of(node, reader)?;
    let hmac = fields.or("hmac", Vec::new(), |node| reader.each(node, secret));
    let bearer = fields.or("bearer", Vec::new(), |node| reader.each(node, header_value));
    let actions = fields.or("actions", None, |node| actions(node, reader).map(Some));
    let connect = fields.or("connect", None, |node| connect(node, reader).map(Some));
    let forge = fields.or("forge", None, |node| forge(node, reader).map(Some));
    fields.done(reader);
    Some((Webhook { hmac: hmac?, bearer: bearer?, connect: connect?, forge: forge? }, actions?))
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
    let default = AuditActions::default();
    let mut fields = Fields::like(node, "{ login: [user_login] }", reader)?;
    let login = fields.or("login", default.login, |node| action_ids(node, "[user_login]", reader));
    let created = fields.or("created", default.created, |node| action_ids(node, "[user_created]", reader));
    fields.done(reader);
    Some(AuditActions { login: login?, created: created? })
}

fn action_ids(node: &Node, example: &str, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    reader.each_like(node, example, |item, reader| reader.filled(item).map(str::to_owned))
}
