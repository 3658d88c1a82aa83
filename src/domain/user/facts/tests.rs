//! Facts of a delivery, of a reading and of what was seen, put together.

use std::time::Duration;

use super::*;
use crate::domain::{EventId, LoginCoverage, Sighting, SweepId, UserHints, UserId, UserRef, Via};

fn day(day: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + day * 86_400_000)
}

const NOW: i64 = 100;

fn event(kind: EventKind) -> Event {
    Event {
        id: EventId::new("e"),
        source: "acme".parse().expect("an id"),
        kind,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new("jane")),
        hints: UserHints {
            name: Some("jane".to_owned()),
            email: EmailAddress::parse("jane@acme.example"),
            active: Some(false),
            account_type: None,
            profile: None,
        },
        occurred: None,
        accepted: day(NOW),
        sweep: None,
    }
}

fn logins(last: Option<i64>, count: u64, complete: bool, watched_since: Option<i64>) -> Logins {
    Logins { last: last.map(day), count, complete, watched_since: watched_since.map(day) }
}

fn activity(created: Option<i64>, last_login: Option<i64>, logins: u64) -> Activity {
    Activity { created: created.map(day), last_login: last_login.map(day), logins, ..Activity::new(day(5)) }
}

/// Logins were reported from one day to another.
fn heard(since: i64, last: i64) -> Option<LoginCoverage> {
    Some(LoginCoverage { since: day(since), last: day(last), is_first: false })
}

/// The logins that the product tells: at most the last one.
fn product(last: Option<i64>) -> Facts {
    let told = last.map(|last| logins(Some(last), 1, false, None));
    let logins = Fact::from_option(told, Origin::Product, day(NOW), Missing::NotTold);
    Facts { logins, ..Facts::unknown(Missing::NotTold) }
}

fn with(facts: Facts, activity: Option<&Activity>, coverage: Option<LoginCoverage>) -> Facts {
    facts.with_activity(activity, coverage, day(NOW))
}

#[test]
fn a_delivery_tells_of_what_stands_in_it_and_of_nothing_else() {
    let facts = Facts::from_payload(&event(EventKind::Created));
    let known = Fact::Known { value: "jane".to_owned(), origin: Origin::Payload, as_of: day(NOW) };
    assert_eq!(facts.name, known);
    assert_eq!(facts.active.value(), Some(&false));
    assert_eq!(facts.account_type, Fact::Unknown(Missing::NotInPayload));
    assert_eq!((facts.groups, facts.memberships), (Fact::Unknown(Missing::NotInPayload), None));
    assert_eq!((facts.created, facts.logins.value()), (Fact::Unknown(Missing::NotInPayload), None));
}

#[test]
fn a_sighting_tells_of_the_list_and_of_the_groups_that_were_read_before() {
    let group = GroupName::new("staff");
    let memberships = Memberships { of: vec![group.clone()], not_of: vec![GroupName::new("vip")], as_of: day(99) };
    let sweep = Sighting { sweep: SweepId::new("s"), released: None, memberships: Some(memberships), undo: None };
    let facts = Facts::from_payload(&Event { sweep: Some(sweep), ..event(EventKind::Sighted) });
    assert!(matches!(facts.name, Fact::Known { origin: Origin::Listing, .. }), "{:?}", facts.name);
    assert_eq!(facts.satisfies(&Step::AddGroup(group)), Some(true));
    assert_eq!(facts.satisfies(&Step::AddGroup(GroupName::new("VIP"))), Some(false));
    assert_eq!(facts.satisfies(&Step::AddGroup(GroupName::new("other"))), None);
}

#[test]
fn of_somebody_never_seen_only_what_the_product_tells_is_known() {
    let facts = with(product(Some(90)), None, heard(0, 99));
    assert_eq!(facts.logins.value(), Some(&logins(Some(90), 1, false, None)), "and it is no count of all");
    assert_eq!((facts.first_seen, facts.created), (Fact::Unknown(Missing::NotSeen), Fact::Unknown(Missing::NotSeen)));
    assert_eq!(with(product(None), None, heard(0, 99)).logins, Fact::Unknown(Missing::NotSeen));
}

#[test]
fn the_later_of_two_last_logins_counts_and_how_many_there_were_is_for_usher_to_say() {
    for (told, seen, last) in [(90, 80, 90), (80, 90, 90), (80, 80, 80)] {
        let facts = with(product(Some(told)), Some(&activity(Some(10), Some(seen), 3)), heard(0, 99));
        let Fact::Known { value, origin, as_of } = facts.logins else { panic!("known") };
        assert_eq!(value, logins(Some(last), 3, true, None), "{told} {seen}");
        assert_eq!((origin, as_of), (Origin::Product, day(NOW)), "the product is asked last");
    }
    let none = with(product(Some(90)), Some(&activity(Some(10), None, 0)), heard(0, 99));
    assert_eq!(none.logins.value(), Some(&logins(Some(90), 0, true, None)), "one that nobody reported");
}

#[test]
fn without_reports_of_logins_what_the_product_tells_stays_and_their_absence_means_nothing() {
    let seen = activity(Some(10), Some(50), 2);
    for silent in [None, heard(0, 92)] {
        let told = with(product(Some(90)), Some(&seen), silent);
        assert_eq!(told.logins.value(), Some(&logins(Some(90), 1, false, None)));
        let untold = with(product(None), Some(&seen), silent);
        assert_eq!(untold.logins, Fact::Unknown(Missing::NoLoginsHeard));
    }
    let heard_lately = with(product(None), Some(&seen), heard(0, 93));
    assert_eq!(heard_lately.logins.value(), Some(&logins(Some(50), 2, true, Some(0))), "a week is no silence");
}

#[test]
fn a_creation_that_the_product_tells_goes_before_that_which_was_seen() {
    let created = |facts: &Facts| facts.created.value().copied();
    let told =
        Facts { created: Fact::Known { value: day(1), origin: Origin::Product, as_of: day(NOW) }, ..product(None) };
    let seen = activity(Some(10), None, 0);
    assert_eq!(created(&with(told, Some(&seen), None)), Some(day(1)));
    assert_eq!(created(&with(product(None), Some(&seen), None)), Some(day(10)));
    let unmet = with(product(None), Some(&activity(None, None, 0)), None);
    assert_eq!((created(&unmet), unmet.first_seen.value()), (None, Some(&day(5))));
}

#[test]
fn logins_are_all_known_only_of_accounts_that_came_while_they_were_reported() {
    let complete = |created: Option<i64>| {
        let facts = with(product(None), Some(&activity(created, None, 0)), heard(20, 99));
        facts.logins.value().map(|logins| logins.complete)
    };
    assert_eq!([complete(Some(20)), complete(Some(50))], [Some(true); 2]);
    assert_eq!([complete(Some(19)), complete(None)], [Some(false); 2]);
}

#[test]
fn no_login_can_have_been_missed_since_they_were_reported_without_a_gap() {
    for (logins, after, misses_none) in [
        (logins(None, 0, true, None), 0, true),
        (logins(None, 0, true, Some(50)), 0, true),
        (logins(Some(40), 1, false, Some(50)), 49, false),
        (logins(Some(40), 1, false, Some(50)), 50, true),
        (logins(Some(40), 1, false, None), 0, true),
    ] {
        assert_eq!(logins.misses_none_after(day(after)), misses_none, "{logins:?} {after}");
    }
}

#[test]
fn a_fact_that_is_known_is_not_replaced_by_another() {
    let known = |value: u8| Fact::Known { value, origin: Origin::Product, as_of: day(0) };
    let unknown = Fact::Unknown(Missing::Refused);
    assert_eq!(known(1).or(known(2)), known(1));
    assert_eq!(known(1).or(unknown.clone()), known(1));
    assert_eq!(unknown.clone().or(known(2)), known(2));
    assert_eq!(unknown.or(Fact::<u8>::Unknown(Missing::NotSeen)), Fact::Unknown(Missing::NotSeen));
    assert_eq!(day(1).until(day(0)), Duration::ZERO);
}
