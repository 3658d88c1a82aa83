//! What a consumer group promises.

use usher::log::Stream;

use super::{
    Fixture, Member, record,
    support::{append_many, by_place, within},
};

pub async fn a_group_goes_on_from_its_stored_offsets_after_reopening<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    append_many(&*log, Stream::Events, 20, 5).await;
    let mut member = Member::join(&*log, Stream::Events, "usher.planner.acme").await;
    let first = member.take(60).await;
    member.store(&first);
    member.leave().await;

    let log = fixture.reopen(log).await;
    let mut member = Member::join(&*log, Stream::Events, "usher.planner.acme").await;
    let rest = member.take(40).await;
    assert_eq!(by_place(first.iter().chain(&rest)).len(), 100, "all of them, and none twice");
    member.leave().await;
    log.close().await;
}

pub async fn a_group_goes_on_from_its_stored_offsets_when_a_member_left_and_the_next_joins<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    append_many(&*log, Stream::Events, 10, 3).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let mut member = Member::join(&*log, Stream::Events, "g").await;
        let taken = member.take(10).await;
        member.store(&taken);
        seen.extend(taken);
        member.leave().await;
    }
    assert_eq!(by_place(&seen).len(), 30);
    log.close().await;
}

pub async fn what_was_not_stored_comes_again<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    append_many(&*log, Stream::Events, 10, 1).await;
    let mut member = Member::join(&*log, Stream::Events, "g").await;
    let taken = member.take(10).await;
    let (done, not_done) = taken.split_at(4);
    member.store(done);
    member.leave().await;

    let log = fixture.reopen(log).await;
    let mut member = Member::join(&*log, Stream::Events, "g").await;
    assert_eq!(by_place(&member.take(6).await), by_place(not_done));
    member.leave().await;
    log.close().await;
}

pub async fn two_groups_are_independent<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    append_many(&*log, Stream::Events, 10, 2).await;
    let mut one = Member::join(&*log, Stream::Events, "usher.planner.one").await;
    let mut other = Member::join(&*log, Stream::Events, "usher.planner.on").await;
    let taken = one.take(20).await;
    one.store(&taken);
    assert_eq!(by_place(&other.take(20).await), by_place(&taken));
    one.leave().await;
    other.leave().await;

    let log = fixture.reopen(log).await;
    let mut other = Member::join(&*log, Stream::Events, "usher.planner.on").await;
    assert_eq!(by_place(&other.take(20).await), by_place(&taken), "it stored nothing");
    other.leave().await;
    // The same group name in another stream is another group.
    within(log.append(Stream::Decisions, record(1, "x"))).await.expect("appended");
    let mut decisions = Member::join(&*log, Stream::Decisions, "usher.planner.one").await;
    assert_eq!(decisions.take(1).await[0].position.offset, 0);
    decisions.leave().await;
    log.close().await;
}

pub async fn a_member_has_left_only_when_its_assignments_are_dropped<F: Fixture>() {
    let fixture = F::new().await;
    let log = fixture.open().await;
    append_many(&*log, Stream::Events, 10, 1).await;
    let mut member = Member::join(&*log, Stream::Events, "g").await;
    member.take(10).await;
    let (rest, mut assignments, left) = member.announce_leaving().await;
    assert!(rest.is_empty(), "all had been taken before");
    while let Some(assignment) = assignments.pop() {
        assert!(!left.is_cancelled());
        drop(assignment);
    }
    within(left.cancelled()).await;
    log.close().await;
}
