//! A table of cases that a person can read.

use super::*;
use crate::domain::{
    AccountType, EmailAddress, Event, EventId, EventKind, Fact, Facts, GroupName, Missing, NoAction, Origin, SchemeRef,
    Step, Timestamp, Truth, UserHints, UserId, UserRef,
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

#[test]
fn schemes_are_asked_in_file_order_and_only_those_that_wait_for_the_event() {
    let everyone = serde_json::json!({"select": {"everyone": true}});
    let named = |id: &str, trigger: &str, enabled: bool| {
        let mut fields = everyone.clone();
        fields["id"] = id.into();
        fields["trigger"] = trigger.into();
        fields["enabled"] = enabled.into();
        scheme(fields)
    };
    let schemes = Schemes::new([
        named("b", "on_create", true),
        named("login", "on_login", true),
        named("off", "on_create", false),
        named("a", "on_create", true),
    ]);
    let answer = plan(&schemes, &event(EventKind::Created), Waiting::ForEvent, &jane(None, None), NOW);
    let asked: Vec<_> = answer.verdicts.iter().map(|verdict| verdict.scheme.id.as_str()).collect();
    assert_eq!(asked, ["b", "a"]);
    assert_eq!(answer.verdicts[0].steps, [Step::AddGroup(GroupName::new("g"))]);

    let nothing = plan(&schemes, &event(EventKind::Removed), Waiting::ForEvent, &jane(None, None), NOW);
    assert_eq!(nothing.no_action, Some(NoAction::NoSchemeForEvent));
    assert!(!nothing.may_act());
}

#[test]
fn accounts_that_are_not_a_persons_are_left_alone() {
    let mut facts = jane(None, None);
    facts.account_type = known_fact(AccountType::Other("app".into()));
    let answer = plan(
        &Schemes::new([scheme(serde_json::json!({"select": {"everyone": true}}))]),
        &event(EventKind::Created),
        Waiting::ForEvent,
        &facts,
        NOW,
    );
    assert_eq!(answer.no_action, Some(NoAction::NotAPerson("app".into())));
}

#[test]
fn what_the_payload_settles_needs_no_reading_and_what_it_leaves_open_does() {
    let schemes = Schemes::new([scheme(serde_json::json!({"select": {"email_domain": ["acme.com"]}}))]);
    let settled = plan(&schemes, &event(EventKind::Created), Waiting::ForEvent, &jane(Some("x@other.com"), None), NOW);
    assert!(!settled.may_act());
    let open = plan(&schemes, &event(EventKind::Created), Waiting::ForEvent, &jane(None, None), NOW);
    assert!(open.may_act());
    assert!(open.verdicts[0].steps.is_empty(), "what is unknown never selects");
}
