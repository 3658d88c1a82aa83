//! Decisions with their reasons.

use super::{
    Error, Wire,
    event::{kind, sighting_from_wire, sighting_to_wire, source, via},
    need, proto,
    redrive::{redrive_from_wire, redrive_to_wire},
};
use crate::domain::{
    Activity, Decision, EventId, Forecast, GroupName, Issue, MadeOf, Mode, NoAction, Reason, SchemeId, SchemeRef,
    SchemeVerdict, Step, StepKey, Timestamp, Truth, UserRef,
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

/// A value that this version doesn't know is unknown, and so selects nobody.
fn truth(number: i32) -> Truth {
    match proto::Truth::try_from(number) {
        Ok(proto::Truth::True) => Truth::True,
        Ok(proto::Truth::False) => Truth::False,
        Ok(proto::Truth::Unknown | proto::Truth::Unspecified) | Err(_) => Truth::Unknown,
    }
}

impl From<MadeOf> for proto::MadeOf {
    fn from(made_of: MadeOf) -> Self {
        match made_of {
            MadeOf::Fact => Self::Fact,
            MadeOf::Any => Self::Any,
            MadeOf::All => Self::All,
            MadeOf::Not => Self::Not,
        }
    }
}

/// Reads the kind; older records don't have it, so it follows from whether there are parts.
fn made_of(number: i32, has_parts: bool) -> MadeOf {
    match proto::MadeOf::try_from(number) {
        Ok(proto::MadeOf::Fact) => MadeOf::Fact,
        Ok(proto::MadeOf::Any) => MadeOf::Any,
        Ok(proto::MadeOf::All) => MadeOf::All,
        Ok(proto::MadeOf::Not) => MadeOf::Not,
        Ok(proto::MadeOf::Unspecified) | Err(_) if has_parts => MadeOf::All,
        Ok(proto::MadeOf::Unspecified) | Err(_) => MadeOf::Fact,
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
            value: self.value.clone(),
            made_of: proto::MadeOf::from(self.made_of).into(),
            change: self.change.clone(),
            parts: self.parts.iter().map(Self::to_wire).collect(),
        }
    }

    fn from_wire(message: proto::Reason) -> Result<Self, Error> {
        Ok(Self {
            condition: message.condition,
            truth: truth(message.truth),
            because: message.because,
            as_of: message.as_of_ms.map(Timestamp::from_millis),
            value: message.value,
            made_of: made_of(message.made_of, !message.parts.is_empty()),
            change: message.change,
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

fn issue_to_wire(issue: &Issue) -> proto::Issue {
    proto::Issue {
        project: issue.project.clone(),
        issue_type: issue.issue_type.clone(),
        summary: issue.summary.clone(),
        fields_json: serde_json::Value::Object(issue.fields.clone()).to_string(),
        marker: issue.marker.clone(),
    }
}

fn issue_from_wire(message: proto::Issue) -> Result<Issue, Error> {
    Ok(Issue {
        project: message.project,
        issue_type: message.issue_type,
        summary: message.summary,
        fields: serde_json::from_str(&message.fields_json).map_err(|_| Error::Missing("fields_json"))?,
        marker: message.marker,
    })
}

impl Wire for Step {
    type Message = proto::Step;

    fn to_wire(&self) -> proto::Step {
        use proto::step::Action;
        let action = match self {
            Self::AddGroup(group) => Action::AddGroup(group.to_string()),
            Self::RemoveGroup(group) => Action::RemoveGroup(group.to_string()),
            Self::RemoveAllGroups => Action::RemoveAllGroups(true),
            Self::RemoveApplicationAccess(keys) => {
                Action::RemoveApplicationAccess(proto::Applications { keys: keys.clone() })
            }
            Self::Deactivate => Action::Deactivate(true),
            Self::Reactivate => Action::Reactivate(true),
            Self::Delete => Action::Delete(true),
            Self::Rename { suffix } => Action::RenameSuffix(suffix.clone()),
            Self::InvalidatePassword { send_reset_link } => Action::InvalidatePassword(*send_reset_link),
            Self::CreateIssue(issue) => Action::CreateIssue(issue_to_wire(issue)),
            Self::NameBack { from, to } => Action::NameBack(proto::NameBack { from: from.clone(), to: to.clone() }),
        };
        proto::Step { action: Some(action) }
    }

    fn from_wire(message: proto::Step) -> Result<Self, Error> {
        use proto::step::Action;
        Ok(match need(message.action, "action")? {
            Action::AddGroup(group) => Self::AddGroup(GroupName::new(group)),
            Action::RemoveGroup(group) => Self::RemoveGroup(GroupName::new(group)),
            Action::RemoveAllGroups(_) => Self::RemoveAllGroups,
            Action::RemoveApplicationAccess(applications) => Self::RemoveApplicationAccess(applications.keys),
            Action::Deactivate(_) => Self::Deactivate,
            Action::Reactivate(_) => Self::Reactivate,
            Action::Delete(_) => Self::Delete,
            Action::RenameSuffix(suffix) => Self::Rename { suffix },
            Action::InvalidatePassword(send_reset_link) => Self::InvalidatePassword { send_reset_link },
            Action::CreateIssue(issue) => Self::CreateIssue(Box::new(issue_from_wire(issue)?)),
            Action::NameBack(proto::NameBack { from, to }) => Self::NameBack { from, to },
        })
    }
}

fn forecast_to_wire(forecast: Option<Forecast>) -> proto::Forecast {
    match forecast {
        None => proto::Forecast::Unspecified,
        Some(Forecast::WouldChange) => proto::Forecast::WouldChange,
        Some(Forecast::AlreadySo) => proto::Forecast::AlreadySo,
        Some(Forecast::Protected) => proto::Forecast::Protected,
    }
}

/// A forecast that this version doesn't know counts as none: the user counts as one who would be changed.
fn forecast(number: i32) -> Option<Forecast> {
    match proto::Forecast::try_from(number) {
        Ok(proto::Forecast::WouldChange) => Some(Forecast::WouldChange),
        Ok(proto::Forecast::AlreadySo) => Some(Forecast::AlreadySo),
        Ok(proto::Forecast::Protected) => Some(Forecast::Protected),
        Ok(proto::Forecast::Unspecified) | Err(_) => None,
    }
}

impl Wire for SchemeVerdict {
    type Message = proto::SchemeVerdict;

    fn to_wire(&self) -> proto::SchemeVerdict {
        proto::SchemeVerdict {
            scheme: Some(self.scheme.to_wire()),
            selected: proto::Truth::from(self.selected).into(),
            test_mode: self.test_mode,
            held: self.held,
            reasons: Some(self.reasons.to_wire()),
            steps: self.steps.iter().map(Step::to_wire).collect(),
            forecast: forecast_to_wire(self.forecast).into(),
            left_alone: self.left_alone.iter().map(left_alone_to_wire).collect(),
        }
    }

    fn from_wire(message: proto::SchemeVerdict) -> Result<Self, Error> {
        Ok(Self {
            scheme: SchemeRef::from_wire(need(message.scheme, "scheme")?)?,
            selected: truth(message.selected),
            test_mode: message.test_mode,
            held: message.held,
            reasons: Reason::from_wire(need(message.reasons, "reasons")?)?,
            steps: message.steps.into_iter().map(Step::from_wire).collect::<Result<_, _>>()?,
            forecast: forecast(message.forecast),
            left_alone: message.left_alone.into_iter().filter_map(left_alone_from_wire).collect(),
        })
    }
}

fn left_alone_to_wire((index, why): (&usize, &String)) -> proto::LeftAlone {
    proto::LeftAlone { index: u32::try_from(*index).unwrap_or(u32::MAX), why: why.clone() }
}

fn left_alone_from_wire(message: proto::LeftAlone) -> Option<(usize, String)> {
    Some((usize::try_from(message.index).ok()?, message.why))
}

fn no_action_to_wire(why: &NoAction) -> proto::NoAction {
    use proto::no_action::Why;
    let why = match why {
        NoAction::NoSchemeForEvent => Why::NoSchemeForEvent(true),
        NoAction::NotAPerson(word) => Why::NotAPerson(word.clone()),
        NoAction::KnownSince(at) => Why::KnownSinceMs(at.as_millis()),
    };
    proto::NoAction { why: Some(why) }
}

fn no_action_from_wire(message: proto::NoAction) -> Result<NoAction, Error> {
    use proto::no_action::Why;
    Ok(match need(message.why, "no_action")? {
        Why::NoSchemeForEvent(_) => NoAction::NoSchemeForEvent,
        Why::NotAPerson(word) => NoAction::NotAPerson(word),
        Why::KnownSinceMs(at) => NoAction::KnownSince(Timestamp::from_millis(at)),
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
            others: self.others,
            sweep: self.sweep.as_ref().map(sighting_to_wire),
            activity: self.activity.as_ref().map(Activity::to_wire),
            via: proto::Via::from(self.via).into(),
            unknown: self.unknown.iter().map(SchemeId::to_string).collect(),
            read: self.read,
            redrive: self.redrive.as_ref().map(redrive_to_wire),
            only: self.only.as_ref().map(StepKey::to_string),
            mass_creation: self.mass_creation.clone(),
            traceparent: String::new(), // it is added beside the encoded fields
        }
    }

    fn from_wire(message: proto::Decision) -> Result<Self, Error> {
        let kind = kind(message.kind)?;
        Ok(Self {
            event: EventId::new(message.event),
            source: source(message.source)?,
            kind,
            via: via(message.via, kind),
            user: UserRef::from_wire(need(message.user, "user")?)?,
            user_name: message.user_name,
            accepted: Timestamp::from_millis(message.accepted_ms),
            decided: Timestamp::from_millis(message.decided_ms),
            mode: if message.observe { Mode::Observe } else { Mode::Active },
            no_action: message.no_action.map(no_action_from_wire).transpose()?,
            verdicts: message.verdicts.into_iter().map(SchemeVerdict::from_wire).collect::<Result<_, _>>()?,
            others: message.others,
            sweep: message.sweep.map(sighting_from_wire).transpose()?,
            activity: message.activity.map(Activity::from_wire).transpose()?,
            unknown: message.unknown.into_iter().filter_map(|id| SchemeId::try_from(id).ok()).collect(),
            read: message.read,
            redrive: message.redrive.map(redrive_from_wire).transpose()?,
            only: message.only.map(StepKey::new),
            mass_creation: message.mass_creation,
        })
    }
}
