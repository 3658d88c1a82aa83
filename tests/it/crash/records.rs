//! All that a log holds, sorted by whom it is about.

use std::collections::{BTreeMap, BTreeSet};

use usher::{
    domain::{DeadLetter, Decision, Event, EventId, Outcome, Setting, SourceId, StepKey, Timestamp, UserRef},
    log::{
        Log, Position, Stream,
        codec::{self, OutcomeRecord, Wire},
    },
};

use crate::log_suite::all;

/// What the log holds about one person, each part in the order of the log.
#[derive(Default)]
pub struct File {
    /// Every event under the person's lasting id, repeats included.
    pub events: Vec<EventId>,
    pub decisions: Vec<Decision>,
    pub outcomes: Vec<Outcome>,
    /// The events whose decisions stood in the log when outcomes were lost: they may have been carried out before that.
    pub before_loss: BTreeSet<EventId>,
    /// The steps that a product may have been asked for, and when it was written down that it would be.
    pub attempted: BTreeMap<StepKey, Timestamp>,
}

/// What the log holds about everybody, by source and lasting id.
#[derive(Default)]
pub struct Records {
    files: BTreeMap<(String, String), File>,
    /// Reasons of dead letters, and whatever can't be read or has no place here.
    pub strange: Vec<String>,
    /// The keys of steps that are kept as dead letters, since usher can't know whether they were done.
    pub in_doubt: BTreeSet<String>,
}

impl Records {
    /// Reads `log`, at which nobody may be working.
    pub async fn read(log: &dyn Log) -> Self {
        let mut records = Self::default();
        for event in decoded::<Event>(log, Stream::Events).await {
            // What tells of a login name is appended again under the lasting id.
            if let UserRef::Id(_) = event.user {
                records.file(&event.source, &event.user).events.push(event.id);
            }
        }
        let mut lost_until: BTreeMap<u16, u64> = BTreeMap::new();
        for setting in decoded::<Setting>(log, Stream::Settings).await {
            if let Setting::OutcomesRecreated(recreated) = setting {
                let until = lost_until.entry(recreated.partition).or_default();
                *until = recreated.decisions_until.max(*until);
            }
        }
        for stored in all(log, Stream::Decisions).await {
            let decision: Decision = codec::decode(&stored.payload).expect("usher wrote it");
            let file = records.file(&decision.source, &decision.user);
            let Position { partition, offset } = stored.position;
            if lost_until.get(&partition.0).is_some_and(|until| offset < *until) {
                file.before_loss.insert(decision.event.clone());
            }
            file.decisions.push(decision);
        }
        for record in decoded::<OutcomeRecord>(log, Stream::Outcomes).await {
            match record {
                OutcomeRecord::Attempt(attempt) => {
                    let step = attempt.step;
                    let attempted = &mut records.file(&step.source, &step.user).attempted;
                    attempted.entry(step.key).or_insert(attempt.at);
                }
                OutcomeRecord::Outcome(outcome) => {
                    let step = &outcome.step;
                    records.file(&step.source, &step.user).outcomes.push(outcome);
                }
            }
        }
        for letter in decoded::<DeadLetter>(log, Stream::DeadLetters).await {
            if letter.reason.contains("usher no longer remembers, and the product does not tell") {
                records.in_doubt.insert(letter.id);
            } else {
                records.strange.push(format!("dead letter {}: {}", letter.id, letter.reason));
            }
        }
        records
    }

    fn file(&mut self, source: &SourceId, user: &UserRef) -> &mut File {
        self.files.entry((source.to_string(), user.to_string())).or_default()
    }

    /// What there is about one person.
    pub fn of(&self, source: &str, user: &str) -> Option<&File> {
        self.files.get(&(source.to_owned(), user.to_owned()))
    }

    /// Takes out what there is about one person.
    pub fn take(&mut self, source: &str, user: &str) -> File {
        self.files.remove(&(source.to_owned(), user.to_owned())).unwrap_or_default()
    }

    /// About whom there is something that was not taken out.
    pub fn left(&self) -> Vec<String> {
        self.files.keys().map(|(source, user)| format!("{source}/{user}")).collect()
    }
}

/// The records of a stream, those of one key in their order.
async fn decoded<T: Wire>(log: &dyn Log, stream: Stream) -> Vec<T> {
    let stored = all(log, stream).await;
    stored.iter().map(|record| codec::decode(&record.payload).expect("usher wrote it")).collect()
}
