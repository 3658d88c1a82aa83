//! The proof that a partition belongs to this member: the coordinator has recently accepted a commit of it.
//!
//! After a standstill a process does not know that its session is over and its partitions belong to others. The
//! coordinator knows it. It refuses the commit of a member that is not in the current generation, and an accepted
//! commit restarts the session. So the partition belongs to nobody else for one session, counted from before an
//! accepted commit, unless this member hands it over. See docs/decisions/0016-a-change-is-sent-under-a-lease.md.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rdkafka::{
    TopicPartitionList,
    consumer::{CommitMode, Consumer as _, ConsumerContext, StreamConsumer},
    error::KafkaResult,
    topic_partition_list::Offset,
};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::log::{Lease, Lost, Partition};

/// The time before the coordinator is asked again after an answer without a proof.
const RETRY_DELAY: Duration = Duration::from_millis(200);
/// No offset is known to commit.
const UNKNOWN: i64 = -1;

/// For how long a proof of a static member is relied on at most. Another process of the same id has its partitions at
/// once, not when its session is over, and so has to wait that long. See
/// docs/decisions/0024-a-static-member-waits-for-its-predecessor.md.
const STATIC: Duration = Duration::from_secs(5);

/// The proofs of one member, for all of its partitions.
pub(in crate::log::kafka) struct Proofs {
    /// The time for which a proof is used: half of the session. The other half is left for calls under way.
    good_for: Duration,
    is_static: bool,
    last: Mutex<Option<Instant>>,
    /// Held while the coordinator is asked: however many want a proof, it is asked once.
    asking: Arc<tokio::sync::Mutex<()>>,
}

impl Proofs {
    /// Proofs of a member with this `session`, counted from the coordinator's last contact with it.
    pub(in crate::log::kafka) fn new(session: Duration, is_static: bool) -> Self {
        let good_for = if is_static { STATIC.min(session / 2) } else { session / 2 };
        Self { good_for, is_static, last: Mutex::default(), asking: Arc::default() }
    }

    /// The time for which the previous owner may still change a partition, if it is unknown whether it lives. A dynamic
    /// member's session is over by then.
    pub(in crate::log::kafka) fn of_predecessor(&self) -> Duration {
        if self.is_static { STATIC } else { Duration::ZERO }
    }

    /// Until when the last proof is good, if it is no older than `age`.
    fn good(&self, age: Duration) -> Option<Instant> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|at| at.elapsed() < age).map(|at| at + self.good_for)
    }

    fn record(&self, at: Instant) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }
}

/// The lease on one partition.
pub(in crate::log::kafka) struct MemberLease<C: ConsumerContext + 'static> {
    consumer: Weak<StreamConsumer<C>>,
    topic: String,
    partition: Partition,
    /// The offset of a commit that changes nothing: one past the finished records.
    next: AtomicI64,
    /// Cancelled when the partition is another member's.
    over: CancellationToken,
    proofs: Arc<Proofs>,
}

/// The coordinator's answer.
enum Proof {
    /// This process was a member of the group at this time or later.
    Member(Instant),
    /// The partition was lost.
    Lost,
    /// There was no answer that tells.
    None,
}

impl<C: ConsumerContext + 'static> MemberLease<C> {
    pub(in crate::log::kafka) fn new(
        consumer: Weak<StreamConsumer<C>>,
        topic: &str,
        partition: Partition,
        over: CancellationToken,
        proofs: Arc<Proofs>,
    ) -> Self {
        Self { consumer, topic: topic.to_owned(), partition, next: AtomicI64::new(UNKNOWN), over, proofs }
    }

    /// Records that a record at `offset` was read. All before the first one is done, or there was nothing.
    pub(in crate::log::kafka) fn begins_at(&self, offset: u64) {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        // Only the first one counts: an error says that there was one before.
        let _ = self.next.compare_exchange(UNKNOWN, offset, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Records that all before `next` is done.
    pub(in crate::log::kafka) fn stored(&self, next: u64) {
        self.next.store(i64::try_from(next).unwrap_or(i64::MAX), Ordering::Release);
    }

    async fn prove(&self) -> Proof {
        let asking = Arc::clone(&self.proofs.asking).lock_owned().await;
        if self.proofs.good(self.proofs.good_for / 2).is_some() {
            return Proof::None; // another caller has just done it
        }
        let next = self.next.load(Ordering::Acquire);
        let Some(consumer) = self.consumer.upgrade().filter(|_| next != UNKNOWN) else { return Proof::None };
        let (topic, partition) = (self.topic.clone(), i32::from(self.partition.0));
        let asked = Instant::now();
        // The closure owns the lock: even if nobody waits for it any more, only one commit at a time is under way.
        let answer = tokio::task::spawn_blocking(move || {
            let taken = commit(&consumer, &topic, partition, next);
            let lost = consumer.assignment_lost();
            drop((consumer, asking));
            (taken, lost)
        });
        // The order matters. A member that joins again has lost its assignment first, and was notified before that is
        // forgotten. The caller checks the end of the assignment last.
        match answer.await {
            Ok((_, true)) => Proof::Lost,
            Ok((Ok(()), false)) => Proof::Member(asked),
            Ok((Err(error), false)) => {
                let error = crate::words::kafka(&error);
                tracing::debug!(topic = self.topic, error, "kafka: no proof that the partition is this member's");
                Proof::None
            }
            Err(_) => Proof::None,
        }
    }
}

fn commit<C: ConsumerContext>(consumer: &StreamConsumer<C>, topic: &str, partition: i32, next: i64) -> KafkaResult<()> {
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(topic, partition, Offset::Offset(next))?;
    consumer.commit(&offsets, CommitMode::Sync)
}

#[async_trait]
impl<C: ConsumerContext + 'static> Lease for MemberLease<C> {
    async fn hold(&self) -> Result<Option<Instant>, Lost> {
        loop {
            let proof = match self.proofs.good(self.proofs.good_for / 2) {
                Some(_) => Proof::None,
                None => self.over.run_until_cancelled(self.prove()).await.unwrap_or(Proof::Lost),
            };
            match proof {
                _ if self.over.is_cancelled() => return Err(Lost),
                Proof::Lost => return Err(Lost),
                Proof::Member(at) => self.proofs.record(at),
                Proof::None => {}
            }
            if let Some(until) = self.proofs.good(self.proofs.good_for) {
                return Ok(Some(until));
            }
            self.over.run_until_cancelled(sleep(RETRY_DELAY)).await.ok_or(Lost)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_member_relies_on_a_proof_no_longer_than_its_successor_waits() {
        for (session, is_static, good_for, waits) in
            [(10, false, 5_000, 0), (45, false, 22_500, 0), (45, true, 5_000, 5_000), (6, true, 3_000, 5_000)]
        {
            let proofs = Proofs::new(Duration::from_secs(session), is_static);
            let found = (proofs.good_for.as_millis(), proofs.of_predecessor().as_millis());
            assert_eq!(found, (good_for, waits), "{session} {is_static}");
        }
    }
}
