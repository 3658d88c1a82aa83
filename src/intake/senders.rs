//! The sources that deliveries may be from, and how each proves that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use prometheus::IntCounter;

use super::{Verifier, proof::Verifiers};
use crate::{
    clock::Clock,
    config::{self, AuditActions},
    domain::{Product, SourceId},
    live::Live,
};

/// The sources by their ids. Replaced as a whole when the configuration is reloaded.
pub struct Senders {
    now: Live<SourceTable>,
    /// The verifiers, which keep the keys fetched so far.
    verifiers: Mutex<Verifiers>,
    clock: Arc<dyn Clock>,
}

/// The sources of one configuration.
pub(super) struct SourceTable {
    by_id: HashMap<String, Sender>,
    pub(super) nobody: Verifier,
}

/// One source.
pub(super) struct Sender {
    /// Its place among the sources.
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
    pub(super) fn get(&self, id: &str) -> Option<&Sender> {
        self.by_id.get(id)
    }

    fn of(sources: &[config::Source], verifiers: &Verifiers, clock: &Arc<dyn Clock>) -> Self {
        let sender = |(place, source): (usize, &config::Source)| Sender {
            place,
            id: source.id.clone(),
            product: source.product,
            actions: source.actions.clone(),
            logins_by_second: source.tells_logins_twice(),
            verifier: verifiers.of(&source.webhook, Arc::clone(clock)),
            accepted: OnceLock::new(),
        };
        let by_id = |sender: Sender| (sender.id.to_string(), sender);
        Self {
            by_id: sources.iter().enumerate().map(sender).map(by_id).collect(),
            nobody: verifiers.of(&config::Webhook::default(), Arc::clone(clock)),
        }
    }
}

impl Senders {
    pub(super) fn new(sources: &[config::Source], clock: Arc<dyn Clock>) -> Self {
        let verifiers = Verifiers::new(sources);
        Self { now: SourceTable::of(sources, &verifiers, &clock).into(), verifiers: Mutex::new(verifiers), clock }
    }

    /// Has deliveries proved by what `sources` say from now on. Keys that were fetched from an address stay known.
    pub fn replace(&self, sources: &[config::Source]) {
        let mut verifiers = self.verifiers.lock().unwrap_or_else(PoisonError::into_inner); // never half changed
        *verifiers = verifiers.after(sources);
        self.now.replace(SourceTable::of(sources, &verifiers, &self.clock));
    }

    /// The present ones.
    pub(super) fn now(&self) -> Arc<SourceTable> {
        self.now.get()
    }
}
