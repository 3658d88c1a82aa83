//! The values of conditions.

use std::collections::HashSet;

use crate::{
    config::{
        reader::{
            Reader,
            node::{Content, Node},
        },
        shape::{
            key::Key,
            lengths::AGE,
            lists::List,
            object::Object,
            texts::{Parsed, Text},
            values::{AnyOf, Boolean},
        },
    },
    domain::{Age, DomainPattern, NamedUsers, True},
};

/// The longest name or id of a user, in bytes: more than any product has.
const MAX_USER: usize = 255;

pub(in crate::config) static CREATED_BEFORE: Key<Parsed<Age>> = Key::new(
    "created_before",
    "Only accounts that were created longer ago than this: new ones are given time. Left out: all accounts.",
    AGE,
);
pub(super) static NEVER_LOGGED_IN: Object =
    Object::new("NeverLoggedIn", "Which of those who have never logged in; `{}` for all.", || vec![&CREATED_BEFORE])
        .like("{ created_before: 14d }");
pub(in crate::config) static NOT_WITHIN: Key<Parsed<Age>> =
    Key::new("not_within", "Only if that login is longer ago than this. Left out: whenever it was.", AGE);
pub(super) static LOGGED_IN_ONCE: Object =
    Object::new("LoggedInOnce", "Which of those who have logged in once; `{}` for all.", || vec![&NOT_WITHIN])
        .like("{ not_within: 3d }");
pub(super) static DOMAINS: List = List::some(&DOMAIN);
static DOMAIN: Text = Text::ANY.like(&["example.com", "*.example.com"]);
pub(super) static LISTED: List = List::some(&USER).at_most(NamedUsers::MAX);
static USER: Text = Text::ANY.at_most(MAX_USER);
/// The value of `where`: an expression may be `true` alone.
pub(super) static CEL: AnyOf = AnyOf(&[&Text::PLAIN, &Boolean]);

pub(super) fn yes(node: &Node, name: &str, reader: &mut Reader<'_>) -> Option<True> {
    if reader.boolean(node)? {
        return Some(True);
    }
    reader.refuse(&node.at, format!("`{name}: false` is no condition; write `true`, or leave `{name}` out"))
}

/// The age under `key`, the only allowed key of the map at `node`.
pub(super) fn optional_age(
    node: &Node,
    object: &Object,
    key: &Key<Parsed<Age>>,
    reader: &mut Reader<'_>,
) -> Option<Option<Age>> {
    let mut fields = object.open(node, reader)?;
    let age = fields.optional(key, reader);
    fields.done(reader);
    age
}

/// Users by name or lasting id. A repeated user counts once.
pub(super) fn listed(node: &Node, reader: &mut Reader<'_>) -> Option<NamedUsers> {
    let users = reader.each_like(node, "[jdoe, JIRAUSER10100]", |item, reader| {
        reader.parsed(item, |text| match text {
            _ if text.trim().is_empty() => Err("no user stands here; write a name or a lasting id".to_owned()),
            _ if text.trim() != text => Err(format!("`{text}` has blanks around it; write `{}`", text.trim())),
            _ if text.len() > MAX_USER || text.chars().any(char::is_control) => {
                Err("this is neither a name nor a lasting id; write one of them".to_owned())
            }
            _ => Ok(text.to_owned()),
        })
    })?;
    if users.is_empty() {
        return reader.refuse(&node.at, "no user stands here; write `[jdoe, JIRAUSER10100]`, say");
    }
    if users.len() > NamedUsers::MAX {
        let message =
            format!("{} users in one list; {} are the most: make several schemes", users.len(), NamedUsers::MAX);
        return reader.refuse(&node.at, message);
    }
    let mut seen = HashSet::new();
    Some(NamedUsers::new(users.into_iter().filter(|user| seen.insert(user.clone()))))
}

pub(super) fn domains(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<DomainPattern>> {
    let domains: Vec<DomainPattern> = reader.each_like(node, "[example.com]", |item, reader| {
        reader.parsed(item, |text| DomainPattern::try_from(text.to_owned()))
    })?;
    if domains.is_empty() {
        return reader.refuse(&node.at, "no domain stands here; write `[example.com]`, say, or leave the key out");
    }
    let Content::List(items) = &node.content else { return Some(domains) };
    for (domain, item) in domains.iter().zip(items) {
        if let DomainPattern::Exactly(domain) = domain
            && domain.has_no_dot()
        {
            let message =
                format!("`{domain}` is a domain without a dot; write all of it, unless addresses end in `@{domain}`");
            reader.warn(&item.at, message);
        }
    }
    Some(domains)
}
