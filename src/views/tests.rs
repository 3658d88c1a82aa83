use super::{
    testing::{Following, at, decision, letter, other_version, outcome, source, steps, until, verdict},
    *,
};
use crate::{
    domain::{Attempt, Decision, EventKind, StepRef, StepResult, Truth},
    health::Health,
    log::{
        Partition, Record, Stored,
        codec::{OutcomeRecord, encode},
        embedded::{EmbeddedLog, Options},
    },
    store,
};

/// Changes the content of the tables.
fn spoil(store: &Store, sql: &str) {
    let database = rusqlite::Connection::open(store.folder().join(database::FILE)).expect("a database");
    database.execute_batch(sql).expect("written");
}

fn everything(views: &Views) -> (Vec<Run>, Vec<DeadLetterRow>) {
    let runs = views.runs(&Filter::default(), &Paging::default()).expect("runs").items;
    (runs, views.dead_letters(&LetterFilter::default(), &Paging::default()).expect("dead letters").items)
}

/// `count` users, each with a finished run of one step, and a dead letter.
fn append_decisions(log: &testing::MemoryLog, users: std::ops::Range<i64>) {
    for user in users {
        let (event, name) = (format!("e{user}"), format!("user{user}"));
        let decision = decision(&event, &name, user, vec![verdict("a", Truth::True, &["g"])]);
        log.decide(&decision);
        log.end(&outcome(&steps(&decision)[0], StepResult::Changed, user));
        log.give_up(&letter(&event, &name, user));
    }
}

/// The result when all records about `users` are applied.
fn complete(views: &Views, users: usize) -> Option<(Vec<Run>, Vec<DeadLetterRow>)> {
    let (runs, letters) = everything(views);
    let done = runs.iter().filter(|run| run.state == RunState::Done && run.counts.changed == 1).count();
    (done == users && letters.len() == users).then_some((runs, letters))
}

#[tokio::test]
async fn views_show_what_is_in_all_partitions_and_what_comes_later() {
    let following = Following::start();
    append_decisions(&following.log, 0..20);
    following.until(|views| complete(views, 20)).await;
    append_decisions(&following.log, 20..40);
    following.until(|views| complete(views, 40)).await;
    let page = following.views.decisions(&[source()], "user7", &Paging::default()).expect("decisions");
    assert_eq!((page.items.len(), page.items[0].accepted), (1, at(7)));
}

#[tokio::test]
async fn a_restart_goes_on_from_the_checkpoint_and_counts_nothing_twice() {
    let following = Following::start();
    append_decisions(&following.log, 0..10);
    let before = following.until(|views| complete(views, 10)).await;
    let following = following.restart(|_, _| {}).await;
    assert_eq!(everything(&following.views), before);
    append_decisions(&following.log, 10..12);
    following.until(|views| complete(views, 12)).await;
}

#[tokio::test]
async fn records_read_again_after_a_lost_checkpoint_change_nothing() {
    let following = Following::start();
    append_decisions(&following.log, 0..10);
    let before = following.until(|views| complete(views, 10)).await;
    let following = following
        .restart(|_, store| {
            spoil(store, "DELETE FROM checkpoints");
        })
        .await;
    append_decisions(&following.log, 10..11);
    let (runs, letters) = following.until(|views| complete(views, 11)).await;
    assert_eq!((&runs[1..], &letters[1..]), (&before.0[..], &before.1[..]));
}

#[tokio::test]
async fn since_when_logins_are_told_is_still_known_when_views_are_built_anew_from_a_log_that_is_shorter() {
    let login = |user: i64| Decision {
        kind: EventKind::LoggedIn,
        ..decision(&format!("e{user}"), "jane", user, vec![verdict("a", Truth::True, &["g"])])
    };
    let following = Following::start();
    following.log.decide(&login(60));
    following.until(|views| views.login_coverage(&source())).await;
    let earlier = LoginCoverage { since: at(1), last: at(60), is_first: false };
    let following = following
        .restart(|_, store| {
            // As by decisions that are no longer in the log.
            spoil(store, &format!("UPDATE heard SET since = {}, is_first = 0", at(1).as_millis()));
            other_version(store);
        })
        .await;
    following.log.decide(&login(70));
    let built = |views: &Views| views.login_coverage(&source()).filter(|coverage| coverage.last == at(70));
    assert_eq!(following.until(built).await, LoginCoverage { last: at(70), ..earlier });
}

#[tokio::test]
async fn views_of_another_form_are_built_anew() {
    let following = Following::start();
    append_decisions(&following.log, 0..3);
    let before = following.until(|views| complete(views, 3)).await;
    let following = following
        .restart(|_, store| {
            spoil(store, "UPDATE runs SET state = 'no state of this version'");
            other_version(store);
        })
        .await;
    assert_eq!(following.until(|views| complete(views, 3)).await, before);
}

#[tokio::test]
async fn records_that_cant_be_read_are_passed_over() {
    let following = Following::start();
    for stream in [Stream::Decisions, Stream::Outcomes, Stream::DeadLetters] {
        for key in ["a", "b", "c", "d", "e"] {
            following.log.put(stream, key, "\u{7f}nonsense".into());
        }
    }
    append_decisions(&following.log, 0..10);
    following.until(|views| complete(views, 10)).await;
}

#[tokio::test]
async fn a_step_has_ended_also_where_the_row_of_its_run_cant_be_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::open(dir.path(), "memory").expect("a store");
    let decision = decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["g"])]);
    let step = steps(&decision).remove(0);
    let kept = store.pending().expect("pending steps");
    let asked = store::PendingStep { run: step.run.clone(), key: step.key.clone(), decided: at(0) };
    store::PendingRows::put(&kept, &step.user_key(), &[asked]).expect("noted");
    let pending = PendingSteps::open(kept.clone()).expect("read");
    let views = Views::open(&store).expect("views").telling(pending);
    let take = |stream, payload| {
        let position = crate::log::Position { partition: Partition(0), offset: 0 };
        let key = decision.key().as_str().to_owned();
        views.apply(stream, &[Stored { position, key, payload, appended: at(0) }]).expect("taken in");
    };
    take(Stream::Decisions, encode(&decision));
    spoil(&store, "UPDATE runs SET state = 'no state of this version'");
    assert!(matches!(views.run(&step.run), Err(Error::Row(_))));
    take(Stream::Outcomes, encode(&OutcomeRecord::Outcome(outcome(&step, StepResult::Changed, 1))));
    assert_eq!(views.read_until(Stream::Outcomes, Partition(0)), 1, "it is passed over");
    assert_eq!(store::PendingRows::of(&kept, &step.user_key()).expect("read"), []);
}

#[tokio::test]
async fn a_log_that_fails_is_read_again_until_it_works() {
    let following = Following::start();
    append_decisions(&following.log, 0..5);
    let following = following
        .restart(|log, _| {
            log.fail_reads(7);
            append_decisions(log, 5..20);
        })
        .await;
    following.until(|views| complete(views, 20)).await;
    assert_eq!(following.log.failures_left(), 0);
}

#[tokio::test]
async fn views_that_cant_be_written_are_told_of_and_written_once_there_is_room_again() {
    let following = Following::start();
    append_decisions(&following.log, 0..5);
    following.until(|views| complete(views, 5)).await;
    let most = |pages: i64| {
        let set = |db: &rusqlite::Connection| {
            Ok(db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))?)
        };
        // The bound is one of the connection, so it holds from the next write on.
        following.views.database.write(set).expect("set");
    };
    most(1); // as many as there are
    append_decisions(&following.log, 5..400);
    let why = |_: &Views| following.health.failing().into_iter().find(|(name, _)| name == "views");
    let (_, why) = following.until(why).await;
    assert!(why.contains("the disk is full"), "{why}");
    most(1_000_000);
    following.until(|views| all_done(views, 400)).await;
}

/// Whether there are this number of runs, all of them done.
fn all_done(views: &Views, count: usize) -> Option<()> {
    let paging = Paging { limit: Limit::MAX, cursor: None };
    let runs = views.runs(&Filter { state: Some(RunState::Done), ..Filter::default() }, &paging).expect("runs").items;
    (runs.len() == count).then_some(())
}

#[tokio::test]
async fn a_step_that_ended_just_before_the_process_did_is_told_at_the_next_start() {
    let following = Following::start();
    let decision = decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["g", "h"])]);
    let steps = steps(&decision);
    following.log.decide(&decision);
    following.log.end(&outcome(&steps[0], StepResult::Changed, 1));
    following.until(|views| views.run(&steps[0].run).expect("read").filter(|run| run.counts.changed == 1)).await;
    let dir = tempfile::tempdir().expect("a folder");
    let kept = Store::open(dir.path(), "memory").expect("a store").pending().expect("pending steps");
    let asked = |step: &StepRef| store::PendingStep { run: step.run.clone(), key: step.key.clone(), decided: at(0) };
    store::PendingRows::put(&kept, &steps[0].user_key(), &[asked(&steps[0]), asked(&steps[1])]).expect("noted");
    let views = following.views.clone().telling(PendingSteps::open(kept.clone()).expect("read"));
    views.remove_ended_steps().expect("told");
    assert_eq!(store::PendingRows::of(&kept, &steps[0].user_key()).expect("read"), [asked(&steps[1])]);
}

#[tokio::test]
async fn attempts_are_no_entries() {
    let following = Following::start();
    let decision = decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["g"])]);
    let step = steps(&decision).remove(0);
    let attempt = Attempt { step: step.clone(), before: "not a member".into(), at: at(1) };
    following.log.record(&OutcomeRecord::Attempt(attempt), &decision.key());
    following.log.end(&outcome(&step, StepResult::Changed, 2));
    let run = decision.run(&decision.verdicts[0]);
    let entries =
        following.until(|views| views.entries(&run, &EntryFilter::default(), &Paging::default()).expect("read")).await;
    assert_eq!(entries.items.len(), 1);
    assert_eq!(entries.items[0].at, at(2));
}

#[tokio::test]
async fn the_log_on_disk_is_followed_as_well() {
    let dir = tempfile::tempdir().expect("a folder");
    let log = EmbeddedLog::open(&dir.path().join("log"), Options::default()).expect("a log");
    let log: Arc<dyn Log> = Arc::new(log);
    let store = Store::open(&dir.path().join("state"), log.identity()).expect("a store");
    let stop = CancellationToken::new();
    let views = Views::open(&store).expect("views");
    let tasks = views.follow(&log, &Health::default(), &stop);
    for user in 0..10 {
        let decision = decision(&format!("e{user}"), "jane", user, vec![verdict("a", Truth::True, &["g"])]);
        let step = steps(&decision).remove(0);
        let ended = OutcomeRecord::Outcome(outcome(&step, StepResult::Changed, user));
        let given_up = letter(decision.event.as_str(), "jane", user);
        for (stream, payload) in [
            (Stream::Outcomes, encode(&ended)),
            (Stream::DeadLetters, encode(&given_up)),
            (Stream::Decisions, encode(&decision)),
        ] {
            log.append(stream, Record { key: decision.key(), payload }).await.expect("appended");
        }
    }
    until(&views, |views| complete(views, 10)).await;
    stop.cancel();
    tasks.join_all().await;
    log.close().await;
}
