//! The retry policy: for how long a call is tried before it is given up.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Connection, failures::CallKind};
use crate::{
    domain::Timestamp,
    products::{Error, Fault},
    runtime::{Backoff, Interrupted, pause},
};

/// A failure that is one step's or reading's own is given up after this many attempts: about 16 s.
const ATTEMPTS: u32 = 8;
/// The longest wait after such a failure. An attempt in between that does not count must not make it a minute.
const OWN_WAIT: Duration = Duration::from_secs(5);
/// The time after which a single step is given up that the product keeps refusing with 503, if the product answers
/// others meanwhile.
const GIVE_UP_AFTER: Duration = Duration::from_hours(24);
/// The least time for which a step is tried after a restart, however long ago the first attempt was: usher may have
/// stood still since.
const AFTER_A_RESTART: Duration = Duration::from_hours(1);

/// The retries of one step or reading.
///
/// A failure counts as an attempt only if it belongs to this step: the source succeeds at the same for others, or it
/// answers while it refuses this request as it is written, or while few others have the same trouble. The reasons are
/// in docs/decisions/0012-who-is-at-fault.md. While the source is away, is halted or has been paused, nothing counts,
/// however long that takes, because nothing was tried then.
pub(crate) struct RetryPolicy {
    connection: Arc<Connection>,
    asked: CallKind,
    id: u64,
    since: Timestamp,
    /// The same by the monotonic clock.
    began: Instant,
    /// The time for which it was tried before a restart.
    earlier: Duration,
    last_failure: Option<Timestamp>,
    /// The number of [stops](Connection::stops) of the source at `since`.
    stops: u64,
    attempts: u32,
    backoff: Backoff,
}

impl RetryPolicy {
    pub(crate) fn new(connection: &Arc<Connection>, asked: CallKind) -> Self {
        Self {
            connection: Arc::clone(connection),
            asked,
            id: connection.failure_id(),
            since: connection.clock.now(),
            began: Instant::now(),
            earlier: Duration::ZERO,
            last_failure: None,
            stops: connection.stops(),
            attempts: 0,
            backoff: backoff(),
        }
    }

    /// The same, counting from an attempt at `at`, before usher was restarted.
    pub(crate) fn since_attempt(mut self, at: Option<Timestamp>) -> Self {
        let earlier = at.map_or(Duration::ZERO, |at| at.until(self.since));
        self.earlier = earlier.min(GIVE_UP_AFTER - AFTER_A_RESTART);
        self
    }

    /// Waits before the next attempt, at least `after`; false if there is to be none.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(crate) async fn wait(
        &mut self,
        error: &Error,
        after: Option<Duration>,
        stop: &CancellationToken,
    ) -> Result<bool, Interrupted> {
        self.begin_anew_after_a_stop();
        self.connection.record_failure(self.id, self.asked, error);
        let before = self.last_failure.replace(self.connection.clock.now());
        // The first failure is not looked into: most are over in a moment.
        if let Some(before) = before.filter(|_| error.is_no_answer()) {
            stop.run_until_cancelled(self.connection.check(before)).await.ok_or(Interrupted)?;
            if !self.connection.is_running() {
                return Ok(true); // the caller waits until it runs, and then this starts again
            }
        }
        let is_own = self.is_own(error, before);
        if is_own {
            self.attempts += 1;
        }
        if self.attempts >= ATTEMPTS || self.is_put_off_for_good() {
            return Ok(false);
        }
        let wait = self.backoff.next_wait();
        let wait = if is_own { wait.min(OWN_WAIT) } else { wait }.max(after.unwrap_or_default());
        warn!(source.id = %self.connection.source, %error, wait_ms = wait.as_millis(), "trying again later");
        pause(wait, stop).await?;
        Ok(true)
    }

    /// Whether the failure is this one's own; `before` is when it failed last.
    fn is_own(&self, error: &Error, before: Option<Timestamp>) -> bool {
        let others_succeed = self.connection.last_success(self.asked) >= self.since.as_millis();
        let answers = || before.is_none_or(|before| self.connection.has_answered(before));
        match error.fault() {
            Fault::Pace => false,
            Fault::Source => others_succeed,
            Fault::Request => others_succeed || answers(),
            Fault::Either => others_succeed || (answers() && !self.connection.refuses_all(self.asked)),
        }
    }

    fn is_put_off_for_good(&self) -> bool {
        self.began.elapsed() + self.earlier >= GIVE_UP_AFTER && !self.connection.refuses_all(self.asked)
    }

    fn begin_anew_after_a_stop(&mut self) {
        let stops = self.connection.stops();
        if self.stops != stops {
            self.stops = stops;
            self.since = self.connection.clock.now();
            self.began = Instant::now();
            self.earlier = Duration::ZERO;
            self.last_failure = None;
            self.attempts = 0;
            self.backoff = backoff();
            self.connection.forget_failure(self.id);
        }
    }
}

impl Drop for RetryPolicy {
    fn drop(&mut self) {
        self.connection.forget_failure(self.id);
    }
}

const fn backoff() -> Backoff {
    Backoff::new(Duration::from_millis(200), Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

    use super::*;
    use crate::{clock::Clock, engine::testing::Stub, metrics::Metrics, source::NoControls, views::testing::source};

    #[derive(Default)]
    struct SetClock(AtomicI64);

    impl Clock for SetClock {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(SeqCst))
        }
    }

    const DAY_IN_MILLIS: i64 = 24 * 3_600_000;

    fn scene() -> (Arc<SetClock>, Arc<Connection>) {
        let (clock, product) = (Arc::<SetClock>::default(), Arc::<Stub>::default());
        let (controls, metrics) = (Arc::<NoControls>::default(), Metrics::new().unwrap());
        let connection = Connection::new(source(), product, 2, clock.clone(), controls, metrics);
        (clock, connection)
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_tried_before_a_restart_counts_and_an_hour_is_left() {
        let (clock, connection) = scene();
        let (stop, slow_down) = (CancellationToken::new(), Error::RateLimited { retry_after: None });
        let tried_at = clock.now();
        clock.0.store(31 * DAY_IN_MILLIS, SeqCst);
        let mut retry_policy = RetryPolicy::new(&connection, CallKind::Change).since_attempt(Some(tried_at));
        assert_eq!(retry_policy.wait(&slow_down, None, &stop).await, Ok(true));
        tokio::time::sleep(AFTER_A_RESTART).await;
        assert_eq!(retry_policy.wait(&slow_down, None, &stop).await, Ok(false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_day_of_patience_is_a_day_however_the_clock_is_set() {
        let (clock, connection) = scene();
        let (stop, slow_down) = (CancellationToken::new(), Error::RateLimited { retry_after: None });
        let mut retry_policy = RetryPolicy::new(&connection, CallKind::Change);
        clock.0.store(31 * DAY_IN_MILLIS, SeqCst);
        assert_eq!(retry_policy.wait(&slow_down, None, &stop).await, Ok(true), "it was set ahead");
        clock.0.store(-31 * DAY_IN_MILLIS, SeqCst);
        tokio::time::sleep(GIVE_UP_AFTER).await;
        assert_eq!(retry_policy.wait(&slow_down, None, &stop).await, Ok(false), "it was set back");
    }
}
