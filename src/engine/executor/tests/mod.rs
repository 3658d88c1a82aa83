//! Decisions carried out on a product in memory.

mod absence;
mod controls;
mod deletes;
mod forgotten;
mod given_up;
mod guards;
mod issues;
mod redrive;
mod steps;
mod together;
mod turns;

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use futures::StreamExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    clock::{Clock, SystemClock},
    domain::{GroupName, Outcome, Product, StepResult, Truth, UserId, UserRef},
    engine::testing::{ADMINS, Fate, Stub, TokioClock, USHER},
    health::Health,
    log::{ForGood, Partition},
    products::{Client, Error},
    source::controls::testing::Stopped,
    store::Store,
    views::testing::{MemoryLog, decision, source, verdict},
};

/// An executor on a product and a log in memory.
struct Scene {
    product: Arc<Stub>,
    controls: Arc<Stopped>,
    log: Arc<MemoryLog>,
    store: Store,
    executor: Executor,
    _dir: tempfile::TempDir,
}

impl Scene {
    /// A scene with Jane, who is a member of staff.
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let product = Arc::<Stub>::default();
        product.put("jane", &["staff"]);
        Self::with(product, Arc::default(), MemoryLog::new(), dir)
    }

    fn with(product: Arc<Stub>, controls: Arc<Stopped>, log: Arc<MemoryLog>, dir: tempfile::TempDir) -> Self {
        let store = Store::open(dir.path(), "memory").unwrap();
        let metrics = Metrics::new().unwrap();
        let client: Arc<dyn Client> = product.clone();
        let clock = Arc::new(TokioClock(Instant::now()));
        let connection = Connection::new(source(), client, 2, clock, controls.clone(), metrics.clone());
        let protect = Protect { users: vec!["breakglass".into()], ..Protect::of(Product::JiraDc, None) };
        let ledger = store.ledger().unwrap();
        let executor = Executor::new(connection, protect, Mode::Active, log.clone(), ledger, metrics);
        Self { product, controls, log, store, executor, _dir: dir }
    }

    fn work() -> Work {
        let scope = Scope::new(Stage::Executor, &source(), Partition(0));
        Work {
            scope,
            partition: Partition(0),
            stop: CancellationToken::new(),
            health: Health::default(),
            lease: Arc::new(ForGood),
            system: "test",
            acked: Arc::new(AtomicU64::new(0)),
        }
    }

    /// A new executor, with only what the log contains.
    async fn restart(self) -> Self {
        let Self { product, controls, log, store, executor, _dir } = self;
        drop((executor, store));
        let scene = Self::with(product, controls, log, tempfile::tempdir().unwrap());
        for record in scene.records(Stream::Outcomes).await {
            scene.executor.remember(&Self::work().scope, &record).unwrap();
        }
        scene
    }

    async fn records(&self, stream: Stream) -> Vec<Stored> {
        let mut records = Vec::new();
        for partition in (0..self.log.partitions()).map(Partition) {
            let count = self.log.bounds(stream, partition).await.unwrap().end;
            let reader = self.log.read(stream, vec![(partition, 0)]).await.unwrap();
            records.extend(reader.take(usize::try_from(count).unwrap()).map(Result::unwrap).collect::<Vec<_>>().await);
        }
        records
    }

    async fn carry_out(&self, decision: &Decision) {
        self.carry_out_late(decision, SystemClock.now()).await;
    }

    /// Carries out a decision that has been in the log since `appended`.
    async fn carry_out_late(&self, decision: &Decision, appended: Timestamp) {
        self.carry_out_as(&Self::work(), decision, appended).await;
    }

    async fn carry_out_as(&self, work: &Work, decision: &Decision, appended: Timestamp) {
        let position = self.log.put(Stream::Decisions, decision.key().as_str(), codec::encode(decision));
        let (key, payload) = (decision.key().as_str().to_owned(), codec::encode(decision));
        let record = Stored { position, key, payload, appended };
        self.executor.handle(&record, work).await.unwrap();
    }

    /// Carries out `decision` until its `nth` change hangs; then usher is gone.
    async fn crash_at_change(&self, decision: &Decision, nth: usize) {
        tokio::select! {
            () = self.carry_out(decision) => panic!("it was to hang"),
            () = async { while !self.product.has_been_asked(nth) { tokio::time::sleep(Duration::from_millis(1)).await } } => {}
        }
    }

    async fn outcomes(&self, decision: &Decision) -> Vec<Outcome> {
        let mut outcomes: Vec<_> = self
            .records(Stream::Outcomes)
            .await
            .iter()
            .filter_map(|record| match codec::decode(&record.payload).unwrap() {
                OutcomeRecord::Outcome(outcome) => Some(outcome),
                OutcomeRecord::Attempt(_) => None,
            })
            .filter(|outcome| outcome.step.event == decision.event)
            .collect();
        outcomes.sort_by(|a, b| a.step.key.cmp(&b.step.key));
        outcomes
    }

    /// The outcomes of `decision`, a line each: `delete changed: made so`.
    async fn ended(&self, decision: &Decision) -> Vec<String> {
        let line = |outcome: &Outcome| {
            format!("{} {}: {}", outcome.step.step.action(), outcome.result.as_str(), outcome.reason)
        };
        self.outcomes(decision).await.iter().map(line).collect()
    }

    /// Carries out `decision`; how its steps ended.
    async fn taken(&self, decision: &Decision) -> Vec<String> {
        self.carry_out(decision).await;
        self.ended(decision).await
    }

    async fn dead_letters(&self) -> usize {
        self.records(Stream::DeadLetters).await.len()
    }
}

/// A decision of one scheme on `user`; `event` names it.
fn decided(event: &str, user: &str, steps: &[Step]) -> Decision {
    of_schemes(event, user, &[("tidy", steps)])
}

fn of_schemes(event: &str, user: &str, schemes: &[(&str, &[Step])]) -> Decision {
    let said = |(scheme, steps): &(&str, &[Step])| SchemeVerdict {
        steps: steps.to_vec(),
        ..verdict(scheme, Truth::True, &[])
    };
    let verdicts = schemes.iter().map(said).collect();
    Decision { user: UserRef::Id(UserId::new(user)), ..decision(event, user, 0, verdicts) }
}

/// The same, with its schemes in test mode.
fn tested(mut decision: Decision) -> Decision {
    for verdict in &mut decision.verdicts {
        verdict.test_mode = true;
    }
    decision
}

fn rename() -> Step {
    Step::Rename { suffix: "-left".into() }
}

fn password() -> Step {
    Step::InvalidatePassword { send_reset_link: false }
}

fn group(name: &str) -> GroupName {
    GroupName::new(name)
}

fn refused() -> Fate {
    Fate::Answered(Error::Refused { status: 400, message: "no".into() })
}
