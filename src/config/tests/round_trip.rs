//! A scheme written as JSON reads back as the same scheme: so it is exported, stored and shown.

use proptest::{
    collection::{hash_set, vec},
    option,
    prelude::*,
    sample::select,
};
use serde_json::Value;

use crate::{
    config::{read_scheme, scheme::select::conditions::WORDS},
    domain::{
        Action, Age, Condition, DomainPattern, Exempt, Expression, GroupName, IssueTemplate, Limits, LoggedInOnce,
        NamedUsers, NeverLoggedIn, Schedule, Scheme, Selection, Trigger, True, is_blank,
    },
};

/// Text that says something, also to YAML.
fn text() -> impl Strategy<Value = String> {
    const YAML: &[&str] = &[
        "null",
        "~",
        "true",
        "1e3",
        "0x1f",
        "- a",
        "a: b",
        "*a",
        "&a",
        "!a",
        "{",
        "'",
        "\"",
        "\\",
        " # c",
        "\u{85}x",
        "\u{7f}x",
        "x\u{feff}",
        "x\u{2028}y",
        "\0x",
        "a\tb\r\n c",
    ];
    prop_oneof![select(YAML).prop_map(str::to_owned), "\\PC{0,12}[a-zA-Zé😀]\\PC{0,4}"]
}

/// Text that can be a name: without invisible characters around it, and without control characters in it.
fn name() -> impl Strategy<Value = String> {
    text().prop_map(|text| {
        let bare: String = text.trim_matches(is_blank).chars().filter(|c| !c.is_control()).collect();
        if bare.is_empty() { "x".to_owned() } else { bare }
    })
}

fn age() -> impl Strategy<Value = Age> {
    (1u32..5_000, select(&["s", "m", "h", "d"][..])).prop_map(|(n, unit)| format!("{n}{unit}").parse().expect("an age"))
}

fn domains() -> impl Strategy<Value = Vec<DomainPattern>> {
    vec("(\\*\\.)?[a-z]{1,8}\\.example", 1..4)
        .prop_map(|all| all.into_iter().map(|one| DomainPattern::try_from(one).expect("a domain")).collect())
}

fn groups() -> impl Strategy<Value = Vec<GroupName>> {
    vec(name(), 1..4).prop_map(|all| all.into_iter().map(GroupName::new).collect())
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        Just(Condition::Everyone(True)),
        option::of(age()).prop_map(|created_before| Condition::NeverLoggedIn(NeverLoggedIn { created_before })),
        age().prop_map(Condition::LastLoginBefore),
        option::of(age()).prop_map(|not_within| Condition::LoggedInOnce(LoggedInOnce { not_within })),
        Just(Condition::Deactivated(True)),
        domains().prop_map(Condition::EmailDomain),
        domains().prop_map(Condition::EmailDomainNot),
        hash_set("[a-z0-9:._-]{1,40}", 1..4).prop_map(|users| Condition::Users(NamedUsers::new(users))),
        select(
            &["user.groups.size() == 0", "user.email.endsWith(\"@a.example\")", "user.active || \n !user.active"][..]
        )
        .prop_map(|text| Condition::Where(Expression::new(text))),
    ];
    leaf.prop_recursive(6, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Condition::All),
            vec(inner.clone(), 1..4).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

/// Conditions in the order in which they are read, each key at most once.
fn selection() -> impl Strategy<Value = Selection> {
    vec(condition(), 1..6).prop_map(|mut all| {
        let place = |condition: &Condition| WORDS.iter().position(|word| word.name == condition.name());
        all.sort_by_key(place);
        all.dedup_by_key(|condition| condition.name());
        Selection(all)
    })
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text()
            .prop_filter("a template", |text| !["{{", "{%", "{#"].iter().any(|begin| text.contains(begin)))
            .prop_map(Value::from),
        Just(Value::from("{{ user.name | upper }} of {{ source }}")),
        Just(Value::from("")),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            vec((text(), inner), 0..4).prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

fn issue() -> impl Strategy<Value = IssueTemplate> {
    (
        "[A-Z][A-Z0-9_]{1,9}",
        text(),
        "Review \\{\\{ user\\.name \\}\\}[a-z ]{0,9}",
        vec(("[a-z_0-9]{1,8}", json()), 0..4),
    )
        .prop_map(|(project, issue_type, summary, fields)| {
            let own = ["project", "issuetype", "summary", "labels"];
            let fields = fields.into_iter().filter(|(name, _)| !own.contains(&name.as_str())).collect();
            IssueTemplate { project, issue_type, summary, fields }
        })
}

/// Actions that do not contradict each other, in any order.
fn actions() -> impl Strategy<Value = Vec<Action>> {
    let all = (groups(), vec(name(), 0..3), "-[a-z0-9]{1,9}", any::<bool>(), issue(), any::<[bool; 3]>()).prop_map(
        |(groups, applications, suffix, send_reset_link, issue, [add, all, active])| {
            vec![
                match (add, all) {
                    (true, _) => Action::AddGroups(groups),
                    (false, true) => Action::RemoveAllGroups,
                    (false, false) => Action::RemoveGroups(groups),
                },
                if active { Action::Reactivate } else { Action::Deactivate },
                Action::RemoveApplicationAccess(applications),
                Action::Delete,
                Action::Rename { suffix },
                Action::InvalidatePassword { send_reset_link },
                Action::CreateIssue(issue),
            ]
        },
    );
    (all.prop_shuffle(), 1usize..8).prop_map(|(mut all, count)| {
        all.truncate(count);
        all
    })
}

fn trigger() -> impl Strategy<Value = Trigger> {
    const ZONES: &[&str] = &["UTC", "Pacific/Auckland", "America/Argentina/Buenos_Aires", "Etc/GMT+8"];
    const PATTERNS: &[&str] = &["0 3 * * MON", "*/5 * * * *", "@daily", "0 0 1 1 *"];
    prop_oneof![
        Just(Trigger::Manual),
        (select(PATTERNS), select(ZONES)).prop_map(|(pattern, zone)| {
            Trigger::Schedule(Box::new(Schedule::parse(pattern, zone).expect("a schedule")))
        }),
    ]
}

fn lists_users(conditions: &[Condition]) -> bool {
    conditions.iter().any(|condition| matches!(condition, Condition::Users(_)) || lists_users(condition.parts()))
}

/// A scheme that the reader takes, for a schedule or a person.
pub(super) fn scheme() -> impl Strategy<Value = Scheme> {
    let head = ("[a-z0-9][a-z0-9_-]{0,20}", text(), trigger(), any::<[bool; 2]>());
    let whom = (selection(), prop_oneof![Just(Vec::new()), groups()], vec(name(), 0..3), vec(name(), 0..3));
    let limits = (option::of(0u64..1_000_000), option::of(1u8..=100));
    (head, whom, actions(), limits).prop_map(
        |(
            (id, name, trigger, [enabled, test_mode]),
            (select, only_groups, users, groups),
            actions,
            (users_at_most, percent),
        )| {
            // A list of users is for a run by hand.
            let trigger = if lists_users(&select.0) { Trigger::Manual } else { trigger };
            Scheme {
                id: id.parse().expect("an id"),
                name,
                source: "acme".parse().expect("an id"),
                trigger,
                enabled,
                test_mode,
                select,
                only_groups,
                exempt: Exempt { users, groups: groups.into_iter().map(GroupName::new).collect() },
                actions,
                limits: Limits { users: users_at_most, percent },
            }
        },
    )
}

/// A scheme that the reader accepts, with any trigger: those on events do little.
pub(super) fn any_scheme() -> impl Strategy<Value = Scheme> {
    let on_event = (scheme(), select(vec![Trigger::OnCreate, Trigger::OnLogin])).prop_map(|(scheme, trigger)| Scheme {
        trigger,
        select: Selection(vec![Condition::Everyone(True)]),
        actions: vec![Action::RemoveAllGroups],
        ..scheme
    });
    prop_oneof![3 => scheme(), 1 => on_event]
}

proptest! {
    #[test]
    fn what_is_written_as_json_or_yaml_reads_back_as_the_same_scheme(scheme in scheme()) {
        // A text that has gone through a program may have its keys in another order.
        let value = serde_json::to_value(&scheme).expect("JSON");
        for text in [
            serde_json::to_string(&scheme).expect("JSON"),
            serde_json::to_string_pretty(&value).expect("JSON"),
            serde_saphyr::to_string(&value).expect("YAML"),
        ] {
            let read = read_scheme(&text, "scheme").map_err(|problems| TestCaseError::fail(format!("{problems}\n{text}")))?;
            prop_assert_eq!(&read, &scheme, "{}", text);
            prop_assert_eq!(read.reference(), scheme.reference());
        }
    }
}
