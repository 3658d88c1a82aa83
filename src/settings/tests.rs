use std::sync::atomic::{AtomicI64, Ordering};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::{
    config,
    domain::{Actor, ChangeKind, Event, EventId, EventKind, Facts, Timestamp, UserHints, UserId, UserRef, Via},
    log::Stream,
    rules,
    views::testing::MemoryLog,
};

const CONFIG: &str = r#"
sources:
  - { id: acme, product: jira-dc, base_url: "http://127.0.0.1:1", auth: { bearer: { value: x } } }
  - { id: cloud, product: jira-cloud, base_url: "http://127.0.0.1:1", auth: { bearer: { value: x } } }
schemes:
  - { id: z-file, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [a] }] }
  - { id: b-file, source: acme, trigger: on_create, enabled: false, select: { everyone: true }, actions: [{ add_groups: [a] }] }
"#;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// A clock that a test sets.
#[derive(Default)]
struct Clock(AtomicI64);

impl crate::clock::Clock for Clock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// Settings that follow a log, and stop when dropped.
struct Replica {
    settings: Settings,
    clock: Arc<Clock>,
    _following: DropGuard,
}

impl Replica {
    async fn start(log: &Arc<MemoryLog>) -> Self {
        Self::with(log, CONFIG).await
    }

    async fn with(log: &Arc<MemoryLog>, config: &str) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), config).expect("written");
        let config = config::load(Some(file.path()), []).expect("a right configuration").config;
        let clock = Arc::new(Clock::default());
        let settings = Settings::new(&config, log.clone(), clock.clone());
        let stop = CancellationToken::new();
        tokio::spawn(settings.clone().follow(stop.clone()));
        settings.caught_up().await.expect("read");
        Self { settings, clock, _following: stop.drop_guard() }
    }

    /// Waits until `condition` holds, which another replica has brought about.
    async fn until(&self, what: &str, condition: impl Fn(&Settings) -> bool) {
        let mut changed = self.settings.changed();
        let holds = async {
            while !condition(&self.settings) {
                changed.changed().await.expect("it is open");
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), holds)
            .await
            .unwrap_or_else(|_| panic!("in vain: {what}"));
    }
}

fn id(text: &str) -> SchemeId {
    text.parse().expect("an id")
}

fn who(name: &str) -> Actor {
    name.parse().expect("a name")
}

fn text(id: &str, group: &str) -> String {
    format!(
        "{{ id: {id}, source: acme, trigger: on_create, test_mode: false, select: {{ everyone: true }}, \
         actions: [{{ add_groups: [{group}] }}] }}"
    )
}

fn tag(listed: &Listed) -> IfMatch {
    IfMatch::Tags(vec![listed.tag.clone()])
}

/// The schemes that a new user is asked about, in order.
fn asked(settings: &Settings) -> Vec<String> {
    let source: SourceId = "acme".parse().expect("an id");
    let at = Timestamp::from_millis(1);
    let event = Event {
        id: EventId::from_delivery(&source, "1"),
        source,
        kind: EventKind::Created,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new("jane")),
        hints: UserHints::default(),
        occurred: None,
        accepted: at,
        sweep: None,
    };
    let schemes = settings.schemes().borrow().clone();
    let answer = rules::plan(&schemes, &event, rules::Waiting::ForEvent, &Facts::from_payload(&event), at);
    answer.verdicts.iter().map(|verdict| verdict.scheme.id.to_string()).collect()
}

#[tokio::test]
async fn a_stored_scheme_is_asked_behind_those_of_the_file_as_soon_as_it_is_stored() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    assert_eq!(asked(settings), ["z-file"]);
    for name in ["c", "a"] {
        settings.create(&text(name, "g"), who("ann")).await.expect("stored");
    }
    assert_eq!(asked(settings), ["z-file", "a", "c"]);
    let ids: Vec<_> = settings.list().into_iter().map(|listed| listed.id.to_string()).collect();
    assert_eq!(ids, ["z-file", "b-file", "a", "c"]);

    let before = settings.get(&id("a")).expect("it is there");
    let off = text("a", "g").replace("trigger", "enabled: false, trigger");
    settings.replace(&id("a"), &off, &tag(&before), who("ann")).await.expect("stored");
    assert_eq!(asked(settings), ["z-file", "c"]);
    settings.delete(&id("c"), &IfMatch::Any, who("ann")).await.expect("deleted");
    assert_eq!(asked(settings), ["z-file"]);
}

#[tokio::test]
async fn a_change_of_what_is_no_longer_so_is_refused() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let first = settings.create(&text("a", "one"), who("ann")).await.expect("stored");
    let second = settings.replace(&id("a"), &text("a", "two"), &tag(&first), who("ann")).await.expect("stored");
    let refused = settings.replace(&id("a"), &text("a", "three"), &tag(&first), who("ben")).await;
    assert!(matches!(refused, Err(Error::Stale)), "{refused:?}");
    assert!(matches!(settings.delete(&id("a"), &tag(&first), who("ben")).await, Err(Error::Stale)));

    // As it was at first: what it says is the same, the state is another.
    let third = settings.replace(&id("a"), &text("a", "one"), &tag(&second), who("ann")).await.expect("stored");
    assert_eq!(third.version, first.version);
    let refused = settings.replace(&id("a"), &text("a", "three"), &tag(&first), who("ben")).await;
    assert!(matches!(refused, Err(Error::Stale)), "{refused:?}");
}

#[tokio::test]
async fn storing_what_is_stored_already_changes_nothing() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let first = replica.settings.create(&text("a", "one"), who("ann")).await.expect("stored");
    let again = replica.settings.replace(&id("a"), &text("a", "one"), &tag(&first), who("ben")).await.expect("stored");
    assert_eq!(again, first);
    assert_eq!(replica.settings.history(&id("a")).expect("a history").len(), 1);
}

#[tokio::test]
async fn the_history_tells_who_did_what_and_survives_the_scheme() {
    let log = MemoryLog::new();
    let replica = Replica::start(&log).await;
    let settings = &replica.settings;
    settings.create(&text("a", "one"), who("ann")).await.expect("stored");
    settings.replace(&id("a"), &text("a", "two"), &IfMatch::Any, who("ben")).await.expect("stored");
    settings.delete(&id("a"), &IfMatch::Any, who("cat")).await.expect("deleted");
    assert_eq!(settings.get(&id("a")), None);
    settings.create(&text("a", "three"), who("dan")).await.expect("stored");

    let told = |settings: &Settings| {
        let history = settings.history(&id("a")).expect("a history");
        let line = |change: SchemeChange| (change.revision, change.kind, change.by.to_string());
        history.into_iter().map(line).collect::<Vec<_>>()
    };
    let expected = [
        (4, ChangeKind::Created, "dan".to_owned()),
        (3, ChangeKind::Deleted, "cat".to_owned()),
        (2, ChangeKind::Updated, "ben".to_owned()),
        (1, ChangeKind::Created, "ann".to_owned()),
    ];
    assert_eq!(told(settings), expected);
    assert!(settings.history(&id("a")).expect("a history")[1].text.contains(r#"["two"]"#), "as it was last");
    assert_eq!(told(&Replica::start(&log).await.settings), expected, "after a restart");
    assert_eq!(settings.history(&id("z-file")), Some(Vec::new()));
    assert_eq!(settings.history(&id("nothing")), None);
}

#[tokio::test]
async fn what_cant_be_used_is_refused_with_all_that_is_wrong() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let wrong = async |text: &str| match settings.create(text, who("ann")).await {
        Err(Error::Invalid(wrong)) => wrong,
        other => panic!("it must be refused: {other:?}"),
    };
    let problems = wrong("id: a\nsource: acme\ntriger: on_create\nselect: {}\nactions: []\n").await;
    assert!(problems.len() >= 3, "{problems:?}");
    assert!(problems.iter().any(|wrong| wrong.line == Some(3) && wrong.message.contains("`trigger`")), "{problems:?}");

    let problems = wrong(&text("a", "g").replace("acme", "globex")).await;
    assert!(problems[0].message.contains("no source `globex`; write one of: acme, cloud"), "{problems:?}");
    assert_eq!((problems[0].line, problems[0].column), (Some(1), Some(18)));

    let sleeper = "{ id: a, source: acme, trigger: manual, select: { everyone: true }, actions: [{ deactivate: {} }] }";
    settings.create(sleeper, who("ann")).await.expect("this product can");
    let problems = wrong(&sleeper.replace("acme", "cloud").replace("id: a", "id: b")).await;
    assert!(problems[0].message.contains("jira-cloud"), "{problems:?}");
    assert_eq!(settings.get(&id("b")), None);
}

#[tokio::test]
async fn schemes_of_the_file_are_changed_in_the_file() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let file = id("z-file");
    assert!(matches!(settings.create(&text("z-file", "g"), who("ann")).await, Err(Error::Exists(_))));
    let replaced = settings.replace(&file, &text("z-file", "g"), &IfMatch::Any, who("ann")).await;
    assert!(matches!(replaced, Err(Error::Provisioned(_))), "{replaced:?}");
    assert!(matches!(settings.delete(&file, &IfMatch::Any, who("ann")).await, Err(Error::Provisioned(_))));
}

#[tokio::test]
async fn a_scheme_of_the_file_hides_a_stored_one_of_the_same_id() {
    let log = MemoryLog::new();
    let elsewhere = CONFIG.replace("z-file", "other");
    let before = Replica::with(&log, &elsewhere).await;
    before.settings.create(&text("z-file", "g"), who("ann")).await.expect("stored");
    assert_eq!(asked(&before.settings), ["other", "z-file"]);
    let after = Replica::start(&log).await;
    assert_eq!(asked(&after.settings), ["z-file"]);
    assert!(after.settings.get(&id("z-file")).expect("it is there").provisioned);
    assert_eq!(after.settings.list().len(), 2);
}

#[tokio::test]
async fn a_stored_scheme_that_this_usher_cant_use_is_shown_as_broken_and_not_asked() {
    let log = MemoryLog::new();
    let before = Replica::start(&log).await;
    before.settings.create(&text("a", "g"), who("ann")).await.expect("stored");
    let without = CONFIG.replace("acme", "globex");
    let after = Replica::with(&log, &without).await;
    assert_eq!(asked(&after.settings), Vec::<String>::new());
    let listed = after.settings.get(&id("a")).expect("it is there");
    let Contents::Broken { text, why } = listed.contents else { panic!("its source is gone") };
    assert!(text.contains(r#""source":"acme""#) && why.contains("no source `acme`"), "{text} {why}");
    // It can be deleted all the same.
    after.settings.delete(&id("a"), &IfMatch::Any, who("ann")).await.expect("deleted");
    assert_eq!(after.settings.get(&id("a")), None);
}

#[tokio::test]
async fn what_one_replica_sets_the_other_has_a_moment_later_and_after_a_restart() {
    let log = MemoryLog::new();
    let (one, other) = (Replica::start(&log).await, Replica::start(&log).await);
    let source: SourceId = "acme".parse().expect("an id");
    let run = RunId::new("event.scheme");
    let holds = |settings: &Settings| {
        (settings.scheme_paused(&id("z-file")), settings.source_paused(&source), settings.run_cancelled(&run))
    };
    one.settings.create(&text("a", "g"), who("ann")).await.expect("stored");
    one.settings.pause(Pausable::Scheme(id("z-file")), true, who("ann")).await.expect("paused");
    one.settings.pause(Pausable::Source(source.clone()), true, who("ann")).await.expect("paused");
    one.settings.cancel_run(run.clone(), who("ann")).await.expect("cancelled");
    assert_eq!(holds(&one.settings), (true, true, true), "at once, where it was set");
    other.until("all is set", |settings| holds(settings) == (true, true, true)).await;
    assert_eq!(other.settings.get(&id("a")), one.settings.get(&id("a")));
    assert_eq!(holds(&Replica::start(&log).await.settings), (true, true, true));

    other.settings.pause(Pausable::Source(source.clone()), false, who("ben")).await.expect("resumed");
    one.until("the source goes on", |settings| !settings.source_paused(&source)).await;
    assert_eq!(holds(&one.settings), (true, false, true));
}

#[tokio::test]
async fn of_two_replicas_that_change_a_scheme_at_once_the_later_one_wins_and_the_history_shows_both() {
    let log = MemoryLog::new();
    let base = Replica::start(&log).await;
    let listed = base.settings.create(&text("a", "one"), who("ann")).await.expect("stored");
    // Two that know the same state; what they append does not reach the other in time.
    let write = async |by: &str, group: &str| {
        let apart = Replica::start(&copy(&log)).await;
        apart.settings.replace(&id("a"), &text("a", group), &tag(&listed), who(by)).await.expect("stored");
        let stored = apart.settings.state().stored_scheme(&id("a")).expect("it is there");
        crate::domain::Setting::Scheme((*stored).clone())
    };
    let (bens, cats) = (write("ben", "bens").await, write("cat", "cats").await);
    for setting in [&bens, &cats] {
        log.put(Stream::Settings, setting.key().as_str(), crate::log::codec::encode(setting));
    }
    base.until("both are there", |settings| settings.history(&id("a")).is_some_and(|changes| changes.len() == 3)).await;
    let history = base.settings.history(&id("a")).expect("a history");
    let told: Vec<_> = history.iter().map(|change| (change.revision, change.by.to_string())).collect();
    assert_eq!(told, [(2, "cat".to_owned()), (2, "ben".to_owned()), (1, "ann".to_owned())]);
    // The next one knows of both, and so does whoever reads only that.
    let next = base.settings.replace(&id("a"), &text("a", "more"), &IfMatch::Any, who("dan")).await.expect("stored");
    assert!(next.tag.starts_with("3-"), "{}", next.tag);
}

/// A log with the same settings.
fn copy(log: &MemoryLog) -> Arc<MemoryLog> {
    let copied = MemoryLog::new();
    for stored in log.all(Stream::Settings) {
        copied.put(Stream::Settings, &stored.key, stored.payload);
    }
    copied
}

#[tokio::test]
async fn a_new_scheme_is_not_paused_although_a_pause_of_a_former_one_was_left() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    settings.pause(Pausable::Scheme(id("a")), true, who("ann")).await.expect("paused");
    let listed = settings.create(&text("a", "g"), who("ben")).await.expect("stored");
    assert_eq!(listed.paused, None);
}

#[tokio::test]
async fn deleting_a_scheme_resumes_it_so_that_the_next_of_this_id_is_not_paused() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    settings.create(&text("a", "g"), who("ann")).await.expect("stored");
    settings.pause(Pausable::Scheme(id("a")), true, who("ann")).await.expect("paused");
    assert_eq!(settings.get(&id("a")).expect("it is there").paused.map(|pause| pause.by), Some(who("ann")));
    settings.delete(&id("a"), &IfMatch::Any, who("ben")).await.expect("deleted");
    let anew = settings.create(&text("a", "g"), who("ann")).await.expect("stored");
    assert_eq!(anew.paused, None);
}

#[tokio::test]
async fn cancelled_runs_are_forgotten_after_a_month_and_deleted_schemes_after_a_year() {
    let log = MemoryLog::new();
    let replica = Replica::start(&log).await;
    let settings = &replica.settings;
    let run = RunId::new("event.scheme");
    settings.cancel_run(run.clone(), who("ann")).await.expect("cancelled");
    for name in ["gone", "stays"] {
        settings.create(&text(name, "g"), who("ann")).await.expect("stored");
    }
    settings.delete(&id("gone"), &IfMatch::Any, who("ann")).await.expect("deleted");
    let after = async |days: i64| {
        replica.clock.0.store(days * DAY + 1, Ordering::Relaxed);
        settings.forget_outlived().await.expect("forgotten");
        (settings.run_cancelled(&run), settings.history(&id("gone")).is_some(), settings.get(&id("stays")).is_some())
    };
    assert_eq!(after(29).await, (true, true, true));
    assert_eq!(after(30).await, (false, true, true));
    assert_eq!(after(364).await, (false, true, true));
    assert_eq!(after(365).await, (false, false, true));
    let fresh = Replica::start(&log).await;
    assert!(!fresh.settings.run_cancelled(&run) && fresh.settings.history(&id("gone")).is_none());
}

#[tokio::test]
async fn following_goes_on_through_errors_and_past_what_cant_be_read() {
    let log = MemoryLog::new();
    let writer = Replica::start(&log).await;
    for name in ["a", "b", "c", "d", "e", "f"] {
        writer.settings.create(&text(name, "g"), who("ann")).await.expect("stored");
    }
    for key in ["~settings/scheme/x", "~settings/scheme/y", "~settings/scheme/z"] {
        log.put(Stream::Settings, key, bytes::Bytes::from_static(b"\xff"));
    }
    log.fail_reads(4);
    let reader = Replica::start(&log).await;
    assert_eq!(log.failures_left(), 0);
    assert_eq!(asked(&reader.settings), ["z-file", "a", "b", "c", "d", "e", "f"]);
}
