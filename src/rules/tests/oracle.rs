//! A second evaluator, as simple as can be: over plain data, with numbers for truth and nothing shared with the first.

use super::plain::{Days, Name, Plain, PlainLogins, PlainScheme, Text, User};

/// 1 is true, -1 false, 0 unknown: all of them is the least, any of them the greatest, not is the sign.
pub type Sign = i8;

/// The answer of an expression about a user.
type Meaning = fn(&User) -> Sign;

/// Expressions in CEL and what they mean.
pub const EXPRESSIONS: [(Text, Meaning); 9] = [
    ("user.active", |user| sign(user.active)),
    ("!user.active || true", |user| sign(user.active.map(|_| true))),
    ("user.domain == 'a.com'", |user| sign(address(user).map(|email| email == "x@a.com"))),
    ("!user.email.endsWith('a.com')", |user| sign(address(user).map(|email| !email.ends_with("a.com")))),
    ("user.groups.exists(g, g == 'g1')", |user| sign(user.groups.as_ref().map(|all| all.contains(&"g1")))),
    ("user.created < now - duration('48h')", |user| sign(user.created.map(|days| days > 2))),
    ("user.login_count == 0 && !user.active", |user| {
        let count = user.logins.and_then(|logins| is_whole(logins).then_some(logins.count));
        sign(count.zip(user.active).map(|(count, active)| count == 0 && !active))
    }),
    ("user.last_login < now", |user| {
        let last = user.logins.and_then(|logins| logins.last.filter(|days| heard_for(logins, *days)));
        sign(last.map(|days| days > 0))
    }),
    ("'app1' in user.applications && user.directory == 'ldap'", |user| {
        sign(
            user.applications.as_ref().zip(user.directory).map(|(keys, name)| keys.contains(&"app1") && name == "ldap"),
        )
    }),
];

fn sign(known: Option<bool>) -> Sign {
    known.map_or(0, |holds| if holds { 1 } else { -1 })
}

pub fn selects(scheme: &PlainScheme, user: &User) -> Sign {
    let mut least = any(&scheme.select, user);
    if !scheme.only_groups.is_empty() {
        least = least.min(member(user, &scheme.only_groups));
    }
    if !scheme.exempt_groups.is_empty() {
        least = least.min(-member(user, &scheme.exempt_groups));
    }
    if !scheme.exempt_users.is_empty() {
        least = least.min(-listed(user, &scheme.exempt_users));
    }
    least
}

fn any(conditions: &[Plain], user: &User) -> Sign {
    conditions.iter().map(|condition| holds(condition, user)).max().unwrap_or(-1)
}

fn holds(condition: &Plain, user: &User) -> Sign {
    match condition {
        Plain::Everyone => 1,
        Plain::Never(created_before) => never(user).min(created_before.map_or(1, |days| older(user, days))),
        Plain::LastBefore(age) => match user.logins {
            None => 0,
            Some(PlainLogins { last: Some(days), .. }) if days <= *age => -1,
            Some(logins @ PlainLogins { last: Some(_), .. }) => i8::from(heard_for(logins, *age)),
            Some(PlainLogins { last: None, count: 0, complete: true, .. }) => -1,
            Some(_) => 0,
        },
        Plain::Once(not_within) => once(user, *not_within),
        Plain::Deactivated => -sign(user.active),
        Plain::Domain(patterns) => sign(address(user).map(|email| matches(email, patterns))),
        Plain::DomainNot(patterns) => -sign(address(user).map(|email| matches(email, patterns))),
        Plain::Users(list) => listed(user, list),
        Plain::Where(number) => EXPRESSIONS[*number].1(user),
        Plain::All(parts) => parts.iter().map(|part| holds(part, user)).min().unwrap_or(1),
        Plain::Any(parts) => any(parts, user),
        Plain::Not(part) => -holds(part, user),
    }
}

fn never(user: &User) -> Sign {
    match user.logins {
        None => 0,
        Some(logins) if logins.last.is_some() || logins.count > 0 => -1,
        Some(logins) => i8::from(logins.complete),
    }
}

/// Whether the account is older; it is at least as old as usher knows it.
fn older(user: &User, age: Days) -> Sign {
    match (user.created, user.first_seen) {
        (Some(created), _) => sign(Some(created > age)),
        (None, Some(seen)) if seen > age => 1,
        (None, _) => 0,
    }
}

/// Whether every login of the last `days` days is known.
fn heard_for(logins: PlainLogins, days: Days) -> bool {
    match logins.watched {
        Some(watched) => logins.complete || days <= watched,
        None => true,
    }
}

/// A login that usher has not counted shows that it did not hear all.
fn is_whole(logins: PlainLogins) -> bool {
    logins.complete && !(logins.count == 0 && logins.last.is_some())
}

fn once(user: &User, not_within: Option<Days>) -> Sign {
    let Some(logins) = user.logins else { return 0 };
    let lately = not_within.is_some_and(|age| logins.last.is_some_and(|last| last <= age));
    if logins.count > 1 || lately {
        return -1;
    }
    match (is_whole(logins), logins.count) {
        (true, 0) => -1,
        (true, _) => i8::from(not_within.is_none() || logins.last.is_some()),
        (false, _) => 0,
    }
}

/// A text that is not exactly one address proves nothing.
fn address(user: &User) -> Option<Text> {
    user.email.filter(|email| !email.contains([' ', ',']))
}

fn matches(email: &str, patterns: &[Text]) -> bool {
    let email = email.to_lowercase();
    let labels: Vec<&str> = email.split('@').next_back().expect("a domain").split('.').collect();
    patterns.iter().any(|pattern| {
        let wanted: Vec<&str> = pattern.split('.').collect();
        match wanted.as_slice() {
            ["*", parent @ ..] => labels.len() > parent.len() && labels.ends_with(parent),
            exactly => labels == exactly,
        }
    })
}

fn member(user: &User, wanted: &[Text]) -> Sign {
    let is_in = |groups: &Vec<Text>| groups.iter().any(|own| wanted.iter().any(|name| own.eq_ignore_ascii_case(name)));
    sign(user.groups.as_ref().map(is_in))
}

fn listed(user: &User, list: &[Text]) -> Sign {
    let by_id = user.id.map(|id| list.contains(&id));
    let by_name = match user.name {
        Name::Known(name) => Some(list.iter().any(|one| one.eq_ignore_ascii_case(name))),
        Name::Missing => None,
        Name::None => Some(false),
    };
    sign(by_id).max(sign(by_name))
}
