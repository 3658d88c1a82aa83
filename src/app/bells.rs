//! The clocks of schemes: what they say is in the settings, until when they have struck is in the views.

use tokio::sync::watch;

use crate::{
    domain::{SourceId, TriggerKind},
    engine::{Bell, Bells, Controls, Struck},
    log::{Partition, Stream},
    settings::{Contents, Listed, Settings},
    views::{self, Views},
};

/// See the module.
pub(super) struct AppBells {
    pub(super) settings: Settings,
    pub(super) views: Views,
    pub(super) sources: Vec<SourceId>,
}

impl AppBells {
    /// The clock of a scheme; none where it has none here.
    fn bell(&self, listed: Listed) -> Result<Option<Bell>, views::Error> {
        let Contents::Readable(scheme) = listed.contents else { return Ok(None) };
        if scheme.trigger.kind() != TriggerKind::Schedule || !self.sources.contains(&scheme.source) {
            return Ok(None);
        }
        let struck = self.views.bell(&scheme.id)?.map(|bell| Struck { schedule: bell.schedule, until: bell.until });
        let silent = listed.paused.is_some() || !scheme.enabled;
        Ok(Some(Bell { scheme: *scheme, struck, silent }))
    }
}

impl Bells for AppBells {
    fn bells(&self) -> Option<Vec<Bell>> {
        let bells = self.settings.list().into_iter().filter_map(|listed| self.bell(listed).transpose());
        let bells: Result<Vec<_>, _> = bells.collect();
        bells.inspect_err(|error| tracing::warn!(%error, "can't tell until when clocks have struck; they wait")).ok()
    }

    fn read_until(&self, partition: Partition) -> u64 {
        self.views.read_until(Stream::Sweeps, partition)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.settings.changed()
    }
}
