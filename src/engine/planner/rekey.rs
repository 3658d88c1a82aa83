//! Events that have only their user's name, and their new records under the user's lasting id.

use crate::domain::{Event, EventId, EventKind, Timestamp, UserId, UserRef};

/// The id under which the ledger remembers an event. An event that is appended again under the lasting id may be in the
/// same partition. It must not be confused with the first one, which has only the name.
pub(in crate::engine) fn memory_id(event: &EventId, user: &UserRef) -> String {
    match user {
        UserRef::Id(_) => event.to_string(),
        UserRef::Name(_) => format!("{event}/by-name"),
    }
}

/// The event under its user's lasting id. A login that is identified by user and second uses that id too, however the
/// other reporters name the user.
pub(in crate::engine) fn under_lasting_id(event: Event, user: UserId) -> Event {
    let second = known_by_second(&event);
    let user = UserRef::Id(user);
    let id = second.map_or(event.id, |at| EventId::of_login(&event.source, &user, at));
    Event { id, user, ..event }
}

/// Whether it is a login without a time. It is identified by its user, as the delivery named them, and the minute of
/// its acceptance. The name is among the hints when the event is under the lasting id.
pub(in crate::engine) fn is_untimed_login(event: &Event) -> bool {
    if event.kind != EventKind::LoggedIn || event.occurred.is_some() {
        return false;
    }
    let named = event.hints.name.clone().map(UserRef::Name);
    let is_by = |user: &UserRef| event.id == EventId::of_untimed_login(&event.source, user, event.accepted);
    is_by(&event.user) || named.as_ref().is_some_and(is_by)
}

/// The time of a login that is identified by its user and second.
pub(in crate::engine) fn known_by_second(event: &Event) -> Option<Timestamp> {
    event.occurred.filter(|at| event.id == EventId::of_login(&event.source, &event.user, *at))
}

/// The ledger's id for one delivery of a login without a time, beside the `id` of its minute. Several may come in one
/// minute, and some of them may repeat a login of the minute before.
pub(in crate::engine) fn untimed_delivery_id(event: &Event, id: &str) -> Option<String> {
    is_untimed_login(event).then(|| format!("{id}/{}", event.accepted.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SourceId, UserHints, Via};

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
    fn a_login_without_a_time_keeps_its_id_and_is_known_for_one() {
        let by_name = UserRef::Name("jane".into());
        let id = EventId::of_untimed_login(&source(), &by_name, AT);
        let hints = UserHints { name: Some("jane".into()), ..UserHints::default() };
        let moved =
            under_lasting_id(Event { occurred: None, hints, ..login(id.clone(), by_name) }, UserId::new("KEY1"));
        assert_eq!((&moved.id, is_untimed_login(&moved)), (&id, true));
        assert!(!is_untimed_login(&Event { id: EventId::from_body(&source(), b"x"), ..moved }));
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
