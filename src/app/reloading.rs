//! Applies a changed configuration to the running parts.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tracing::{info, warn};

use super::sources::{PreparedSource, Sources};
use crate::{
    admin::Shown,
    clock::Clock,
    config::{Config, Source},
    domain::{Mode, SourceId},
    engine::RunningSource,
    intake::{Replaced, Senders},
    live::Live,
    metrics::Metrics,
    products::{ConnectError, Prepared},
    reload::{NotApplied, Reloader, Start, Target},
    settings::Settings,
};

/// The time for deliveries that were proved before their source was taken out. Writing one takes 8 s at most.
const PROVED_BEFORE: Duration = Duration::from_secs(10);

/// The parts of a running app that hold values of the configuration.
pub(super) struct Parts {
    mode: Live<Mode>,
    sources: Arc<Sources>,
    /// Present if this process takes webhooks in.
    senders: Option<Arc<Senders>>,
    settings: Settings,
    shown: Shown,
    /// The sources for housekeeping.
    configured: Live<Vec<Source>>,
}

impl Parts {
    pub(super) fn new(
        mode: Live<Mode>,
        sources: Arc<Sources>,
        senders: Option<Arc<Senders>>,
        (settings, shown): (Settings, Shown),
        configured: Live<Vec<Source>>,
    ) -> Self {
        Self { mode, sources, senders, settings, shown, configured }
    }

    /// The reloader for the configuration with the origin `start`; `running` is in use. None if it can't be read again.
    pub(super) fn reloader(
        self,
        start: Option<Start>,
        running: &Config,
        metrics: &Metrics,
        clock: &Arc<dyn Clock>,
    ) -> Option<Arc<Reloader>> {
        let Some(start) = start else {
            metrics.config.loaded("unknown", clock.now());
            return None;
        };
        Some(Reloader::new(start, running.clone(), Arc::new(self), metrics.clone(), Arc::clone(clock)))
    }
}

#[async_trait]
impl Target for Parts {
    async fn apply(self: Arc<Self>, running: &Config, next: &Config) -> Result<(), NotApplied> {
        let Changes { kept, added } = self.prepared(next).await?; // all that can fail comes first
        if next.mode == Mode::Observe {
            self.mode.replace(next.mode); // before anything that lets more be done
        }
        self.end_others(running, next).await?;
        let added = self.put(added).await;
        // Schemes are there before a stage asks for them, and a source before its schemes.
        self.change(running, next, kept, &added).await?;
        self.sources.begin().await;
        if !added.is_empty() {
            // Last: a delivery is accepted only where its event is worked on.
            self.accept(&next.sources);
            added.iter().for_each(|source| info!(source.id = %source, "a source is configured, and works"));
        }
        Ok(())
    }
}

/// The parts of the next configuration that are made before anything is changed.
struct Changes {
    kept: Vec<Kept>,
    added: Vec<PreparedSource>,
}

/// A source that stays, with its new values.
struct Kept {
    running: Arc<RunningSource>,
    source: Source,
    calls: Option<Prepared>,
}

impl Kept {
    fn change(self) {
        let Self { running, source, calls } = self;
        running.live.replace(&source);
        if let (Some(settings), Some(calls)) = (running.connection.settings(), calls) {
            settings.change(calls);
        }
        running.connection.set_rate(source.rate);
    }
}

impl Parts {
    async fn prepared(self: &Arc<Self>, next: &Config) -> Result<Changes, NotApplied> {
        let (parts, sources) = (Arc::clone(self), next.sources.clone());
        on_thread(move || parts.prepare(sources)).await?
    }

    /// Makes what may fail. May wait for the disk.
    fn prepare(&self, sources: Vec<Source>) -> Result<Changes, NotApplied> {
        let mut changes = Changes { kept: Vec::new(), added: Vec::new() };
        for source in sources {
            let key = format!("sources.{}", source.id);
            let refused = |error: ConnectError| NotApplied { key, why: error.to_string() };
            match self.sources.register().get(&source.id) {
                Some(running) => {
                    let settings = running.connection.settings();
                    let calls = settings.map(|settings| settings.prepare(&source)).transpose().map_err(refused)?;
                    changes.kept.push(Kept { running, source, calls });
                }
                None => changes.added.push(self.sources.prepare(&source).map_err(refused)?),
            }
        }
        Ok(changes)
    }

    /// Ends the sources that are not in `next`: first their deliveries are refused, then their stages finish what they
    /// have begun.
    async fn end_others(&self, running: &Config, next: &Config) -> Result<(), NotApplied> {
        let has = |sources: &[Source], id: &SourceId| sources.iter().any(|source| source.id == *id);
        let there = self.sources.register().all();
        let gone: Vec<_> =
            there.iter().map(|running| running.id()).filter(|id| !has(&next.sources, id)).cloned().collect();
        let [first, ..] = gone.as_slice() else { return Ok(()) };
        let staying: Vec<_> = running.sources.iter().filter(|source| has(&next.sources, &source.id)).cloned().collect();
        if let Some(before) = self.accept(&staying)
            && !before.is_unused(PROVED_BEFORE).await
        {
            warn!("deliveries for a source that is taken out are still being written; their events stay in the log");
        }
        let key = format!("sources.{first}");
        self.sources.end(&gone).await.map_err(|error| NotApplied { key, why: error.to_string() })
    }

    async fn put(&self, added: Vec<PreparedSource>) -> Vec<SourceId> {
        let mut ids = Vec::new();
        for source in added {
            ids.push(source.id().clone());
            self.sources.put(source).await;
        }
        ids
    }

    /// Replaces the values. Deliveries of the `added` sources are not accepted yet.
    async fn change(
        self: &Arc<Self>,
        running: &Config,
        next: &Config,
        kept: Vec<Kept>,
        added: &[SourceId],
    ) -> Result<(), NotApplied> {
        let revised: Vec<_> = kept
            .iter()
            .filter(|kept| is_judged_anew(running, next, &kept.source))
            .map(|kept| Arc::clone(&kept.running))
            .collect();
        let accepted: Vec<_> = next.sources.iter().filter(|source| !added.contains(&source.id)).cloned().collect();
        let (parts, next) = (Arc::clone(self), next.clone());
        on_thread(move || {
            kept.into_iter().for_each(Kept::change);
            parts.accept(&accepted);
            parts.settings.provide(&next);
            parts.shown.replace(&next);
            parts.configured.replace(next.sources);
            parts.mode.replace(next.mode);
            revised.iter().for_each(|running| running.connection.revise());
        })
        .await
    }

    /// Has deliveries of `sources` accepted, and of no others. Gives the ones of before.
    fn accept(&self, sources: &[Source]) -> Option<Replaced> {
        self.senders.as_ref().map(|senders| senders.replace(sources))
    }
}

/// Whether steps of the source `after` that were judged with the values of before, and are not sent yet, are judged
/// again.
fn is_judged_anew(running: &Config, next: &Config, after: &Source) -> bool {
    let is_changed = |before: &Source| {
        before.auth != after.auth || before.transport != after.transport || before.protect != after.protect
    };
    running.mode != next.mode || running.sources.iter().filter(|before| before.id == after.id).any(is_changed)
}

/// Does `work` on a thread that may wait for the disk.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotApplied> {
    let broken = |_| NotApplied {
        key: "the configuration".to_owned(),
        why: "applying it ended by a bug of usher; the lines before this one say where".to_owned(),
    };
    tokio::task::spawn_blocking(work).await.map_err(broken)
}
