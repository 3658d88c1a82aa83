//! What a log holds after a while: what is seen of many users, and the decisions and outcomes of 30 days.

use std::time::Duration;

use futures::{TryStreamExt, stream};
use usher::{
    domain::{
        Activity, Attempt, Decision, EventId, EventKind, GroupName, MadeOf, Mode, NoAction, Outcome, Reason, SchemeRef,
        SchemeVerdict, SourceId, Step, StepResult, Timestamp, Truth, UserId, UserKey, UserRef, Via,
    },
    log::{
        Log, Partition, Position, Record, Stored, Stream,
        codec::{self, OutcomeRecord},
    },
};

use crate::{log_suite::Member, support::ground::ACME};

/// How many appends are under way at once: fewer than any log lets wait.
const AT_ONCE: usize = 2_000;
/// Each tenth decision is about a creation, and has one step, which was done; the others are about logins that no scheme waits for.
const OF_CREATIONS: u64 = 10;
/// The oldest decision is younger than what the log keeps, however long the test takes.
const SPAN: Duration = Duration::from_hours(24 * 29);

/// See the module.
pub struct History {
    pub users: u64,
    pub decisions: u64,
}

/// The id of user `number`: as long as those of Jira Data Center.
pub fn user_id(number: u64) -> String {
    format!("JIRAUSER{:07}", number + 10_000)
}

/// The event that decision `number` is about: as long as those that usher makes.
pub fn event_id(number: u64) -> String {
    format!("{number:032x}")
}

fn source() -> SourceId {
    ACME.id.parse().expect("an id")
}

fn of(user: u64) -> UserRef {
    UserRef::Id(UserId::new(user_id(user)))
}

impl History {
    /// Writes it to `log`, whose groups have consumed all of it.
    pub async fn write(&self, log: &dyn Log) {
        let now = Timestamp::from_millis(chrono::Utc::now().timestamp_millis());
        // In no order of their ids, as users come.
        let users = (0..self.users).map(|number| activity(self.user_of(number), now.minus(SPAN)));
        append(log, Stream::Activity, users).await;
        append(log, Stream::Decisions, (0..self.decisions).map(|number| of_decision(&self.decision(number, now))))
            .await;
        let outcomes = (0..self.decisions).flat_map(|number| outcomes(&self.decision(number, now)));
        append(log, Stream::Outcomes, outcomes).await;
        let group = usher::log::group("executor", ACME.id);
        let member = Member::join(log, Stream::Decisions, &group).await;
        for partition in (0..log.partitions()).map(Partition) {
            let end = log.bounds(Stream::Decisions, partition).await.expect("bounds").end;
            if let Some(offset) = end.checked_sub(1) {
                let position = Position { partition, offset };
                member.store(&[Stored { position, key: String::new(), payload: Default::default(), appended: now }]);
            }
        }
        member.leave().await;
    }

    /// Whom decision `number` is about: those who act are spread over all.
    pub fn user_of(&self, number: u64) -> u64 {
        number * 7_919 % self.users
    }

    fn decision(&self, number: u64, now: Timestamp) -> Decision {
        let user = self.user_of(number);
        let ago = SPAN.mul_f64(1.0 - number as f64 / self.decisions as f64);
        let at = now.minus(ago);
        let creation = number.is_multiple_of(OF_CREATIONS) || number + 1 == self.decisions;
        let kind = if creation { EventKind::Created } else { EventKind::LoggedIn };
        let created = creation.then_some(at);
        Decision {
            event: EventId::new(event_id(number)),
            source: source(),
            kind,
            via: Via::Webhook,
            user: of(user),
            user_name: Some(format!("user.name.{user}")),
            accepted: at,
            decided: at,
            mode: Mode::Active,
            no_action: (!creation).then_some(NoAction::NoSchemeForEvent),
            verdicts: if creation { vec![verdict(at)] } else { Vec::new() },
            others: 0,
            unknown: Vec::new(),
            read: creation,
            sweep: None,
            activity: Some(Activity { created, logins: 3, last_login: Some(at), as_of: Some(at), ..Activity::new(at) }),
            redrive: None,
            only: None,
            mass_creation: None,
        }
    }
}

fn verdict(at: Timestamp) -> SchemeVerdict {
    let everyone = Reason {
        condition: "everyone".into(),
        truth: Truth::True,
        because: "everyone is selected".into(),
        as_of: Some(at),
        value: None,
        made_of: MadeOf::All,
        change: None,
        parts: Vec::new(),
    };
    SchemeVerdict {
        scheme: SchemeRef { id: "welcome".parse().expect("an id"), version: "v1".into() },
        selected: Truth::True,
        test_mode: false,
        held: false,
        reasons: everyone,
        steps: vec![Step::AddGroup(GroupName::new("staff"))],
        forecast: None,
        left_alone: Default::default(),
    }
}

fn activity(user: u64, at: Timestamp) -> Record {
    let seen = Activity { logins: 2, last_login: Some(at), in_baseline: true, as_of: Some(at), ..Activity::new(at) };
    Record { key: UserKey::new(&source(), &of(user)), payload: codec::encode(&seen) }
}

fn of_decision(decision: &Decision) -> Record {
    Record { key: decision.key(), payload: codec::encode(decision) }
}

/// The attempt and the outcome of each step.
fn outcomes(decision: &Decision) -> Vec<Record> {
    let mut records = Vec::new();
    for verdict in decision.selected() {
        for (index, step) in verdict.steps.iter().enumerate() {
            let step = decision.step_ref(verdict, index, step);
            let attempt = Attempt { step: step.clone(), before: "not a member".into(), at: decision.decided };
            let outcome = Outcome {
                step,
                result: StepResult::Changed,
                test_mode: false,
                reason: "the user was not a member".into(),
                before: Some("not a member".into()),
                at: decision.decided,
                took: Duration::from_millis(40),
                error: None,
                after: None,
                attempts: 1,
                call: None,
            };
            for record in [OutcomeRecord::Attempt(attempt), OutcomeRecord::Outcome(outcome)] {
                records.push(Record { key: decision.key(), payload: codec::encode(&record) });
            }
        }
    }
    records
}

async fn append(log: &dyn Log, to: Stream, records: impl Iterator<Item = Record>) {
    let appends = stream::iter(records.map(|record| Ok::<_, usher::log::Error>(log.append(to, record))));
    appends.try_buffered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await.expect("appended");
}
