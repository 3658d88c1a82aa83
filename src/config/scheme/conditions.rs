//! The conditions: how each of them is read, and which triggers it goes with.

use std::collections::HashSet;

use super::{
    expressions::expression,
    select::{Conditions, parts, the_part},
};
use crate::{
    config::reader::{
        Reader,
        fields::{Fields, Word},
        node::{Content, Node},
    },
    domain::{Age, Condition, DomainPattern, LoggedInOnce, NamedUsers, NeverLoggedIn, TriggerKind, True},
};

/// The longest name or id of a user, in bytes: more than any product has.
const LONGEST_USER: usize = 255;

/// The triggers that a condition goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) enum GoesWith {
    /// Any.
    All,
    /// All but `on_create`.
    ButCreation,
    /// A schedule or a person.
    Sweeps,
    /// A person alone.
    ByHand,
}

impl GoesWith {
    /// Why a condition does not go with `trigger`, and what to write instead; none where it does.
    pub const fn objection(self, trigger: TriggerKind) -> Option<&'static str> {
        match (self, trigger) {
            (Self::ButCreation, TriggerKind::OnCreate) => Some(
                "whoever is just created has no logins; write `trigger: on_login`, `manual` or a schedule, or take it out",
            ),
            (Self::Sweeps, TriggerKind::OnCreate | TriggerKind::OnLogin) => Some(
                "whoever is just created or logs in is active; write `trigger: manual` or \
                 `trigger: { cron: \"0 3 * * MON\" }`, or take it out",
            ),
            (Self::ByHand, TriggerKind::OnCreate | TriggerKind::OnLogin | TriggerKind::Schedule) => Some(
                "a list of users is for a run by hand; write `trigger: manual`, or select by something else, like \
                 `email_domain`",
            ),
            _ => None,
        }
    }
}

type Read = for<'n> fn(&'n Node, &mut Conditions<'n>, &mut Reader<'_>) -> Option<Condition>;

/// How a condition is read, and what it goes with.
pub(in crate::config) struct Rule {
    /// Reads the value.
    pub read: Read,
    /// What the condition goes with.
    pub goes_with: GoesWith,
}

const fn word(name: &'static str, example: &'static str, goes_with: GoesWith, read: Read) -> Word<Rule> {
    Word { name, example, read: Rule { read, goes_with } }
}

/// The condition that is an expression.
pub(in crate::config) const EXPRESSION: &str = "where";

/// All conditions.
pub(in crate::config) static WORDS: [Word<Rule>; 12] = [
    word("everyone", "everyone: true", GoesWith::All, |node, _, reader| {
        yes(node, "everyone", reader).map(Condition::Everyone)
    }),
    word("never_logged_in", "never_logged_in: { created_before: 14d }", GoesWith::ButCreation, |node, _, reader| {
        let created_before = optional_age(node, "created_before", "{ created_before: 14d }", reader)?;
        Some(Condition::NeverLoggedIn(NeverLoggedIn { created_before }))
    }),
    word("last_login_before", "last_login_before: 90d", GoesWith::ButCreation, |node, _, reader| {
        reader.parsed(node, str::parse::<Age>).map(Condition::LastLoginBefore)
    }),
    word("logged_in_once", "logged_in_once: { not_within: 3d }", GoesWith::ButCreation, |node, _, reader| {
        let not_within = optional_age(node, "not_within", "{ not_within: 3d }", reader)?;
        Some(Condition::LoggedInOnce(LoggedInOnce { not_within }))
    }),
    word("deactivated", "deactivated: true", GoesWith::Sweeps, |node, _, reader| {
        yes(node, "deactivated", reader).map(Condition::Deactivated)
    }),
    word("email_domain", "email_domain: [example.com]", GoesWith::All, |node, _, reader| {
        domains(node, reader).map(Condition::EmailDomain)
    }),
    word("email_domain_not", "email_domain_not: [example.com]", GoesWith::All, |node, _, reader| {
        domains(node, reader).map(Condition::EmailDomainNot)
    }),
    word("users", "users: [jdoe, JIRAUSER10100]", GoesWith::ByHand, |node, _, reader| {
        listed(node, reader).map(Condition::Users)
    }),
    word(EXPRESSION, "where: 'user.groups.size() == 0'", GoesWith::All, |node, _, reader| {
        expression(node, reader).map(Condition::Where)
    }),
    word("all", "all: [{ deactivated: true }, { email_domain: [example.com] }]", GoesWith::All, |node, all, reader| {
        parts(node, all, reader).map(Condition::All)
    }),
    word("any", "any: [{ deactivated: true }, { email_domain: [example.com] }]", GoesWith::All, |node, all, reader| {
        parts(node, all, reader).map(Condition::Any)
    }),
    word("not", "not: { email_domain: [example.com] }", GoesWith::All, |node, all, reader| {
        the_part(node, all, reader).map(|part| Condition::Not(Box::new(part)))
    }),
];

fn yes(node: &Node, name: &str, reader: &mut Reader<'_>) -> Option<True> {
    if reader.boolean(node)? {
        return Some(True);
    }
    reader.refuse(&node.at, format!("`{name}: false` is no condition; write `true`, or leave `{name}` out"))
}

/// The age under `key`, the only one that may stand in the map at `node`.
fn optional_age(node: &Node, key: &'static str, example: &str, reader: &mut Reader<'_>) -> Option<Option<Age>> {
    let mut fields = Fields::like(node, example, reader)?;
    let age = fields.or(key, None, |node| reader.parsed(node, str::parse::<Age>).map(Some));
    fields.done(reader);
    age
}

/// Users by name or lasting id. Who is listed twice counts once.
fn listed(node: &Node, reader: &mut Reader<'_>) -> Option<NamedUsers> {
    let users = reader.each_like(node, "[jdoe, JIRAUSER10100]", |item, reader| {
        reader.parsed(item, |text| match text {
            _ if text.trim().is_empty() => Err("no user stands here; write a name or a lasting id".to_owned()),
            _ if text.trim() != text => Err(format!("`{text}` has blanks around it; write `{}`", text.trim())),
            _ if text.len() > LONGEST_USER || text.chars().any(char::is_control) => {
                Err("this is neither a name nor a lasting id; write one of them".to_owned())
            }
            _ => Ok(text.to_owned()),
        })
    })?;
    if users.is_empty() {
        return reader.refuse(&node.at, "no user stands here; write `[jdoe, JIRAUSER10100]`, say");
    }
    if users.len() > NamedUsers::MOST {
        let message =
            format!("{} users in one list; {} are the most: make several schemes", users.len(), NamedUsers::MOST);
        return reader.refuse(&node.at, message);
    }
    let mut seen = HashSet::new();
    Some(NamedUsers::new(users.into_iter().filter(|user| seen.insert(user.clone()))))
}

fn domains(node: &Node, reader: &mut Reader<'_>) -> Option<Vec<DomainPattern>> {
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
