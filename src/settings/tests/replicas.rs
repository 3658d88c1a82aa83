//! Several processes with one log, and a log that is not as it should be.

use super::*;

#[tokio::test]
async fn what_one_replica_sets_the_other_has_a_moment_later_and_after_a_restart() {
    let log = MemoryLog::new();
    let (one, other) = (Replica::start(&log).await, Replica::start(&log).await);
    let source: SourceId = "acme".parse().expect("an id");
    let run = RunId::new("event.scheme");
    let holds = |settings: &Settings| {
        (settings.scheme_paused(&id("z-file")), settings.source_paused(&source), settings.run_cancelled(&run))
    };
    one.settings.create_text(&text("a", "g"), who("ann")).await.expect("stored");
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
    let listed = base.settings.create_text(&text("a", "one"), who("ann")).await.expect("stored");
    // Two replicas know the same state. The record of one does not reach the other in time.
    let write = async |by: &str, group: &str| {
        let apart = Replica::start(&copy(&log)).await;
        apart.settings.replace_text(&id("a"), &text("a", group), &tag(&listed), who(by)).await.expect("stored");
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
    // The next writer knows both, and so does a reader of its record alone.
    let next =
        base.settings.replace_text(&id("a"), &text("a", "more"), &IfMatch::Any, who("dan")).await.expect("stored");
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
async fn following_goes_on_through_errors_and_past_what_cant_be_read() {
    let log = MemoryLog::new();
    let writer = Replica::start(&log).await;
    for name in ["a", "b", "c", "d", "e", "f"] {
        writer.settings.create_text(&text(name, "g"), who("ann")).await.expect("stored");
    }
    for key in ["~settings/scheme/x", "~settings/scheme/y", "~settings/scheme/z"] {
        log.put(Stream::Settings, key, bytes::Bytes::from_static(b"\xff"));
    }
    log.fail_reads(4);
    let reader = Replica::start(&log).await;
    assert_eq!(log.failures_left(), 0);
    assert_eq!(asked(&reader.settings), ["z-file", "a", "b", "c", "d", "e", "f"]);
}
