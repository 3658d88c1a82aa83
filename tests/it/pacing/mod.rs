//! Long runs against products with real limits: as fast as allowed, hardly ever refused, and on again after `kill -9`.
//!
//! The real binary, told to call faster than the product allows. The short form has to do with a few users; the long one
//! (`make pacing`) with 10,000, or as many as `USHER_TEST_USERS` says, and with higher limits.

mod course;

use std::time::Duration;

use self::course::{Course, Shape};
use crate::support::ground::{ACME, GLOBEX};

/// Calls that usher may have under way at once, by the tests' configuration.
const CONCURRENCY: u64 = 8;

fn assert_well_mannered(what: &str, course: &Course, took: Duration) {
    let (calls, refused, connections) = (course.calls(), course.refused(), course.ground.sandbox.connections());
    let ratio = took.as_secs_f64() / (calls as f64 / course.per_second());
    eprintln!(
        "{what}: {} users, {calls} calls in {:.1} s, {ratio:.3} of the floor, {refused} refused, {connections} connections",
        course.users,
        took.as_secs_f64(),
    );
    assert!(ratio <= 1.1, "{what}: {ratio:.3} of the floor");
    assert!(refused * 1_000 < calls, "{what}: {refused} of {calls} refused");
    assert!(connections <= 2 * CONCURRENCY + calls / 100, "{what}: {connections} connections");
    course.assert_each_change_was_asked_for_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_uses_up_what_a_bucket_allows_and_no_more() {
    let course = Course::new(ACME, Shape::Bucket);
    assert_well_mannered("bucket", &course, course.run().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_uses_up_what_windows_allow_and_no_more() {
    let course = Course::new(GLOBEX, Shape::Windows);
    assert_well_mannered("windows", &course, course.run().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_kill_9_a_run_goes_on_at_once_and_asks_nothing_twice_that_was_answered() {
    let course = Course::new(ACME, Shape::Bucket);
    let (took, away) = course.run_with_a_kill_at(0.5).await;
    let (reads, _) = course.reads_and_changes();
    let needed = course.users; // the executor acts on the planner's reading
    eprintln!("kill -9: called again after {} ms; {reads} reads where {needed} are needed", away.as_millis());
    assert_well_mannered("kill -9", &course, took - away);
    // Read, and not written down yet: what was under way, what waited for its turn, and what had just come in.
    assert!(reads <= needed + 8 * CONCURRENCY, "{reads} reads where {needed} are needed");
    assert!(away <= Duration::from_secs(2), "called again after {away:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_twentieth_of_the_changes_refused_whatever_the_pace_does_not_bring_the_run_down() {
    const USERS: u64 = 500;
    let calm = Course::without_limit(ACME, USERS).run().await;
    for retry_after in [None, Some(1)] {
        let course = Course::without_limit(ACME, USERS).refuses_changes(ACME, 0.05, retry_after);
        let took = course.run().await;
        let (refused, floor) = (course.refused(), calm.as_secs_f64());
        eprintln!(
            "a twentieth refused, {retry_after:?}: {USERS} users in {:.1} s, {floor:.1} s without, {refused} refused",
            took.as_secs_f64(),
        );
        assert!(refused >= USERS / 50, "{refused}");
        // What the retries of so many calls take, by the back-off or as told, comes on top of the pace.
        let waits = retry_after.map_or(0.0, |wait| wait as f64 * 3.0 * refused as f64 / CONCURRENCY as f64);
        assert!(took.as_secs_f64() <= 3.0 * floor + waits, "{took:?}, {floor:.1} s without");
        course.assert_each_change_was_asked_for_once();
    }
}
