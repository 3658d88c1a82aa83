//! The sources that deliveries may be from, and how each proves that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use prometheus::IntCounter;

use super::{Verifier, proof::Verifiers};
use crate::{
    clock::Clock,
    config::{self, AuditActions},
    domain::{Product, SourceId},
    live::Live,
};

/// The interval of looking whether a delivery is still worked on by an earlier table.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The sources by their ids. Replaced as a whole when the configuration is reloaded.
pub struct Senders {
    now: Live<SourceTable>,
    kept: Mutex<Kept>,
    clock: Arc<dyn Clock>,
}

/// The parts that outlive a table.
struct Kept {
    /// The verifiers, which keep the keys fetched so far.
    verifiers: Verifiers,
    /// The places of all sources that there were. A place is never another source's.
    places: HashMap<SourceId, usize>,
}

impl Kept {
    fn table(&mut self, sources: &[config::Source], clock: &Arc<dyn Clock>) -> SourceTable {
        let Self { verifiers, places } = self;
        let sender = |source: &config::Source| {
            let next = places.len();
            Arc::new(Sender {
                place: *places.entry(source.id.clone()).or_insert(next),
                id: source.id.clone(),
                product: source.product,
                actions: source.actions.clone(),
                logins_by_second: source.tells_logins_twice(),
                verifier: verifiers.of(&source.webhook, Arc::clone(clock)),
                accepted: OnceLock::new(),
            })
        };
        let by_id = |sender: Arc<Sender>| (sender.id.to_string(), sender);
        SourceTable {
            by_id: sources.iter().map(sender).map(by_id).collect(),
            nobody: verifiers.of(&config::Webhook::default(), Arc::clone(clock)),
        }
    }
}

/// The sources of one configuration.
pub(super) struct SourceTable {
    by_id: HashMap<String, Arc<Sender>>,
    pub(super) nobody: Verifier,
}

/// One source.
pub(super) struct Sender {
    /// Its place among all sources that there were.
    pub(super) place: usize,
    pub(super) id: SourceId,
    pub(super) product: Product,
    pub(super) actions: AuditActions,
    pub(super) logins_by_second: bool,
    pub(super) verifier: Verifier,
    /// Its counter of accepted deliveries, once there was one: finding it costs more than counting.
    pub(super) accepted: OnceLock<IntCounter>,
}

impl SourceTable {
    /// The source called `id`.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Sender>> {
        self.by_id.get(id)
    }
}

/// A table that was replaced. Deliveries that it has proved may be on their way into the log.
pub struct Replaced(Arc<SourceTable>);

impl Replaced {
    /// Waits until all deliveries that the table has proved are answered. False if that takes longer than `most`.
    pub async fn is_unused(self, most: Duration) -> bool {
        let unused = async {
            while Arc::strong_count(&self.0) > 1 {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        tokio::time::timeout(most, unused).await.is_ok()
    }
}

impl Senders {
    pub(super) fn new(sources: &[config::Source], clock: Arc<dyn Clock>) -> Self {
        let mut kept = Kept { verifiers: Verifiers::new(sources), places: HashMap::new() };
        Self { now: kept.table(sources, &clock).into(), kept: Mutex::new(kept), clock }
    }

    /// Has deliveries proved by what `sources` say from now on, and refuses those for others. Keys that were fetched
    /// from an address stay known.
    pub fn replace(&self, sources: &[config::Source]) -> Replaced {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner); // never half changed
        kept.verifiers = kept.verifiers.after(sources);
        let table = kept.table(sources, &self.clock);
        Replaced(self.now.swap(table))
    }

    /// The present ones.
    pub(super) fn now(&self) -> Arc<SourceTable> {
        self.now.get()
    }
}
