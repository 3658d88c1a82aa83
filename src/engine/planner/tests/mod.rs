use std::{collections::BTreeMap, sync::atomic::Ordering::SeqCst, time::Duration};

use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    clock::{Clock, SystemClock},
    config,
    domain::{EventId, EventKind, NoAction, SweepId, SweepPlan, UserHints, UserId, UserRef, Via},
    engine::{
        Memory,
        testing::{FakeQueries, Stub},
    },
    health::Health,
    log::{
        Log, Partition,
        embedded::{EmbeddedLog, Options},
    },
    rules::VersionedScheme,
    runtime,
    source::NoControls,
    store::{Forgotten, Store},
};

mod bulks;
mod given_up;
mod new_steps;

fn source() -> SourceId {
    "acme".parse().expect("an id")
}

/// The enabled schemes of a file that holds `scheme`, beside its id, source and trigger.
fn schemes(scheme: &str) -> Schemes {
    let text = format!("schemes: [{{ id: a, source: acme, trigger: on_login, test_mode: false, {scheme} }}]");
    let schemes = config::read_schemes(&text, "schemes.yaml").expect("a scheme");
    Schemes::new(schemes.into_iter().map(|scheme| VersionedScheme { reference: scheme.reference(), scheme }))
}

fn login(number: i64) -> Event {
    Event {
        id: EventId::new(format!("e{number}")),
        source: source(),
        kind: EventKind::LoggedIn,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new("jane")),
        hints: UserHints::default(),
        occurred: None,
        accepted: Timestamp::from_millis(SystemClock.now().as_millis() - 1000 + number),
        sweep: None,
    }
}

/// The decisions on two logins of one user by `scheme`, and the number of questions about reported logins.
async fn decided_by(scheme: &str) -> (Vec<Decision>, usize) {
    decided_on(&[login(1), login(2)], scheme).await
}

/// The decisions on `events`, until the last one is decided, and the number of questions about reported logins.
async fn decided_on(events: &[Event], scheme: &str) -> (Vec<Decision>, usize) {
    decided_until(events, events.last().map(|event| event.id.clone()), scheme).await
}

/// Like [`decided_on`], until the event called `last` is decided.
async fn decided_until(events: &[Event], last: Option<EventId>, scheme: &str) -> (Vec<Decision>, usize) {
    decided_after(|_| (), events, last, scheme).await
}

/// Like [`decided_until`], by a planner with the memory that `prepare` leaves.
async fn decided_after(
    prepare: impl Fn(&Memory),
    events: &[Event],
    last: Option<EventId>,
    scheme: &str,
) -> (Vec<Decision>, usize) {
    let dir = tempfile::tempdir().expect("a folder");
    let options = Options { partitions: 1, ..Options::default() };
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(&dir.path().join("log"), options).expect("a log"));
    let memory = Memory::open(&Store::open(&dir.path().join("state"), log.identity()).expect("a store"));
    let memory = memory.expect("memory");
    prepare(&memory);
    for event in events {
        let record = Record { key: event.key(), payload: codec::encode(event) };
        log.append(Stream::Events, record).await.expect("appended");
    }
    let (stub, controls, metrics) =
        (Arc::new(Stub::default()), NoControls::default(), Metrics::new().expect("metrics"));
    stub.put("jane", &[]);
    let clock = Arc::new(SystemClock);
    let connection = Connection::new(source(), stub, 2, clock, Arc::new(controls), metrics.clone());
    let (_schemes, receiver) = watch::channel(Arc::new(schemes(scheme)));
    let (listener, ledger) =
        (Arc::new(FakeQueries { all_ended: true, ..FakeQueries::default() }), memory.ledger.clone());
    let run_queries: Arc<dyn RunQueries> = Arc::clone(&listener) as _;
    let planner = Planner::new(connection, receiver, Mode::Active, Arc::clone(&log), memory, metrics, run_queries);
    let stop = CancellationToken::new();
    let running =
        tokio::spawn(runtime::run(Arc::clone(&log), ledger, Arc::new(planner), Health::default(), stop.clone()));
    let records = log.read(Stream::Decisions, vec![(Partition(0), 0)]).await.expect("read");
    let mut decoded =
        records.map(|record| codec::decode::<Decision>(&record.expect("a record").payload).expect("usher wrote it"));
    let mut decisions = Vec::new();
    while decisions.last().map(|decision: &Decision| decision.event.clone()) != last {
        let next = tokio::time::timeout(Duration::from_secs(30), decoded.next()).await.expect("it comes");
        decisions.push(next.expect("a decision"));
    }
    stop.cancel();
    running.await.expect("no panic");
    log.close().await;
    (decisions, listener.heard_asked.load(SeqCst))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_of_logins_is_read_only_where_a_scheme_looks_at_it() {
    let staff = "actions: [{ add_groups: [staff] }]";
    let (decisions, asked) = decided_by(&format!("select: {{ everyone: true }}, {staff}")).await;
    assert!(decisions.iter().all(|decision| decision.selected().count() == 1), "{decisions:?}");
    assert_eq!(asked, 0);
    let (_, asked) = decided_by(&format!("select: {{ never_logged_in: {{}} }}, {staff}")).await;
    assert!(asked >= 2, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_logins_in_an_issues_text_are_known_although_nobody_is_selected_by_them() {
    let issue = "create_issue: { project: OPS, type: Task, summary: 'last login {{ user.last_login }}' }";
    let (decisions, asked) = decided_by(&format!("select: {{ everyone: true }}, actions: [{{ {issue} }}]")).await;
    assert!(asked >= 2, "{asked}");
    // The first login is that of the event itself, which must not be known yet.
    let summaries: BTreeMap<_, _> = decisions.iter().map(|decision| (decision.event.to_string(), decision)).collect();
    let crate::domain::Step::CreateIssue(issue) = &summaries["e2"].verdicts[0].steps[0] else { panic!("an issue") };
    assert_eq!(issue.summary, format!("last login {}", login_time(&decisions)));
}

/// When the first login was.
fn login_time(decisions: &[Decision]) -> Timestamp {
    decisions.iter().map(|decision| decision.accepted).min().expect("two logins")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_told_by_a_listener_and_a_feed_in_seconds_next_to_each_other_counts_once() {
    use Via::{Feed, Webhook};
    let cases: [(&[(Via, i64)], usize); 7] = [
        (&[(Feed, 950), (Webhook, 1_050)], 1),
        (&[(Webhook, 950), (Feed, 1_050)], 1),
        (&[(Feed, 1_050), (Webhook, 950), (Feed, 1_050), (Webhook, 950)], 1),
        (&[(Feed, 500), (Feed, 1_500)], 2),
        (&[(Feed, 500), (Webhook, 2_500)], 2),
        (&[(Feed, 500), (Webhook, 600), (Feed, 1_500), (Webhook, 1_600)], 2),
        (&[(Webhook, 500), (Feed, 600), (Webhook, 700), (Feed, 1_500)], 2),
    ];
    for (told, expected) in cases {
        let mut events: Vec<_> = told
            .iter()
            .map(|(via, millis)| {
                let (event, at) = (login(0), Timestamp::from_millis(1_700_000_000_000 + millis));
                let id = EventId::of_login(&event.source, &event.user, at);
                Event { id, via: *via, occurred: Some(at), ..event }
            })
            .collect();
        events.push(login(1));
        let (decisions, _) =
            decided_on(&events, "select: { everyone: true }, actions: [{ add_groups: [staff] }]").await;
        assert_eq!(decisions.len() - 1, expected, "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_may_have_been_decided_is_not_decided_again_where_that_is_forgotten() {
    let forget = |memory: &Memory| {
        let scope = Scope::new(Stage::Planner, &source(), Partition(0));
        let before = SystemClock.now().plus(Duration::from_hours(1));
        memory.ledger.record_forgotten(&scope, Forgotten { before, until: 1 }).expect("noted");
    };
    let (events, scheme) = ([login(1), login(2)], "select: { everyone: true }, actions: [{ add_groups: [staff] }]");
    let (decisions, _) = decided_after(forget, &events, Some(events[1].id.clone()), scheme).await;
    let selected: Vec<_> = decisions.iter().map(|decision| decision.selected().count()).collect();
    assert_eq!(selected, [0, 1], "the second one was appended since");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_under_a_name_that_may_have_been_decided_does_not_come_again_under_the_lasting_id() {
    let forget = |memory: &Memory| {
        let scope = Scope::new(Stage::Planner, &source(), Partition(0));
        let before = SystemClock.now().plus(Duration::from_hours(1));
        memory.ledger.record_forgotten(&scope, Forgotten { before, until: 1 }).expect("noted");
    };
    let by_name = Event { user: UserRef::Name("jane".into()), ..login(1) };
    let (last, scheme) =
        (Some(by_name.id.clone()), "select: { logged_in_once: {} }, actions: [{ add_groups: [staff] }]");
    let (decisions, _) = decided_after(forget, &[by_name], last, scheme).await;
    let told = |decision: &Decision| (decision.user.id().is_some(), decision.read, decision.selected().count());
    assert_eq!(decisions.iter().map(told).collect::<Vec<_>>(), [(false, false, 0)], "the product is not even asked");
}

/// A login without a time.
fn untimed(user: &UserRef, accepted: Timestamp) -> Event {
    let id = EventId::of_untimed_login(&source(), user, accepted);
    Event { id, user: user.clone(), accepted, ..login(0) }
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_told_with_the_same_bytes_are_new_ones_unless_they_come_within_a_minute() {
    // The end of a minute: some of what follows is in the next one.
    let begin = (SystemClock.now().as_millis() / 60_000 - 20) * 60_000 + 55_000;
    let jane = UserRef::Id(UserId::new("jane"));
    let at = |seconds: i64| untimed(&jane, Timestamp::from_millis(begin + seconds * 1000));
    let events = [0, 2, 10, 59, 61, 70, 200, 259, 261, 900].map(at);
    let scheme = "select: { logged_in_once: {} }, actions: [{ add_groups: [g] }]";
    let (decisions, _) = decided_on(&events, scheme).await;
    let seconds = |decision: &Decision| (decision.accepted.as_millis() - begin) / 1000;
    assert_eq!(decisions.iter().map(seconds).collect::<Vec<_>>(), [0, 61, 200, 261, 900]);
    let logins = decisions.last().and_then(|last| last.activity.as_ref()).map(|seen| seen.logins);
    assert_eq!(logins, Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_taken_for_an_earlier_one_is_decided_anew_when_the_removal_in_between_is_told() {
    let began = SystemClock.now().as_millis() - 3_600_000;
    let minutes = |minutes: i64| Timestamp::from_millis(began + minutes * 60_000);
    let happened = |id: &str, kind, at: Timestamp| Event { id: EventId::new(id), kind, occurred: Some(at), ..login(0) };
    let (created, removed) = (EventKind::Created, EventKind::Removed);
    let events = [
        happened("born", created, minutes(0)),
        happened("again", created, minutes(20)),
        happened("gone", removed, minutes(10)),
        happened("gone, by the audit log", removed, minutes(10)),
    ];
    let again = EventId::of_creation_again(&source(), &UserRef::Id(UserId::new("jane")), minutes(20));
    let scheme = "select: { everyone: true }, actions: [{ add_groups: [g] }]";
    let (decisions, _) = decided_until(&events, Some(again.clone()), scheme).await;
    let known = |decision: &&Decision| matches!(decision.no_action, Some(NoAction::KnownSince(_)));
    assert_eq!(decisions.iter().filter(known).map(|decision| decision.event.as_str()).collect::<Vec<_>>(), ["again"]);
    let last = decisions.last().expect("decided");
    assert_eq!((&last.event, last.kind), (&again, created));
    assert_eq!(last.activity.as_ref().and_then(|seen| seen.created), Some(minutes(20)));
}
