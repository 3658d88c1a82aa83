//! The log of Data Center, which gives the newest first, in all its moods.

use std::time::Duration;

use usher::sandbox::AuditBehaviour;

use super::{Following, an_old_entry, ground, looked};

const MINUTES: i64 = 60_000;

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_before_the_feed_began_is_old_and_every_login_since_counts_once() {
    let ground = ground();
    an_old_entry(&ground, 0);
    an_old_entry(&ground, 1);
    let mut usher = Following::begin(ground).await;
    usher.log_in(0);
    usher.log_in(0);
    usher.log_in(2);
    usher.all_are_decided().await;
    usher.log_in(2);
    assert!(usher.metric("usher_duplicates_total{stage=\"feed\"}").await > Some(0.0), "the overlap is read again");
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_does_not_see_itself() {
    let ground = ground();
    ground
        .sandbox
        .audit_manners(super::Product::JiraDc, AuditBehaviour { log_readers: true, ..AuditBehaviour::default() });
    let mut usher = Following::begin(ground).await;
    usher.everybody_logs_in();
    looked(&usher.ground, 3).await;
    usher.audit_behaviour(AuditBehaviour { log_readers: true, author_only: true, ..AuditBehaviour::default() });
    looked(&usher.ground, 3).await;
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_overlap_and_repeat_change_nothing() {
    let mut usher = Following::begin(ground()).await;
    usher.audit_behaviour(AuditBehaviour { page: Some(3), repeat: 2, ..AuditBehaviour::default() });
    for _ in 0..5 {
        usher.everybody_logs_in();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_come_late_are_not_missed_and_not_counted_twice() {
    let mut usher = Following::begin(ground()).await;
    for late in [4_000, 0, 2_500, 1_000] {
        usher.audit_behaviour(AuditBehaviour { late, ..AuditBehaviour::default() });
        usher.everybody_logs_in();
    }
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_empty_by_mistake_hides_nothing_for_good() {
    let mut usher = Following::begin(ground()).await;
    usher.everybody_logs_in();
    usher.audit_behaviour(AuditBehaviour { empty: 3, ..AuditBehaviour::default() });
    looked(&usher.ground, 4).await;
    usher.everybody_logs_in();
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_by_minutes_and_is_set_right_hides_nothing() {
    let mut usher = Following::begin(ground()).await;
    for clock_off in [0, 4 * MINUTES, -4 * MINUTES, 9 * MINUTES, 0, -5 * MINUTES] {
        usher.audit_behaviour(AuditBehaviour { clock_off, ..AuditBehaviour::default() });
        usher.everybody_logs_in();
        looked(&usher.ground, 2).await;
    }
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_from_the_start_is_no_matter() {
    for clock_off in [-2 * 24 * 60 * MINUTES, -7 * MINUTES, 7 * MINUTES] {
        let ground = ground();
        ground.sandbox.audit_manners(super::Product::JiraDc, AuditBehaviour { clock_off, ..AuditBehaviour::default() });
        an_old_entry(&ground, 0);
        let mut usher = Following::begin(ground).await;
        usher.everybody_logs_in();
        usher.each_counted_once().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_has_expired_costs_a_look_and_nothing_else() {
    let mut usher = Following::begin(ground()).await;
    usher.audit_behaviour(AuditBehaviour { page: Some(2), expire: 2, ..AuditBehaviour::default() });
    usher.everybody_logs_in();
    usher.each_counted_once().await;
}
