//! One connected source: its client, whether it may be called, and for how long calls are retried.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    Controls,
    controls::wait_until_unpaused,
    failures::{CallKind, Failures},
    probe::ProbeBackoff,
    rate_share::RateShare,
    recent_readings::RecentReadings,
};
use crate::{
    clock::Clock,
    config::Rate,
    domain::{SourceId, Timestamp},
    metrics::Metrics,
    products::{CallSettings, Client, Disposition, Error},
    resizable_semaphore::{Permit, ResizableSemaphore},
    runtime::Interrupted,
};

/// Whether a source may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// The source may be called.
    Running,
    /// The product refuses usher's credentials or rights. Only probes are sent, and nothing is given up.
    Halted {
        /// The product's reason.
        why: String,
        /// Since when.
        since: Timestamp,
    },
    /// The product does not answer, or something in front of it answers. Only probes are sent, and nothing is given up.
    Unreachable {
        /// The answer that came instead.
        why: String,
        /// Since when.
        since: Timestamp,
    },
}

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

/// A partition of the executor that is this process's, until this is dropped.
pub(crate) struct HeldPartition(Arc<Connection>);

impl Drop for HeldPartition {
    fn drop(&mut self) {
        self.0.change_share(|share| share.held = share.held.saturating_sub(1));
    }
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
        });
        connection.change_share(|_| {});
        connection
    }

    /// The settings of the client's calls, if they can be changed.
    pub fn settings(&self) -> Option<&Arc<CallSettings>> {
        self.settings.as_ref()
    }

    /// Lets the whole installation call as often as `rate` says from now on.
    pub fn set_rate(&self, rate: Rate) {
        self.change_share(|share| share.configured = rate);
    }

    /// The calls a second of the whole installation, if known.
    pub(crate) fn calls_per_second(&self) -> Option<f64> {
        self.settings.as_ref().map(|_| self.share().configured.per_second)
    }

    /// Records that a partition of the executor is this process's. Another process may have changed its users.
    pub(crate) fn hold_partition(self: &Arc<Self>) -> HeldPartition {
        self.recent_readings.clear();
        self.change_share(|share| share.held = share.held.saturating_add(1));
        HeldPartition(Arc::clone(self))
    }

    fn change_share(&self, change: impl FnOnce(&mut RateShare)) {
        let mut share = self.share();
        change(&mut share);
        // While it is locked, so that the last change is the one that counts.
        let rate = share.effective();
        self.places.resize(rate.concurrency);
        if let Some(settings) = &self.settings {
            settings.set_rate(rate);
            self.metrics.rate_share.with_label_values(&[self.source.as_str()]).set(share.part());
        }
    }

    fn share(&self) -> MutexGuard<'_, RateShare> {
        self.share.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
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

    /// Grows with each [`Connection::revise`].
    pub(crate) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// The state. A source that answers probes and refuses all changes is shown as away, and is still called.
    pub fn health(&self) -> Health {
        match self.health.borrow().clone() {
            Health::Running => match self.refusing(CallKind::Change).or_else(|| self.refusing(CallKind::Read)) {
                Some((since, why)) => Health::Unreachable { why, since },
                None => Health::Running,
            },
            stopped => stopped,
        }
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

    /// Records that a call succeeded.
    pub(crate) fn succeeded(&self, asked: CallKind) {
        self.last(asked).store(self.clock.now().as_millis(), Ordering::Relaxed);
        self.answered();
    }

    /// Records that the product answered, whatever it said.
    pub(crate) fn answered(&self) {
        self.last_answer.store(self.clock.now().as_millis(), Ordering::Relaxed);
    }

    /// Whether it has answered anything since.
    pub(crate) fn has_answered(&self, since: Timestamp) -> bool {
        self.last_answer.load(Ordering::Relaxed) >= since.as_millis()
    }

    /// Tells one step or reading that fails from the others.
    pub(crate) fn failure_id(&self) -> u64 {
        self.failure_ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Has the metrics say what [`Connection::health`] says.
    pub(crate) fn show(&self) {
        let (halted, unreachable) = match self.health() {
            Health::Running => (0, 0),
            Health::Halted { .. } => (1, 0),
            Health::Unreachable { .. } => (0, 1),
        };
        self.metrics.source_halted.with_label_values(&[self.source.as_str()]).set(halted);
        self.metrics.source_unreachable.with_label_values(&[self.source.as_str()]).set(unreachable);
    }

    /// The time of the last success, in milliseconds since 1970; long ago if never.
    pub(crate) fn last_success(&self, asked: CallKind) -> i64 {
        self.last(asked).load(Ordering::Relaxed)
    }

    fn last(&self, asked: CallKind) -> &AtomicI64 {
        match asked {
            CallKind::Read => &self.last_read,
            CallKind::Change => &self.last_change,
        }
    }

    /// Stops calls until a probe with the source's credentials succeeds. The first to notice starts the probing.
    pub fn halt(self: &Arc<Self>, cause: &Error) {
        if self.stop_calls(Health::Halted { why: cause.to_string(), since: self.clock.now() }) {
            error!(source.id = %self.source, %cause, "source stopped; mend its credentials or rights, usher keeps probing");
        }
    }

    /// Stops calls until a probe is answered by the product. It has been away since `since`.
    pub(crate) fn away(self: &Arc<Self>, cause: &Error, since: Timestamp) {
        if self.stop_calls(Health::Unreachable { why: cause.to_string(), since }) {
            warn!(source.id = %self.source, %cause, "source is away; nothing is given up, usher keeps probing");
        }
    }

    /// Whether calls are stopped by this, and were not before.
    fn stop_calls(self: &Arc<Self>, stopped: Health) -> bool {
        let first = self.health.send_if_modified(|health| {
            let first = *health == Health::Running;
            if first {
                *health = stopped;
            }
            first
        });
        if first {
            self.show();
            tokio::spawn(probe(Arc::clone(self)));
        }
        first
    }

    fn is_halted(&self) -> bool {
        matches!(*self.health.borrow(), Health::Halted { .. })
    }

    fn next_probe(&self) -> Duration {
        let halted = self.is_halted();
        let mut probe_backoff = self.probe_backoff();
        if halted { probe_backoff.0.next_wait() } else { probe_backoff.1.next_wait() }
    }

    /// Whether a probe that ended so shows that the source may be called again.
    fn may_go_on(&self, probed: &Result<(), Error>) -> bool {
        match probed {
            Ok(()) => true,
            Err(error) => {
                warn!(source.id = %self.source, %error, "source still stopped");
                if self.is_halted() {
                    return false;
                }
                if error.disposition() == Disposition::Halt {
                    self.health.send_replace(Health::Halted { why: error.to_string(), since: self.clock.now() });
                    self.show();
                    return false;
                }
                !error.is_no_answer() // the product itself refuses the probe
            }
        }
    }

    fn probe_backoff(&self) -> MutexGuard<'_, (ProbeBackoff, ProbeBackoff)> {
        self.probe_backoff.lock().unwrap_or_else(PoisonError::into_inner) // nothing panics while it is held
    }
}

async fn probe(connection: Arc<Connection>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(connection.next_probe()) => {}
            () = connection.probe_now.notified() => {}
        }
        // A probe can't be stopped, so the wait can't be interrupted; a paused source is not probed meanwhile.
        if wait_until_unpaused(&*connection.controls, &connection.source, &CancellationToken::new()).await.is_err() {
            return; // the controls are gone: usher is stopping
        }
        if connection.may_go_on(&connection.client.probe().await) {
            break;
        }
    }
    info!(source.id = %connection.source, "source goes on");
    if connection.is_halted() {
        connection.probe_backoff().0.goes_on();
    } else {
        connection.probe_backoff().1.goes_on();
    }
    connection.health.send_replace(Health::Running);
    connection.show();
}
