//! The sources of this process: each is a group of supervised tasks with a stop of its own.
//!
//! A source is put in before its stages begin, and taken out after they have ended. So no part works on a source that
//! the others don't know. Two generations of one source never work side by side: one that does not end in time ends the
//! process.

mod difference;
mod maker;

use std::collections::BTreeMap;

use tokio::{sync::Mutex, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub(super) use difference::Difference;
pub(super) use maker::{Maker, PreparedSource};

use super::{end::shutdown::Part, stages::Stage, supervisor::Supervisor};
use crate::{
    config::Source,
    domain::SourceId,
    engine::{Register, consumer_groups},
    products::ConnectError,
};

/// See the module.
pub(super) struct Sources {
    maker: Maker,
    register: Register,
    supervisor: Supervisor,
    /// Cancelled when the stages of all sources are to stop.
    stop: CancellationToken,
    groups: Mutex<Groups>,
}

#[derive(Default)]
struct Groups {
    by_source: BTreeMap<SourceId, Group>,
    /// Whether the stages of the first sources were begun.
    have_begun: bool,
}

/// The stages of one source.
struct Group {
    /// Those that were not begun yet.
    waiting: Vec<Stage>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

/// The stages of a source have not ended in time. The process ends.
#[derive(Debug, thiserror::Error)]
#[error("its stages have not ended in {} s; usher ends, to be started again", Part::Work.until().as_secs())]
pub(super) struct LeftBehind;

impl Sources {
    /// None yet. Those that are put in can be found in `register`; they end when `stop` is cancelled, at the latest.
    pub(super) fn new(maker: Maker, register: Register, supervisor: Supervisor, stop: CancellationToken) -> Self {
        Self { maker, register, supervisor, stop, groups: Mutex::default() }
    }

    /// The sources that are there.
    pub(super) fn register(&self) -> &Register {
        &self.register
    }

    /// Makes what of `source` may fail. May wait for the disk.
    ///
    /// # Errors
    /// [`ConnectError`] if there can be no client, whatever the product answers.
    pub(super) fn prepare(&self, source: &Source) -> Result<PreparedSource, ConnectError> {
        self.maker.prepare(source)
    }

    /// Puts a source in. The log keeps from now on what its stages have still to consume; they wait for
    /// [`Sources::begin`].
    pub(super) async fn put(&self, prepared: PreparedSource) {
        let (source, running) = self.maker.connect(prepared);
        let expected: Vec<_> = consumer_groups(&source.id).collect();
        self.maker.log.expect_groups(&expected);
        self.maker.arrivals.add(&source.id);
        let waiting = self.maker.stages(&source, &running);
        let group = Group { waiting, tasks: JoinSet::new(), stop: self.stop.child_token() };
        if let Some(before) = self.register.get(&source.id) {
            before.connection.retire(); // its stages have ended
        }
        self.groups.lock().await.by_source.insert(source.id, group);
        self.register.put(running);
    }

    /// Begins the stages that wait for it. Nobody waits for the warm-up of a source that comes later.
    pub(super) async fn begin(&self) {
        let mut groups = self.groups.lock().await;
        let come_later = std::mem::replace(&mut groups.have_begun, true);
        for group in groups.by_source.values_mut() {
            for stage in group.waiting.drain(..) {
                if come_later {
                    self.supervisor.health.needs_no_warm_up(stage.name());
                }
                let (log, ledger) = (self.maker.log.clone(), self.maker.memory.ledger.clone());
                stage.spawn(&mut group.tasks, &self.supervisor, log, ledger, group.stop.clone());
            }
        }
    }

    /// Ends sources for which no delivery is accepted any more: their stages finish what they have begun, as at the end
    /// of the process, and all parts forget them. If this is dropped meanwhile, the stages end all the same.
    ///
    /// # Errors
    /// [`LeftBehind`] if they take too long. The process ends then.
    pub(super) async fn end(&self, ids: &[SourceId]) -> Result<(), LeftBehind> {
        self.stop(ids).await?;
        for id in ids {
            self.forget(id).await;
            info!(
                source.id = %id,
                "the source is not configured any more; what it has left undone is kept as long as all else, and it goes on \
                 there if it is configured again until then"
            );
        }
        Ok(())
    }

    /// Ends the stages of these sources, which are put in again then. Their deliveries wait in the log.
    ///
    /// # Errors
    /// As [`Sources::end`].
    pub(super) async fn stop(&self, ids: &[SourceId]) -> Result<(), LeftBehind> {
        let mut groups = self.groups.lock().await;
        groups.by_source.iter().filter(|(id, _)| ids.contains(id)).for_each(|(_, group)| group.stop.cancel());
        let ended = async {
            for (_, group) in groups.by_source.iter_mut().filter(|(id, _)| ids.contains(id)) {
                while group.tasks.join_next().await.is_some() {}
            }
        };
        if tokio::time::timeout(Part::Work.until(), ended).await.is_err() {
            let is_left = |id: &&SourceId| groups.by_source.get(*id).is_some_and(|group| !group.tasks.is_empty());
            let left: Vec<_> = ids.iter().filter(is_left).map(SourceId::as_str).collect();
            self.supervisor.health.end_process(format!("source {}: {LeftBehind}", left.join(", ")));
            return Err(LeftBehind);
        }
        groups.by_source.retain(|id, _| !ids.contains(id));
        Ok(())
    }

    async fn forget(&self, id: &SourceId) {
        if let Some(running) = self.register.take(id) {
            running.connection.retire();
        }
        let retired: Vec<_> = consumer_groups(id).collect();
        self.maker.log.retire_groups(&retired);
        self.maker.arrivals.forget(id);
        self.maker.metrics.end(id.as_str());
        let Some(roster) = self.maker.roster.clone() else { return };
        let gone = id.clone();
        let forgotten = tokio::task::spawn_blocking(move || roster.forget(&gone)).await;
        if let Ok(Err(error)) = forgotten {
            warn!(source.id = %id, %error, "the listed users of a source that is gone can't be removed now; the next start does it");
        }
    }

    /// Waits until all stages have ended, of all sources.
    pub(super) async fn ended(&self) {
        let mut groups = self.groups.lock().await;
        for group in groups.by_source.values_mut() {
            while group.tasks.join_next().await.is_some() {}
        }
    }

    /// Aborts what has not ended: it comes again.
    pub(super) fn abort(&self) {
        if let Ok(mut groups) = self.groups.try_lock() {
            groups.by_source.values_mut().for_each(|group| group.tasks.abort_all());
        }
    }
}
