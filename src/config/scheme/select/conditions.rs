//! The conditions: what each means, how it is read, and which triggers it goes with.

use super::{
    CONDITION, Conditions,
    details::{
        CEL, CREATED_BEFORE, DOMAINS, LISTED, LOGGED_IN_ONCE, NEVER_LOGGED_IN, NOT_WITHIN, domains, listed,
        optional_age, yes,
    },
    goes_with::GoesWith,
    parts, the_part,
};
use crate::{
    config::{
        reader::{Reader, node::Node},
        scheme::expressions::expression,
        shape::{Described, Shape, key::Word, lengths::AGE, lists::List, values::Yes},
    },
    domain::{Condition, ConditionKind, LoggedInOnce, NeverLoggedIn},
};

type Read = for<'n> fn(&'n Node, &mut Conditions<'n>, &mut Reader<'_>) -> Option<Condition>;

/// The reader of a condition, and the triggers that it is allowed with.
pub(in crate::config) struct Rule {
    /// Reads the value.
    pub read: Read,
    /// The triggers that the condition goes with.
    pub goes_with: GoesWith,
}

/// The value of `all` and `any`.
static PARTS: List = List::some(&CONDITION);

const fn word(
    kind: ConditionKind,
    example: &'static str,
    about: &'static str,
    shape: &'static dyn Described,
    goes_with: GoesWith,
    read: Read,
) -> Word<Rule> {
    Word { name: kind.as_str(), example, about, shape, read: Rule { read, goes_with } }
}

/// The condition that is an expression.
pub(in crate::config) const EXPRESSION: &str = ConditionKind::Where.as_str();

/// All conditions.
pub(in crate::config) static WORDS: [Word<Rule>; 12] = [
    word(ConditionKind::Everyone, "everyone: true", "Holds for everyone.", &Yes, GoesWith::All, |node, _, reader| {
        yes(node, "everyone", reader).map(Condition::Everyone)
    }),
    word(
        ConditionKind::NeverLoggedIn,
        "never_logged_in: { created_before: 14d }",
        "Holds for users who have never logged in. Not with `on_create`.",
        &NEVER_LOGGED_IN,
        GoesWith::ButCreation,
        |node, _, reader| {
            let created_before = optional_age(node, &NEVER_LOGGED_IN, &CREATED_BEFORE, reader)?;
            Some(Condition::NeverLoggedIn(NeverLoggedIn { created_before }))
        },
    ),
    word(
        ConditionKind::LastLoginBefore,
        "last_login_before: 90d",
        "Holds for users whose last login is longer ago than this; whoever never logged in has none. Not with `on_create`.",
        &AGE,
        GoesWith::ButCreation,
        |node, _, reader| AGE.read(node, reader).map(Condition::LastLoginBefore),
    ),
    word(
        ConditionKind::LoggedInOnce,
        "logged_in_once: { not_within: 3d }",
        "Holds for users who have logged in exactly once. Not with `on_create`.",
        &LOGGED_IN_ONCE,
        GoesWith::ButCreation,
        |node, _, reader| {
            let not_within = optional_age(node, &LOGGED_IN_ONCE, &NOT_WITHIN, reader)?;
            Some(Condition::LoggedInOnce(LoggedInOnce { not_within }))
        },
    ),
    word(
        ConditionKind::Deactivated,
        "deactivated: true",
        "Holds for accounts that are not active. With a schedule or `manual` alone.",
        &Yes,
        GoesWith::Sweeps,
        |node, _, reader| yes(node, "deactivated", reader).map(Condition::Deactivated),
    ),
    word(
        ConditionKind::EmailDomain,
        "email_domain: [example.com]",
        "Holds for users whose e-mail domain is one of these; `*.example.com` is every domain below, and not the domain itself.",
        &DOMAINS,
        GoesWith::All,
        |node, _, reader| domains(node, reader).map(Condition::EmailDomain),
    ),
    word(
        ConditionKind::EmailDomainNot,
        "email_domain_not: [example.com]",
        "Holds for users whose e-mail domain is known and none of these.",
        &DOMAINS,
        GoesWith::All,
        |node, _, reader| domains(node, reader).map(Condition::EmailDomainNot),
    ),
    word(
        ConditionKind::Users,
        "users: [jdoe, JIRAUSER10100]",
        "Holds for these users, by lasting id or, in Data Center, by login name. With `manual` alone.",
        &LISTED,
        GoesWith::ByHand,
        |node, _, reader| listed(node, reader).map(Condition::Users),
    ),
    word(
        ConditionKind::Where,
        "where: 'user.groups.size() == 0'",
        "Holds for users for whom an expression in CEL is true.",
        &CEL,
        GoesWith::All,
        |node, _, reader| expression(node, reader).map(Condition::Where),
    ),
    word(
        ConditionKind::All,
        "all: [{ deactivated: true }, { email_domain: [example.com] }]",
        "Holds for users for whom all of these hold; each item is one condition.",
        &PARTS,
        GoesWith::All,
        |node, all, reader| parts(node, all, reader).map(Condition::All),
    ),
    word(
        ConditionKind::Any,
        "any: [{ deactivated: true }, { email_domain: [example.com] }]",
        "Holds for users for whom any of these holds; each item is one condition.",
        &PARTS,
        GoesWith::All,
        |node, all, reader| parts(node, all, reader).map(Condition::Any),
    ),
    word(
        ConditionKind::Not,
        "not: { email_domain: [example.com] }",
        "Holds for users for whom this one condition does not hold. What is not known holds neither way.",
        &CONDITION,
        GoesWith::All,
        |node, all, reader| the_part(node, all, reader).map(|part| Condition::Not(Box::new(part))),
    ),
];
