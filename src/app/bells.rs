//! The clocks of schemes: what they say is in the settings, until when they have struck is in the views.

use tokio::sync::watch;

use crate::{
    domain::{SourceId, TriggerKind},
    engine::{Bell, Bells, Controls, Struck},
    log::{Partition, Stream},
    settings::{Contents, Listed, Settings},
    views::Views,
};

/// See the module.
pub(super) struct AppBells {
    pub(super) settings: Settings,
    pub(super) views: Views,
    pub(super) sources: Vec<SourceId>,
}

impl AppBells {
    fn bell(&self, listed: Listed) -> Option<Bell> {
        let Contents::Readable(scheme) = listed.contents else { return None };
        if scheme.trigger.kind() != TriggerKind::Schedule || !self.sources.contains(&scheme.source) {
            return None;
        }
        let struck = match self.views.bell(&scheme.id) {
            Ok(struck) => struck.map(|bell| Struck { schedule: bell.schedule, until: bell.until }),
            Err(error) => {
                tracing::warn!(scheme.id = %scheme.id, %error, "can't tell until when a clock has struck; it waits");
                return None;
            }
        };
        let silent = listed.paused.is_some() || !scheme.enabled;
        Some(Bell { scheme: *scheme, struck, silent })
    }
}

impl Bells for AppBells {
    fn bells(&self) -> Vec<Bell> {
        self.settings.list().into_iter().filter_map(|listed| self.bell(listed)).collect()
    }

    fn read_until(&self, partition: Partition) -> u64 {
        self.views.read_until(Stream::Sweeps, partition).unwrap_or(0)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.settings.changed()
    }
}
