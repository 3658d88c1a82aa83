//! When an event happened, as far as the sender's clock can be believed.

use super::*;
use crate::domain::UserId;

const DAY: i64 = 86_400_000;
const ACCEPTED: i64 = 1_700_000_000_000;

fn event(occurred: Option<i64>) -> Event {
    Event {
        id: EventId::new("e"),
        source: "acme".parse().expect("an id"),
        kind: EventKind::LoggedIn,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new("jane")),
        hints: UserHints::default(),
        occurred: occurred.map(Timestamp::from_millis),
        accepted: Timestamp::from_millis(ACCEPTED),
        sweep: None,
    }
}

#[test]
fn an_event_is_never_from_the_future_and_an_impossible_time_is_none() {
    for (occurred, told) in [
        (None, None),
        (Some(ACCEPTED), Some(ACCEPTED)),
        (Some(ACCEPTED - 1), Some(ACCEPTED - 1)),
        (Some(ACCEPTED + 1), Some(ACCEPTED)),
        (Some(ACCEPTED + DAY), Some(ACCEPTED)),
        (Some(ACCEPTED + DAY + 1), None),
        (Some(946_684_800_000), Some(946_684_800_000)),
        (Some(946_684_799_999), None),
        (Some(0), None),
        (Some(i64::MIN), None),
        (Some(i64::MAX), None),
    ] {
        let event = event(occurred);
        assert_eq!(event.told_at().map(Timestamp::as_millis), told, "{occurred:?}");
        assert_eq!(event.happened().as_millis(), told.unwrap_or(ACCEPTED), "{occurred:?}");
    }
}

#[test]
fn only_an_atlassian_account_is_a_persons_in_cloud() {
    assert_eq!(AccountType::from_cloud("atlassian"), AccountType::Person);
    for other in ["app", "customer", "unknown", "Atlassian", ""] {
        assert_eq!(AccountType::from_cloud(other), AccountType::Other(other.to_owned()), "{other}");
    }
}
