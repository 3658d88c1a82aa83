//! Feeds: usher polls audit logs, whose entries become the same events as webhooks.
//!
//! One process follows the feed of a source: the owner of the source's partition of the stream of feeds, which contains
//! the place of the feed.

mod entries;
mod error;
mod follower;
mod lag;
mod place;
mod poll;
mod slices;
#[cfg(test)]
mod tests;
mod trouble;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use self::entries::Myself;
use crate::{
    config::{self, AuditActions, Source},
    domain::{FEED_STAGE, Print, Product, SourceId, UserKey},
    health::Health,
    log::{self, Assignment, Log, Partition, Stream},
    metrics::Metrics,
    runtime::{Appender, Failures, Input, join_group},
    source::{Arrivals, Connection},
};

/// Entries without a time that are remembered at most.
const MAX_UNDATED: usize = 10_000;

/// The feed of one source.
pub struct Feed {
    connection: Arc<Connection>,
    log: Arc<dyn Log>,
    appender: Appender,
    metrics: Metrics,
    arrivals: Arrivals,
    settings: config::Feed,
    product: Product,
    actions: AuditActions,
    logins_by_second: bool,
    myself: OnceCell<Myself>,
    /// Entries without a time that were taken in: the place in the log remembers entries by their times.
    undated: Mutex<HashSet<Print>>,
}

impl Feed {
    /// The feed of `source`, which `connection` is to; none if it has none.
    /// What is noticed goes into `arrivals`.
    pub fn of(
        source: &Source,
        connection: Arc<Connection>,
        log: Arc<dyn Log>,
        metrics: Metrics,
        arrivals: Arrivals,
    ) -> Option<Arc<Self>> {
        let settings = source.feed?;
        Some(Arc::new(Self {
            connection,
            appender: Appender::new(Arc::clone(&log)),
            log,
            metrics,
            arrivals,
            settings,
            product: source.product,
            actions: source.actions.clone(),
            logins_by_second: source.tells_logins_twice(),
            myself: OnceCell::new(),
            undated: Mutex::default(),
        }))
    }

    /// Remembers entries without a time that were taken in.
    fn record_undated(&self, prints: impl IntoIterator<Item = Print>) {
        let mut undated = self.undated.lock().unwrap_or_else(PoisonError::into_inner);
        if undated.len() >= MAX_UNDATED {
            undated.clear(); // repeated entries become events that the planner knows
        }
        undated.extend(prints);
    }

    fn knows_undated(&self, print: Print) -> bool {
        self.undated.lock().unwrap_or_else(PoisonError::into_inner).contains(&print)
    }

    /// The source of the feed.
    pub fn source(&self) -> &SourceId {
        &self.connection.source
    }

    /// Follows it until `stop`, while this process is the one to do so. It says to `health` how it is doing.
    pub async fn run(self: Arc<Self>, health: Health, stop: CancellationToken) {
        let group = log::group(FEED_STAGE, self.source().as_str());
        let failures = Failures::new(health, FEED_STAGE, self.source().as_str(), Some(&self.metrics));
        let work = |assignment| Arc::clone(&self).hold(assignment, failures.clone(), stop.clone());
        join_group(&self.log, Stream::Feeds, &group, &failures, &stop, work).await;
    }

    /// Follows the feed while it has the source's partition. With another one there is nothing to do.
    async fn hold(self: Arc<Self>, assignment: Assignment, failures: Failures, stop: CancellationToken) {
        let Assignment { partition, records, revoked, released, .. } = assignment;
        let mut counted = failures.partition_comes();
        if let Some(partition) = &mut counted {
            partition.needs_no_restore();
        }
        let own = Partition::of(UserKey::of_source(self.source()).as_str(), self.log.partitions());
        let stopping = revoked.child_token();
        let follow = async {
            if partition == own {
                follower::follow(&self, &stopping).await;
            }
            stopping.cancelled().await;
        };
        // The place is read from the log itself. No offset is stored: the log would keep unconsumed records of a group.
        let mut input = Input::new(Arc::clone(&self.log), Stream::Feeds, partition, records, failures);
        let read_along = async {
            while input.next().await.is_some() {}
            std::future::pending::<()>().await;
        };
        tokio::pin!(follow);
        tokio::select! {
            () = &mut follow => {}
            () = read_along => {}
            () = stop.cancelled() => {
                stopping.cancel();
                follow.await; // begun work is saved
            }
        }
        drop(released);
    }
}
