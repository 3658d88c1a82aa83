//! Sharing the partitions of a stream among processes: each works on those that it is given, for as long as it has them.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use super::{Backoff, pump::DRAIN};
use crate::log::{Assignment, Log, Stream};

/// Does `work` on every partition of `stream` that `group` gives this process, until `stop`. The work ends when the
/// partition is taken away or `stop` is cancelled, and drops the assignment then.
pub async fn share<F: Future<Output = ()> + Send + 'static>(
    log: &Arc<dyn Log>,
    stream: Stream,
    group: &str,
    stop: &CancellationToken,
    work: impl Fn(Assignment) -> F,
) {
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
    while !stop.is_cancelled() {
        let mut consumer = match log.consume(stream, group).await {
            Ok(consumer) => consumer,
            Err(error) => {
                warn!(%group, %error, "can't join the group, trying again");
                stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await;
                continue;
            }
        };
        let mut partitions = JoinSet::new();
        loop {
            let assignment = tokio::select! {
                () = stop.cancelled() => break,
                assignment = consumer.assignments.recv() => assignment,
                Some(ended) = partitions.join_next() => match ended {
                    Ok(()) => continue,
                    Err(panic) => {
                        error!(%group, %panic, "work on a partition ended by a bug; joining the group anew");
                        break;
                    }
                },
            };
            let Some(assignment) = assignment else { break };
            partitions.spawn(work(assignment));
        }
        drop(consumer.membership);
        while partitions.join_next().await.is_some() {}
        if tokio::time::timeout(DRAIN, consumer.left.cancelled()).await.is_err() {
            warn!(%group, "left the group without waiting for its last offsets");
        }
        stop.run_until_cancelled(tokio::time::sleep(backoff.next_wait())).await;
    }
}
