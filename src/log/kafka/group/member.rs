//! A member's side of a rebalance: partitions are given out, and taken back when nothing of them is in the works.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rdkafka::{
    ClientContext, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};
use tokio_util::sync::CancellationToken;

use super::{
    assigned::{self, AssignedPartition},
    lag::{self, Gauge},
    lease::Proofs,
    stall::StallDetector,
};
use crate::log::{
    Assignment, Joining, Partition,
    kafka::{Predecessor, context::ClientLogger},
};

/// The time for which a revoked partition may be kept to finish begun work. After that its next owner gets it in any
/// case.
pub(in crate::log::kafka) const DRAIN: Duration = Duration::from_secs(10);

/// The callbacks of librdkafka.
pub(in crate::log::kafka) struct Member {
    pub(in crate::log::kafka) topic: String,
    /// Partitions on their way to the consumer's owner.
    assignments: Mutex<Option<mpsc::Sender<Assignment>>>,
    pub(in crate::log::kafka) joining: watch::Sender<Joining>,
    /// Cancelled when this member is to leave.
    pub(in crate::log::kafka) leave: CancellationToken,
    pub(in crate::log::kafka) lag: Arc<Gauge>,
    pub(in crate::log::kafka) runtime: Handle,
    consumer: OnceLock<Weak<StreamConsumer<Member>>>,
    held: Mutex<BTreeMap<Partition, AssignedPartition>>,
    pub(in crate::log::kafka) client_logger: ClientLogger,
    proofs: Arc<Proofs>,
    /// Whether the partitions that come next come from a predecessor that has ended.
    from_the_dead: AtomicBool,
    stall: StallDetector,
    is_stalled: AtomicBool,
}

impl Member {
    pub(in crate::log::kafka) fn new(
        topic: String,
        assignments: mpsc::Sender<Assignment>,
        leave: CancellationToken,
        lag: Arc<Gauge>,
        proofs: Proofs,
        stall: StallDetector,
        predecessor: Predecessor,
    ) -> Self {
        Self {
            topic,
            assignments: Mutex::new(Some(assignments)),
            joining: watch::Sender::new(Joining::Underway),
            leave,
            lag,
            stall,
            is_stalled: AtomicBool::new(false),
            runtime: Handle::current(),
            consumer: OnceLock::new(),
            held: Mutex::default(),
            client_logger: ClientLogger::default(),
            proofs: Arc::new(proofs),
            from_the_dead: AtomicBool::new(predecessor == Predecessor::Gone),
        }
    }

    /// Tells the member whose it is. Before that, nothing can be assigned to it.
    pub(in crate::log::kafka) fn belongs_to(&self, consumer: &Arc<StreamConsumer<Self>>) {
        let _ = self.consumer.set(Arc::downgrade(consumer));
    }

    /// Whether the client can't go on: the member is replaced, and nobody waits for its end, which may never come.
    pub(in crate::log::kafka) fn is_given_up(&self) -> bool {
        self.client_logger.broker_loss.is_noticed() || self.is_stalled.load(Ordering::Relaxed)
    }

    /// Gives out nothing more, and takes every partition back; blocks until that is done.
    pub(in crate::log::kafka) fn take_all_back(&self, consumer: &impl Consumer<Self>) {
        // It is here and not with the consumer, whose end may take long: the owner learns of it by this.
        drop(self.assignments.lock().unwrap_or_else(PoisonError::into_inner).take());
        let held = std::mem::take(&mut *self.held());
        self.take_back(held.into_iter().collect(), consumer);
    }

    fn take_back(&self, held: Vec<(Partition, AssignedPartition)>, consumer: &impl Consumer<Self>) {
        if held.is_empty() {
            return;
        }
        held.iter().for_each(|(_, held)| held.revoke());
        let deadline = Instant::now() + DRAIN;
        for (partition, held) in &held {
            if !held.wait(deadline) {
                let topic = &self.topic;
                tracing::warn!(topic, %partition, "kafka: work on a partition goes on that another member gets now");
            }
        }
        self.commit(consumer);
    }

    /// Commits the stored offsets. If that fails, some records come again, to the next owners of the partitions.
    fn commit(&self, consumer: &impl Consumer<Self>) {
        let topic = &self.topic;
        if self.client_logger.broker_loss.is_noticed() {
            tracing::warn!(topic, "kafka: there is no broker to tell how far the work has come");
        } else if consumer.assignment_lost() {
            tracing::warn!(topic, "kafka: partitions were lost to the group before they could be given back");
        } else {
            record_commit(topic, consumer.commit_consumer_state(CommitMode::Sync));
        }
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<Partition, AssignedPartition>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn partitions(&self, list: &TopicPartitionList) -> Vec<Partition> {
        let ours = list.elements_for_topic(&self.topic);
        ours.iter().filter_map(|element| u16::try_from(element.partition()).ok().map(Partition)).collect()
    }

    /// Takes a partition. Its queue is split off before librdkafka begins to fetch into it, so that no record goes
    /// anywhere else.
    fn take(&self, partition: Partition) -> Option<Assignment> {
        // None of these can be had once the consumer is being dropped; then nothing is read any more.
        let weak = self.consumer.get()?;
        let consumer = weak.upgrade()?;
        let queue = consumer.split_partition_queue(&self.topic, i32::from(partition.0))?;
        let (held, assignment) =
            assigned::give(&self.runtime, partition, &self.topic, weak.clone(), queue, &self.proofs);
        self.held().insert(partition, held);
        Some(assignment)
    }

    /// Gives out the partitions `new`, at once or when nobody else can change anything in them any more.
    fn give(&self, new: Vec<Partition>) {
        let wait = match !new.is_empty() && self.from_the_dead.swap(false, Ordering::Relaxed) {
            true => Duration::ZERO,
            false => self.proofs.of_predecessor(),
        };
        let taken: Vec<_> = new.into_iter().filter_map(|partition| self.take(partition)).collect();
        let assignments = self.assignments.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (joining, leave) = (self.joining.clone(), self.leave.clone());
        if wait.is_zero() || taken.is_empty() {
            for one in taken {
                if assignments.as_ref().is_none_or(|to| to.blocking_send(one).is_err()) {
                    // Nobody takes partitions any more: others shall have them.
                    leave.cancel();
                }
            }
            joining.send_replace(Joining::Joined);
            return;
        }
        tracing::info!(
            topic = self.topic,
            seconds = wait.as_secs(),
            "kafka: whoever had these partitions may be at work still"
        );
        self.runtime.spawn(async move {
            if leave.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return;
            }
            let Some(assignments) = assignments else { return };
            for one in taken {
                if !one.revoked.is_cancelled() && assignments.send(one).await.is_err() {
                    leave.cancel();
                }
            }
            joining.send_replace(Joining::Joined);
        });
    }
}

fn numbers(partitions: &[Partition]) -> Vec<u16> {
    partitions.iter().map(|partition| partition.0).collect()
}

fn record_commit(topic: &str, result: KafkaResult<()>) {
    match result {
        Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => {}
        Err(error) => {
            tracing::warn!(topic, error = crate::words::kafka(&error), "kafka: offsets could not be committed");
        }
    }
}

impl ConsumerContext for Member {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let new = self.partitions(list);
                tracing::info!(topic = self.topic, partitions = ?numbers(&new), "kafka: partitions come");
                self.give(new);
            }
            Rebalance::Revoke(list) => {
                let gone = self.partitions(list);
                tracing::info!(topic = self.topic, partitions = ?numbers(&gone), "kafka: partitions go");
                let held = gone.iter().filter_map(|partition| self.held().remove_entry(partition)).collect();
                self.take_back(held, consumer);
            }
            Rebalance::Error(error) => {
                tracing::warn!(topic = self.topic, error = crate::words::kafka(error), "kafka: rebalance");
            }
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        record_commit(&self.topic, result);
    }
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.client_logger.log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.client_logger.error(error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        self.client_logger.broker_loss.record(&statistics);
        if self.client_logger.broker_loss.is_noticed() {
            // The owner of the membership joins again.
            self.leave.cancel();
        }
        if let Err(stalled) = self.stall.record(&statistics, Instant::now())
            && !self.is_stalled.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(topic = self.topic, "kafka: {stalled}; it is joined anew");
            self.joining.send_replace(Joining::Refused(stalled.to_string()));
            self.leave.cancel();
        }
        let held: Vec<_> = self.held().keys().copied().collect();
        self.lag.set(lag::of_all(&statistics, &self.topic, &held));
    }
}
