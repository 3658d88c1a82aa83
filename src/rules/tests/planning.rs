//! Planning for an event: the evaluated schemes, and the kept verdicts.

use super::{super::plan::*, super::*, NOW, event, jane, known_fact, scheme};
use crate::domain::{
    AccountType, Action, Condition, EventKind, Fact, Facts, GroupName, IssueTemplate, Missing, NoAction, SchemeId,
    SchemeVerdict, Step, True, Truth,
};
use serde_json::json;

fn named(id: &str, more: serde_json::Value) -> VersionedScheme {
    let mut fields = json!({"id": id, "select": {"everyone": true}});
    fields.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    scheme(fields)
}

fn many(count: usize, domain: &str) -> Vec<VersionedScheme> {
    let one = |number| named(&format!("s{number}"), json!({"select": {"email_domain": [domain]}}));
    (0..count).map(one).collect()
}

fn ids(verdicts: &[SchemeVerdict]) -> Vec<&str> {
    verdicts.iter().map(|verdict| verdict.scheme.id.as_str()).collect()
}

fn sweep<'a>(schemes: &'a [SchemeId], released: bool) -> Waiting<'a> {
    Waiting::ForSweep { schemes, released }
}

fn scheme_ids(ids: &[&str]) -> Vec<SchemeId> {
    ids.iter().map(|id| id.parse().expect("an id")).collect()
}

#[test]
fn schemes_are_asked_in_file_order_and_only_those_that_wait_for_the_event() {
    let schemes = Schemes::new([
        named("b", json!({})),
        named("login", json!({"trigger": "on_login"})),
        named("off", json!({"enabled": false})),
        named("other", json!({"select": {"email_domain": ["other.com"]}})),
        named("a", json!({})),
    ]);
    let facts = jane(Some("jane@acme.com"), None);
    let answer = plan(&schemes, &event(EventKind::Created), Waiting::ForEvent, &facts, NOW);
    assert_eq!(ids(&answer.verdicts), ["b", "other", "a"]);
    assert_eq!(answer.others, 0);
    assert_eq!(answer.verdicts[0].steps, [Step::AddGroup(GroupName::new("g"))]);
    assert!(answer.verdicts[1].steps.is_empty() && answer.verdicts[1].selected == Truth::False);

    let nothing = plan(&schemes, &event(EventKind::Removed), Waiting::ForEvent, &facts, NOW);
    assert_eq!(nothing.no_action, Some(NoAction::NoSchemeForEvent));
    assert!(!nothing.may_act());
}

#[test]
fn accounts_that_are_not_a_persons_are_left_alone_in_sweeps_too() {
    let mut facts = jane(None, None);
    facts.account_type = known_fact(AccountType::Other("app".into()));
    let schemes = Schemes::new([named("s", json!({}))]);
    for waiting in [Waiting::ForEvent, sweep(&scheme_ids(&["s"]), false)] {
        let answer = plan(&schemes, &event(EventKind::Created), waiting, &facts, NOW);
        assert_eq!(answer.no_action, Some(NoAction::NotAPerson("app".into())));
    }
}

#[test]
fn what_the_payload_settles_needs_no_reading_and_what_it_leaves_open_does() {
    let schemes = Schemes::new([named("s", json!({"select": {"email_domain": ["acme.com"]}}))]);
    let created = event(EventKind::Created);
    let settled = plan(&schemes, &created, Waiting::ForEvent, &jane(Some("x@other.com"), None), NOW);
    assert!(!settled.may_act());
    let open = plan(&schemes, &created, Waiting::ForEvent, &jane(None, None), NOW);
    assert!(open.may_act());
    assert!(open.verdicts[0].steps.is_empty(), "what is unknown never selects");
}

#[test]
fn of_many_schemes_that_say_no_some_are_kept_and_the_rest_is_counted() {
    let mut schemes = many(100, "other.com");
    schemes.push(named("last", json!({})));
    let facts = jane(Some("jane@acme.com"), None);
    let answer = plan(&Schemes::new(schemes), &event(EventKind::Created), Waiting::ForEvent, &facts, NOW);
    assert_eq!((answer.verdicts.len(), answer.others), (50, 51));
    assert_eq!((ids(&answer.verdicts)[0], ids(&answer.verdicts)[49]), ("s0", "last"));
}

#[test]
fn all_schemes_that_select_are_kept_however_many_and_those_left_open_before_those_that_say_no() {
    let selecting = Schemes::new(many(60, "acme.com"));
    let created = event(EventKind::Created);
    let answer = plan(&selecting, &created, Waiting::ForEvent, &jane(Some("jane@acme.com"), None), NOW);
    assert_eq!((answer.verdicts.len(), answer.others), (60, 0));
    assert!(answer.verdicts.iter().all(|verdict| verdict.steps.len() == 1));

    let answer = plan(&selecting, &created, Waiting::ForEvent, &jane(None, None), NOW);
    assert_eq!((answer.verdicts.len(), answer.others), (50, 10));
    assert!(answer.may_act() && answer.verdicts.iter().all(|verdict| verdict.selected == Truth::Unknown));
}

#[test]
fn a_sweep_asks_its_own_schemes_and_keeps_no_refusals() {
    let mut schemes = many(20, "acme.com");
    schemes.push(named("no", json!({"select": {"email_domain": ["other.com"]}})));
    schemes.push(named("yes", json!({"select": {"everyone": true}})));
    schemes.push(named("not-asked", json!({})));
    let schemes = Schemes::new(schemes);
    let all: Vec<_> = (0..20).map(|number| format!("s{number}")).collect();
    let mut asked: Vec<_> = all.iter().map(String::as_str).collect();
    asked.extend(["yes", "no", "no-longer-there", "yes"]);
    let asked = scheme_ids(&asked);

    let sighted = event(EventKind::Sighted);
    let known = plan(&schemes, &sighted, sweep(&asked, false), &jane(Some("jane@acme.com"), None), NOW);
    assert_eq!((known.verdicts.len(), known.others), (21, 1));
    assert_eq!(known.verdicts[20].scheme.id.as_str(), "yes");
    let open = plan(&schemes, &sighted, sweep(&asked, false), &jane(None, None), NOW);
    assert_eq!((open.verdicts.len(), open.others), (11, 11), "ten of those left open");
    let nobody = plan(&schemes, &sighted, sweep(&[], false), &jane(None, None), NOW);
    assert_eq!(nobody.no_action, Some(NoAction::NoSchemeForEvent));
}

#[test]
fn a_release_keeps_the_refusal_with_its_reasons() {
    let schemes = Schemes::new([named("no", json!({"select": {"email_domain": ["other.com"]}}))]);
    let asked = scheme_ids(&["no"]);
    let facts = jane(Some("jane@acme.com"), None);
    let answer = plan(&schemes, &event(EventKind::Sighted), sweep(&asked, true), &facts, NOW);
    assert_eq!((answer.verdicts.len(), answer.others, answer.verdicts[0].selected), (1, 0, Truth::False));
    let why = answer.verdicts[0].reasons.decided_by(3);
    assert!(why.starts_with("email_domain: ") && why.contains("acme.com"), "{why}");
}

#[test]
fn steps_wait_in_a_sweep_whose_scheme_has_limits_until_it_is_released() {
    let limited = |id: &str, test_mode: bool| {
        let mut versioned = named(id, json!({"test_mode": test_mode}));
        versioned.scheme.limits.users = Some(10);
        versioned
    };
    let schemes = Schemes::new([named("free", json!({})), limited("limited", false), limited("tested", true)]);
    let asked = scheme_ids(&["free", "limited", "tested"]);
    let held = |waiting| {
        let kind = if waiting == Waiting::ForEvent { EventKind::Created } else { EventKind::Sighted };
        let answer = plan(&schemes, &event(kind), waiting, &jane(None, None), NOW);
        answer.verdicts.iter().map(|verdict| verdict.held).collect::<Vec<_>>()
    };
    assert_eq!(held(sweep(&asked, false)), [false, true, false]);
    assert_eq!(held(sweep(&asked, true)), [false, false, false]);
    assert_eq!(held(Waiting::ForEvent), [false, false, false]);
}

#[test]
fn an_issue_is_about_the_user_and_carries_its_marker() {
    let mut versioned = named("idle", json!({"name": "Idle users"}));
    let fields = json!({"description": "{{ user.email }}, {{ user.created }}", "labels": ["{{ scheme.id }}"], "n": 1});
    versioned.scheme.actions = vec![Action::CreateIssue(IssueTemplate {
        project: "OPS".into(),
        issue_type: "Task".into(),
        summary: "{{ user.name }}\n{{ scheme.name }}: {{ nothing }}".into(),
        fields: fields.as_object().expect("an object").clone(),
    })];
    let issue = |summary: &str, facts: &Facts| {
        let mut versioned = versioned.clone();
        let [Action::CreateIssue(template)] = versioned.scheme.actions.as_mut_slice() else { panic!("one action") };
        template.summary = summary.into();
        let schemes = Schemes::new([versioned]);
        let answer = plan(&schemes, &event(EventKind::Created), Waiting::ForEvent, facts, NOW);
        match answer.verdicts[0].steps.as_slice() {
            [Step::CreateIssue(issue)] => issue.as_ref().clone(),
            steps => panic!("{steps:?}"),
        }
    };
    let told = issue("{{ user.name }}\n{{ scheme.name }}", &jane(Some("jane@acme.com"), None));
    assert_eq!(told.summary, "jane Idle users");
    assert_eq!(json!(told.fields), json!({"description": "jane@acme.com, unknown", "labels": ["idle"], "n": 1}));
    assert!(told.marker.starts_with("usher-") && told.marker.len() == 22, "{}", told.marker);

    let facts = Facts { name: Fact::Unknown(Missing::NotInPayload), ..jane(None, None) };
    let untold = issue("{{ nothing }}", &facts);
    assert_eq!(untold.marker, told.marker, "the same scheme and user");
    assert!(untold.summary.contains("can't be rendered"), "{}", untold.summary);
}

#[test]
fn of_a_thousand_conditions_those_stand_in_the_decision_that_made_the_answer() {
    let mut versioned = named("s", json!({}));
    let domain = |number| format!("d{number}.example").try_into().expect("a pattern");
    let mut conditions: Vec<_> = (0..5_000).map(|number| Condition::EmailDomain(vec![domain(number)])).collect();
    conditions.push(Condition::Everyone(True));
    versioned.scheme.select.0 = conditions;
    let schemes = Schemes::new([versioned.clone(), versioned]);
    let facts = jane(Some("jane@acme.com"), None);
    let answer = plan(&schemes, &event(EventKind::Created), Waiting::ForEvent, &facts, NOW);
    let [first, second] = answer.verdicts.as_slice() else { panic!("two schemes") };
    let select = &first.reasons.parts[0];
    assert_eq!(select.parts.len(), 1_999);
    assert_eq!(select.parts.last().map(|reason| reason.truth), Some(Truth::True));
    assert!(select.because.ends_with("3002 of 5001 are left out here"), "{}", select.because);
    assert!(second.reasons.parts.is_empty() && second.selected == Truth::True && !second.steps.is_empty());
}
