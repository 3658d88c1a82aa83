//! Attempts and outcomes.

use std::time::Duration;

use super::{
    Error, Wire,
    event::{kind, source},
    need, proto,
    redrive::{redrive_from_wire, redrive_to_wire},
};
use crate::domain::{
    Attempt, CallMade, EventId, Outcome, RunId, SchemeRef, Step, StepKey, StepRef, StepResult, Timestamp, UserRef,
};

/// One record of the stream `outcomes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeRecord {
    /// A change is about to be sent.
    Attempt(Attempt),
    /// A step has ended.
    Outcome(Outcome),
}

impl From<StepResult> for proto::StepResult {
    fn from(result: StepResult) -> Self {
        match result {
            StepResult::Changed => Self::Changed,
            StepResult::Unchanged => Self::Unchanged,
            StepResult::Tested => Self::Tested,
            StepResult::Held => Self::Held,
            StepResult::Failed => Self::Failed,
        }
    }
}

fn result(number: i32) -> Result<StepResult, Error> {
    match proto::StepResult::try_from(number) {
        Ok(proto::StepResult::Changed) => Ok(StepResult::Changed),
        Ok(proto::StepResult::Unchanged) => Ok(StepResult::Unchanged),
        Ok(proto::StepResult::Tested) => Ok(StepResult::Tested),
        Ok(proto::StepResult::Held) => Ok(StepResult::Held),
        Ok(proto::StepResult::Failed) => Ok(StepResult::Failed),
        Ok(proto::StepResult::Unspecified) | Err(_) => Err(Error::Missing("result")),
    }
}

impl Wire for StepRef {
    type Message = proto::StepRef;

    fn to_wire(&self) -> proto::StepRef {
        proto::StepRef {
            key: self.key.to_string(),
            run: self.run.to_string(),
            event: self.event.to_string(),
            kind: proto::EventKind::from(self.kind).into(),
            scheme: Some(self.scheme.to_wire()),
            source: self.source.to_string(),
            user: Some(self.user.to_wire()),
            user_name: self.user_name.clone(),
            step: Some(self.step.to_wire()),
            redrive: self.redrive.as_ref().map(redrive_to_wire),
        }
    }

    fn from_wire(message: proto::StepRef) -> Result<Self, Error> {
        Ok(Self {
            key: StepKey::new(message.key),
            run: RunId::new(message.run),
            event: EventId::new(message.event),
            kind: kind(message.kind)?,
            scheme: SchemeRef::from_wire(need(message.scheme, "scheme")?)?,
            source: source(message.source)?,
            user: UserRef::from_wire(need(message.user, "user")?)?,
            user_name: message.user_name,
            step: Step::from_wire(need(message.step, "step")?)?,
            redrive: message.redrive.map(redrive_from_wire).transpose()?,
        })
    }
}

fn attempt_to_wire(attempt: &Attempt) -> proto::Attempt {
    proto::Attempt { step: Some(attempt.step.to_wire()), before: attempt.before.clone(), at_ms: attempt.at.as_millis() }
}

fn attempt_from_wire(message: proto::Attempt) -> Result<Attempt, Error> {
    Ok(Attempt {
        step: StepRef::from_wire(need(message.step, "step")?)?,
        before: message.before,
        at: Timestamp::from_millis(message.at_ms),
    })
}

fn outcome_to_wire(outcome: &Outcome) -> proto::Outcome {
    proto::Outcome {
        step: Some(outcome.step.to_wire()),
        result: proto::StepResult::from(outcome.result).into(),
        test_mode: outcome.test_mode,
        reason: outcome.reason.clone(),
        before: outcome.before.clone(),
        at_ms: outcome.at.as_millis(),
        took_ms: u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
        error: outcome.error.clone(),
        after: outcome.after.clone(),
        attempts: outcome.attempts,
        operation: outcome.call.as_ref().map(|call| call.operation.clone()),
        status: outcome.call.as_ref().and_then(|call| call.status).map(u32::from),
    }
}

fn outcome_from_wire(message: proto::Outcome) -> Result<Outcome, Error> {
    Ok(Outcome {
        step: StepRef::from_wire(need(message.step, "step")?)?,
        result: result(message.result)?,
        test_mode: message.test_mode,
        reason: message.reason,
        before: message.before,
        at: Timestamp::from_millis(message.at_ms),
        took: Duration::from_millis(message.took_ms),
        error: message.error,
        after: message.after,
        attempts: message.attempts,
        call: message.operation.map(|operation| CallMade {
            operation,
            status: message.status.and_then(|status| u16::try_from(status).ok()),
        }),
    })
}

impl Wire for OutcomeRecord {
    type Message = proto::OutcomeRecord;

    fn to_wire(&self) -> proto::OutcomeRecord {
        use proto::outcome_record::Record;
        let record = match self {
            Self::Attempt(attempt) => Record::Attempt(attempt_to_wire(attempt)),
            Self::Outcome(outcome) => Record::Outcome(outcome_to_wire(outcome)),
        };
        proto::OutcomeRecord { record: Some(record) }
    }

    fn from_wire(message: proto::OutcomeRecord) -> Result<Self, Error> {
        use proto::outcome_record::Record;
        Ok(match need(message.record, "record")? {
            Record::Attempt(attempt) => Self::Attempt(attempt_from_wire(attempt)?),
            Record::Outcome(outcome) => Self::Outcome(outcome_from_wire(outcome)?),
        })
    }
}
