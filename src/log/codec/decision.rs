//! Decisions with their reasons.

use super::{
    Error, Wire,
    event::{kind, source},
    need, proto,
};
use crate::domain::{
    Decision, EventId, GroupName, Mode, NoAction, Reason, SchemeId, SchemeRef, SchemeVerdict, Step, Timestamp, Truth,
    UserRef,
};

impl From<Truth> for proto::Truth {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::True,
            Truth::False => Self::False,
            Truth::Unknown => Self::Unknown,
        }
    }
}

/// What this version can't read is unknown, and selects nobody.
fn truth(number: i32) -> Truth {
    match proto::Truth::try_from(number) {
        Ok(proto::Truth::True) => Truth::True,
        Ok(proto::Truth::False) => Truth::False,
        Ok(proto::Truth::Unknown | proto::Truth::Unspecified) | Err(_) => Truth::Unknown,
    }
}

impl Wire for Reason {
    type Message = proto::Reason;

    fn to_wire(&self) -> proto::Reason {
        proto::Reason {
            condition: self.condition.clone(),
            truth: proto::Truth::from(self.truth).into(),
            because: self.because.clone(),
            as_of_ms: self.as_of.map(Timestamp::as_millis),
            parts: self.parts.iter().map(Self::to_wire).collect(),
        }
    }

    fn from_wire(message: proto::Reason) -> Result<Self, Error> {
        Ok(Self {
            condition: message.condition,
            truth: truth(message.truth),
            because: message.because,
            as_of: message.as_of_ms.map(Timestamp::from_millis),
            parts: message.parts.into_iter().map(Self::from_wire).collect::<Result<_, _>>()?,
        })
    }
}

impl Wire for SchemeRef {
    type Message = proto::SchemeRef;

    fn to_wire(&self) -> proto::SchemeRef {
        proto::SchemeRef { id: self.id.to_string(), version: self.version.clone() }
    }

    fn from_wire(message: proto::SchemeRef) -> Result<Self, Error> {
        let id = SchemeId::try_from(message.id).map_err(|_| Error::Missing("scheme"))?;
        Ok(Self { id, version: message.version })
    }
}

impl Wire for Step {
    type Message = proto::Step;

    fn to_wire(&self) -> proto::Step {
        use proto::step::Action;
        let action = match self {
            Self::AddGroup(group) => Action::AddGroup(group.to_string()),
            Self::RemoveGroup(group) => Action::RemoveGroup(group.to_string()),
        };
        proto::Step { action: Some(action) }
    }

    fn from_wire(message: proto::Step) -> Result<Self, Error> {
        use proto::step::Action;
        Ok(match need(message.action, "action")? {
            Action::AddGroup(group) => Self::AddGroup(GroupName::new(group)),
            Action::RemoveGroup(group) => Self::RemoveGroup(GroupName::new(group)),
        })
    }
}

impl Wire for SchemeVerdict {
    type Message = proto::SchemeVerdict;

    fn to_wire(&self) -> proto::SchemeVerdict {
        proto::SchemeVerdict {
            scheme: Some(self.scheme.to_wire()),
            selected: proto::Truth::from(self.selected).into(),
            test_mode: self.test_mode,
            reasons: Some(self.reasons.to_wire()),
            steps: self.steps.iter().map(Step::to_wire).collect(),
        }
    }

    fn from_wire(message: proto::SchemeVerdict) -> Result<Self, Error> {
        Ok(Self {
            scheme: SchemeRef::from_wire(need(message.scheme, "scheme")?)?,
            selected: truth(message.selected),
            test_mode: message.test_mode,
            reasons: Reason::from_wire(need(message.reasons, "reasons")?)?,
            steps: message.steps.into_iter().map(Step::from_wire).collect::<Result<_, _>>()?,
        })
    }
}

fn no_action_to_wire(why: &NoAction) -> proto::NoAction {
    use proto::no_action::Why;
    let why = match why {
        NoAction::NoSchemeForEvent => Why::NoSchemeForEvent(true),
        NoAction::NotAPerson(word) => Why::NotAPerson(word.clone()),
    };
    proto::NoAction { why: Some(why) }
}

fn no_action_from_wire(message: proto::NoAction) -> Result<NoAction, Error> {
    use proto::no_action::Why;
    Ok(match need(message.why, "no_action")? {
        Why::NoSchemeForEvent(_) => NoAction::NoSchemeForEvent,
        Why::NotAPerson(word) => NoAction::NotAPerson(word),
    })
}

impl Wire for Decision {
    type Message = proto::Decision;

    fn to_wire(&self) -> proto::Decision {
        proto::Decision {
            event: self.event.to_string(),
            source: self.source.to_string(),
            kind: proto::EventKind::from(self.kind).into(),
            user: Some(self.user.to_wire()),
            user_name: self.user_name.clone(),
            accepted_ms: self.accepted.as_millis(),
            decided_ms: self.decided.as_millis(),
            observe: self.mode == Mode::Observe,
            no_action: self.no_action.as_ref().map(no_action_to_wire),
            verdicts: self.verdicts.iter().map(SchemeVerdict::to_wire).collect(),
        }
    }

    fn from_wire(message: proto::Decision) -> Result<Self, Error> {
        Ok(Self {
            event: EventId::new(message.event),
            source: source(message.source)?,
            kind: kind(message.kind)?,
            user: UserRef::from_wire(need(message.user, "user")?)?,
            user_name: message.user_name,
            accepted: Timestamp::from_millis(message.accepted_ms),
            decided: Timestamp::from_millis(message.decided_ms),
            mode: if message.observe { Mode::Observe } else { Mode::Active },
            no_action: message.no_action.map(no_action_from_wire).transpose()?,
            verdicts: message.verdicts.into_iter().map(SchemeVerdict::from_wire).collect::<Result<_, _>>()?,
        })
    }
}
