use super::*;
use crate::{
    domain::{ActResult, Channel, RequestKey, Role, SourceScope},
    views::{
        database::testing::in_memory,
        page::{KeptTo, Limit},
        testing::at,
    },
};

fn act(number: i64, by: &str, action: &str) -> AdminAction {
    AdminAction {
        id: format!("{number:032x}"),
        at: at(number),
        by: Some(by.parse().expect("a name")),
        role: Some(Role::Operator),
        via: Channel::Api,
        from: Some([10, 0, 0, 1].into()),
        action: action.into(),
        on: "scheme:leavers".into(),
        source: Some("acme".parse().expect("an id")),
        before: None,
        after: None,
        reason: None,
        run: None,
        result: ActResult::Accepted,
        request: None,
    }
}

fn of(acts: &[AdminAction]) -> AdminActions<'static> {
    let table = AdminActions(in_memory());
    acts.iter().for_each(|act| table.apply(act).expect("added"));
    table
}

fn times(table: AdminActions<'_>, filter: &ActionFilter) -> Vec<Timestamp> {
    table.list(filter, &Paging::default()).expect("a page").items.into_iter().map(|row| row.at).collect()
}

#[test]
fn acts_are_found_by_whoever_did_them_for_whomever_and_by_what_and_when() {
    let table = of(&[
        act(1, "ci", "scheme.pause"),
        act(2, "ci (for jdoe)", "scheme.resume"),
        act(3, "ci2", "schemes"),
        AdminAction { on: "usher".into(), source: None, ..act(4, "admin", "backup") },
    ]);
    let all = ActionFilter::default;
    assert_eq!(times(table, &all()), [at(4), at(3), at(2), at(1)]);
    assert_eq!(times(table, &ActionFilter { by: Some("ci".into()), ..all() }), [at(2), at(1)]);
    assert_eq!(times(table, &ActionFilter { by: Some("ci (for jdoe)".into()), ..all() }), [at(2)]);
    assert_eq!(times(table, &ActionFilter { by: Some("' OR 1 --".into()), ..all() }), []);
    assert_eq!(times(table, &ActionFilter { action: Some("scheme".into()), ..all() }), [at(2), at(1)]);
    assert_eq!(times(table, &ActionFilter { action: Some("scheme.pause".into()), ..all() }), [at(1)]);
    assert_eq!(times(table, &ActionFilter { on: Some("usher".into()), ..all() }), [at(4)]);
    assert_eq!(times(table, &ActionFilter { since: Some(at(2)), until: Some(at(4)), ..all() }), [at(3), at(2)]);
}

#[test]
fn whoever_is_kept_to_sources_sees_what_was_done_to_these_alone() {
    let other = AdminAction { source: Some("other".parse().expect("an id")), ..act(2, "ci", "source.pause") };
    let table = of(&[act(1, "ci", "source.pause"), other, AdminAction { source: None, ..act(3, "ci", "backup") }]);
    let kept_to = |sources: SourceScope| ActionFilter { kept_to: KeptTo::of(&sources), ..ActionFilter::default() };
    let only = |id: &str| SourceScope::Only([id.parse().expect("an id")].into());
    assert_eq!(times(table, &kept_to(only("acme"))), [at(1)]);
    assert_eq!(times(table, &kept_to(only("none"))), []);
    assert_eq!(times(table, &kept_to(SourceScope::All)).len(), 3);
}

#[test]
fn a_later_record_says_that_an_act_was_not_done_and_nothing_else_of_it_changes() {
    let first = AdminAction { before: Some("v1".into()), ..act(1, "ci", "scheme.replace") };
    let later = AdminAction {
        at: at(9),
        before: None,
        result: ActResult::Failed,
        reason: Some("it was changed meanwhile".into()),
        ..first.clone()
    };
    let table = of(&[first, later]);
    let rows = table.list(&ActionFilter::default(), &Paging::default()).expect("a page").items;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.at, row.before.as_deref(), row.result.as_str()), (at(1), Some("v1"), "failed"));
    assert_eq!(row.reason.as_deref(), Some("it was changed meanwhile"));
}

#[test]
fn of_requests_with_one_key_the_first_in_the_log_counts_until_it_fails_or_is_old() {
    let request = |number, request: &str| AdminAction {
        request: Some(RequestKey { key: "k".into(), request: request.into() }),
        run: Some(RunId::new(format!("run{number}"))),
        ..act(number, "ci", "scheme.run")
    };
    let (one, other) = (request(20, "a"), request(10, "b"));
    let table = of(&[one.clone(), other]);
    let first = |since| table.first_request("k", at(since)).expect("read").map(|first| (first.request, first.run));
    assert_eq!(first(0), Some(("a".into(), Some(RunId::new("run20")))), "not by their clocks");
    assert_eq!(first(30), None);
    assert_eq!(table.first_request("other", at(0)).expect("read"), None);
    table.apply(&AdminAction { result: ActResult::Failed, ..one }).expect("added");
    assert_eq!(first(0), Some(("b".into(), Some(RunId::new("run10")))));
}

#[test]
fn acts_of_one_moment_are_listed_in_the_order_of_the_log_whatever_their_ids() {
    let ids = [7, 2, 9, 1, 8, 3];
    let acts = ids.map(|number| AdminAction { at: at(5), ..act(number, "ci", "backup") });
    let table = of(&acts);
    table.apply(&AdminAction { result: ActResult::Failed, ..acts[1].clone() }).expect("added");
    let (mut paging, mut seen) = (Paging { limit: Limit::ONE, cursor: None }, Vec::new());
    loop {
        let page = table.list(&ActionFilter::default(), &paging).expect("a page");
        seen.extend(page.items.into_iter().map(|row| row.id));
        let Some(next) = page.next else { break };
        paging.cursor = Some(next);
    }
    let newest_first: Vec<_> = acts.iter().rev().map(|act| act.id.clone()).collect();
    assert_eq!(seen, newest_first);
}

#[test]
fn acts_are_forgotten_when_the_log_has_forgotten_them_and_not_before() {
    let day = 86_400;
    let table = of(&[act(0, "ci", "backup"), act(30 * day, "ci", "backup")]);
    // Other records are kept for 30 days, so this is day 401.
    let horizon = Horizon { over: at(371 * day), open: at(36 * day) };
    assert_eq!(table.prune(horizon).expect("a step").dropped, 1);
    assert_eq!(times(table, &ActionFilter::default()), [at(30 * day)]);
}

#[test]
fn a_page_of_many_acts_is_walked_along_the_index_of_time() {
    let table = of(&(0..120).map(|number| act(number, "ci", "backup")).collect::<Vec<_>>());
    let (mut paging, mut seen) = (Paging::default(), Vec::new());
    loop {
        let page = table.list(&ActionFilter::default(), &paging).expect("a page");
        seen.extend(page.items.into_iter().map(|row| row.at));
        let Some(next) = page.next else { break };
        paging.cursor = Some(next);
    }
    assert_eq!(seen, (0..120).rev().map(at).collect::<Vec<_>>());
}
