//! Drafts: kept for a week, by every replica, bounded in number and size.

use super::{
    super::drafts::{DraftContent, MAX_DRAFT_BYTES},
    *,
};

fn content(text: &str) -> DraftContent {
    DraftContent { text: text.to_owned(), based_on: None, step: 2 }
}

#[tokio::test]
async fn a_draft_is_on_every_replica_and_is_changed_by_whoever_has_read_it_as_it_is() {
    let log = MemoryLog::new();
    let (one, other) = (Replica::start(&log).await, Replica::start(&log).await);
    let made = one.settings.create_draft(who("ann"), content("{}")).await.expect("kept");
    other.until("the draft", |settings| settings.draft(&made.id, &who("ann")).is_some()).await;
    let tag = IfMatch::Tags(vec![made.tag()]);
    let changed =
        other.settings.replace_draft(&made.id, &who("ann"), &tag, content(r#"{"id":1}"#)).await.expect("kept");
    assert_eq!((changed.revision, changed.text.as_str()), (2, r#"{"id":1}"#));
    one.until("the change", |settings| settings.draft(&made.id, &who("ann")).as_deref() == Some(&*changed)).await;
    let stale = one.settings.replace_draft(&made.id, &who("ann"), &tag, content("{}")).await;
    assert!(matches!(stale, Err(Error::StaleDraft)), "{stale:?}");
    one.settings.delete_draft(&made.id, &who("ann"), &IfMatch::Any).await.expect("deleted");
    assert_eq!(one.settings.drafts(&who("ann")), []);
    let fresh = Replica::start(&log).await;
    assert_eq!(fresh.settings.drafts(&who("ann")), [], "the log has it no more");
}

#[tokio::test]
async fn a_draft_is_its_owners_alone() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let made = settings.create_draft(who("ann"), content("{}")).await.expect("kept");
    assert_eq!(settings.drafts(&who("ben")), []);
    assert_eq!(settings.draft(&made.id, &who("ben")), None);
    let taken = settings.replace_draft(&made.id, &who("ben"), &IfMatch::Any, content("{}")).await;
    assert!(matches!(taken, Err(Error::NoDraft(_))), "{taken:?}");
    let deleted = settings.delete_draft(&made.id, &who("ben"), &IfMatch::Any).await;
    assert!(matches!(deleted, Err(Error::NoDraft(_))), "{deleted:?}");
}

#[tokio::test]
async fn a_draft_is_dropped_a_week_after_its_last_change() {
    let log = MemoryLog::new();
    let replica = Replica::start(&log).await;
    let settings = &replica.settings;
    let made = settings.create_draft(who("ann"), content("{}")).await.expect("kept");
    let at = |days: i64| replica.clock.0.store(days * DAY, Ordering::Relaxed);
    at(6);
    settings.replace_draft(&made.id, &who("ann"), &IfMatch::Any, content("{}")).await.expect("kept");
    at(12);
    settings.forget_outlived().await.expect("forgotten");
    assert!(settings.draft(&made.id, &who("ann")).is_some());
    at(14);
    assert_eq!(settings.draft(&made.id, &who("ann")), None, "also before it is removed from the log");
    settings.forget_outlived().await.expect("forgotten");
    at(0);
    assert_eq!(settings.draft(&made.id, &who("ann")), None, "it is removed");
}

#[tokio::test]
async fn drafts_are_bounded_in_number_and_size_and_one_owner_does_not_take_all_places() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let long = settings.create_draft(who("ann"), content(&"x".repeat(MAX_DRAFT_BYTES + 1))).await;
    assert!(matches!(long, Err(Error::DraftTooLong(_))), "{long:?}");
    for _ in 0..20 {
        settings.create_draft(who("ann"), content("{}")).await.expect("kept");
    }
    let more = settings.create_draft(who("ann"), content("{}")).await;
    assert!(matches!(more, Err(Error::TooManyDrafts)), "{more:?}");
    for owner in 0..80 {
        settings.create_draft(who(&format!("o{owner}")), content("{}")).await.expect("kept");
    }
    let more = settings.create_draft(who("ben"), content("{}")).await;
    assert!(matches!(more, Err(Error::TooManyDrafts)), "{more:?}");
}
