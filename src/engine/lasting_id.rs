//! Events that know their user by name alone, and what becomes of them under the user's lasting id.

use crate::domain::{Event, EventId, Timestamp, UserId, UserRef};

/// What an event is remembered by. One that is appended again under its user's lasting id may come into the same
/// partition: it must not be taken for the one it was made from, which knew only the name.
pub(super) fn memory_id(event: &EventId, user: &UserRef) -> String {
    match user {
        UserRef::Id(_) => event.to_string(),
        UserRef::Name(_) => format!("{event}/by-name"),
    }
}

/// The event under its user's lasting id. A login that is known by its user and second is so under that id too, however
/// the others who tell of it name the user.
pub(super) fn under_lasting_id(event: Event, user: UserId) -> Event {
    let second = known_by_second(&event);
    let user = UserRef::Id(user);
    let id = second.map_or(event.id, |at| EventId::of_login(&event.source, &user, at));
    Event { id, user, ..event }
}

/// When a login was that is known by its user and second.
pub(super) fn known_by_second(event: &Event) -> Option<Timestamp> {
    event.occurred.filter(|at| event.id == EventId::of_login(&event.source, &event.user, *at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EventKind, SourceId, UserHints, Via};

    const AT: Timestamp = Timestamp::from_millis(1_700_000_000_250);

    fn source() -> SourceId {
        "acme".parse().expect("an id")
    }

    fn login(id: EventId, user: UserRef) -> Event {
        let (kind, via, hints) = (EventKind::LoggedIn, Via::Webhook, UserHints::default());
        Event { id, source: source(), kind, via, user, hints, occurred: Some(AT), accepted: AT, sweep: None }
    }

    #[test]
    fn a_login_told_by_name_and_by_id_is_one() {
        let (by_name, by_id) = (UserRef::Name("jane".into()), UserRef::Id(UserId::new("KEY1")));
        let told_by_id = EventId::of_login(&source(), &by_id, AT);
        let moved = under_lasting_id(login(EventId::of_login(&source(), &by_name, AT), by_name), UserId::new("KEY1"));
        assert_eq!((&moved.id, &moved.user), (&told_by_id, &by_id));
    }

    #[test]
    fn an_event_that_is_known_otherwise_keeps_its_id() {
        let id = EventId::from_delivery(&source(), "1");
        let moved = under_lasting_id(login(id.clone(), UserRef::Name("jane".into())), UserId::new("KEY1"));
        assert_eq!(moved.id, id);
    }

    #[test]
    fn the_event_made_of_one_is_not_taken_for_it() {
        let id = EventId::from_delivery(&source(), "1");
        assert_ne!(memory_id(&id, &UserRef::Name("jane".into())), memory_id(&id, &UserRef::Id(UserId::new("KEY1"))));
    }
}
