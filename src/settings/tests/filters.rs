//! Saved filters: kept until they are deleted, for their owner, bounded in number.

use super::*;

#[tokio::test]
async fn a_filter_is_its_owners_alone_and_on_every_replica() {
    let log = MemoryLog::new();
    let (one, other) = (Replica::start(&log).await, Replica::start(&log).await);
    let made = one.settings.save_filter(who("ann"), "Leavers".into(), "{}".into()).await.expect("saved");
    one.settings.save_filter(who("ann"), "Contractors".into(), "{}".into()).await.expect("saved");
    other.until("both", |settings| settings.filters(&who("ann")).len() == 2).await;
    let names: Vec<_> = other.settings.filters(&who("ann")).iter().map(|filter| filter.name.clone()).collect();
    assert_eq!(names, ["Contractors", "Leavers"]);
    let again = one.settings.save_filter(who("ann"), "Leavers".into(), "{}".into()).await;
    assert!(matches!(again, Err(Error::FilterExists(_))), "{again:?}");
    one.settings.save_filter(who("ben"), "Leavers".into(), "{}".into()).await.expect("another's name is free");
    let deleted = one.settings.delete_filter(&made.id, &who("ben")).await;
    assert!(matches!(deleted, Err(Error::NoFilter(_))), "{deleted:?}");
    one.settings.delete_filter(&made.id, &who("ann")).await.expect("deleted");
    one.clock.0.store(400 * DAY, Ordering::Relaxed);
    one.settings.forget_outlived().await.expect("forgotten");
    assert_eq!(Replica::start(&log).await.settings.filters(&who("ann")).len(), 1, "the other one stays");
}

#[tokio::test]
async fn filters_are_bounded_in_number() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    for owner in ["a", "b", "c", "d"] {
        for number in 0..50 {
            settings.save_filter(who(owner), number.to_string(), "{}".into()).await.expect("saved");
        }
        let more = settings.save_filter(who(owner), "more".into(), "{}".into()).await;
        assert!(matches!(more, Err(Error::TooManyFilters)), "{more:?}");
    }
    let more = settings.save_filter(who("e"), "first".into(), "{}".into()).await;
    assert!(matches!(more, Err(Error::TooManyFilters)), "{more:?}");
}
