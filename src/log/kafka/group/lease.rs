//! The proof that a partition belongs to this member: the coordinator has recently accepted a commit of it.
//!
//! After a standstill a process does not know that its session is over and its partitions belong to others. The
//! coordinator knows it. It refuses the commit of a member that is not in the current generation, and an accepted
//! commit restarts the session. So the partition belongs to nobody else for one session, counted from before an
//! accepted commit, unless this member hands it over. See docs/decisions/0016-a-change-is-sent-under-a-lease.md.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
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
use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, sleep},
};
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
    times: Mutex<Times>,
    /// Held while the coordinator is asked: however many want a proof, it is asked once.
    asking: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Times {
    /// The time of the last proof.
    proved: Option<Instant>,
    /// The time of the last question without a proof.
    in_vain: Option<Instant>,
}

impl Proofs {
    /// Proofs of a member with this `session`, counted from the coordinator's last contact with it.
    pub(in crate::log::kafka) fn new(session: Duration, is_static: bool) -> Self {
        let good_for = if is_static { STATIC.min(session / 2) } else { session / 2 };
        Self { good_for, is_static, times: Mutex::default(), asking: Arc::default() }
    }

    /// The time for which the previous owner may still change a partition, if it is unknown whether it lives. A dynamic
    /// member's session is over by then.
    pub(in crate::log::kafka) fn of_predecessor(&self) -> Duration {
        if self.is_static { STATIC } else { Duration::ZERO }
    }

    /// Until when the last proof is good; none if it is not.
    fn good(&self) -> Option<Instant> {
        self.times().proved.map(|at| at + self.good_for).filter(|until| Instant::now() < *until)
    }

    /// Whether the last proof is so young that there is no need for another one.
    fn is_young(&self) -> bool {
        self.times().proved.is_some_and(|at| at.elapsed() < self.good_for / 2)
    }

    /// Whether the coordinator is to be asked while the last proof is still good.
    fn is_to_be_renewed(&self) -> bool {
        !self.is_young() && self.times().in_vain.is_none_or(|at| at.elapsed() >= RETRY_DELAY)
    }

    fn record(&self, proof: &Proof) {
        let mut times = self.times();
        match proof {
            Proof::Member(at) => *times = Times { proved: Some(*at), in_vain: None },
            // A holder of another partition asks anew.
            Proof::Lost => times.proved = None,
            Proof::None => times.in_vain = Some(Instant::now()),
        }
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

    /// Asks the coordinator, when nobody else does.
    async fn prove(&self) -> Proof {
        let asking = Arc::clone(&self.proofs.asking).lock_owned().await;
        if self.proofs.is_young() {
            return Proof::None; // another caller has just done it
        }
        match self.question(asking) {
            Some(question) => question.ask().await,
            None => Proof::None,
        }
    }

    /// Asks the coordinator in the background, unless somebody asks already. The last proof is relied on meanwhile.
    fn renew(&self) {
        let Ok(asking) = Arc::clone(&self.proofs.asking).try_lock_owned() else { return };
        if let Some(question) = self.question(asking) {
            tokio::spawn(question.ask());
        }
    }

    /// The question to the coordinator; none as long as no offset is known.
    fn question(&self, asking: OwnedMutexGuard<()>) -> Option<Question<C>> {
        let next = self.next.load(Ordering::Acquire);
        let consumer = self.consumer.upgrade().filter(|_| next != UNKNOWN)?;
        let (topic, partition, proofs) = (self.topic.clone(), i32::from(self.partition.0), Arc::clone(&self.proofs));
        Some(Question { consumer, topic, partition, next, proofs, asking })
    }
}

/// A commit that changes nothing.
struct Question<C: ConsumerContext + 'static> {
    consumer: Arc<StreamConsumer<C>>,
    topic: String,
    partition: i32,
    next: i64,
    proofs: Arc<Proofs>,
    asking: OwnedMutexGuard<()>,
}

impl<C: ConsumerContext + 'static> Question<C> {
    /// Asks, and records the answer.
    async fn ask(self) -> Proof {
        let Self { consumer, topic, partition, next, proofs, asking } = self;
        let asked = Instant::now();
        // The closure owns the lock: even if nobody waits for it any more, only one commit at a time is under way.
        let answer = tokio::task::spawn_blocking(move || {
            let taken = commit(&consumer, &topic, partition, next);
            let lost = consumer.assignment_lost();
            drop(consumer);
            // The order matters. A member that joins again has lost its assignment first, and was notified before that is
            // forgotten. The caller checks the end of the assignment last.
            let proof = match (taken, lost) {
                (_, true) => Proof::Lost,
                (Ok(()), false) => Proof::Member(asked),
                (Err(error), false) => {
                    let error = crate::words::kafka(&error);
                    tracing::debug!(topic, error, "kafka: no proof that the partition is this member's");
                    Proof::None
                }
            };
            proofs.record(&proof);
            drop(asking);
            proof
        });
        answer.await.unwrap_or(Proof::None)
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
            let mut until = self.proofs.good();
            if until.is_some() {
                if self.proofs.is_to_be_renewed() {
                    self.renew();
                }
            } else {
                let proof = self.over.run_until_cancelled(self.prove()).await.unwrap_or(Proof::Lost);
                if proof == Proof::Lost {
                    return Err(Lost);
                }
                until = self.proofs.good();
            }
            // Last: the proof may be of another assignment of this member.
            if self.over.is_cancelled() {
                return Err(Lost);
            }
            if until.is_some() {
                return Ok(until);
            }
            self.over.run_until_cancelled(sleep(RETRY_DELAY)).await.ok_or(Lost)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_proof_is_good_for_half_a_session_and_renewed_after_a_quarter() {
        let proofs = Proofs::new(Duration::from_secs(40), false);
        assert!(proofs.good().is_none() && !proofs.is_young());
        let proved = Instant::now();
        proofs.record(&Proof::Member(proved));
        advance(Duration::from_secs(9)).await;
        assert!(proofs.is_young() && !proofs.is_to_be_renewed());
        advance(Duration::from_secs(2)).await;
        assert!(proofs.is_to_be_renewed() && proofs.good() == Some(proved + Duration::from_secs(20)));
        proofs.record(&Proof::None);
        assert!(!proofs.is_to_be_renewed(), "not at once again");
        advance(RETRY_DELAY).await;
        assert!(proofs.is_to_be_renewed());
        advance(Duration::from_secs(10)).await;
        assert!(proofs.good().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_loss_ends_a_proof_that_would_be_good() {
        let proofs = Proofs::new(Duration::from_secs(40), false);
        proofs.record(&Proof::Member(Instant::now()));
        proofs.record(&Proof::Lost);
        assert!(proofs.good().is_none());
    }

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
