//! The schemes and the user that all is measured with.

use std::collections::BTreeSet;

use usher::{
    domain::{
        Action, Age, Condition, DomainPattern, EmailAddress, Exempt, Fact, Facts, GroupName, Limits, Logins, Missing,
        Origin, Scheme, Selection, SourceId, Timestamp, Trigger, True, UserId,
    },
    rules::{Schemes, Subject, VersionedScheme},
};

/// So many schemes that differ in domains and groups only.
pub const ONE_KIND: usize = 1_000;

/// So many of the schemes of many kinds select the user.
pub const MATCHES: usize = 10;

/// So many of the schemes of many kinds are bound to neither a domain nor a group.
const ALWAYS_LOOKED_AT: usize = 20;

const NOW: i64 = 1_700_000_000_000;
const DAY: i64 = 86_400_000;

/// A user in twenty groups, of whom all is known.
pub struct Jane {
    pub source: SourceId,
    id: UserId,
    pub facts: Facts,
}

fn fact<T>(value: T) -> Fact<T> {
    Fact::Known { value, origin: Origin::Product, as_of: Timestamp::from_millis(NOW) }
}

fn group(number: usize) -> GroupName {
    GroupName::new(format!("team-{number}"))
}

impl Jane {
    pub fn new() -> Self {
        let mut groups: BTreeSet<_> = (0..19).map(group).collect();
        groups.insert(GroupName::new("jira-users"));
        let last = Some(Timestamp::from_millis(NOW - 10 * DAY));
        let facts = Facts {
            name: fact("jane".to_owned()),
            email: fact(EmailAddress::parse("jane@sales.partner.example").expect("an address")),
            active: fact(true),
            groups: fact(groups),
            logins: fact(Logins { last, count: 7, complete: true, watched_since: None }),
            ..Facts::unknown(Missing::NotTold)
        };
        Self { source: "acme".parse().expect("an id"), id: UserId::new("JIRAUSER10100"), facts }
    }

    pub fn subject(&self) -> Subject<'_> {
        Subject { user: Some(&self.id), facts: &self.facts, now: Timestamp::from_millis(NOW) }
    }
}

fn domains(patterns: &[String]) -> Condition {
    let pattern = |text: &String| DomainPattern::try_from(text.clone()).expect("a pattern");
    Condition::EmailDomain(patterns.iter().map(pattern).collect())
}

fn scheme(number: usize, select: Vec<Condition>) -> Scheme {
    Scheme {
        id: format!("s{number}").parse().expect("an id"),
        name: format!("Scheme {number}"),
        source: "acme".parse().expect("an id"),
        trigger: Trigger::OnCreate,
        enabled: true,
        test_mode: false,
        select: Selection(select),
        only_groups: Vec::new(),
        exempt: Exempt { users: Vec::new(), groups: vec![GroupName::new("jira-administrators")] },
        actions: vec![Action::AddGroups(vec![GroupName::new("a")])],
        limits: Limits::default(),
    }
}

/// Schemes that all ask for domains, the last login, whether the account is active, and groups; all are looked at.
pub fn of_one_kind() -> Vec<Scheme> {
    let one = |number: usize| {
        let parent = if number.is_multiple_of(10) { "partner" } else { "elsewhere" };
        let select = vec![
            domains(&[format!("contractor-{number}.example"), format!("*.{parent}.example")]),
            Condition::LastLoginBefore(Age::days(90)),
            Condition::Deactivated(True),
        ];
        Scheme {
            only_groups: vec![GroupName::new(format!("none-{number}")), GroupName::new("jira-users")],
            ..scheme(number, select)
        }
    };
    (0..ONE_KIND).map(one).collect()
}

/// `count` schemes: ten select the user, twenty have to be looked at always, the others are for other domains and groups.
pub fn of_many_kinds(count: usize) -> Schemes {
    let everyone = || vec![Condition::Everyone(True)];
    let one = |number: usize| match number {
        0..4 => scheme(number, vec![domains(&["sales.partner.example".into(), format!("d{number}.example")])]),
        4..6 => scheme(number, vec![domains(&["*.partner.example".into()])]),
        6..9 => Scheme { only_groups: vec![group(number)], ..scheme(number, everyone()) },
        9 => scheme(number, everyone()),
        _ if number < 10 + ALWAYS_LOOKED_AT => {
            scheme(number, vec![Condition::Deactivated(True), Condition::LastLoginBefore(Age::days(90))])
        }
        _ if number.is_multiple_of(3) => {
            Scheme { only_groups: vec![GroupName::new(format!("other-{number}"))], ..scheme(number, everyone()) }
        }
        _ => scheme(number, vec![domains(&[format!("d{number}.example"), format!("*.p{number}.example")])]),
    };
    Schemes::new((0..count).map(one).map(|scheme| VersionedScheme { reference: scheme.reference(), scheme }))
}
