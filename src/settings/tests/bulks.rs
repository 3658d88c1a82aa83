//! Bulk actions: asked by every replica, in no list of schemes, bounded, and dropped when their runs are over.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::domain::Bulk;

fn bulk(number: u8, users: usize) -> Bulk {
    Bulk {
        id: Bulk::new_id([number; 8]),
        source: "acme".parse().expect("an id"),
        actions: json!([{ "add_groups": ["a"] }]).to_string(),
        test_mode: false,
        users: (0..users).map(|user| UserId::new(format!("k{user}"))).collect(),
        by: who("ann"),
        at: Timestamp::from_millis(0),
    }
}

impl Settings {
    /// The bulk action `id`, if it is kept.
    fn bulk(&self, id: &SchemeId) -> Option<Arc<Bulk>> {
        self.state().bulks().find(|kept| kept.id == *id).map(Arc::clone)
    }
}

fn nothing_is_over(_: &SchemeId) -> bool {
    false
}

#[tokio::test]
async fn every_replica_asks_a_bulk_action_for_its_users_alone_and_lists_it_nowhere() {
    let log = MemoryLog::new();
    let (one, other) = (Replica::start(&log).await, Replica::start(&log).await);
    let before = one.settings.list();
    let scheme = one.settings.create_bulk(bulk(1, 3), nothing_is_over).await.expect("kept");
    assert_eq!(scheme.select.only_users(), Some(vec!["k0", "k1", "k2"]));
    for replica in [&one, &other, &Replica::start(&log).await] {
        replica.until("it is asked", |settings| settings.schemes().borrow().has(&scheme.reference())).await;
        let only = replica.settings.schemes().borrow().only_users(&scheme.source, &scheme.reference());
        assert_eq!(only.map(|users| users.len()), Some(3));
        assert_eq!((replica.settings.list(), replica.settings.get(&scheme.id)), (before.clone(), None));
        assert_eq!(asked(&replica.settings), ["z-file"], "no event is about it");
    }
}

#[tokio::test]
async fn a_bulk_action_is_dropped_when_its_run_is_over_or_after_a_month() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let settings = &replica.settings;
    let (first, second) = (bulk(1, 1), bulk(2, 1));
    settings.create_bulk(first.clone(), nothing_is_over).await.expect("kept");
    settings.create_bulk(second.clone(), |id| *id == first.id).await.expect("kept");
    assert_eq!((settings.bulk(&first.id), settings.bulk(&second.id).is_some()), (None, true));
    replica.clock.0.store(30 * DAY, Ordering::Relaxed);
    settings.forget_outlived().await.expect("forgotten");
    assert!(settings.bulk(&second.id).is_some(), "its run may be held for so long");
    replica.clock.0.store(32 * DAY, Ordering::Relaxed);
    settings.forget_outlived().await.expect("forgotten");
    assert_eq!(settings.bulk(&second.id), None);
}

#[tokio::test]
async fn bulk_actions_are_bounded_in_number_and_asked_again_one_takes_one_place() {
    let replica = Replica::start(&MemoryLog::new()).await;
    for number in 0..50 {
        replica.settings.create_bulk(bulk(number, 1), nothing_is_over).await.expect("kept");
    }
    replica.settings.create_bulk(bulk(49, 1), nothing_is_over).await.expect("it is there already");
    let more = replica.settings.create_bulk(bulk(50, 1), nothing_is_over).await;
    assert!(matches!(more, Err(Error::TooManyBulks)), "{more:?}");
}

#[tokio::test]
async fn a_bulk_action_that_cant_be_read_selects_nobody_and_actions_are_checked_for_their_product() {
    let replica = Replica::start(&MemoryLog::new()).await;
    let broken = Bulk { actions: "[{\"explode\": {}}]".into(), ..bulk(1, 1) };
    let id = broken.id.clone();
    let refused = replica.settings.create_bulk(broken, nothing_is_over).await;
    assert!(refused.is_err(), "{refused:?}");
    assert!(
        replica
            .settings
            .schemes()
            .borrow()
            .only_users(&"acme".parse().expect("an id"), &SchemeRef { id, version: String::new() })
            .is_none()
    );
    let users: Arc<[UserId]> = [UserId::new("k1")].into();
    let check = |source: &str, actions: serde_json::Value| {
        replica.settings.check_bulk(&source.parse().expect("an id"), &actions, &users)
    };
    check("acme", json!([{ "rename": { "suffix": "-inactive" } }])).expect("Data Center has login names");
    for (source, actions) in [
        ("cloud", json!([{ "rename": { "suffix": "-inactive" } }])),
        ("acme", json!({})),
        ("nowhere", json!([{ "deactivate": {} }])),
    ] {
        let checked = check(source, actions.clone());
        assert!(
            matches!(&checked, Err(Error::InvalidActions(wrong)) if !wrong.is_empty()),
            "{source} {actions}: {checked:?}"
        );
    }
}
