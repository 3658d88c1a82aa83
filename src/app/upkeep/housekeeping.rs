//! Work that is done at intervals.

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::{NaiveTime, TimeZone, Utc};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{disk_usage, long_pauses, view_lag};
use crate::{
    clock::Clock,
    config::Source,
    domain::Timestamp,
    engine::Memory,
    live::Live,
    log::{LONGEST_PAUSE, Log, RETENTION, Stream},
    metrics::Metrics,
    roster::{self, Roster},
    settings::Settings,
    store, telemetry,
    views::{self, Horizon, Views},
};

const INTERVAL: Duration = Duration::from_secs(5);
/// Rounds between two prunings: an hour.
const ROUNDS_PER_PRUNING: u64 = 720;
/// The interval of pruning the views. It reads most rows.
const PRUNE_VIEWS_INTERVAL: Duration = Duration::from_hours(24);
/// Between two steps of that others get at the disk.
const PAUSE_BETWEEN_STEPS: Duration = Duration::from_millis(10);
/// Expiring credentials are warned about from this long before, once a day.
const WARN_BEFORE: f64 = 30.0 * 86_400.0;
const ROUNDS_PER_WARNING: u64 = 17_280;

/// Keeps gauges current and memory bounded.
pub(in crate::app) struct Housekeeping {
    pub(in crate::app) data_dir: PathBuf,
    pub(in crate::app) sources: Live<Vec<Source>>,
    pub(in crate::app) log: Arc<dyn Log>,
    pub(in crate::app) memory: Memory,
    /// Present if this process follows the settings.
    pub(in crate::app) settings: Option<Settings>,
    /// Present if this process builds the views.
    pub(in crate::app) views: Option<Views>,
    /// Present if this process keeps the lists of users.
    pub(in crate::app) roster: Option<Roster>,
    pub(in crate::app) metrics: Metrics,
    pub(in crate::app) clock: Arc<dyn Clock>,
    /// Whether the log removes old records although a consumer group has not consumed them.
    pub(in crate::app) on_kafka: bool,
}

impl Housekeeping {
    /// Runs until `stop` is cancelled.
    pub(in crate::app) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let disk_usage = disk_usage::follow(self.data_dir.clone(), self.metrics.storage.clone());
        let rounds = async { tokio::join!(self.rounds(), self.prune_views(), self.follow_view_lag(), disk_usage) };
        let _stopped = stop.run_until_cancelled(rounds).await;
    }

    async fn rounds(&self) {
        let mut every = tokio::time::interval(INTERVAL);
        let mut told_lost = telemetry::lost_lines();
        for round in 0_u64.. {
            every.tick().await;
            told_lost = report_lost_lines(told_lost);
            self.lag();
            self.expiry(round.is_multiple_of(ROUNDS_PER_WARNING));
            self.pauses(round.is_multiple_of(ROUNDS_PER_WARNING));
            if round.is_multiple_of(ROUNDS_PER_PRUNING) {
                self.prune().await;
                self.prune_roster().await;
                self.forget_settings().await;
            }
        }
    }

    fn lag(&self) {
        for stream in [Stream::Events, Stream::Decisions] {
            if let Some(lag) = self.log.lag(stream) {
                let lag = i64::try_from(lag).unwrap_or(i64::MAX);
                self.metrics.log_lag_records.with_label_values(&[stream.as_str()]).set(lag);
            }
        }
    }

    fn expiry(&self, warn: bool) {
        for source in self.sources.get().iter() {
            let Some(date) = source.credentials_expire else {
                // It may have been known before; most of the time there is nothing to take away.
                let _ = self.metrics.credentials_expiry_seconds.remove_label_values(&[source.id.as_str()]);
                continue;
            };
            let end = Utc.from_utc_datetime(&date.and_time(NaiveTime::MIN)).timestamp_millis();
            #[allow(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
            let seconds = (end - self.clock.now().as_millis()) as f64 / 1000.0;
            self.metrics.credentials_expiry_seconds.with_label_values(&[source.id.as_str()]).set(seconds);
            if warn && seconds < WARN_BEFORE {
                warn!(source.id = %source.id, expire = %date, "the credentials of a source expire soon; renew them");
            }
        }
    }

    fn pauses(&self, warn: bool) {
        let Some(settings) = &self.settings else { return };
        let warn = warn && self.on_kafka;
        let sources = self.sources.get();
        long_pauses::update_gauges(&sources, settings, &self.metrics, self.clock.now(), warn);
        long_pauses::update_pause_gauges(&sources, settings, &self.metrics);
    }

    async fn follow_view_lag(&self) {
        let Some(views) = &self.views else { return };
        view_lag::follow(views, &self.log, &self.metrics).await;
    }

    async fn forget_settings(&self) {
        let Some(settings) = &self.settings else { return };
        if let Err(error) = settings.forget_outlived().await {
            warn!(%error, "can't forget settings that are of no use any more");
        }
    }

    async fn prune(&self) {
        let Memory { ledger, pending, sweeps, .. } = self.memory.clone();
        let (over, open) = (self.before(RETENTION), self.before(LONGEST_PAUSE));
        match off_thread(move || {
            Ok::<_, store::Error>(ledger.prune(over, open)? + pending.prune(open)? + sweeps.prune(open)?)
        })
        .await
        {
            Ok(None | Some(0)) => {}
            Ok(Some(dropped)) => info!(dropped, "forgot what the log no longer holds"),
            Err(error) => warn!(%error, "can't forget what the log no longer holds"),
        }
    }

    async fn prune_roster(&self) {
        let Some(roster) = self.roster.clone() else { return };
        let now = self.clock.now();
        match off_thread(move || roster.prune(now)).await {
            Ok(None | Some(0)) => {}
            Ok(Some(users)) => {
                info!(users, "forgot listed users who were not listed again for as long as they are kept")
            }
            Err(error) => warn!(%error, "can't forget listed users"),
        }
    }

    async fn prune_views(&self) {
        let Some(views) = &self.views else { return };
        let mut every = tokio::time::interval(PRUNE_VIEWS_INTERVAL);
        loop {
            every.tick().await;
            match prune(views, Horizon { over: self.before(RETENTION), open: self.before(LONGEST_PAUSE) }).await {
                Ok(0) => {}
                Ok(dropped) => info!(dropped, "forgot rows of the run log that are older than the log"),
                Err(error) => warn!(%error, "can't forget rows of the run log that are older than the log"),
            }
        }
    }

    fn before(&self, age: Duration) -> Timestamp {
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(age))
    }
}

/// Logs the number of lost log lines since `told`, once lines are written again; returns the reported total.
fn report_lost_lines(told: u64) -> u64 {
    let lost = telemetry::lost_lines();
    if lost <= told || !telemetry::is_written() {
        return told;
    }
    warn!(lines = lost - told, "log lines were lost: standard error was not read fast enough, full, or closed");
    lost
}

/// Removes rows older than `horizon`, step by step, each on a thread that may wait for the disk.
async fn prune(views: &Views, horizon: Horizon) -> Result<usize, Error> {
    let (mut pruning, mut dropped) = (views.pruning(horizon), 0);
    loop {
        match off_thread(move || pruning.step().map(|removed| (pruning, removed))).await? {
            Some((rest, Some(removed))) => {
                pruning = rest;
                dropped += removed;
            }
            Some((_, None)) | None => return Ok(dropped), // done, or usher is stopping
        }
        tokio::time::sleep(PAUSE_BETWEEN_STEPS).await;
    }
}

/// Does `work` on a thread that may wait for the disk. None: usher is stopping.
async fn off_thread<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<Option<T>, Error>
where
    T: Send + 'static,
    E: Send + 'static,
    Error: From<E>,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(Some(done?)),
        Err(broken) if broken.is_panic() => Err(Error::Panicked),
        Err(_) => Ok(None),
    }
}

/// Why something could not be forgotten.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("usher failed at it, which is a bug; the lines before this one say where")]
    Panicked,
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Views(#[from] views::Error),
    #[error(transparent)]
    Roster(#[from] roster::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_forgets_and_panics_is_told_of_and_not_taken_for_done() {
        #[allow(clippy::panic, reason = "this is what is tried")]
        let panics = || -> Result<usize, store::Error> { panic!("a row that nobody thought of") };
        assert!(matches!(off_thread(panics).await, Err(Error::Panicked)));
        assert!(matches!(off_thread(|| Ok::<_, views::Error>(3)).await, Ok(Some(3))));
    }
}
