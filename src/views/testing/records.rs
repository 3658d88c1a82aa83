//! Records as planner and executor write them.

use std::time::Duration;

use crate::domain::{
    DeadLetter, Decision, EventId, EventKind, GroupName, MadeOf, Mode, Outcome, Reason, SchemeRef, SchemeVerdict,
    SourceId, Stage, Step, StepRef, StepResult, Timestamp, Truth, UserId, UserRef, Via,
};

const EPOCH: i64 = 1_700_000_000_000;

/// `seconds` after the time all tests begin at.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(EPOCH + seconds * 1000)
}

pub(crate) fn source() -> SourceId {
    "acme".parse().expect("an id")
}

/// A user called `u-<name>` by id, `<name>` by login name, was created at second `seconds`.
pub(crate) fn decision(event: &str, name: &str, seconds: i64, verdicts: Vec<SchemeVerdict>) -> Decision {
    Decision {
        event: EventId::new(event),
        source: source(),
        kind: EventKind::Created,
        via: Via::Webhook,
        user: UserRef::Id(UserId::new(format!("u-{name}"))),
        user_name: Some(name.to_owned()),
        accepted: at(seconds),
        decided: Timestamp::from_millis(at(seconds).as_millis() + 20),
        mode: Mode::Active,
        no_action: None,
        verdicts,
        others: 0,
        unknown: Vec::new(),
        read: false,
        sweep: None,
        activity: None,
        redrive: None,
        only: None,
        mass_creation: None,
    }
}

/// The verdict of a scheme. If it selected the user, it adds the user to each of `groups`.
pub(crate) fn verdict(scheme: &str, selected: Truth, groups: &[&str]) -> SchemeVerdict {
    let reason = |condition: &str, parts| Reason {
        condition: condition.into(),
        truth: selected,
        because: "the domain is contractor.example".into(),
        as_of: Some(at(0)),
        value: None,
        made_of: MadeOf::All,
        change: None,
        parts,
    };
    SchemeVerdict {
        scheme: SchemeRef { id: scheme.parse().expect("an id"), version: "v1".into() },
        selected,
        test_mode: false,
        held: false,
        reasons: reason("select", vec![reason("email_domain", vec![])]),
        steps: groups.iter().map(|group| Step::AddGroup(GroupName::new(*group))).collect(),
        forecast: None,
        left_alone: Default::default(),
    }
}

/// The steps of all of a decision's verdicts.
pub(crate) fn steps(decision: &Decision) -> Vec<StepRef> {
    let of = |verdict: &SchemeVerdict| -> Vec<StepRef> {
        let steps = verdict.steps.iter().enumerate();
        steps.map(|(index, step)| decision.step_ref(verdict, index, step)).collect()
    };
    decision.selected().flat_map(of).collect()
}

/// A step that took 40 ms and ended at second `seconds`.
pub(crate) fn outcome(step: &StepRef, result: StepResult, seconds: i64) -> Outcome {
    Outcome {
        step: step.clone(),
        result,
        test_mode: false,
        reason: "the user was not a member".into(),
        before: Some("not a member".into()),
        at: at(seconds),
        took: Duration::from_millis(40),
        error: (result == StepResult::Failed).then(|| "the group does not exist".into()),
        after: None,
        attempts: 1,
        call: None,
    }
}

/// An event about the user called `name` that was given up at second `seconds`.
pub(crate) fn letter(id: &str, name: &str, seconds: i64) -> DeadLetter {
    DeadLetter {
        id: id.to_owned(),
        stage: Stage::Planner,
        source: source(),
        user: UserRef::Name(name.to_owned()),
        event: Some(EventId::new(id)),
        step: None,
        reason: "the product knows no such user".into(),
        at: at(seconds),
        again: None,
        held: false,
    }
}
