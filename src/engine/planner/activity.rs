//! The planner's memory of users' activity. It is in the store, in decisions, and at intervals in the compacted stream,
//! so that it survives the loss of the first two.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tracing::{error, warn};

use crate::{
    domain::{Activity, Decision, Event, EventKind, Fact, Facts, LoginCoverage, Missing, SourceId, Timestamp, UserKey},
    engine::RunQueries,
    log::{Record, Stored, Stream, codec},
    runtime::{Appender, Interrupted, Work},
    store::{self, ActivityStore, Ledger, Recalled, Scope, StoredActivity},
};

/// The time by which a snapshot's last login may be before the true one. This much is lost at most if store and
/// decisions are lost.
const SNAPSHOT_INTERVAL: Duration = Duration::from_hours(24);
/// Conditions ask whether there was a login, and whether there was exactly one: these counts are never lost.
const COUNTS_THAT_MATTER: u64 = 2;

/// The activity of the users of one source.
pub(in crate::engine) struct Activities {
    source: SourceId,
    store: ActivityStore,
    ledger: Ledger,
    appender: Appender,
    run_queries: Arc<dyn RunQueries>,
    /// The logins that this process has decided. The views learn of them a moment later.
    coverage: Mutex<Option<LoginCoverage>>,
}

impl Activities {
    pub(in crate::engine) fn new(
        source: SourceId,
        memory: (ActivityStore, Ledger),
        appender: Appender,
        run_queries: Arc<dyn RunQueries>,
    ) -> Self {
        let (store, ledger) = memory;
        Self { source, store, ledger, appender, run_queries, coverage: Mutex::default() }
    }

    /// The activity of `user` so far. If the store can't be read, this waits.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn before(&self, user: &UserKey, work: &Work) -> Result<Option<Activity>, Interrupted> {
        Ok(self.recall(user, work).await?.map(|seen| seen.activity))
    }

    /// Records that the source reported a login, if `event` is one.
    pub(in crate::engine) fn record_login(&self, event: &Event) {
        self.record(event.kind, event.accepted);
    }

    /// The latest period in which the source reported logins, including the logins recorded here. Reads from disk.
    pub(in crate::engine) fn login_coverage(&self) -> Option<LoginCoverage> {
        let own = *self.coverage.lock().unwrap_or_else(PoisonError::into_inner);
        let told = self.run_queries.login_coverage(&self.source);
        own.zip(told).map(|(own, told)| own.with(told)).or(own).or(told)
    }

    fn record(&self, kind: EventKind, accepted: Timestamp) {
        if kind == EventKind::LoggedIn {
            let mut coverage = self.coverage.lock().unwrap_or_else(PoisonError::into_inner);
            *coverage = Some(LoginCoverage::after(*coverage, accepted));
        }
    }

    /// Stores the activity of a decision that is in the log. Returns all that is known of the user's activity then; none
    /// if the decision tells nothing about it.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn keep(
        &self,
        decision: &Decision,
        work: &Work,
    ) -> Result<Option<StoredActivity>, Interrupted> {
        work.remembered(|| self.remember(&work.scope, decision)).await
    }

    /// Writes a snapshot where without one something that matters would be lost with the decisions.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn snapshot(&self, user: &UserKey, work: &Work) -> Result<(), Interrupted> {
        match self.recall(user, work).await? {
            Some(seen) => self.snapshot_of(user, seen, work).await,
            None => Ok(()),
        }
    }

    /// As [`snapshot`](Self::snapshot), of what was just `seen` in the store.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine) async fn snapshot_of(
        &self,
        user: &UserKey,
        seen: StoredActivity,
        work: &Work,
    ) -> Result<(), Interrupted> {
        if !is_due(&seen) {
            return Ok(());
        }
        let record = Record { key: user.clone(), payload: codec::encode(&seen.activity) };
        self.appender.append(Stream::Activity, record, &work.stop).await?;
        let seen = StoredActivity { snapshot: Some(seen.activity.clone()), ..seen };
        if let Err(error) = self.store.put(&work.scope, user, &seen) {
            warn!(%error, "can't note a snapshot; it is written again with the user's next event");
        }
        Ok(())
    }

    /// Takes in a decision that is read back. The views may not have reached it yet, because they may be rebuilt too.
    ///
    /// # Errors
    /// Those of the state store, if sled can't read or write.
    pub(in crate::engine) fn remember(
        &self,
        scope: &Scope,
        decision: &Decision,
    ) -> Result<Option<StoredActivity>, store::Error> {
        self.record(decision.kind, decision.accepted);
        let merge = |activity| self.store.merge(scope, &decision.key(), activity);
        decision.activity.as_ref().map(merge).transpose()
    }

    /// Applies snapshots that are read back. They are written in the order of users, which is that of the store's
    /// pages; those of one user stay in the order of the log.
    ///
    /// # Errors
    /// Those of the state store, if sled can't read or write.
    pub(in crate::engine) fn remember_snapshots(&self, scope: &Scope, records: &[Stored]) -> Result<(), store::Error> {
        let mut by_user: Vec<&Stored> = records.iter().collect();
        by_user.sort_by(|one, other| one.key.cmp(&other.key));
        for record in by_user {
            match (UserKey::parse(&record.key), codec::decode::<Activity>(&record.payload)) {
                (Some(user), Ok(snapshot)) => self.store.merge_snapshot(scope, &user, snapshot)?,
                (None, _) | (_, Err(_)) => {
                    warn!(position = %record.position, "a snapshot of a user's activity can't be read back");
                }
            }
        }
        Ok(())
    }

    async fn recall(&self, user: &UserKey, work: &Work) -> Result<Option<StoredActivity>, Interrupted> {
        match work.remembered(|| self.store.get(&work.scope, user)).await? {
            Recalled::Nothing => Ok(None),
            Recalled::Stored(seen) => Ok(Some(*seen)),
            Recalled::Unreadable => {
                // "Nothing is known" would be taken for "has never logged in".
                error!("what was seen of a user can't be read; all of the partition is read back from the log");
                work.remembered(|| {
                    self.ledger.read_back_anew(&work.scope, &[Stream::Activity])?;
                    // Only now, and before it is read back: if the log has nothing about the user, nothing is known.
                    self.store.remove(&work.scope, user)
                })
                .await?;
                Err(Interrupted)
            }
        }
    }
}

/// The activity after `event`, which was decided at `now` by `facts`. Nothing is kept under a mere name, because it
/// would be separate from the activity under the id.
pub(in crate::engine) fn after(
    before: Option<&Activity>,
    event: &Event,
    facts: &Facts,
    now: Timestamp,
) -> Option<Activity> {
    event.user.id()?;
    Some(match facts.name {
        Fact::Unknown(Missing::NoSuchUser) => Activity::after_nobody(before, event),
        Fact::Unknown(Missing::Refused) => Activity::after_giving_up(before, event, now),
        Fact::Unknown(_) | Fact::Known { .. } => Activity::after(before, event),
    })
}

fn is_due(seen: &StoredActivity) -> bool {
    let StoredActivity { activity, snapshot: Some(snapshot) } = seen else { return true };
    let counts = |activity: &Activity| activity.logins.min(COUNTS_THAT_MATTER);
    let behind = match (snapshot.last_login, activity.last_login) {
        (Some(snapshot), Some(last)) => snapshot.until(last) >= SNAPSHOT_INTERVAL,
        (None, last) => last.is_some(),
        (Some(_), None) => false,
    };
    let standing =
        |activity: &Activity| (activity.created, activity.created_until, activity.removed, activity.in_baseline);
    counts(activity) != counts(snapshot) || standing(activity) != standing(snapshot) || behind
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        domain::Stage,
        log::{ForGood, Partition, Position},
        store::Store,
        views::{
            Views,
            testing::{MemoryLog, decision, source},
        },
    };

    const HOUR: i64 = 3_600_000;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_millis(hours * HOUR)
    }

    fn activity(logins: u64, last: i64) -> Activity {
        Activity { last_login: (logins > 0).then(|| at(last)), logins, ..Activity::new(at(0)) }
    }

    /// The parts of `store`, and the work on the one partition.
    fn memory(store: &Store) -> (Ledger, Activities, Work) {
        let (ledger, kept) = (store.ledger().unwrap(), store.activity().unwrap());
        let views = Arc::new(Views::open(store).unwrap());
        let activities = Activities::new(source(), (kept, ledger.clone()), Appender::new(MemoryLog::new()), views);
        let scope = Scope::new(Stage::Planner, &source(), Partition(0));
        let (stop, lease) = (CancellationToken::new(), Arc::new(ForGood));
        let health = crate::health::Health::default();
        let work = Work { scope, partition: Partition(0), stop, lease, health, system: "test", acked: Arc::default() };
        (ledger, activities, work)
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_not_taken_for_nothing_but_read_back_from_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "memory").unwrap();
        let (ledger, activities, work) = memory(&store);
        let scope = work.scope.clone();
        let decision = Decision { activity: Some(activity(2, 2)), ..decision("e1", "jane", 0, vec![]) };
        activities.remember(&scope, &decision).unwrap();
        let tree = store.tree("activity").unwrap();
        let key = tree.iter().keys().next().unwrap().unwrap();
        tree.insert(key, &[7, 1]).unwrap();
        let snapshots = scope.reading(Stream::Activity);
        for scope in [&scope, &snapshots] {
            ledger.set_checkpoint(scope, 5).unwrap();
        }
        assert_eq!(activities.before(&decision.key(), &work).await, Err(Interrupted));
        assert_eq!([&scope, &snapshots].map(|scope| ledger.checkpoint(scope).unwrap()), [0, 0]);
        activities.remember(&scope, &decision).unwrap();
        assert_eq!(activities.before(&decision.key(), &work).await, Ok(Some(activity(2, 2))));
    }

    #[tokio::test]
    async fn what_cannot_be_read_and_is_not_in_the_log_any_more_stops_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "memory").unwrap();
        let (ledger, activities, work) = memory(&store);
        let scope = work.scope.clone();
        let decision = Decision { activity: Some(activity(2, 2)), ..decision("e1", "jane", 0, vec![]) };
        activities.remember(&scope, &decision).unwrap();
        let tree = store.tree("activity").unwrap();
        tree.insert(tree.iter().keys().next().unwrap().unwrap(), &[7, 1]).unwrap();
        assert_eq!(activities.before(&decision.key(), &work).await, Err(Interrupted));
        ledger.set_checkpoint(&scope, 5).unwrap(); // by the work that is still going on
        assert_eq!(ledger.checkpoint(&scope).unwrap(), 0, "it is read back all the same");
        ledger.was_read_back(&scope, 6).unwrap();
        assert_eq!(ledger.checkpoint(&scope).unwrap(), 6);
        assert_eq!(activities.before(&decision.key(), &work).await, Ok(None));
    }

    #[tokio::test]
    async fn snapshots_of_many_users_are_taken_in_together() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), "memory").unwrap();
        let (_, activities, work) = memory(&store);
        let user = |name: &str| decision("e1", name, 0, vec![]).key();
        let snapshot = |offset, name: &str, payload| Stored {
            position: Position { partition: Partition(0), offset },
            key: user(name).as_str().to_owned(),
            payload,
            appended: at(0),
        };
        let of = |logins, last| codec::encode(&activity(logins, last));
        let records = [
            snapshot(0, "joe", of(1, 1)),
            snapshot(1, "jane", of(1, 1)),
            snapshot(2, "ann", vec![7, 1].into()), // it can't be read
            snapshot(3, "jane", of(2, 2)),
        ];
        activities.remember_snapshots(&work.scope, &records).unwrap();
        for (name, known) in [("joe", Some(activity(1, 1))), ("jane", Some(activity(2, 2))), ("ann", None)] {
            assert_eq!(activities.before(&user(name), &work).await, Ok(known), "{name}");
        }
    }

    #[test]
    fn a_snapshot_is_due_where_the_last_one_would_mislead() {
        let due = |activity, snapshot| is_due(&StoredActivity { activity, snapshot });
        assert!(due(activity(0, 0), None), "nothing is in the stream");
        assert!(!due(activity(0, 0), Some(activity(0, 0))));
        assert!(due(activity(1, 1), Some(activity(0, 0))), "the first login");
        assert!(due(activity(2, 2), Some(activity(1, 1))), "no longer just one login");
        assert!(!due(activity(3, 3), Some(activity(2, 2))), "one more within a day");
        assert!(due(activity(3, 26), Some(activity(2, 2))), "a day later");
        let created = Activity { created: Some(at(0)), ..activity(0, 0) };
        assert!(due(created, Some(activity(0, 0))), "the creation is known");
    }
}
