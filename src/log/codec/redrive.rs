//! Dead letters, and the orders about them.

use super::{Error, Wire, event::source, need, proto};
use crate::domain::{
    Activity, Actor, Again, DeadLetter, Decision, Event, EventId, EventRecord, LetterOrder, LetterOrderKind, Redrive,
    Stage, StepRef, Timestamp, UserRef,
};

/// One record of the stream `dead-letters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterRecord {
    /// Something was given up, or kept back.
    Letter(Box<DeadLetter>),
    /// An administrator said something about it.
    Order(LetterOrder),
}

fn actor(text: &str) -> Result<Actor, Error> {
    text.parse().map_err(|_| Error::Missing("by"))
}

pub(super) fn redrive_to_wire(redrive: &Redrive) -> proto::Redrive {
    proto::Redrive {
        letter: redrive.letter.clone(),
        of_ms: redrive.of.as_millis(),
        by: redrive.by.to_string(),
        at_ms: redrive.at.as_millis(),
    }
}

/// Reads a redrive.
///
/// # Errors
/// [`Error::Missing`] if the administrator's name can't be read.
pub(super) fn redrive_from_wire(message: proto::Redrive) -> Result<Redrive, Error> {
    Ok(Redrive {
        letter: message.letter,
        of: Timestamp::from_millis(message.of_ms),
        by: actor(&message.by)?,
        at: Timestamp::from_millis(message.at_ms),
    })
}

impl Wire for EventRecord {
    type Message = proto::Event;

    fn to_wire(&self) -> proto::Event {
        proto::Event {
            redrive: self.redrive.as_ref().map(redrive_to_wire),
            before: self.before.as_ref().map(Activity::to_wire),
            ..self.event.to_wire()
        }
    }

    fn from_wire(mut message: proto::Event) -> Result<Self, Error> {
        let redrive = message.redrive.take().map(redrive_from_wire).transpose()?;
        let before = message.before.take().map(Activity::from_wire).transpose()?;
        Ok(Self { event: Event::from_wire(message)?, redrive, before })
    }
}

impl Wire for DeadLetter {
    type Message = proto::DeadLetter;

    fn to_wire(&self) -> proto::DeadLetter {
        use proto::dead_letter::Again as Message;
        let stage = match self.stage {
            Stage::Planner => proto::Stage::Planner,
            Stage::Executor => proto::Stage::Executor,
            Stage::Sweeper => proto::Stage::Sweeper,
            Stage::Intake => proto::Stage::Intake,
        };
        let again = self.again.as_ref().map(|again| match again {
            Again::Event(event) => Message::AgainEvent(event.to_wire()),
            Again::Step { decision, step } => {
                Message::AgainStep(proto::Decision { only: Some(step.to_string()), ..decision.to_wire() })
            }
        });
        proto::DeadLetter {
            id: self.id.clone(),
            stage: stage.into(),
            source: self.source.to_string(),
            user: Some(self.user.to_wire()),
            event: self.event.as_ref().map(EventId::to_string),
            step: self.step.as_ref().map(StepRef::to_wire),
            reason: self.reason.clone(),
            at_ms: self.at.as_millis(),
            again,
            held: self.held,
            order: None,
        }
    }

    fn from_wire(message: proto::DeadLetter) -> Result<Self, Error> {
        use proto::dead_letter::Again as Message;
        let stage = match proto::Stage::try_from(message.stage) {
            Ok(proto::Stage::Planner) => Stage::Planner,
            Ok(proto::Stage::Executor) => Stage::Executor,
            Ok(proto::Stage::Sweeper) => Stage::Sweeper,
            Ok(proto::Stage::Intake) => Stage::Intake,
            Ok(proto::Stage::Unspecified) | Err(_) => return Err(Error::Missing("stage")),
        };
        let again = match message.again {
            Some(Message::AgainEvent(event)) => Some(Again::Event(Box::new(EventRecord::from_wire(event)?))),
            Some(Message::AgainStep(decision)) => {
                let mut decision = Decision::from_wire(decision)?;
                let step = need(decision.only.take(), "only")?;
                Some(Again::Step { decision: Box::new(decision), step })
            }
            None => None,
        };
        Ok(Self {
            id: message.id,
            stage,
            source: source(message.source)?,
            user: UserRef::from_wire(need(message.user, "user")?)?,
            event: message.event.map(EventId::new),
            step: message.step.map(StepRef::from_wire).transpose()?,
            reason: message.reason,
            at: Timestamp::from_millis(message.at_ms),
            again,
            held: message.held,
        })
    }
}

impl Wire for LetterOrder {
    type Message = proto::DeadLetter;

    fn to_wire(&self) -> proto::DeadLetter {
        use proto::letter_order::Order;
        let order = match &self.kind {
            LetterOrderKind::Redrive => Order::Redrive(true),
            LetterOrderKind::Dismiss { reason } => Order::Dismiss(proto::DismissLetter { reason: reason.clone() }),
        };
        proto::DeadLetter {
            id: self.letter.clone(),
            source: self.source.to_string(),
            user: Some(self.user.to_wire()),
            order: Some(proto::LetterOrder {
                of_ms: self.of.as_millis(),
                by: self.by.to_string(),
                at_ms: self.at.as_millis(),
                order: Some(order),
            }),
            ..Default::default()
        }
    }

    fn from_wire(message: proto::DeadLetter) -> Result<Self, Error> {
        use proto::letter_order::Order;
        let order = need(message.order, "order")?;
        Ok(Self {
            letter: message.id,
            source: source(message.source)?,
            user: UserRef::from_wire(need(message.user, "user")?)?,
            of: Timestamp::from_millis(order.of_ms),
            kind: match need(order.order, "order")? {
                Order::Redrive(_) => LetterOrderKind::Redrive,
                Order::Dismiss(dismiss) => LetterOrderKind::Dismiss { reason: dismiss.reason },
            },
            by: actor(&order.by)?,
            at: Timestamp::from_millis(order.at_ms),
        })
    }
}

impl Wire for LetterRecord {
    type Message = proto::DeadLetter;

    fn to_wire(&self) -> proto::DeadLetter {
        match self {
            Self::Letter(letter) => letter.to_wire(),
            Self::Order(order) => order.to_wire(),
        }
    }

    fn from_wire(message: proto::DeadLetter) -> Result<Self, Error> {
        Ok(match message.order {
            Some(_) => Self::Order(LetterOrder::from_wire(message)?),
            None => Self::Letter(Box::new(DeadLetter::from_wire(message)?)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{StepKey, Truth},
        log::codec::{decode, encode},
        views::testing::{at, decision, letter, source, verdict},
    };

    fn redrive() -> Redrive {
        Redrive { letter: "e".into(), of: at(1), by: "Ann Ü.".parse().expect("a name"), at: at(2) }
    }

    #[test]
    fn a_letter_survives_the_log_with_what_is_to_be_taken_up_again() {
        let decision =
            Decision { redrive: Some(redrive()), ..decision("e", "jane", 0, vec![verdict("a", Truth::True, &["g"])]) };
        let step = Again::Step { decision: Box::new(decision), step: StepKey::new("e:a@v1:00000") };
        for again in [None, Some(step)] {
            let letter = DeadLetter { again, held: true, ..letter("e", "jane", 1) };
            assert_eq!(decode::<DeadLetter>(&encode(&letter)).expect("read"), letter);
            let record = LetterRecord::Letter(Box::new(letter));
            assert_eq!(decode::<LetterRecord>(&encode(&record)).expect("read"), record);
        }
    }

    #[test]
    fn an_order_is_not_taken_for_a_letter_by_anybody() {
        for kind in [LetterOrderKind::Redrive, LetterOrderKind::Dismiss { reason: Some("known".into()) }] {
            let (letter, user) = ("events/3/17".to_owned(), UserRef::Name("jane".into()));
            let redrive = redrive();
            let order =
                LetterOrder { letter, source: source(), user, of: redrive.of, kind, by: redrive.by, at: redrive.at };
            let record = LetterRecord::Order(order);
            assert_eq!(decode::<LetterRecord>(&encode(&record)).expect("read"), record);
            decode::<DeadLetter>(&encode(&record)).expect_err("an older version passes it over");
        }
    }
}
