//! The conditions of a scheme, each with what it looked at.

use std::fmt::Display;

use super::truth::{all, any, known, not};
use crate::domain::{
    Condition, DomainPattern, EmailAddress, Exempt, Fact, Facts, GroupName, Groups, MadeOf, Missing, Reason, Scheme,
    Selection, Timestamp, Truth, UserId,
};

/// Whom the conditions are asked about, and when.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The lasting id, where it is known.
    pub user: Option<&'a UserId>,
    /// What is known of the user.
    pub facts: &'a Facts,
    /// The time by which ages are told.
    pub now: Timestamp,
}

/// Why `scheme` selects the user described by `facts`, or why not: selected if any condition of `select` holds, the
/// user is in one of `only_groups`, and is not exempt. The truth at the root is the answer.
pub fn evaluate(scheme: &Scheme, subject: &Subject<'_>) -> Reason {
    let Subject { user, facts, .. } = *subject;
    let mut parts = vec![select(&scheme.select, facts)];
    if !scheme.only_groups.is_empty() {
        parts.push(member_of("only_groups", &scheme.only_groups, &facts.groups));
    }
    let exempt = exempt(&scheme.exempt, user, facts);
    let touchable = exempt.as_ref().map_or(Truth::True, |exempt| not(exempt.truth));
    let truth = all(parts.iter().map(|part| part.truth).chain([touchable]));
    parts.extend(exempt);
    let because = match truth {
        Truth::True => "selected",
        Truth::False => "not selected",
        Truth::Unknown => "not selected: a fact is missing, and what is unknown never selects",
    };
    node("scheme", truth, because, parts)
}

fn select(selection: &Selection, facts: &Facts) -> Reason {
    let mut parts = Vec::new();
    for condition in &selection.0 {
        parts.push(match condition {
            Condition::Everyone(_) => leaf("everyone", Truth::True, "holds for everyone"),
            Condition::EmailDomain(patterns) => email_domain("email_domain", patterns, &facts.email, |listed| listed),
            Condition::EmailDomainNot(patterns) => {
                email_domain("email_domain_not", patterns, &facts.email, |listed| !listed)
            }
            other => leaf(other.name(), Truth::Unknown, "this version does not know the condition"),
        });
    }
    let truth = any(parts.iter().map(|part| part.truth));
    node("select", truth, "holds when any of its conditions does", parts)
}

fn email_domain(
    condition: &str,
    patterns: &[DomainPattern],
    email: &Fact<EmailAddress>,
    holds_when: impl Fn(bool) -> bool,
) -> Reason {
    look_at(condition, "e-mail address", email, |email| {
        let domain = email.domain();
        match patterns.iter().find(|pattern| pattern.matches(domain)) {
            Some(pattern) => (holds_when(true), format!("the e-mail domain {domain} matches {pattern}")),
            None => (holds_when(false), format!("the e-mail domain {domain} matches none of {}", list(patterns))),
        }
    })
}

fn member_of(condition: &str, wanted: &[GroupName], groups: &Fact<Groups>) -> Reason {
    look_at(condition, "groups", groups, |groups| match wanted.iter().find(|group| groups.contains(group)) {
        Some(group) => (true, format!("a member of {group}")),
        None => (false, format!("a member of none of {}", list(wanted))),
    })
}

/// Holds when the user is exempt; none where the scheme exempts nobody.
fn exempt(exempt: &Exempt, user: Option<&UserId>, facts: &Facts) -> Option<Reason> {
    let mut parts = Vec::new();
    if !exempt.users.is_empty() {
        parts.push(exempt_user(&exempt.users, user, facts));
    }
    if !exempt.groups.is_empty() {
        parts.push(member_of("exempt.groups", &exempt.groups, &facts.groups));
    }
    if parts.is_empty() {
        return None;
    }
    let truth = any(parts.iter().map(|part| part.truth));
    Some(node("exempt", truth, "a user who is exempt is never touched", parts))
}

fn exempt_user(listed: &[String], user: Option<&UserId>, facts: &Facts) -> Reason {
    let condition = "exempt.users";
    if let Some(id) = user.filter(|id| listed.iter().any(|one| one == id.as_str())) {
        return leaf(condition, Truth::True, &format!("{id} is listed"));
    }
    // The list may hold names: while the name is not known, nobody can say that the user is not in it.
    match &facts.name {
        Fact::Unknown(Missing::NotApplicable) => leaf(condition, Truth::False, "not listed by id"),
        name => look_at(condition, "name", name, |name| {
            let is_listed = listed.iter().any(|one| one.to_lowercase() == name.to_lowercase());
            (is_listed, format!("{name} is {}listed", if is_listed { "" } else { "not " }))
        }),
    }
}

/// A condition on one fact: unknown where the fact is, with the reason why.
fn look_at<T>(condition: &str, what: &str, fact: &Fact<T>, test: impl Fn(&T) -> (bool, String)) -> Reason {
    match fact {
        Fact::Known { value, origin, as_of } => {
            let (holds, because) = test(value);
            let because = format!("{because} (from the {})", origin.as_str());
            Reason { as_of: Some(*as_of), ..leaf(condition, known(holds), &because) }
        }
        Fact::Unknown(why) => leaf(condition, Truth::Unknown, &format!("the {what} can't be told: {why}")),
    }
}

fn leaf(condition: &str, truth: Truth, because: &str) -> Reason {
    node(condition, truth, because, Vec::new())
}

fn node(condition: &str, truth: Truth, because: &str, parts: Vec<Reason>) -> Reason {
    Reason {
        condition: condition.to_owned(),
        truth,
        because: because.to_owned(),
        as_of: None,
        value: None,
        made_of: MadeOf::Fact,
        change: None,
        parts,
    }
}

fn list(items: &[impl Display]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
