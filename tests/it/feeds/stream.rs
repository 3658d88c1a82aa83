//! The stream of an organisation, which gives entries as they were processed, in all its moods.

use std::time::Duration;

use usher::{
    domain::Product,
    sandbox::{Account, AuditBehaviour},
};

use super::{Following, looked, person};
use crate::support::ground::Ground;

const MINUTES: i64 = 60_000;
const EVERYBODY: &str = "
    { id: seen, source: acme, trigger: on_login, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [seen] }] }";

/// An organisation in place of Acme's Jira.
pub fn ground() -> Ground {
    let ground = Ground::new(EVERYBODY);
    let base = ground.sandbox.base_url(Product::AtlassianOrg).to_string();
    ground.sandbox.put_group(Product::AtlassianOrg, "seen");
    for number in 0..super::PEOPLE {
        let account = Account::new(person(number), format!("person{number}"));
        ground.sandbox.put_user(Product::AtlassianOrg, account);
    }
    ground
        .tweak("USHER_SOURCES__0__PRODUCT", "atlassian-org")
        .tweak("USHER_SOURCES__0__ORGANIZATION", usher::sandbox::ORGANIZATION)
        .tweak("USHER_SOURCES__0__BASE_URL", &base)
        .tweak("USHER_SOURCES__0__WEBHOOK", "{}")
        .tweak("USHER_SOURCES__0__FEED", "{ kind: audit-log, every: 5s }")
}

async fn begin() -> Following {
    Following::begin_at(Product::AtlassianOrg, ground()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_overlap_repeat_and_come_empty_change_nothing() {
    let mut usher = begin().await;
    for keep_cursor in [false, true] {
        usher.audit_behaviour(AuditBehaviour {
            page: Some(4),
            repeat: 2,
            empty: 2,
            keep_cursor,
            ..AuditBehaviour::default()
        });
        usher.everybody_logs_in();
        looked(&usher.ground, 5).await;
        usher.everybody_logs_in();
        looked(&usher.ground, 1).await;
    }
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_has_expired_is_given_up_for_the_place_behind_it() {
    let mut usher = begin().await;
    usher.audit_behaviour(AuditBehaviour { keep_cursor: true, ..AuditBehaviour::default() });
    usher.everybody_logs_in();
    looked(&usher.ground, 2).await;
    usher.audit_behaviour(AuditBehaviour { keep_cursor: true, expire: 1, ..AuditBehaviour::default() });
    usher.everybody_logs_in();
    looked(&usher.ground, 2).await;
    usher.audit_behaviour(AuditBehaviour { keep_cursor: true, expire: 3, page: Some(2), ..AuditBehaviour::default() });
    usher.everybody_logs_in();
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_come_late_and_a_clock_that_is_wrong_by_minutes_hide_nothing() {
    let mut usher = begin().await;
    for (late, clock_off) in [(7_000, 0), (0, 4 * MINUTES), (3_000, -4 * MINUTES), (0, 0)] {
        usher.audit_behaviour(AuditBehaviour { late, clock_off, page: Some(3), ..AuditBehaviour::default() });
        usher.everybody_logs_in();
        looked(&usher.ground, 1).await;
    }
    usher.each_counted_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_limit_is_kept_to_also_while_much_is_caught_up() {
    let mut usher = begin().await;
    usher.audit_behaviour(AuditBehaviour { page: Some(1), ..AuditBehaviour::default() });
    let (before, began) = (super::looks(&usher.ground), std::time::Instant::now());
    usher.everybody_logs_in();
    usher.everybody_logs_in();
    super::all_are_decided(&usher, &usher.logins).await;
    let looks = super::looks(&usher.ground) - before;
    assert!(looks >= 10, "{looks}");
    let least = Duration::from_millis(1_250) * u32::try_from(looks - 2).expect("few");
    assert!(began.elapsed() >= least, "{looks} calls in {:?}", began.elapsed());
    usher.each_counted_once().await;
}
