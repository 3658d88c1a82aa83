//! Applies a changed configuration, and changes of the stored sources, to the running parts.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::sources::{Difference, PreparedSource, Sources};
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
    pub(super) mode: Live<Mode>,
    pub(super) sources: Arc<Sources>,
    /// Present if this process takes webhooks in.
    pub(super) senders: Option<Arc<Senders>>,
    pub(super) settings: Settings,
    pub(super) shown: Shown,
    /// The sources for housekeeping.
    pub(super) configured: Live<Vec<Source>>,
    /// The configuration in use. Held while another one is applied.
    pub(super) applied: Mutex<Applied>,
}

/// The configuration in use.
pub(super) struct Applied {
    /// By the file alone.
    pub(super) file: Config,
    /// With the stored sources.
    pub(super) whole: Config,
}

/// The configuration of the file with the stored sources. Those of the file go before.
pub(super) fn whole(file: &Config, settings: &Settings) -> Config {
    let is_in_file = |source: &Source| file.sources.iter().any(|of_file| of_file.id == source.id);
    let stored = settings.usable_sources().into_iter().filter(|source| !is_in_file(source));
    Config { sources: file.sources.iter().cloned().chain(stored).collect(), ..file.clone() }
}

/// A reloader for the configuration with the origin `start`; `running` is in use in `parts`. None if it can't be read
/// again.
pub(super) fn reloader(
    parts: &Arc<Parts>,
    start: Option<Start>,
    running: &Config,
    metrics: &Metrics,
    clock: &Arc<dyn Clock>,
) -> Option<Arc<Reloader>> {
    let Some(start) = start else {
        metrics.config.loaded("unknown", clock.now());
        return None;
    };
    let target = Arc::clone(parts) as Arc<dyn Target>;
    Some(Reloader::new(start, running.clone(), target, metrics.clone(), Arc::clone(clock)))
}

#[async_trait]
impl Target for Parts {
    async fn apply(self: Arc<Self>, next: &Config) -> Result<(), NotApplied> {
        let mut applied = self.applied.lock().await;
        self.take(&mut applied, next.clone()).await
    }
}

/// The parts of the next configuration that are made before anything is changed.
struct Changes {
    next: Config,
    /// The sources that end, also those whose id another one has then.
    gone: Vec<SourceId>,
    /// The sources whose stages are made anew.
    anew: Vec<SourceId>,
    /// The sources of which values change.
    kept: Vec<Kept>,
    /// Those that come, or whose stages are made anew.
    begins: Vec<PreparedSource>,
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
    /// Takes changes of stored sources into use, until `stop` is cancelled.
    pub(super) async fn follow_stored(self: Arc<Self>, stop: CancellationToken) {
        let mut changed = self.settings.sources_changed();
        let follow = async {
            loop {
                changed.mark_unchanged();
                let mut applied = self.applied.lock().await;
                let file = applied.file.clone();
                if whole(&file, &self.settings).sources != applied.whole.sources
                    && let Err(why) = self.take(&mut applied, file).await
                {
                    error!(%why, "a stored source can't be taken into use");
                }
                drop(applied);
                if changed.changed().await.is_err() {
                    return;
                }
            }
        };
        let _stopped = stop.run_until_cancelled(follow).await;
    }

    /// Takes `file`, with the stored sources, into use.
    async fn take(self: &Arc<Self>, applied: &mut Applied, file: Config) -> Result<(), NotApplied> {
        let is_file_changed = !is_same(&applied.file, &file);
        let Changes { next, gone, anew, kept, begins } = self.prepared(&applied.whole, &file).await?;
        if next.mode == Mode::Observe {
            self.mode.replace(next.mode); // before anything that lets more be done
        }
        self.end(&applied.whole, &gone).await?;
        self.sources.stop(&anew).await.map_err(|error| not_applied(&anew, &error.to_string()))?;
        let added: Vec<_> = begins.iter().map(|source| source.id().clone()).filter(|id| !anew.contains(id)).collect();
        for source in begins {
            self.sources.put(source).await;
        }
        // Schemes are there before a stage asks for them, and a source before its schemes.
        let provided = is_file_changed.then(|| file.clone());
        self.change(&applied.whole, &next, (kept, provided), &added).await?;
        self.sources.begin().await;
        if !added.is_empty() {
            // Last: a delivery is accepted only where its event is worked on.
            self.accept(&next.sources);
            added.iter().for_each(|source| info!(source.id = %source, "a source is configured, and works"));
        }
        *applied = Applied { file, whole: next };
        Ok(())
    }

    async fn prepared(self: &Arc<Self>, before: &Config, file: &Config) -> Result<Changes, NotApplied> {
        let (parts, before, file) = (Arc::clone(self), before.sources.clone(), file.clone());
        on_thread(move || parts.prepare(&before, &file)).await?
    }

    /// Makes what may fail. A stored source that can't be set up is left out: it must not hold up the file. May wait for
    /// the disk.
    fn prepare(&self, before: &[Source], file: &Config) -> Result<Changes, NotApplied> {
        let wanted = whole(file, &self.settings);
        let next = Config { sources: Vec::new(), ..wanted.clone() };
        let mut changes = Changes { next, gone: Vec::new(), anew: Vec::new(), kept: Vec::new(), begins: Vec::new() };
        for source in wanted.sources {
            let is_of_file = file.sources.iter().any(|of_file| of_file.id == source.id);
            match self.prepare_one(before, &source, &mut changes) {
                Ok(()) => changes.next.sources.push(source),
                Err(error) if is_of_file => return Err(not_applied(&[source.id], &error.to_string())),
                Err(error) => error!(source.id = %source.id, %error, "a stored source can't be set up"),
            }
        }
        let there = self.sources.register().all();
        let is_gone = |id: &&SourceId| changes.next.sources.iter().all(|source| source.id != **id);
        let gone: Vec<_> = there.iter().map(|running| running.id()).filter(is_gone).cloned().collect();
        changes.gone.extend(gone);
        Ok(changes)
    }

    fn prepare_one(&self, before: &[Source], source: &Source, changes: &mut Changes) -> Result<(), ConnectError> {
        let running = self.sources.register().get(&source.id);
        let before = before.iter().find(|before| before.id == source.id);
        let difference = before.map_or(Difference::Another, |before| Difference::of(before, source));
        match (running, difference) {
            (Some(_), Difference::None) => {}
            (Some(running), Difference::Values) => {
                let calls = running.connection.settings().map(|settings| settings.prepare(source)).transpose()?;
                changes.kept.push(Kept { running, source: source.clone(), calls });
            }
            (running, difference) => {
                changes.begins.push(self.sources.prepare(source)?);
                match (running, difference) {
                    (Some(_), Difference::Stages) => changes.anew.push(source.id.clone()),
                    (Some(_), _) => changes.gone.push(source.id.clone()),
                    (None, _) => {}
                }
            }
        }
        Ok(())
    }

    /// Ends the sources `gone` of those in `before`: first their deliveries are refused, then their stages finish what
    /// they have begun.
    async fn end(&self, before: &Config, gone: &[SourceId]) -> Result<(), NotApplied> {
        if gone.is_empty() {
            return Ok(());
        }
        let staying: Vec<_> = before.sources.iter().filter(|source| !gone.contains(&source.id)).cloned().collect();
        if let Some(before) = self.accept(&staying)
            && !before.is_unused(PROVED_BEFORE).await
        {
            warn!("deliveries for a source that is taken out are still being written; their events stay in the log");
        }
        self.sources.end(gone).await.map_err(|error| not_applied(gone, &error.to_string()))
    }

    /// Replaces the values, and the schemes of the file if it is `provided`. Deliveries of the `added` sources are not
    /// accepted yet.
    async fn change(
        self: &Arc<Self>,
        before: &Config,
        next: &Config,
        (kept, provided): (Vec<Kept>, Option<Config>),
        added: &[SourceId],
    ) -> Result<(), NotApplied> {
        let is_judged = |source: &&Source| is_judged_anew(before, next, source);
        let revised =
            next.sources.iter().filter(is_judged).filter_map(|source| self.sources.register().get(&source.id));
        let revised: Vec<_> = revised.collect();
        let accepted: Vec<_> = next.sources.iter().filter(|source| !added.contains(&source.id)).cloned().collect();
        let (parts, next) = (Arc::clone(self), next.clone());
        on_thread(move || {
            kept.into_iter().for_each(Kept::change);
            parts.accept(&accepted);
            if let Some(file) = provided {
                parts.settings.provide(&file);
            }
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

/// Whether schemes or sources of the file are the same.
fn is_same(before: &Config, after: &Config) -> bool {
    let ids =
        |config: &Config| config.sources.iter().map(|source| (source.id.clone(), source.product)).collect::<Vec<_>>();
    before.schemes == after.schemes && ids(before) == ids(after)
}

/// Whether steps of the source `after` that were judged with the values of before, and are not sent yet, are judged
/// again.
fn is_judged_anew(before: &Config, next: &Config, after: &Source) -> bool {
    let is_changed = |before: &Source| {
        before.auth != after.auth || before.transport != after.transport || before.protect != after.protect
    };
    before.mode != next.mode || before.sources.iter().filter(|before| before.id == after.id).any(is_changed)
}

fn not_applied(sources: &[SourceId], why: &str) -> NotApplied {
    let ids: Vec<_> = sources.iter().map(SourceId::as_str).collect();
    NotApplied { key: format!("sources.{}", ids.join(", ")), why: why.to_owned() }
}

/// Does `work` on a thread that may wait for the disk.
async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, NotApplied> {
    let broken = |_| NotApplied {
        key: "the configuration".to_owned(),
        why: "applying it ended by a bug of usher; the lines before this one say where".to_owned(),
    };
    tokio::task::spawn_blocking(work).await.map_err(broken)
}
