//! Events, and what names users in every record.

use super::{Error, Wire, need, proto};
use crate::domain::{
    AccountType, Activity, EmailAddress, Event, EventId, EventKind, GivenUp, GroupName, Memberships, RunId, SchemeId,
    SchemeRef, Sighting, SourceId, Step, SweepId, Timestamp, Undo, UndoStep, UserHints, UserId, UserRef, Via,
};

impl From<EventKind> for proto::EventKind {
    fn from(kind: EventKind) -> Self {
        match kind {
            EventKind::Created => Self::Created,
            EventKind::LoggedIn => Self::LoggedIn,
            EventKind::Updated => Self::Updated,
            EventKind::Removed => Self::Removed,
            EventKind::Sighted => Self::Sighted,
            EventKind::Undo => Self::Undo,
        }
    }
}

/// Reads the kind of an event.
///
/// # Errors
/// [`Error::Missing`] if it is none that this version knows.
pub(super) fn kind(number: i32) -> Result<EventKind, Error> {
    match proto::EventKind::try_from(number) {
        Ok(proto::EventKind::Created) => Ok(EventKind::Created),
        Ok(proto::EventKind::LoggedIn) => Ok(EventKind::LoggedIn),
        Ok(proto::EventKind::Updated) => Ok(EventKind::Updated),
        Ok(proto::EventKind::Removed) => Ok(EventKind::Removed),
        Ok(proto::EventKind::Sighted) => Ok(EventKind::Sighted),
        Ok(proto::EventKind::Undo) => Ok(EventKind::Undo),
        Ok(proto::EventKind::Unspecified) | Err(_) => Err(Error::Missing("kind")),
    }
}

impl From<Via> for proto::Via {
    fn from(via: Via) -> Self {
        match via {
            Via::Webhook => Self::Webhook,
            Via::Feed => Self::Feed,
            Via::Reconciliation => Self::Reconciliation,
            Via::Sweep => Self::Sweep,
        }
    }
}

/// Reads the way; older records don't have it: sightings are from sweeps, others from webhooks.
pub(super) fn via(number: i32, kind: EventKind) -> Via {
    match proto::Via::try_from(number) {
        Ok(proto::Via::Webhook) => Via::Webhook,
        Ok(proto::Via::Feed) => Via::Feed,
        Ok(proto::Via::Reconciliation) => Via::Reconciliation,
        Ok(proto::Via::Sweep) => Via::Sweep,
        Ok(proto::Via::Unspecified) | Err(_) if kind == EventKind::Sighted => Via::Sweep,
        Ok(proto::Via::Unspecified) | Err(_) => Via::Webhook,
    }
}

/// Reads the id of a source.
///
/// # Errors
/// [`Error::Missing`] if it is no id of a source.
pub(super) fn source(text: String) -> Result<SourceId, Error> {
    SourceId::try_from(text).map_err(|_| Error::Missing("source"))
}

impl Wire for UserRef {
    type Message = proto::UserRef;

    fn to_wire(&self) -> proto::UserRef {
        let by = match self {
            Self::Id(id) => proto::user_ref::By::Id(id.to_string()),
            Self::Name(name) => proto::user_ref::By::Name(name.clone()),
        };
        proto::UserRef { by: Some(by) }
    }

    fn from_wire(message: proto::UserRef) -> Result<Self, Error> {
        Ok(match need(message.by, "user")? {
            proto::user_ref::By::Id(id) => Self::Id(UserId::new(id)),
            proto::user_ref::By::Name(name) => Self::Name(name),
        })
    }
}

fn hints_to_wire(hints: &UserHints) -> proto::UserHints {
    proto::UserHints {
        name: hints.name.clone(),
        email: hints.email.as_ref().map(|email| email.as_str().to_owned()),
        active: hints.active,
        account_type: hints.account_type.as_ref().map(|kind| match kind {
            AccountType::Person => String::new(),
            AccountType::Other(word) => word.clone(),
        }),
    }
}

fn hints_from_wire(message: proto::UserHints) -> UserHints {
    UserHints {
        name: message.name,
        email: message.email.as_deref().and_then(EmailAddress::parse),
        active: message.active,
        account_type: message
            .account_type
            .map(|word| if word.is_empty() { AccountType::Person } else { AccountType::Other(word) }),
        profile: None,
    }
}

fn memberships_to_wire(memberships: &Memberships) -> proto::Memberships {
    let names = |groups: &[GroupName]| groups.iter().map(GroupName::to_string).collect();
    let Memberships { of, not_of, as_of } = memberships;
    proto::Memberships { of: names(of), not_of: names(not_of), as_of_ms: as_of.as_millis() }
}

fn memberships_from_wire(message: proto::Memberships) -> Memberships {
    let groups = |names: Vec<String>| names.into_iter().map(GroupName::new).collect();
    let proto::Memberships { of, not_of, as_of_ms } = message;
    Memberships { of: groups(of), not_of: groups(not_of), as_of: Timestamp::from_millis(as_of_ms) }
}

pub(super) fn sighting_to_wire(sighting: &Sighting) -> proto::Sighting {
    proto::Sighting {
        sweep: sighting.sweep.to_string(),
        released: sighting.released.as_ref().map(SchemeId::to_string),
        memberships: sighting.memberships.as_ref().map(memberships_to_wire),
        undo: sighting.undo.as_deref().map(undo_to_wire),
    }
}

/// Reads a sighting.
///
/// # Errors
/// [`Error::Missing`] if the released scheme has no id of a scheme.
pub(super) fn sighting_from_wire(message: proto::Sighting) -> Result<Sighting, Error> {
    let released = message.released.map(SchemeId::try_from).transpose().map_err(|_| Error::Missing("released"))?;
    let memberships = message.memberships.map(memberships_from_wire);
    let undo = message.undo.map(undo_from_wire).transpose()?.map(Box::new);
    Ok(Sighting { sweep: SweepId::new(message.sweep), released, memberships, undo })
}

fn undo_to_wire(undo: &Undo) -> proto::Undo {
    let step = |UndoStep { step, left_alone }: &UndoStep| proto::UndoStep {
        step: Some(step.to_wire()),
        left_alone: left_alone.clone(),
    };
    let Undo { of, scheme, steps } = undo;
    proto::Undo { of: of.to_string(), scheme: Some(scheme.to_wire()), steps: steps.iter().map(step).collect() }
}

fn undo_from_wire(message: proto::Undo) -> Result<Undo, Error> {
    let step = |proto::UndoStep { step, left_alone }| {
        Ok::<_, Error>(UndoStep { step: Step::from_wire(need(step, "step")?)?, left_alone })
    };
    Ok(Undo {
        of: RunId::new(message.of),
        scheme: SchemeRef::from_wire(need(message.scheme, "scheme")?)?,
        steps: message.steps.into_iter().map(step).collect::<Result<_, _>>()?,
    })
}

impl Wire for Activity {
    type Message = proto::Activity;

    fn to_wire(&self) -> proto::Activity {
        proto::Activity {
            first_seen_ms: self.first_seen.as_millis(),
            created_ms: self.created.map(Timestamp::as_millis),
            last_login_ms: self.last_login.map(Timestamp::as_millis),
            logins: self.logins,
            in_baseline: self.in_baseline,
            as_of_ms: self.as_of.map(Timestamp::as_millis),
            created_until_ms: self.created_until.map(Timestamp::as_millis),
            removed_ms: self.removed.map(Timestamp::as_millis),
            given_up_since_ms: self.given_up.map(|given_up| given_up.since.as_millis()),
            given_up_last_ms: self.given_up.map(|given_up| given_up.last.as_millis()),
        }
    }

    fn from_wire(message: proto::Activity) -> Result<Self, Error> {
        Ok(Self {
            first_seen: Timestamp::from_millis(message.first_seen_ms),
            created: message.created_ms.map(Timestamp::from_millis),
            last_login: message.last_login_ms.map(Timestamp::from_millis),
            logins: message.logins,
            in_baseline: message.in_baseline,
            as_of: message.as_of_ms.map(Timestamp::from_millis),
            created_until: message.created_until_ms.map(Timestamp::from_millis),
            removed: message.removed_ms.map(Timestamp::from_millis),
            given_up: message.given_up_since_ms.zip(message.given_up_last_ms).map(|(since, last)| GivenUp {
                since: Timestamp::from_millis(since),
                last: Timestamp::from_millis(last),
            }),
        })
    }
}

impl Wire for Event {
    type Message = proto::Event;

    fn to_wire(&self) -> proto::Event {
        proto::Event {
            id: self.id.to_string(),
            source: self.source.to_string(),
            kind: proto::EventKind::from(self.kind).into(),
            user: Some(self.user.to_wire()),
            hints: Some(hints_to_wire(&self.hints)),
            occurred_ms: self.occurred.map(Timestamp::as_millis),
            accepted_ms: self.accepted.as_millis(),
            sweep: self.sweep.as_ref().map(sighting_to_wire),
            via: proto::Via::from(self.via).into(),
            redrive: None,
            before: None,
            traceparent: String::new(), // it is added beside the encoded fields
        }
    }

    fn from_wire(message: proto::Event) -> Result<Self, Error> {
        let kind = kind(message.kind)?;
        Ok(Self {
            id: EventId::new(message.id),
            source: source(message.source)?,
            kind,
            via: via(message.via, kind),
            user: UserRef::from_wire(need(message.user, "user")?)?,
            hints: message.hints.map(hints_from_wire).unwrap_or_default(),
            occurred: message.occurred_ms.map(Timestamp::from_millis),
            accepted: Timestamp::from_millis(message.accepted_ms),
            sweep: message.sweep.map(sighting_from_wire).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::codec::{decode, encode};

    fn event(kind: EventKind, via: Via) -> Event {
        let source = "acme".parse().expect("an id");
        Event {
            id: EventId::from_delivery(&source, "1"),
            source,
            kind,
            via,
            user: UserRef::Id(UserId::new("jane")),
            hints: UserHints::default(),
            occurred: Some(Timestamp::from_millis(7)),
            accepted: Timestamp::from_millis(9),
            sweep: None,
        }
    }

    #[test]
    fn how_an_event_was_learnt_of_survives_the_log() {
        for via in [Via::Webhook, Via::Feed, Via::Reconciliation, Via::Sweep] {
            let event = event(EventKind::Created, via);
            assert_eq!(decode::<Event>(&encode(&event)).expect("read"), event);
        }
    }

    #[test]
    fn what_lists_of_members_told_survives_the_log() {
        let memberships = Memberships {
            of: vec![GroupName::new("staff")],
            not_of: vec![GroupName::new("vip"), GroupName::new("vpn")],
            as_of: Timestamp::from_millis(8),
        };
        let sighting =
            Sighting { sweep: SweepId::new("s"), released: None, memberships: Some(memberships), undo: None };
        let event = Event { sweep: Some(sighting), ..event(EventKind::Sighted, Via::Sweep) };
        assert_eq!(decode::<Event>(&encode(&event)).expect("read"), event);
    }

    #[test]
    fn an_event_of_an_older_version_was_told_by_a_webhook_unless_it_is_a_sighting() {
        for (kind, via) in [(EventKind::Created, Via::Webhook), (EventKind::Sighted, Via::Sweep)] {
            let older = proto::Event { via: 0, ..event(kind, Via::Feed).to_wire() };
            assert_eq!(Event::from_wire(older).expect("read").via, via);
        }
    }
}
