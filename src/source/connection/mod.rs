//! One connected source: its client, and whether it may be called.
//!
//! The type and the wait for a call are here; its [`rate`], the [`answers`] of the product, and what happens while it
//! is stopped ([`stopping`]) have files of their own, as have the [readings of sweeps](sweep_reads).

mod answers;
mod rate;
mod stopping;
mod sweep_reads;

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

pub use stopping::Health;
use sweep_reads::WaitingChange;

use super::{
    Controls, controls::wait_until_unpaused, failures::Failures, list_record::ListRecorder, probe::ProbeBackoff,
    rate_share::RateShare, recent_readings::RecentReadings,
};
use crate::{
    clock::Clock,
    config::Rate,
    domain::SourceId,
    metrics::Metrics,
    products::{CallSettings, Client},
    resizable_semaphore::{Permit, ResizableSemaphore},
    runtime::Interrupted,
};

/// A connected source, shared by its planner and executor.
pub struct Connection {
    /// The source.
    pub source: SourceId,
    /// Its client.
    pub client: Arc<dyn Client>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// The sources, schemes and runs that administrators have stopped.
    pub controls: Arc<dyn Controls>,
    metrics: Metrics,
    /// The places for simultaneous changes.
    places: ResizableSemaphore,
    /// The number of changes that wait for a place.
    waiting_changes: watch::Sender<usize>,
    /// The places for simultaneous readings of sweeps.
    sweep_reads: ResizableSemaphore,
    /// The settings of the client's calls; none if they never change.
    settings: Option<Arc<CallSettings>>,
    share: Mutex<RateShare>,
    /// A counter that grows when the basis of decisions changes: credentials, protected users, the mode.
    revision: AtomicU64,
    /// Told when a probe is of use at once.
    probe_now: Notify,
    health: watch::Sender<Health>,
    stops: AtomicU64,
    last_read: AtomicI64,
    last_change: AtomicI64,
    /// The time of the product's last answer, a refusal or an answer to a probe too.
    last_answer: AtomicI64,
    /// The waits between probes of a halted source, and of one that is away.
    probe_backoff: Mutex<(ProbeBackoff, ProbeBackoff)>,
    /// A lock for finding out whether the source is away.
    pub(crate) checking: tokio::sync::Mutex<()>,
    pub(crate) failures: Failures,
    /// The planner's readings, for the executor.
    pub(crate) recent_readings: RecentReadings,
    failure_ids: AtomicU64,
    /// Keeps the lists of users; not set: nothing does.
    pub(super) list_recorder: OnceLock<Arc<dyn ListRecorder>>,
    /// Cancelled when the source is taken out of use.
    retired: CancellationToken,
}

/// The settings of calls to a source.
pub struct Calls {
    /// The client.
    pub client: Arc<dyn Client>,
    /// The settings of the client's calls; none if they never change.
    pub settings: Option<Arc<CallSettings>>,
    /// The rate of the whole installation.
    pub rate: Rate,
    /// The number of partitions that processes share; none if this process does all the work.
    pub partitions: Option<u16>,
}

impl Connection {
    /// A connection that is not halted, for at most `at_once` changes at a time.
    pub fn new(
        source: SourceId,
        client: Arc<dyn Client>,
        at_once: usize,
        clock: Arc<dyn Clock>,
        controls: Arc<dyn Controls>,
        metrics: Metrics,
    ) -> Arc<Self> {
        let rate = Rate { per_second: f64::MAX, concurrency: at_once };
        Self::adjustable(source, Calls { client, settings: None, rate, partitions: None }, clock, controls, metrics)
    }

    /// A connection that is not halted, called as `calls` say until that is changed.
    pub fn adjustable(
        source: SourceId,
        calls: Calls,
        clock: Arc<dyn Clock>,
        controls: Arc<dyn Controls>,
        metrics: Metrics,
    ) -> Arc<Self> {
        let Calls { client, settings, rate, partitions } = calls;
        metrics.source_halted.with_label_values(&[source.as_str()]).set(0);
        metrics.source_unreachable.with_label_values(&[source.as_str()]).set(0);
        let health = watch::Sender::new(Health::Running);
        let never = || AtomicI64::new(i64::MIN);
        let (last_read, last_change, last_answer) = (never(), never(), never());
        let probe_backoff = Mutex::new((ProbeBackoff::of_halted(), ProbeBackoff::of_absent()));
        let stops = AtomicU64::new(0);
        let connection = Arc::new(Self {
            source,
            client,
            clock,
            controls,
            metrics,
            places: ResizableSemaphore::new(rate.concurrency),
            waiting_changes: watch::Sender::new(0),
            sweep_reads: ResizableSemaphore::new(rate.concurrency),
            settings,
            share: Mutex::new(RateShare { configured: rate, held: 0, partitions }),
            revision: AtomicU64::new(0),
            probe_now: Notify::new(),
            health,
            stops,
            last_read,
            last_change,
            last_answer,
            probe_backoff,
            checking: tokio::sync::Mutex::default(),
            failures: Failures::default(),
            recent_readings: RecentReadings::default(),
            failure_ids: AtomicU64::new(0),
            list_recorder: OnceLock::new(),
            retired: CancellationToken::new(),
        });
        connection.change_share(|_| {});
        connection
    }

    /// The settings of the client's calls, if they can be changed.
    pub fn settings(&self) -> Option<&Arc<CallSettings>> {
        self.settings.as_ref()
    }

    /// Has all unsent steps judged again, because credentials, protected users or the mode have changed. A stopped
    /// source is probed at once.
    pub fn revise(&self) {
        self.revision.fetch_add(1, Ordering::AcqRel);
        self.stops.fetch_add(1, Ordering::AcqRel);
        if *self.health.borrow() != Health::Running {
            self.probe_now.notify_one();
        }
    }

    /// Takes the source out of use, when its stages have ended: nobody probes it and lists its users any more.
    pub fn retire(&self) {
        self.retired.cancel();
    }

    /// Does `work` until the source is taken out of use; none if that comes first.
    pub(crate) async fn while_in_use<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.retired.run_until_cancelled(work).await
    }

    /// Grows with each [`Connection::revise`].
    pub(crate) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// Waits until the source may be called: it is neither halted nor paused.
    ///
    /// # Errors
    /// [`Interrupted`] if `stop` is cancelled first.
    pub async fn running(&self, stop: &CancellationToken) -> Result<(), Interrupted> {
        let mut health = self.health.subscribe();
        while !self.is_running() {
            self.stops.fetch_add(1, Ordering::Relaxed);
            let running = health.wait_for(|health| *health == Health::Running);
            stop.run_until_cancelled(running).await.ok_or(Interrupted)?.map(|_| ()).map_err(|_| Interrupted)?;
            wait_until_unpaused(&*self.controls, &self.source, stop).await?;
        }
        Ok(())
    }

    /// Waits for a place among the simultaneous changes, to be held until the answer is there. A step that waits here
    /// can still be stopped; a step that waits for the pace in the client can't. The holder of a place must not wait
    /// for another lock, because some hold the guard's lock while they wait for the place.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(crate) async fn place(&self, stop: &CancellationToken) -> Result<Permit, Interrupted> {
        let _waiting = WaitingChange::among(&self.waiting_changes);
        stop.run_until_cancelled(self.places.acquire()).await.ok_or(Interrupted)
    }

    /// Whether it is neither halted nor paused now.
    pub(crate) fn is_running(&self) -> bool {
        *self.health.borrow() == Health::Running && !self.controls.source_paused(&self.source)
    }

    /// The number of times that a caller found the source halted or paused. If it has changed, a caller may have waited
    /// for days, and its earlier readings may no longer be true.
    pub(crate) fn stops(&self) -> u64 {
        self.stops.load(Ordering::Relaxed)
    }

    /// Tells one step or reading that fails from the others.
    pub(crate) fn failure_id(&self) -> u64 {
        self.failure_ids.fetch_add(1, Ordering::Relaxed)
    }
}
