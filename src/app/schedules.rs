//! The schedules of schemes: the schedules are in the settings, their last firings in the views.

use tokio::sync::watch;

use crate::{
    domain::TriggerKind,
    engine::{LastFired, Register, Schedules, SchemeSchedule},
    log::{Partition, Stream},
    settings::{Contents, SchemeView, Settings},
    source::Controls,
    views::{self, Views},
};

/// See the module.
pub(super) struct AppSchedules {
    pub(super) settings: Settings,
    pub(super) views: Views,
    pub(super) register: Register,
}

impl AppSchedules {
    /// The schedule of a scheme; none if it has none here.
    fn scheduled(&self, listed: SchemeView) -> Result<Option<SchemeSchedule>, views::Error> {
        let Contents::Readable(scheme) = listed.contents else { return Ok(None) };
        if scheme.trigger.kind() != TriggerKind::Schedule || !self.register.has(&scheme.source) {
            return Ok(None);
        }
        let last_fired =
            self.views.last_fired(&scheme.id)?.map(|last| LastFired { schedule: last.schedule, until: last.until });
        let suspended = listed.paused.is_some() || !scheme.enabled;
        Ok(Some(SchemeSchedule { scheme: *scheme, last_fired, suspended }))
    }
}

impl Schedules for AppSchedules {
    fn schedules(&self) -> Option<Vec<SchemeSchedule>> {
        let schedules = self.settings.list().into_iter().filter_map(|listed| self.scheduled(listed).transpose());
        let schedules: Result<Vec<_>, _> = schedules.collect();
        schedules
            .inspect_err(|error| tracing::warn!(%error, "can't tell until when schedules have fired; they wait"))
            .ok()
    }

    fn read_until(&self, partition: Partition) -> u64 {
        self.views.read_until(Stream::Sweeps, partition)
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.settings.changed()
    }
}
