//! Settings that are removed with a scheme, or after some time.

use super::*;

#[tokio::test]
async fn a_new_scheme_is_not_paused_although_a_pause_of_a_former_one_was_left() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    settings.pause(Pausable::Scheme(id("a")), true, who("ann")).await.expect("paused");
    let listed = settings.create_text(&text("a", "g"), who("ben")).await.expect("stored");
    assert_eq!(listed.paused, None);
}

#[tokio::test]
async fn deleting_a_scheme_resumes_it_so_that_the_next_of_this_id_is_not_paused() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    settings.create_text(&text("a", "g"), who("ann")).await.expect("stored");
    settings.pause(Pausable::Scheme(id("a")), true, who("ann")).await.expect("paused");
    assert_eq!(settings.get(&id("a")).expect("it is there").paused.map(|pause| pause.by), Some(who("ann")));
    settings.delete(&id("a"), &IfMatch::Any, who("ben")).await.expect("deleted");
    let anew = settings.create_text(&text("a", "g"), who("ann")).await.expect("stored");
    assert_eq!(anew.paused, None);
}

#[tokio::test]
async fn cancelled_runs_and_deleted_schemes_are_forgotten_after_a_year_however_long_their_source_was_paused() {
    let log = MemoryLog::new();
    let replica = Replica::start(&log).await;
    let settings = &replica.settings;
    let run = RunId::new("event.scheme");
    settings.cancel_run(run.clone(), who("ann")).await.expect("cancelled");
    for name in ["gone", "stays"] {
        settings.create_text(&text(name, "g"), who("ann")).await.expect("stored");
    }
    settings.delete(&id("gone"), &IfMatch::Any, who("ann")).await.expect("deleted");
    let after = async |days: i64| {
        replica.clock.0.store(days * DAY + 1, Ordering::Relaxed);
        settings.forget_outlived().await.expect("forgotten");
        (settings.run_cancelled(&run), settings.history(&id("gone")).is_some(), settings.get(&id("stays")).is_some())
    };
    assert_eq!(after(31).await, (true, true, true), "its decision may wait in the log for longer than a month");
    assert_eq!(after(364).await, (true, true, true));
    assert_eq!(after(365).await, (false, false, true));
    let fresh = Replica::start(&log).await;
    assert!(!fresh.settings.run_cancelled(&run) && fresh.settings.history(&id("gone")).is_none());
}
