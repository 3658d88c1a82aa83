//! Shares the partitions of a stream among processes: each works on its assigned partitions as long as it has them.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    task::{self, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::{Backoff, Failures, partition_worker::DRAIN};
use crate::{
    health::Component,
    log::{Assignment, Consumer, Joining, Log, Partition, Stream},
    rate_limited_log::LogLimiter,
};

/// A member that has worked for that long works.
const STEADY_AFTER: Duration = Duration::from_secs(10);

/// A group that has not taken a member in after that long is in trouble.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Does `work` on every partition of `stream` that `group` gives this process, until `stop`. The work ends when the
/// partition is taken away or `stop` is cancelled, and then drops the assignment. If it ends for another reason, the
/// member leaves the group and joins it again, because a log gives the records of a partition again only to a new
/// member. A loop of its own beside [`until_ok`](super::until_ok): it also waits after a membership that ended, and a
/// steady one makes the waits short again.
pub async fn join_group<F: Future<Output = ()> + Send + 'static>(
    log: &Arc<dyn Log>,
    stream: Stream,
    group: &str,
    failures: &Failures,
    stop: &CancellationToken,
    work: impl Fn(Assignment) -> F,
) {
    let (component, limiter) = (failures.component(), LogLimiter::once_a_minute());
    let mut member = Member { failures, component, stop, partitions: JoinSet::new(), given: HashMap::new() };
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
    let mut has_failed = false;
    while !stop.is_cancelled() {
        match log.consume(stream, group).await {
            Ok(consumer) => {
                let joined = Instant::now();
                has_failed = member.take_part(consumer, has_failed, &work).await.is_err();
                if joined.elapsed() >= STEADY_AFTER {
                    backoff.reset();
                }
            }
            Err(error) => {
                member.component.failing(format!("its group can't be joined: {error}"));
                if let Some(suppressed) = limiter.permit() {
                    warn!(%group, %error, suppressed, "can't join the group, trying again");
                }
            }
        }
        let _stopped = backoff.wait(stop).await;
    }
}

/// The work on a partition ended although it was not stopped.
struct Failed;

/// This process as a member of a group.
struct Member<'a> {
    failures: &'a Failures,
    component: Component,
    stop: &'a CancellationToken,
    /// The work on partitions.
    partitions: JoinSet<()>,
    /// The partitions by their tasks, with the tokens that are cancelled when they are taken away.
    given: HashMap<task::Id, (Partition, CancellationToken)>,
}

impl Member<'_> {
    /// Works on the given partitions until the membership ends, and waits for the end of the work. It is reported as
    /// working when the group has accepted it; if it `has_failed` before, only when it has also worked for some time.
    async fn take_part<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        consumer: Consumer,
        has_failed: bool,
        work: impl Fn(Assignment) -> F,
    ) -> Result<(), Failed> {
        let Consumer { mut assignments, mut joining, membership, left } = consumer;
        let steady = tokio::time::sleep(STEADY_AFTER);
        let late = tokio::time::sleep(JOIN_TIMEOUT);
        tokio::pin!(steady, late);
        let (mut is_steady, mut is_late) = (!has_failed, false);
        // A group of one process is joined from the begin on: nothing is rebalanced then.
        let mut was_joined = *joining.borrow() == Joining::Joined;
        joining.mark_changed(); // the present state is reported too
        let outcome = loop {
            tokio::select! {
                // The order matters: partitions of the group's first assignment are begun before it is reported.
                biased;
                () = self.stop.cancelled() => break Ok(()),
                assignment = assignments.recv() => {
                    let Some(assignment) = assignment else { break self.record_left(&joining.borrow()) };
                    let given = (assignment.partition, assignment.revoked.clone());
                    let id = self.partitions.spawn(work(assignment)).id();
                    self.given.insert(id, given);
                }
                () = &mut late, if !is_late => {
                    is_late = true;
                    if *joining.borrow() == Joining::Underway {
                        self.component.failing("its group is not joined yet");
                    }
                }
                () = &mut steady, if !is_steady => {
                    is_steady = true;
                    self.report(&joining.borrow_and_update(), is_steady);
                }
                Ok(()) = joining.changed() => {
                    let joining = joining.borrow_and_update();
                    if *joining == Joining::Joined && !std::mem::take(&mut was_joined) {
                        self.failures.rebalanced();
                    }
                    self.report(&joining, is_steady);
                }
                Some(ended) = self.partitions.join_next_with_id() => {
                    if self.record_end(ended).is_err() {
                        break Err(Failed);
                    }
                }
            }
        };
        drop(membership);
        while self.partitions.join_next().await.is_some() {}
        self.given.clear();
        if tokio::time::timeout(DRAIN, left.cancelled()).await.is_err() {
            warn!(component = self.failures.name(), "left the group without waiting for its last offsets");
        }
        outcome
    }

    /// Reports the state of the membership. Partitions that come and go change nothing.
    fn report(&self, joining: &Joining, is_steady: bool) {
        match joining {
            Joining::Joined => {
                self.failures.joined();
                if is_steady {
                    self.component.working();
                }
            }
            Joining::Underway => {}
            Joining::Refused(why) => self.component.failing(&**why),
        }
    }

    /// Reports if the membership ended although it was not stopped.
    fn record_left(&self, joining: &Joining) -> Result<(), Failed> {
        if let Joining::Refused(why) = joining {
            self.component.failing(&**why);
            return Err(Failed);
        }
        self.component.failing("its group has to be joined anew");
        Ok(())
    }

    /// Reports if the work on a partition ended although the partition is still this member's.
    fn record_end(&mut self, ended: Result<(task::Id, ()), task::JoinError>) -> Result<(), Failed> {
        let (id, why) = match &ended {
            Ok((id, ())) => (*id, "it ended by itself".to_owned()),
            Err(bug) => (bug.id(), bug.to_string()),
        };
        let Some((partition, revoked)) = self.given.remove(&id) else { return Ok(()) };
        if ended.is_ok() && (revoked.is_cancelled() || self.stop.is_cancelled()) {
            return Ok(());
        }
        self.component.failing(format!("work on partition {partition} ended although nobody had stopped it"));
        self.failures.count();
        let component = self.failures.name();
        error!(component, %partition, why, "work on a partition ended although nobody had stopped it; joining the group anew");
        Err(Failed)
    }
}

#[cfg(test)]
mod tests;
