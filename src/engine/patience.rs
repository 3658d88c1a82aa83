//! How long something is tried before it is given up.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Backoff, Connection, Interrupted, connection::Asked};
use crate::{domain::Timestamp, products::Error};

/// A failure that others of the source do not have is given up after this many attempts.
const ATTEMPTS: u32 = 8;
/// While the whole source is away, a step waits this long for it.
const PATIENCE: Duration = Duration::from_hours(24);

/// How long one step or reading is tried.
///
/// A failure counts as an attempt only while the source does the like for others: then it is this one's own, and ends
/// after [`ATTEMPTS`]. While nothing of the kind succeeds, the source is away (or takes no changes), and giving up
/// would flood the dead letters: it is waited for, up to [`PATIENCE`]. The time that administrators have it paused, or
/// that it is halted, does not count: nothing was tried then.
pub(super) struct Patience {
    connection: Arc<Connection>,
    asked: Asked,
    since: Timestamp,
    /// How often the source had been [stopped](Connection::stops) at `since`.
    stops: u64,
    attempts: u32,
    backoff: Backoff,
}

impl Patience {
    pub(super) fn new(connection: &Arc<Connection>, asked: Asked) -> Self {
        Self {
            connection: Arc::clone(connection),
            asked,
            since: connection.clock.now(),
            stops: connection.stops(),
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
        self.begin_anew_after_a_stop();
        let others_succeed = self.connection.last_success(self.asked) >= self.since.as_millis();
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

    fn begin_anew_after_a_stop(&mut self) {
        let stops = self.connection.stops();
        if self.stops != stops {
            self.stops = stops;
            self.since = self.connection.clock.now();
        }
    }
}
