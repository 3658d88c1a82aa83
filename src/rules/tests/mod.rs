//! A table of cases that a person can read; what holds for all is in [`properties`].

mod changes;
mod conflicts;
mod memberships;
mod oracle;
mod plain;
mod planning;
mod predicates;
mod properties;

use super::*;
use crate::domain::{
    AccountType, Condition, EmailAddress, Event, EventId, EventKind, Fact, Facts, GroupName, LoggedInOnce, Logins,
    MadeOf, Missing, NeverLoggedIn, Origin, SchemeRef, Selection, Timestamp, True, Truth, UserHints, UserId, UserRef,
    Via,
};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn scheme(yaml_like: serde_json::Value) -> VersionedScheme {
    let mut whole = serde_json::json!({
        "id": "s", "source": "acme", "trigger": "on_create", "test_mode": false, "actions": [{"add_groups": ["g"]}],
    });
    let fields = whole.as_object_mut().expect("an object");
    fields.extend(yaml_like.as_object().expect("an object").clone());
    let scheme = crate::config::read_scheme(&whole.to_string(), "test").expect("a scheme");
    VersionedScheme { reference: SchemeRef { id: scheme.id.clone(), version: "1".into() }, scheme }
}

fn event(kind: EventKind) -> Event {
    Event {
        id: EventId::new("e"),
        source: "acme".parse().expect("an id"),
        kind,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new("JIRAUSER1")),
        hints: UserHints::default(),
        occurred: None,
        accepted: NOW,
        sweep: None,
    }
}

fn known_fact<T>(value: T) -> Fact<T> {
    Fact::Known { value, origin: Origin::Product, as_of: NOW }
}

fn jane(email: Option<&str>, groups: Option<&[&str]>) -> Facts {
    Facts {
        name: known_fact("jane".to_owned()),
        email: email
            .map_or(Fact::Unknown(Missing::NotTold), |text| known_fact(EmailAddress::parse(text).expect("an address"))),
        active: known_fact(true),
        groups: groups.map_or(Fact::Unknown(Missing::NotTold), |names| {
            known_fact(names.iter().map(|name| GroupName::new(*name)).collect())
        }),
        account_type: known_fact(AccountType::Person),
        ..Facts::unknown(Missing::NotTold)
    }
}

fn selected(select: serde_json::Value, facts: &Facts) -> Truth {
    evaluate(&scheme(select).scheme, &Subject { user: Some(&UserId::new("JIRAUSER1")), facts, now: NOW }).truth
}

#[test]
fn each_condition_selects_whom_it_says() {
    use Truth::{False, True, Unknown};
    let at_acme = jane(Some("jane@acme.com"), Some(&["jira-users"]));
    let hidden = jane(None, Some(&["jira-users"]));
    let groupless = jane(Some("jane@acme.com"), None);
    let cases = [
        (r#"{"select":{"everyone":true}}"#, &at_acme, True),
        (r#"{"select":{"everyone":true}}"#, &hidden, True),
        (r#"{"select":{"email_domain":["acme.com"]}}"#, &at_acme, True),
        (r#"{"select":{"email_domain":["other.com","*.acme.com"]}}"#, &at_acme, False),
        (r#"{"select":{"email_domain":["acme.com"]}}"#, &hidden, Unknown),
        (r#"{"select":{"email_domain_not":["acme.com"]}}"#, &at_acme, False),
        (r#"{"select":{"email_domain_not":["other.com"]}}"#, &at_acme, True),
        (r#"{"select":{"email_domain_not":["other.com"]}}"#, &hidden, Unknown),
        (r#"{"select":{"email_domain":["x.com"],"email_domain_not":["y.com"]}}"#, &at_acme, True),
        (r#"{"select":{"everyone":true,"email_domain":["x.com"]}}"#, &hidden, True),
        (r#"{"select":{"everyone":true},"only_groups":["JIRA-users","other"]}"#, &at_acme, True),
        (r#"{"select":{"everyone":true},"only_groups":["other"]}"#, &at_acme, False),
        (r#"{"select":{"everyone":true},"only_groups":["other"]}"#, &groupless, Unknown),
        (r#"{"select":{"everyone":true},"exempt":{"groups":["jira-users"]}}"#, &at_acme, False),
        (r#"{"select":{"everyone":true},"exempt":{"groups":["admins"]}}"#, &at_acme, True),
        (r#"{"select":{"everyone":true},"exempt":{"groups":["admins"]}}"#, &groupless, Unknown),
        (r#"{"select":{"everyone":true},"exempt":{"users":["Jane"]}}"#, &at_acme, False),
        (r#"{"select":{"everyone":true},"exempt":{"users":["JIRAUSER1"]}}"#, &groupless, False),
        (r#"{"select":{"everyone":true},"exempt":{"users":["bob"]}}"#, &at_acme, True),
        (r#"{"select":{"email_domain":["x.com"]},"exempt":{"groups":["admins"]}}"#, &groupless, False),
    ];
    for (text, facts, expected) in cases {
        let select = serde_json::from_str(text).expect("JSON");
        assert_eq!(selected(select, facts), expected, "{text}");
    }
}

#[test]
fn a_text_that_can_not_be_one_address_has_no_domain_for_any_condition() {
    for text in
        ["jane@acme.example;", "Jane <jane@acme.example>", "a@acme.example,b@partner.example", "jane＠acme.example"]
    {
        let facts = jane(Some(text), None);
        for select in [
            serde_json::json!({"email_domain_not": ["acme.example"]}),
            serde_json::json!({"email_domain": ["acme.example", "partner.example", "*.example"]}),
            serde_json::json!({"not": {"email_domain": ["acme.example"]}}),
            serde_json::json!({"where": "user.domain != 'acme.example'"}),
            serde_json::json!({"where": "!user.email.endsWith('@acme.example')"}),
        ] {
            let scheme = scheme(serde_json::json!({ "select": select }));
            let reasons = evaluate(&scheme.scheme, &Subject { user: None, facts: &facts, now: NOW });
            assert_eq!(reasons.truth, Truth::Unknown, "{text}: {select}");
            let told = format!("{reasons:?}");
            assert!(told.contains("is not exactly one address") && !told.contains(text), "{told}");
            let mut found = Vec::new();
            Schemes::new([scheme]).matching(
                &"acme".parse().expect("an id"),
                EventKind::Created,
                &Subject { user: None, facts: &facts, now: NOW },
                |_, truth| found.push(truth),
            );
            assert_eq!(found, [Truth::Unknown], "found all the same, so that a delivery's text settles nothing");
        }
    }
}

#[test]
fn a_user_whose_name_is_not_known_may_be_an_exempt_one() {
    let mut facts = jane(Some("jane@acme.com"), None);
    facts.name = Fact::Unknown(Missing::NotInPayload);
    let select = serde_json::json!({"select": {"everyone": true}, "exempt": {"users": ["bob"]}});
    assert_eq!(selected(select, &facts), Truth::Unknown);
}

#[test]
fn the_reasons_name_the_missing_fact_and_why_it_is_missing() {
    let reasons = evaluate(
        &scheme(serde_json::json!({"select": {"email_domain_not": ["acme.com"]}})).scheme,
        &Subject { user: None, facts: &jane(None, None), now: NOW },
    );
    let leaf = &reasons.parts[0].parts[0];
    assert_eq!(leaf.condition, "email_domain_not");
    assert_eq!(leaf.truth, Truth::Unknown);
    assert!(leaf.because.contains("e-mail") && leaf.because.contains("privacy"), "{}", leaf.because);
}

#[test]
fn the_reasons_show_the_domain_and_never_the_address() {
    let facts = jane(Some("jane.doe@acme.com"), None);
    let reasons = evaluate(
        &scheme(serde_json::json!({"select": {"email_domain": ["acme.com"]}})).scheme,
        &Subject { user: None, facts: &facts, now: NOW },
    );
    let text = format!("{reasons:?}");
    assert!(text.contains("acme.com") && !text.contains("jane.doe"), "{text}");
}

/// The table of conditions on activity; a day is `d`.
#[test]
fn conditions_on_logins_select_whom_they_say() {
    use Truth::{False, True, Unknown};
    let never = |age: Option<&str>| {
        Condition::NeverLoggedIn(NeverLoggedIn { created_before: age.map(|age| age.parse().expect("an age")) })
    };
    let before = |age: &str| Condition::LastLoginBefore(age.parse().expect("an age"));
    let once = |age: Option<&str>| {
        Condition::LoggedInOnce(LoggedInOnce { not_within: age.map(|age| age.parse().expect("an age")) })
    };
    // The last login, how many logins, whether that is all; the creation, and since when there was no gap. In days ago.
    let nothing = (None, 0, false, None, Some(5));
    let nobody = (None, 0, true, Some(30), Some(40));
    let new = (None, 0, true, Some(3), Some(40));
    let told = (Some(100), 0, false, None, None);
    let idle = (Some(100), 7, true, Some(300), Some(300));
    let guest = (Some(10), 1, true, Some(30), Some(40));
    let perhaps = (Some(10), 1, false, None, Some(40));
    let gap = (Some(100), 7, false, Some(300), Some(1));
    let long_after_gap = (Some(100), 7, false, Some(300), Some(90));
    let cases = [
        (never(None), nobody, True),
        (never(None), nothing, Unknown),
        (never(None), told, False),
        (never(None), idle, False),
        (never(Some("14d")), nobody, True),
        (never(Some("14d")), new, False),
        (never(Some("3d")), new, False),
        (never(Some("14d")), nothing, Unknown),
        (before("90d"), idle, True),
        (before("90d"), told, True),
        (before("100d"), idle, False),
        (before("90d"), guest, False),
        (before("90d"), nobody, False),
        (before("90d"), nothing, Unknown),
        (before("90d"), gap, Unknown),
        (before("2d"), gap, Unknown),
        (before("1d"), gap, True),
        (before("100d"), gap, False),
        (before("90d"), long_after_gap, True),
        (before("91d"), long_after_gap, Unknown),
        (Condition::Not(Box::new(before("90d"))), gap, Unknown),
        (never(None), gap, False),
        (once(None), gap, False),
        (once(None), guest, True),
        (once(None), perhaps, Unknown),
        (once(None), idle, False),
        (once(None), nobody, False),
        (once(None), nothing, Unknown),
        (once(None), told, Unknown),
        (once(Some("3d")), guest, True),
        (once(Some("10d")), guest, False),
        (once(Some("10d")), perhaps, False),
        (Condition::Not(Box::new(once(None))), perhaps, Unknown),
        (Condition::All(vec![once(None), before("90d")]), perhaps, False),
        (Condition::Any(vec![never(None), before("90d")]), nothing, Unknown),
    ];
    for (condition, (last, count, complete, created, watched), expected) in cases {
        let mut versioned = scheme(serde_json::json!({"select": {"everyone": true}}));
        versioned.scheme.select = Selection(vec![condition.clone()]);
        let ago = |days: i64| Timestamp::from_millis(NOW.as_millis() - days * 86_400_000);
        let facts = Facts {
            logins: known_fact(Logins { last: last.map(ago), count, complete, watched_since: watched.map(ago) }),
            created: created.map_or(Fact::Unknown(Missing::NotTold), |days| known_fact(ago(days))),
            ..jane(None, None)
        };
        let reasons = evaluate(&versioned.scheme, &Subject { user: None, facts: &facts, now: NOW });
        assert_eq!(reasons.truth, expected, "{condition:?} {facts:?}");
    }
}

#[test]
fn an_account_is_at_least_as_old_as_usher_knows_it() {
    let ago = |days: i64| Timestamp::from_millis(NOW.as_millis() - days * 86_400_000);
    let of = |first_seen: i64| {
        let mut versioned = scheme(serde_json::json!({"select": {"everyone": true}}));
        let created_before = Some("14d".parse().expect("an age"));
        versioned.scheme.select = Selection(vec![Condition::NeverLoggedIn(NeverLoggedIn { created_before })]);
        let logins = known_fact(Logins { last: None, count: 0, complete: true, watched_since: None });
        let facts = Facts { logins, first_seen: known_fact(ago(first_seen)), ..jane(None, None) };
        evaluate(&versioned.scheme, &Subject { user: None, facts: &facts, now: NOW })
    };
    assert_eq!(of(15).truth, Truth::True);
    let young = of(3);
    assert_eq!(young.truth, Truth::Unknown);
    let leaf = &young.parts[0].parts[0];
    assert!(leaf.because.starts_with("when the account was created can't be told"), "{}", leaf.because);
}

#[test]
fn each_reason_says_what_it_looked_at_and_what_would_change_it() {
    let mut versioned = scheme(serde_json::json!({
        "select": {"email_domain": ["acme.com"]}, "only_groups": ["staff"], "exempt": {"users": ["bob"]},
    }));
    versioned.scheme.select.0.push(Condition::Deactivated(True));
    let facts = jane(Some("jane@other.com"), Some(&["Staff", "dev"]));
    let reasons = evaluate(&versioned.scheme, &Subject { user: Some(&UserId::new("u1")), facts: &facts, now: NOW });
    let [select, only_groups, not] = reasons.parts.as_slice() else { panic!("{reasons:?}") };
    let (email, deactivated, exempt) = (&select.parts[0], &select.parts[1], &not.parts[0]);
    let told = [email, deactivated, only_groups, &exempt.parts[0]].map(|reason| {
        (reason.value.as_deref().unwrap_or_default(), reason.change.as_deref().unwrap_or_default(), reason.as_of)
    });
    assert_eq!(
        told,
        [
            ("other.com", "the e-mail domain becomes one of acme.com", Some(NOW)),
            ("active", "the account is deactivated", Some(NOW)),
            ("dev, Staff", "the user is taken out of staff", Some(NOW)),
            ("jane", "the user is put on the list", Some(NOW)),
        ]
    );
    assert_eq!(only_groups.because, "a member of staff (from the product)");
    assert_eq!((not.condition.as_str(), not.made_of, exempt.condition.as_str()), ("not", MadeOf::Not, "exempt"));
    assert_eq!((reasons.truth, reasons.made_of, select.made_of), (Truth::False, MadeOf::All, MadeOf::Any));
    assert_eq!(smallest_change(&reasons).map(|changes| changes.len()), Some(1));
}
