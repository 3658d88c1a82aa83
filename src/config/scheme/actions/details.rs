//! The values of actions.

use crate::{
    config::{
        reader::{
            Reader,
            node::{Content, Node},
        },
        scheme::{
            groups::{SOME_GROUPS, at_most, remember},
            names::name,
        },
        shape::{
            Part,
            key::{Key, Or},
            object::Object,
            texts::{Parsed, Text},
            values::{Boolean, as_json},
        },
    },
    domain::{Action, MentionedAt},
};

/// The longest `suffix`: login names have room for 255 characters.
const MAX_SUFFIX: usize = 64;

/// The value of an action without details.
pub(super) static BARE: Object = Object::new("Nothing", "This action takes no keys: `{}`.", Vec::new);

pub(in crate::config) static APPLICATIONS: Key<Part<Vec<String>>> = Key::new(
    "applications",
    "The keys of these applications alone. Left out: all applications.",
    Part { read: applications, described: &SOME_GROUPS },
);
/// The value of `remove_application_access`.
pub(super) static ACCESS: Object =
    Object::new("ApplicationAccess", "Which access is taken away; `{}` for all.", || vec![&APPLICATIONS])
        .like("{ applications: [jira-software] }");
pub(in crate::config) static SUFFIX: Key<Parsed<String>> = Key::needed(
    "suffix",
    "write `suffix: \"-inactive\"`, say",
    "What is put behind the login name: 1 to 64 characters in lower case, without blanks, quotes and `<>&\\,+/`.",
    Parsed { read: suffix, text: Text::ANY.at_most(MAX_SUFFIX).like(&["-inactive"]) },
);
/// The value of `rename`.
pub(super) static RENAME: Object =
    Object::new("Rename", "How the login name is changed.", || vec![&SUFFIX]).like("{ suffix: \"-inactive\" }");
pub(in crate::config) static SEND_RESET_LINK: Or<Boolean> =
    Or::new("send_reset_link", "Whether the user is sent a link to set a new password.", Boolean, || false, as_json);
/// The value of `invalidate_password`.
pub(super) static PASSWORD: Object =
    Object::new("InvalidatePassword", "How the password is replaced.", || vec![&SEND_RESET_LINK])
        .like("{ send_reset_link: false }");

/// Reads `{}`: all that an action without details takes.
pub(super) fn bare(node: &Node, reader: &mut Reader<'_>) -> Option<()> {
    match &node.content {
        Content::Map(keys) if keys.is_empty() => Some(()),
        Content::Map(_) => reader.refuse(&node.at, "this action takes no keys; write `{}`"),
        Content::Scalar { .. } | Content::List(_) => {
            reader.refuse(&node.at, format!("found {}; write `{{}}`", node.kind()))
        }
    }
}

fn applications(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    at_most(SOME_GROUPS.most, node, reader)?;
    let read = reader.each(node, |item, reader| name(item, reader).map(str::to_owned))?;
    remember(MentionedAt::Applications, node, &read, reader);
    if read.is_empty() {
        let message = "no application stands here; write `[jira-software]`, say, or `{}` for all of them";
        return reader.refuse(&node.at, message);
    }
    Some(read)
}

pub(super) fn remove_application_access(node: &Node, reader: &mut Reader<'_>) -> Option<Action> {
    let mut fields = ACCESS.open(node, reader)?;
    let applications = fields.optional(&APPLICATIONS, reader);
    fields.done(reader);
    applications.map(|applications| Action::RemoveApplicationAccess(applications.unwrap_or_default()))
}

pub(super) fn rename(node: &Node, reader: &mut Reader<'_>) -> Option<Action> {
    let mut fields = RENAME.open(node, reader)?;
    let suffix = fields.needed(&SUFFIX, reader);
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

pub(super) fn invalidate_password(node: &Node, reader: &mut Reader<'_>) -> Option<Action> {
    let mut fields = PASSWORD.open(node, reader)?;
    let send_reset_link = fields.or(&SEND_RESET_LINK, reader);
    fields.done(reader);
    send_reset_link.map(|send_reset_link| Action::InvalidatePassword { send_reset_link })
}
