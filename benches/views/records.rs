//! The records: of each user some events, each with a run of one step, and as many sweeps over all users.

use std::time::Duration;

use usher::{
    domain::{
        Activity, Cause, DeadLetter, Decision, EventId, EventKind, Forecast, GroupName, Limits, MadeOf, Mode, Outcome,
        Reason, SchemeId, SchemeRef, SchemeVerdict, Sighting, SourceId, Stage, Step, StepResult, SweepId,
        SweepProgress, SweepRun, SweepStep, Timestamp, Truth, UserId, UserKey, UserRef, Via,
    },
    log::{
        Record, Stream,
        codec::{OutcomeRecord, encode},
    },
};

/// One in so many steps fails, and leaves a dead letter.
const FAILS: u64 = 100;

/// How many there are.
#[derive(Clone, Copy)]
pub(super) struct Records {
    pub(super) users: u64,
    pub(super) rounds: u64,
    /// When the first of them happened.
    pub(super) began: Timestamp,
    /// How much later each is than the one before. Those of events and those of sweeps begin at the same time.
    pub(super) apart: Duration,
}

impl Records {
    /// How many entries come of them: half of events, half of sweeps.
    pub(super) fn entries(self) -> u64 {
        2 * self.users * self.rounds
    }

    pub(super) fn count(self, stream: Stream) -> u64 {
        match stream {
            Stream::SweepProgress => 2 * self.rounds,
            Stream::DeadLetters => self.entries() / FAILS,
            _ => self.entries(),
        }
    }

    /// A record.
    pub(super) fn record(self, stream: Stream, number: u64) -> Record {
        let (key, payload) = match stream {
            Stream::SweepProgress => (UserKey::of_source(&source()), encode(&self.progress(number))),
            Stream::DeadLetters => {
                let letter = self.letter(number * FAILS);
                (UserKey::new(&letter.source, &letter.user), encode(&letter))
            }
            Stream::Outcomes => {
                let outcome = self.outcome(number);
                (outcome.step.user_key(), encode(&OutcomeRecord::Outcome(outcome)))
            }
            _ => {
                let decision = self.decision(number);
                (decision.key(), encode(&decision))
            }
        };
        Record { key, payload }
    }

    fn progress(self, number: u64) -> SweepProgress {
        let run = SweepRun { scheme: scheme("idle"), test_mode: false, limits: Limits::default() };
        let step = if number.is_multiple_of(2) {
            SweepStep::Started {
                runs: vec![run],
                cause: Cause::Schedule,
                due: Some(self.at(number)),
                from: vec![0],
                undo_of: None,
            }
        } else {
            SweepStep::ListingEnded { seen: self.users, incomplete: None, named: false }
        };
        SweepProgress { sweep: sweep(number / 2), source: source(), at: self.at(number), step }
    }

    /// An event in the first half, a sighting in the second.
    fn decision(self, number: u64) -> Decision {
        let (round, user) = (number / self.users, self.user(number));
        let id = UserId::new(&user);
        let (kind, event, sighting) = if round < self.rounds {
            (EventKind::LoggedIn, EventId::new(format!("{number:032x}")), None)
        } else {
            let sweep = sweep(round - self.rounds);
            let event = EventId::of_sighting(&sweep, &id, None);
            (EventKind::Sighted, event, Some(Sighting { sweep, released: None, memberships: None, undo: None }))
        };
        let name = format!("scheme-{}", number % 20);
        let verdict = verdict(if sighting.is_some() { "idle" } else { &name }, self.at(0));
        let activity = Activity {
            last_login: Some(self.at(number)),
            logins: round,
            as_of: Some(self.at(number)),
            ..Activity::new(self.at(0))
        };
        Decision {
            event,
            source: source(),
            kind,
            via: if sighting.is_some() { Via::Sweep } else { Via::Webhook },
            user: UserRef::Id(id),
            user_name: Some(user.replace("account-", "name-")),
            accepted: self.at(number),
            decided: self.at(number),
            mode: Mode::Active,
            no_action: None,
            verdicts: vec![verdict],
            others: 0,
            unknown: Vec::new(),
            read: false,
            sweep: sighting,
            activity: Some(activity),
            redrive: None,
            only: None,
            mass_creation: None,
        }
    }

    fn outcome(self, number: u64) -> Outcome {
        let decision = self.decision(number);
        let verdict = &decision.verdicts[0];
        let result = match number {
            number if number.is_multiple_of(FAILS) => StepResult::Failed,
            number if number.is_multiple_of(3) => StepResult::Unchanged,
            _ => StepResult::Changed,
        };
        Outcome {
            step: decision.step_ref(verdict, 0, &verdict.steps[0]),
            result,
            test_mode: false,
            reason: "the user was not a member of the group before".into(),
            before: Some("not a member".into()),
            at: self.at(number),
            took: Duration::from_millis(40),
            error: (result == StepResult::Failed).then(|| "the product answered 400: the group is read-only".into()),
            after: None,
            attempts: 1,
            call: None,
        }
    }

    fn letter(self, number: u64) -> DeadLetter {
        let step = self.outcome(number).step;
        DeadLetter {
            id: step.key.to_string(),
            stage: Stage::Executor,
            source: source(),
            user: step.user.clone(),
            event: Some(step.event.clone()),
            step: Some(step),
            reason: "the product answered 400: the group is read-only".into(),
            at: self.at(number),
            again: None,
            held: false,
        }
    }

    /// The time of a record.
    pub(super) fn at(self, number: u64) -> Timestamp {
        let nth = number % (self.users * self.rounds);
        self.began.plus(self.apart.saturating_mul(u32::try_from(nth).unwrap_or(u32::MAX)))
    }

    /// The user of a record: in no order, as users are.
    pub(super) fn user(self, number: u64) -> String {
        let user = (number % self.users) * 7_919 % self.users;
        user_id(user)
    }
}

const SOURCE: &str = "acme";

pub(super) fn source() -> SourceId {
    SOURCE.parse().expect("an id")
}

pub(super) fn scheme(name: &str) -> SchemeRef {
    SchemeRef { id: name.parse::<SchemeId>().expect("an id"), version: "1f2e3d4c".into() }
}

/// The sweep of a round.
pub(super) fn sweep(round: u64) -> SweepId {
    SweepId::new(format!("{round:032x}"))
}

/// The id of a user.
pub(super) fn user_id(number: impl std::fmt::Display) -> String {
    format!("account-{number}")
}

fn verdict(name: &str, at: Timestamp) -> SchemeVerdict {
    let reason = |condition: &str, parts| Reason {
        condition: condition.into(),
        truth: Truth::True,
        because: "the e-mail address is of the domain contractor.example".into(),
        as_of: Some(at),
        value: None,
        made_of: MadeOf::All,
        change: None,
        parts,
    };
    SchemeVerdict {
        scheme: scheme(name),
        selected: Truth::True,
        test_mode: false,
        held: false,
        reasons: reason("select", vec![reason("email_domain", vec![]), reason("inactive_for", vec![])]),
        steps: vec![Step::AddGroup(GroupName::new("contractors"))],
        forecast: Some(Forecast::WouldChange),
        left_alone: Default::default(),
    }
}
