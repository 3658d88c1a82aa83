//! Picks: kept for a day, by every replica, for their owner, bounded in number and size.

use std::collections::HashSet;

use super::*;
use crate::domain::Pick;

const HOUR: i64 = DAY / 24;

fn content(users: impl IntoIterator<Item = String>) -> PickContent {
    PickContent {
        source: "acme".parse().expect("an id"),
        users: users.into_iter().map(UserId::new).collect(),
        from: "ids".to_owned(),
        list: PickedFrom { as_of: Some(Timestamp::from_millis(7)), incomplete: None },
    }
}

fn users(names: &[&str]) -> Vec<UserId> {
    names.iter().copied().map(UserId::new).collect()
}

fn of(names: &[&str]) -> PickContent {
    content(names.iter().map(|name| (*name).to_owned()))
}

fn many(count: usize) -> PickContent {
    content((0..count).map(|number| number.to_string()))
}

fn add(names: &[&str]) -> PickChange {
    PickChange::Add { users: users(names), list: None }
}

#[tokio::test]
async fn a_pick_is_on_every_replica_and_after_a_restart_and_has_each_user_once() {
    let log = MemoryLog::new();
    let (one, other) = (Replica::start(&log).await, Replica::start(&log).await);
    let made = one.settings.create_pick(who("ann"), of(&["b", "a", "b"])).await.expect("kept");
    assert_eq!(*made.users, *users(&["b", "a"]));
    other.until("the pick", |settings| settings.pick(&made.id, &who("ann")).as_ref() == Some(&made)).await;
    let tag = IfMatch::Tags(vec![made.tag()]);
    let changed = other.settings.change_pick(&made.id, &who("ann"), &tag, add(&["c", "a"])).await.expect("kept");
    assert_eq!((changed.revision, &*changed.users), (2, &*users(&["b", "a", "c"])));
    one.until("the change", |settings| settings.pick(&made.id, &who("ann")).as_ref() == Some(&changed)).await;
    let stale = one.settings.change_pick(&made.id, &who("ann"), &tag, add(&["d"])).await;
    assert!(matches!(stale, Err(Error::StalePick)), "{stale:?}");
    let remove = PickChange::Remove(users(&["b", "x"]).into_iter().collect());
    let fewer = one.settings.change_pick(&made.id, &who("ann"), &IfMatch::Any, remove).await.expect("kept");
    assert_eq!(*fewer.users, *users(&["a", "c"]));
    assert_eq!(Replica::start(&log).await.settings.picks(&who("ann")), [Arc::clone(&fewer)]);
    one.settings.delete_pick(&made.id, &who("ann"), &IfMatch::Any).await.expect("deleted");
    assert_eq!(Replica::start(&log).await.settings.picks(&who("ann")), [], "the log has it no more");
}

#[tokio::test]
async fn a_pick_is_its_owners_alone() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let made = settings.create_pick(who("ann"), of(&["a"])).await.expect("kept");
    assert_eq!(settings.picks(&who("ben")), []);
    assert_eq!(settings.pick(&made.id, &who("ben")), None);
    let changed = settings.change_pick(&made.id, &who("ben"), &IfMatch::Any, add(&["b"])).await;
    assert!(matches!(changed, Err(Error::NoPick(_))), "{changed:?}");
    let deleted = settings.delete_pick(&made.id, &who("ben"), &IfMatch::Any).await;
    assert!(matches!(deleted, Err(Error::NoPick(_))), "{deleted:?}");
}

#[tokio::test]
async fn a_pick_is_dropped_a_day_after_its_last_change() {
    let log = MemoryLog::new();
    let replica = Replica::start(&log).await;
    let settings = &replica.settings;
    let made = settings.create_pick(who("ann"), of(&["a"])).await.expect("kept");
    let at = |hours: i64| replica.clock.0.store(hours * HOUR, Ordering::Relaxed);
    at(23);
    settings.change_pick(&made.id, &who("ann"), &IfMatch::Any, add(&["b"])).await.expect("kept");
    at(46);
    let same = settings.change_pick(&made.id, &who("ann"), &IfMatch::Any, add(&["a"])).await.expect("there");
    assert_eq!(same.revision, 2, "all are in it, so nothing is changed");
    settings.forget_outlived().await.expect("forgotten");
    assert!(settings.pick(&made.id, &who("ann")).is_some());
    at(47);
    assert_eq!(settings.pick(&made.id, &who("ann")), None, "also before it is removed from the log");
    settings.forget_outlived().await.expect("forgotten");
    at(0);
    assert_eq!(settings.pick(&made.id, &who("ann")), None, "it is removed");
    assert_eq!(Replica::start(&log).await.settings.picks(&who("ann")), []);
}

#[tokio::test]
async fn users_that_are_added_from_another_list_make_the_pick_as_old_and_as_incomplete_as_that() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let made = settings.create_pick(who("ann"), of(&["a"])).await.expect("kept");
    assert_eq!((made.as_of, made.whole()), (Some(Timestamp::from_millis(7)), Some(true)));
    let list = PickedFrom { as_of: Some(Timestamp::from_millis(3)), incomplete: Some("cut off".into()) };
    let change = PickChange::Add { users: users(&["b"]), list: Some(list) };
    let changed = settings.change_pick(&made.id, &who("ann"), &IfMatch::Any, change).await.expect("kept");
    assert_eq!((changed.as_of, changed.whole()), (Some(Timestamp::from_millis(3)), Some(false)));
}

#[tokio::test]
async fn two_at_once_both_count() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let made = settings.create_pick(who("ann"), of(&["a"])).await.expect("kept");
    let change = |name: &'static str| {
        let (settings, id) = (settings.clone(), made.id.clone());
        async move { settings.change_pick(&id, &who("ann"), &IfMatch::Any, add(&[name])).await.expect("kept") }
    };
    tokio::join!(change("b"), change("c"), change("d"));
    let pick = settings.pick(&made.id, &who("ann")).expect("there");
    let names: HashSet<_> = pick.users.iter().map(UserId::as_str).collect();
    assert_eq!((names, pick.revision), (HashSet::from(["a", "b", "c", "d"]), 4));
}

#[tokio::test]
async fn picks_are_bounded_in_number_and_one_owner_does_not_take_all_places() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    for _ in 0..20 {
        settings.create_pick(who("ann"), of(&[])).await.expect("kept");
    }
    let more = settings.create_pick(who("ann"), of(&[])).await;
    assert!(matches!(more, Err(Error::TooManyPicks)), "{more:?}");
    for owner in 0..80 {
        settings.create_pick(who(&format!("o{owner}")), of(&[])).await.expect("kept");
    }
    let more = settings.create_pick(who("ben"), of(&[])).await;
    assert!(matches!(more, Err(Error::TooManyPicks)), "{more:?}");
}

#[tokio::test]
async fn picks_are_bounded_in_size_each_and_together() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let long = settings.create_pick(who("ann"), many(Pick::MAX_USERS + 1)).await;
    assert!(matches!(long, Err(Error::PickTooLong(100_000))), "{long:?}");
    let long_ids = content((0..50_000).map(|number| format!("{number:0400}")));
    let long = settings.create_pick(who("ann"), long_ids).await;
    assert!(matches!(long, Err(Error::PickIdsTooLong)), "{long:?}");
    let mut last = None;
    for _ in 0..10 {
        last = Some(settings.create_pick(who("ann"), many(Pick::MAX_USERS)).await.expect("kept"));
    }
    let more = settings.create_pick(who("ben"), of(&["a"])).await;
    assert!(matches!(more, Err(Error::PicksFull(1_000_000))), "{more:?}");
    let last = last.expect("a pick");
    let grown = settings.change_pick(&last.id, &who("ann"), &IfMatch::Any, add(&["one more"])).await;
    assert!(matches!(grown, Err(Error::PickTooLong(_))), "{grown:?}");
    settings.delete_pick(&last.id, &who("ann"), &IfMatch::Any).await.expect("deleted");
    settings.create_pick(who("ben"), of(&["a"])).await.expect("there is room again");
}
