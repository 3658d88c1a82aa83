//! One source as the engine sees it: its client, whether it may be called, and how long to be patient with it.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Backoff, Interrupted};
use crate::{
    clock::Clock,
    domain::{SourceId, Timestamp, UserRef},
    metrics::Metrics,
    products::{Client, Disposition, Error, User},
};

/// Whether a source may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It may.
    Running,
    /// The product refuses usher's credentials or rights: nothing is called but a probe, nothing is given up.
    Halted {
        /// What the product said.
        why: String,
        /// Since when.
        since: Timestamp,
    },
}

/// A connected source, shared by its planner and executor.
pub struct Connection {
    /// Which source.
    pub source: SourceId,
    /// Its client.
    pub client: Arc<dyn Client>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    metrics: Metrics,
    health: watch::Sender<Health>,
    last_success: AtomicI64,
    probing: Mutex<Probing>,
}

/// The waits between probes, kept from one stop of the source to the next.
struct Probing {
    backoff: Backoff,
    went_on: Option<Instant>,
}

/// What came of reading a user.
pub enum Reading {
    /// Read just now.
    Found(Box<User>),
    /// The product knows no such user.
    NoSuchUser,
    /// It can't be had, also not later.
    GaveUp(Error),
}

/// A failure that others of the source do not have is given up after this many attempts.
const ATTEMPTS: u32 = 8;
/// While the whole source is away, a step waits this long for it.
const PATIENCE: Duration = Duration::from_hours(24);
const PROBE_FIRST: Duration = Duration::from_secs(5);
const PROBE_CAP: Duration = Duration::from_mins(5);

impl Connection {
    /// A connection that is not halted.
    pub fn new(source: SourceId, client: Arc<dyn Client>, clock: Arc<dyn Clock>, metrics: Metrics) -> Arc<Self> {
        metrics.source_halted.with_label_values(&[source.as_str()]).set(0);
        let health = watch::Sender::new(Health::Running);
        let probing = Mutex::new(Probing { backoff: first_probes(), went_on: None });
        Arc::new(Self { source, client, clock, metrics, health, last_success: AtomicI64::new(i64::MIN), probing })
    }

    /// Whether it may be called now.
    pub fn health(&self) -> Health {
        self.health.borrow().clone()
    }

    /// Waits until the source may be called.
    pub async fn running(&self, stop: &CancellationToken) -> Result<(), Interrupted> {
        let mut health = self.health.subscribe();
        let running = health.wait_for(|health| *health == Health::Running);
        stop.run_until_cancelled(running).await.ok_or(Interrupted)?.map(|_| ()).map_err(|_| Interrupted)
    }

    /// Notes that the product did what it was asked.
    pub fn succeeded(&self) {
        self.last_success.store(self.clock.now().as_millis(), Ordering::Relaxed);
    }

    /// Stops calls until a probe with the source's credentials succeeds. The first to notice starts the probing.
    pub fn halt(self: &Arc<Self>, cause: &Error) {
        let halted = self.health.send_if_modified(|health| {
            let first = *health == Health::Running;
            if first {
                *health = Health::Halted { why: cause.to_string(), since: self.clock.now() };
            }
            first
        });
        if halted {
            error!(source.id = %self.source, %cause, "source stopped; mend its credentials or rights, usher keeps probing");
            self.metrics.source_halted.with_label_values(&[self.source.as_str()]).set(1);
            tokio::spawn(probe(Arc::clone(self)));
        }
    }

    /// Reads `user`, with retries, waiting while the source is halted.
    pub async fn read_user(self: &Arc<Self>, user: &UserRef, stop: &CancellationToken) -> Result<Reading, Interrupted> {
        let mut patience = Patience::new(self);
        loop {
            self.running(stop).await?;
            let read = stop.run_until_cancelled(self.client.user(user)).await.ok_or(Interrupted)?;
            let error = match read {
                Ok(user) => {
                    self.succeeded();
                    return Ok(Reading::Found(Box::new(user)));
                }
                Err(Error::NoSuchUser) => {
                    self.succeeded();
                    return Ok(Reading::NoSuchUser);
                }
                Err(error) => error,
            };
            match error.disposition() {
                Disposition::Retry(after) | Disposition::ReadThenRetry(after) => {
                    if !patience.wait(&error, after, stop).await? {
                        return Ok(Reading::GaveUp(error));
                    }
                }
                Disposition::Halt => self.halt(&error),
                Disposition::ReadThenGiveUp | Disposition::GiveUp => return Ok(Reading::GaveUp(error)),
            }
        }
    }
}

fn first_probes() -> Backoff {
    Backoff::new(PROBE_FIRST, PROBE_CAP)
}

impl Connection {
    /// The wait before the next probe. A product may accept the credentials and still refuse what they are used for:
    /// a source that stopped again soon after it went on is probed ever more seldom, as if it had never gone on.
    fn next_probe(&self) -> Duration {
        let mut probing = self.probing();
        if probing.went_on.take().is_some_and(|at| at.elapsed() > PROBE_CAP) {
            probing.backoff = first_probes();
        }
        probing.backoff.next_wait()
    }

    fn probing(&self) -> MutexGuard<'_, Probing> {
        self.probing.lock().unwrap_or_else(PoisonError::into_inner) // nothing panics while it is held
    }
}

async fn probe(connection: Arc<Connection>) {
    loop {
        tokio::time::sleep(connection.next_probe()).await;
        match connection.client.probe().await {
            Ok(()) => break,
            Err(error) => warn!(source.id = %connection.source, %error, "source still stopped"),
        }
    }
    info!(source.id = %connection.source, "source goes on");
    connection.probing().went_on = Some(Instant::now());
    connection.metrics.source_halted.with_label_values(&[connection.source.as_str()]).set(0);
    connection.health.send_replace(Health::Running);
}

/// How long one step or reading is tried.
///
/// A failure counts as an attempt only while the source does what others ask of it: then it is this one's own, and
/// ends after [`ATTEMPTS`]. While nothing succeeds, the source is away, and giving up would flood the dead letters:
/// it is waited for, up to [`PATIENCE`].
pub(super) struct Patience {
    connection: Arc<Connection>,
    since: Timestamp,
    attempts: u32,
    backoff: Backoff,
}

impl Patience {
    pub(super) fn new(connection: &Arc<Connection>) -> Self {
        Self {
            connection: Arc::clone(connection),
            since: connection.clock.now(),
            attempts: 0,
            backoff: Backoff::new(Duration::from_millis(200), Duration::from_secs(60)),
        }
    }

    /// Waits before the next attempt, at least `after`; false where there is to be none.
    pub(super) async fn wait(
        &mut self,
        error: &Error,
        after: Option<Duration>,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        let others_succeed = self.connection.last_success.load(Ordering::Relaxed) >= self.since.as_millis();
        if others_succeed && !matches!(error, Error::RateLimited { .. }) {
            self.attempts += 1;
        }
        if self.attempts >= ATTEMPTS || self.since.until(self.connection.clock.now()) >= PATIENCE {
            return Ok(false);
        }
        let wait = self.backoff.next_wait().max(after.unwrap_or_default());
        warn!(source.id = %self.connection.source, %error, wait_ms = wait.as_millis(), "trying again later");
        stop.run_until_cancelled(tokio::time::sleep(wait)).await.ok_or(Interrupted)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::{clock::SystemClock, domain::Step};

    /// Accepts the credentials, whatever else it refuses.
    struct Welcoming;

    #[async_trait]
    impl Client for Welcoming {
        async fn user(&self, _: &UserRef) -> Result<User, Error> {
            Err(Error::NoSuchUser)
        }

        async fn make_so(&self, _: &User, _: &Step) -> Result<(), Error> {
            Err(Error::NoSuchUser)
        }

        async fn probe(&self) -> Result<(), Error> {
            Ok(())
        }
    }

    /// Stops the source and says how long it takes until it goes on.
    async fn stop_for(connection: &Arc<Connection>) -> Duration {
        let began = Instant::now();
        connection.halt(&Error::Unauthorized { status: 403, message: String::new() });
        assert_eq!(connection.running(&CancellationToken::new()).await, Ok(()));
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_stops_again_and_again_is_tried_ever_more_seldom_until_it_stays() {
        let metrics = Metrics::new().expect("metrics");
        let source = "acme".parse().expect("an id");
        let connection = Connection::new(source, Arc::new(Welcoming), Arc::new(SystemClock), metrics);
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            let took = stop_for(&connection).await;
            let (least, most) = (Duration::from_millis(700 * seconds), Duration::from_millis(1_300 * seconds + 10));
            assert!(least <= took && took <= most, "{took:?} for {seconds} s");
        }
        tokio::time::sleep(PROBE_CAP * 2).await;
        assert!(stop_for(&connection).await < PROBE_FIRST * 2);
    }
}
