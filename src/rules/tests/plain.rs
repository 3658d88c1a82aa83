//! Users and schemes as plain data: what the oracle judges by, and what the rules' own types are made from.

use std::collections::BTreeSet;

use proptest::{option, prelude::*, sample::select};

use super::NOW;
use crate::{
    domain::{
        Action, Age, Condition, DomainPattern, EmailAddress, Exempt, Expression, Fact, Facts, GroupName, Limits,
        LoggedInOnce, Logins, Missing, NamedUsers, NeverLoggedIn, Origin, Scheme, Selection, Timestamp, Trigger, True,
        UserId,
    },
    rules::VersionedScheme,
};

pub type Text = &'static str;

/// Times are whole days ago, as ages are whole days, so that they often meet.
pub type Days = i64;

#[derive(Debug, Clone)]
pub struct User {
    pub id: Option<Text>,
    pub name: Name,
    pub email: Option<Text>,
    pub active: Option<bool>,
    pub groups: Option<Vec<Text>>,
    pub applications: Option<Vec<Text>>,
    pub created: Option<Days>,
    pub first_seen: Option<Days>,
    pub logins: Option<PlainLogins>,
    pub directory: Option<Text>,
}

#[derive(Debug, Clone, Copy)]
pub enum Name {
    Known(Text),
    Missing,
    /// The product has no names.
    None,
}

#[derive(Debug, Clone, Copy)]
pub struct PlainLogins {
    pub last: Option<Days>,
    pub count: u64,
    pub complete: bool,
    /// The time since which logins are reported without a gap.
    pub watched: Option<Days>,
}

#[derive(Debug, Clone)]
pub struct PlainScheme {
    pub select: Vec<Plain>,
    pub only_groups: Vec<Text>,
    pub exempt_users: Vec<Text>,
    pub exempt_groups: Vec<Text>,
}

#[derive(Debug, Clone)]
pub enum Plain {
    Everyone,
    Never(Option<Days>),
    LastBefore(Days),
    Once(Option<Days>),
    Deactivated,
    Domain(Vec<Text>),
    DomainNot(Vec<Text>),
    Users(Vec<Text>),
    /// One of [`super::oracle::EXPRESSIONS`].
    Where(usize),
    All(Vec<Plain>),
    Any(Vec<Plain>),
    Not(Box<Plain>),
}

/// The last two are not exactly one address.
const EMAILS: [Text; 7] =
    ["x@a.com", "X@B.A.COM", "x@c.b.a.com", "x@za.com", "x@other.org", "X <x@a.com>", "x@other.org,y@a.com"];
const PATTERNS: [Text; 6] = ["a.com", "*.a.com", "*.b.a.com", "b.a.com", "other.org", "*.com"];
/// The spelling of the products, and that of administrators.
const GROUPS: [Text; 3] = ["g1", "G2", "g3"];
const WRITTEN: [Text; 4] = ["g1", "G1", "g2", "g3"];

/// Names and ids that administrators write.
const LISTED: [Text; 4] = ["Jane", "bob", "u1", "u2"];

fn some_of(all: &'static [Text]) -> impl Strategy<Value = Vec<Text>> + Clone {
    prop::collection::vec(select(all), 0..3)
}

/// Anybody; about `known` of a hundred facts are known.
pub fn user(known: u32) -> impl Strategy<Value = User> {
    let chance = f64::from(known.min(99)) / 100.0;
    let name = prop_oneof![
        known => select(&["jane", "BOB"][..]).prop_map(Name::Known),
        101 - known => Just(Name::Missing),
        10 => Just(Name::None)
    ];
    let logins = (option::of(0..5_i64), 0..4_u64, any::<bool>(), option::of(0..5_i64))
        .prop_map(|(last, count, complete, watched)| PlainLogins { last, count, complete, watched });
    let texts = |all: &'static [Text]| option::weighted(chance, some_of(all));
    (
        (
            option::weighted(chance, select(&["u1", "u2", "u3"][..])),
            name,
            option::weighted(chance, select(&EMAILS[..])),
        ),
        (option::weighted(chance, any::<bool>()), texts(&GROUPS), texts(&["app1", "app2"])),
        (option::weighted(chance, 0..5_i64), option::weighted(chance, 0..5_i64), option::weighted(chance, logins)),
        option::weighted(chance, select(&["internal", "ldap"][..])),
    )
        .prop_map(
            |((id, name, email), (active, groups, applications), (created, first_seen, logins), directory)| User {
                id,
                name,
                email,
                active,
                groups,
                applications,
                created,
                first_seen,
                logins,
                directory,
            },
        )
}

fn condition(expressions: u32) -> impl Strategy<Value = Plain> {
    let age = 1..4_i64;
    let leaf = prop_oneof![
        1 => Just(Plain::Everyone),
        3 => option::of(age.clone()).prop_map(Plain::Never),
        3 => age.clone().prop_map(Plain::LastBefore),
        3 => option::of(age).prop_map(Plain::Once),
        2 => Just(Plain::Deactivated),
        4 => some_of(&PATTERNS).prop_map(Plain::Domain),
        3 => some_of(&PATTERNS).prop_map(Plain::DomainNot),
        2 => some_of(&LISTED).prop_map(Plain::Users),
        expressions => (0..super::oracle::EXPRESSIONS.len()).prop_map(Plain::Where),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Plain::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Plain::Any),
            inner.prop_map(|part| Plain::Not(Box::new(part))),
        ]
    })
}

/// A scheme; of about 20 conditions `expressions` are in CEL.
pub fn scheme(expressions: u32) -> impl Strategy<Value = PlainScheme> {
    let sometimes = |of: BoxedStrategy<Vec<Text>>| prop_oneof![2 => Just(Vec::new()), 1 => of];
    (
        prop::collection::vec(condition(expressions), 1..3),
        sometimes(some_of(&WRITTEN).boxed()),
        sometimes(some_of(&LISTED).boxed()),
        sometimes(some_of(&WRITTEN).boxed()),
    )
        .prop_map(|(select, only_groups, exempt_users, exempt_groups)| PlainScheme {
            select,
            only_groups,
            exempt_users,
            exempt_groups,
        })
}

impl User {
    pub fn id(&self) -> Option<UserId> {
        self.id.map(UserId::new)
    }

    pub fn facts(&self) -> Facts {
        let name = match self.name {
            Name::Known(name) => known(name.to_owned()),
            Name::Missing => Fact::Unknown(Missing::NotInPayload),
            Name::None => Fact::Unknown(Missing::NotApplicable),
        };
        let logins = |plain: &PlainLogins| Logins {
            last: plain.last.map(ago),
            count: plain.count,
            complete: plain.complete,
            watched_since: plain.watched.map(ago),
        };
        Facts {
            name,
            email: fact(self.email.map(|text| EmailAddress::parse(text).expect("an address"))),
            active: fact(self.active),
            groups: fact(self.groups.as_ref().map(|groups| groups.iter().map(|name| GroupName::new(*name)).collect())),
            applications: fact(
                self.applications
                    .as_ref()
                    .map(|keys| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>()),
            ),
            created: fact(self.created.map(ago)),
            first_seen: fact(self.first_seen.map(ago)),
            logins: fact(self.logins.as_ref().map(logins)),
            directory: fact(self.directory.map(str::to_owned)),
            ..Facts::unknown(Missing::NotTold)
        }
    }
}

fn known<T>(value: T) -> Fact<T> {
    Fact::Known { value, origin: Origin::Product, as_of: NOW }
}

fn fact<T>(value: Option<T>) -> Fact<T> {
    value.map_or(Fact::Unknown(Missing::NotTold), known)
}

fn ago(days: Days) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - days * 86_400_000)
}

fn age(days: Days) -> Age {
    Age::days(u32::try_from(days).expect("not before today"))
}

fn groups(names: &[Text]) -> Vec<GroupName> {
    names.iter().map(|name| GroupName::new(*name)).collect()
}

impl PlainScheme {
    pub fn versioned(&self, id: &str) -> VersionedScheme {
        let scheme = Scheme {
            id: id.parse().expect("an id"),
            name: String::new(),
            source: "acme".parse().expect("an id"),
            trigger: Trigger::OnCreate,
            enabled: true,
            test_mode: false,
            select: Selection(self.select.iter().map(Plain::condition).collect()),
            only_groups: groups(&self.only_groups),
            exempt: Exempt {
                users: self.exempt_users.iter().map(|user| (*user).to_owned()).collect(),
                groups: groups(&self.exempt_groups),
            },
            actions: vec![Action::RemoveAllGroups],
            limits: Limits::default(),
        };
        VersionedScheme { reference: scheme.reference(), scheme }
    }
}

impl Plain {
    fn condition(&self) -> Condition {
        let all = |parts: &[Self]| parts.iter().map(Self::condition).collect();
        let patterns = |texts: &[Text]| {
            texts.iter().map(|text| DomainPattern::try_from((*text).to_owned()).expect("a pattern")).collect()
        };
        match self {
            Self::Everyone => Condition::Everyone(True),
            Self::Never(days) => Condition::NeverLoggedIn(NeverLoggedIn { created_before: days.map(age) }),
            Self::LastBefore(days) => Condition::LastLoginBefore(age(*days)),
            Self::Once(days) => Condition::LoggedInOnce(LoggedInOnce { not_within: days.map(age) }),
            Self::Deactivated => Condition::Deactivated(True),
            Self::Domain(texts) => Condition::EmailDomain(patterns(texts)),
            Self::DomainNot(texts) => Condition::EmailDomainNot(patterns(texts)),
            Self::Users(texts) => Condition::Users(NamedUsers::new(texts.iter().map(|text| (*text).to_owned()))),
            Self::Where(number) => Condition::Where(Expression::new(super::oracle::EXPRESSIONS[*number].0)),
            Self::All(parts) => Condition::All(all(parts)),
            Self::Any(parts) => Condition::Any(all(parts)),
            Self::Not(part) => Condition::Not(Box::new(part.condition())),
        }
    }
}
