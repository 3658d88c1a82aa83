//! Metrics of the configuration in use and of its reloads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::{Gauge, IntCounterVec, IntGauge, IntGaugeVec};

use super::families::Families;
use crate::domain::Timestamp;

/// The metrics of the configuration; cheap to clone.
#[derive(Clone, Debug)]
pub struct ConfigMetrics {
    reloads: IntCounterVec,
    last_successful: IntGauge,
    loaded: Gauge,
    info: IntGaugeVec,
    needs_restart: IntGaugeVec,
    /// The labels that are there.
    shown: Arc<Mutex<Labels>>,
}

#[derive(Debug, Default)]
struct Labels {
    hash: Option<String>,
    pending: Vec<String>,
}

impl ConfigMetrics {
    /// Makes and registers the families.
    ///
    /// # Errors
    /// [`prometheus::Error`] if a family can't be registered: two have the same name.
    pub(super) fn register(add: &Families<'_>) -> Result<Self, prometheus::Error> {
        let help = "Times that the configuration was read again, by result: applied or refused.";
        let reloads = add.counters("config_reloads_total", help, &["result"])?;
        for result in ["applied", "refused"] {
            reloads.with_label_values(&[result]);
        }
        let help = "0 while the configuration that was read last is refused, and the one before goes on.";
        let last_successful = add.register(IntGauge::new("usher_config_last_reload_successful", help)?)?;
        last_successful.set(1);
        let help = "When the configuration in use was read, in seconds since 1970.";
        let loaded = add.register(Gauge::new("usher_config_loaded_timestamp_seconds", help)?)?;
        let help = "Always 1; hash tells which configuration was taken into use last. No secret is in it.";
        let info = add.gauges("config_info", help, &["hash"])?;
        let help = "1 for each key that has changed since usher was started and needs a restart.";
        let needs_restart = add.gauges("config_needs_restart", help, &["key"])?;
        Ok(Self { reloads, last_successful, loaded, info, needs_restart, shown: Arc::default() })
    }

    /// Records the configuration that usher was started with.
    pub fn loaded(&self, hash: &str, now: Timestamp) {
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
        self.loaded.set(now.as_millis() as f64 / 1000.0);
        self.info.with_label_values(&[hash]).set(1);
        // The new one first, so that there is one at each moment.
        let before = self.shown().hash.replace(hash.to_owned()).filter(|before| before != hash);
        if let Some(before) = before {
            let _ = self.info.remove_label_values(&[before.as_str()]); // it is there
        }
    }

    /// Records a configuration that was taken into use but for the keys `pending`.
    pub fn applied(&self, hash: &str, pending: &[String], now: Timestamp) {
        self.loaded(hash, now);
        for key in pending {
            self.needs_restart.with_label_values(&[key.as_str()]).set(1);
        }
        let before = std::mem::replace(&mut self.shown().pending, pending.to_vec());
        for key in before.iter().filter(|key| !pending.contains(key)) {
            let _ = self.needs_restart.remove_label_values(&[key.as_str()]); // it is there
        }
        self.last_successful.set(1);
        self.reloads.with_label_values(&["applied"]).inc();
    }

    /// Records a configuration that was refused.
    pub fn refused(&self) {
        self.last_successful.set(0);
        self.reloads.with_label_values(&["refused"]).inc();
    }

    fn shown(&self) -> MutexGuard<'_, Labels> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}
