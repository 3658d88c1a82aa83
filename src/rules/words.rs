//! A scheme in one sentence, for people.

use std::fmt::Display;

use crate::domain::{Action, Condition, Exempt, Scheme, Trigger};

/// The number of items of a list that are named.
const NAMED: usize = 3;
/// The number of characters of an expression that are shown.
const SHOWN: usize = 80;

/// The effect of `scheme` in the source called `source`: `On every login to Acme Jira: whoever has not logged in for 90 days
/// is removed from staff.`
pub fn sentence(scheme: &Scheme, source: &str) -> String {
    let narrowed = match scheme.only_groups.as_slice() {
        [] => String::new(),
        groups => format!(" and is a member of {}", list(groups, "or")),
    };
    let whom = format!("{}{narrowed}{}", whom(&scheme.select.0, !narrowed.is_empty()), except(&scheme.exempt));
    format!("{}: {whom} {}.", when(&scheme.trigger, source), done(&scheme.actions))
}

/// A condition as the end of `whoever ...`: `has never logged in`.
pub fn condition_in_words(condition: &Condition) -> String {
    match condition {
        Condition::Everyone(_) => "is there: everybody".to_owned(),
        other => part(other),
    }
}

/// An action with the user as its subject: `is added to staff`.
pub fn action_in_words(action: &Action) -> String {
    self::action(action)
}

/// The actions one after the other. Those after a deletion are done if the product refuses it.
fn done(actions: &[Action]) -> String {
    let mut text = String::new();
    for (place, one) in actions.iter().enumerate() {
        text.push_str(match place.checked_sub(1).map(|before| &actions[before]) {
            None => "",
            Some(Action::Delete) => ", or if that is refused ",
            Some(_) => ", then ",
        });
        text.push_str(&action(one));
    }
    text
}

fn when(trigger: &Trigger, source: &str) -> String {
    match trigger {
        Trigger::OnCreate => format!("When a user is created in {source}"),
        Trigger::OnLogin => format!("On every login to {source}"),
        Trigger::Schedule(schedule) => {
            format!("By the clock (`{}`, {}) in {source}", schedule.pattern(), schedule.timezone().name())
        }
        Trigger::Manual => format!("When an administrator runs it in {source}"),
    }
}

/// A user is selected when any of `conditions` holds.
fn whom(conditions: &[Condition], is_narrowed: bool) -> String {
    if conditions.iter().any(|condition| matches!(condition, Condition::Everyone(_))) {
        return if is_narrowed { "whoever is there".to_owned() } else { "everybody".to_owned() };
    }
    match conditions {
        // The rest is about the whole.
        [_, _, ..] if is_narrowed => format!("whoever ({})", joined(conditions, "or")),
        conditions => format!("whoever {}", joined(conditions, "or")),
    }
}

fn joined(conditions: &[Condition], word: &str) -> String {
    let parts: Vec<_> = conditions.iter().map(part).collect();
    parts.join(&format!(" {word} "))
}

/// A condition as the end of `whoever ...`. One of several parts stands in brackets.
fn part(condition: &Condition) -> String {
    let grouped = |parts: &[Condition], word: &str| match parts {
        [] => "is anybody".to_owned(),
        [one] => part(one),
        several => format!("({})", joined(several, word)),
    };
    match condition {
        Condition::Everyone(_) => "is anybody".to_owned(),
        Condition::NeverLoggedIn(never) => match never.created_before {
            Some(age) => format!("has never logged in and was created more than {age} ago"),
            None => "has never logged in".to_owned(),
        },
        Condition::LastLoginBefore(age) => format!("has not logged in for {age}"),
        Condition::LoggedInOnce(once) => match once.not_within {
            Some(age) => format!("has logged in only once, more than {age} ago"),
            None => "has logged in only once".to_owned(),
        },
        Condition::Deactivated(_) => "is deactivated".to_owned(),
        Condition::EmailDomain(patterns) => format!("has an address at {}", list(patterns, "or")),
        Condition::EmailDomainNot(patterns) => format!("has an address elsewhere than at {}", list(patterns, "or")),
        Condition::Users(users) => format!("is {}", list(users.as_slice(), "or")),
        Condition::Where(expression) => format!("fits `{}`", shortened(expression.as_str())),
        Condition::All(parts) => grouped(parts, "and"),
        Condition::Any(parts) => grouped(parts, "or"),
        Condition::Not(inner) => format!("does not meet this: {}", part(inner)),
    }
}

fn except(exempt: &Exempt) -> String {
    let users = Some(&exempt.users).filter(|users| !users.is_empty()).map(|users| list(users, "and"));
    let groups = Some(&exempt.groups).filter(|groups| !groups.is_empty());
    let groups = groups.map(|groups| format!("members of {}", list(groups, "and")));
    match users.into_iter().chain(groups).collect::<Vec<_>>() {
        none if none.is_empty() => String::new(),
        some => format!(", except {},", some.join(" and ")),
    }
}

fn action(action: &Action) -> String {
    match action {
        Action::AddGroups(groups) => format!("is added to {}", list(groups, "and")),
        Action::RemoveGroups(groups) => format!("is removed from {}", list(groups, "and")),
        Action::RemoveAllGroups => "is removed from all groups".to_owned(),
        Action::RemoveApplicationAccess(keys) if keys.is_empty() => "loses access to all applications".to_owned(),
        Action::RemoveApplicationAccess(keys) => format!("loses access to {}", list(keys, "and")),
        Action::Deactivate => "is deactivated".to_owned(),
        Action::Reactivate => "is reactivated".to_owned(),
        Action::Delete => "is deleted".to_owned(),
        Action::Rename { suffix } => format!("gets `{suffix}` appended to the login name"),
        Action::InvalidatePassword { send_reset_link: true } => "has to set a new password by a link".to_owned(),
        Action::InvalidatePassword { send_reset_link: false } => "gets a password that nobody knows".to_owned(),
        Action::CreateIssue(template) => format!("gets an issue in {}", template.project),
    }
}

/// The first of `items`, and the number of the others.
fn list<T: Display>(items: &[T], word: &str) -> String {
    let named: Vec<_> = items.iter().take(NAMED).map(ToString::to_string).collect();
    match (items.len().saturating_sub(NAMED), named.as_slice()) {
        (0, [others @ .., last]) if !others.is_empty() => format!("{} {word} {last}", others.join(", ")),
        (0, named) => named.join(", "),
        (more, named) => format!("{} {word} {more} more", named.join(", ")),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn said(text: &str) -> String {
        let scheme = crate::config::read_scheme(&format!("{{ id: s, source: acme, {text} }}"), "test").expect(text);
        sentence(&scheme, "Acme Jira")
    }

    #[test]
    fn a_scheme_is_one_sentence() {
        assert_snapshot!(
            said("trigger: on_login, select: { last_login_before: 90d }, actions: [{ remove_groups: [staff] }]"),
            @"On every login to Acme Jira: whoever has not logged in for 90d is removed from staff."
        );
        assert_snapshot!(
            said("trigger: on_create, select: { everyone: true }, exempt: { users: [svc], groups: [vip, admins] }, actions: [{ add_groups: [a, b, c, d, e] }]"),
            @"When a user is created in Acme Jira: everybody, except svc and members of vip and admins, is added to a, b, c and 2 more."
        );
        assert_snapshot!(
            said("trigger: { cron: '0 3 * * MON', timezone: Europe/Berlin }, select: { email_domain: ['*.a.com', b.com], never_logged_in: { created_before: 14d } }, only_groups: [users], actions: [{ remove_all_groups: {} }, { deactivate: {} }]"),
            @"By the clock (`0 3 * * MON`, Europe/Berlin) in Acme Jira: whoever (has never logged in and was created more than 14d ago or has an address at *.a.com or b.com) and is a member of users is removed from all groups, then is deactivated."
        );
        assert_snapshot!(
            said("trigger: manual, select: { all: [{ deactivated: true }, { not: { users: [jane] } }] }, actions: [{ reactivate: {} }]"),
            @"When an administrator runs it in Acme Jira: whoever (is deactivated and does not meet this: is jane) is reactivated."
        );
        assert_snapshot!(
            said("trigger: manual, select: { users: [jane] }, actions: [{ delete: {} }, { deactivate: {} }, { rename: { suffix: '-inactive' } }]"),
            @"When an administrator runs it in Acme Jira: whoever is jane is deleted, or if that is refused is deactivated, then gets `-inactive` appended to the login name."
        );
    }
}
