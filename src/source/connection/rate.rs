//! How often this process may call: its part of the rate of the whole installation.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::Connection;
use crate::{config::Rate, source::rate_share::RateShare};

/// A partition of the executor that is this process's, until this is dropped.
pub(crate) struct HeldPartition(Arc<Connection>);

impl Drop for HeldPartition {
    fn drop(&mut self) {
        self.0.change_share(|share| share.held = share.held.saturating_sub(1));
    }
}

impl Connection {
    /// Lets the whole installation call as often as `rate` says from now on.
    pub fn set_rate(&self, rate: Rate) {
        self.change_share(|share| share.configured = rate);
    }

    /// The calls a second of the whole installation, if known.
    pub(crate) fn calls_per_second(&self) -> Option<f64> {
        self.settings.as_ref().map(|_| self.share().configured.per_second)
    }

    /// The number of calls that this process makes at a time.
    pub(super) fn at_once(&self) -> usize {
        self.share().effective().concurrency
    }

    /// Records that a partition of the executor is this process's. Another process may have changed its users.
    pub(crate) fn hold_partition(self: &Arc<Self>) -> HeldPartition {
        self.recent_readings.clear();
        self.change_share(|share| share.held = share.held.saturating_add(1));
        HeldPartition(Arc::clone(self))
    }

    pub(super) fn change_share(&self, change: impl FnOnce(&mut RateShare)) {
        let mut share = self.share();
        change(&mut share);
        // While it is locked, so that the last change is the one that counts.
        let rate = share.effective();
        self.places.resize(rate.concurrency);
        self.sweep_reads.resize(rate.concurrency);
        if let Some(settings) = &self.settings {
            settings.set_rate(rate);
            self.metrics.rate_share.with_label_values(&[self.source.as_str()]).set(share.part());
        }
    }

    fn share(&self) -> MutexGuard<'_, RateShare> {
        self.share.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}
