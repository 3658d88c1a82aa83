//! The intervals for probing a stopped source.

use std::time::Duration;

use tokio::time::Instant;

use crate::runtime::Backoff;

/// The first and the longest wait while the credentials are refused: an administrator has to correct them.
const HALTED: (Duration, Duration) = (Duration::from_secs(5), Duration::from_mins(5));
/// The first and the longest wait while the product is away: it comes back by itself.
const ABSENT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The waits between probes. They are kept from one stop of a source to the next, because a product may accept the
/// credentials and still refuse the calls. A source that stops again soon after it continued is probed less and less
/// often, as if it had never continued.
pub(crate) struct ProbeBackoff {
    waits: (Duration, Duration),
    backoff: Backoff,
    went_on: Option<Instant>,
}

impl ProbeBackoff {
    pub(crate) fn of_halted() -> Self {
        Self::new(HALTED)
    }

    pub(crate) fn of_absent() -> Self {
        Self::new(ABSENT)
    }

    fn new(waits: (Duration, Duration)) -> Self {
        Self { waits, backoff: Backoff::new(waits.0, waits.1), went_on: None }
    }

    /// The wait before the next probe.
    pub(crate) fn next_wait(&mut self) -> Duration {
        if self.went_on.take().is_some_and(|at| at.elapsed() > self.waits.1) {
            *self = Self::new(self.waits);
        }
        self.backoff.next_wait()
    }

    /// Records that a probe succeeded.
    pub(crate) fn goes_on(&mut self) {
        self.went_on = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_source_that_stops_again_and_again_is_probed_ever_more_seldom_until_it_stays() {
        let mut probe_backoff = ProbeBackoff::of_halted();
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            let wait = probe_backoff.next_wait();
            assert!(wait >= Duration::from_millis(700 * seconds), "{wait:?} for {seconds} s");
            assert!(wait <= Duration::from_millis(1_300 * seconds), "{wait:?} for {seconds} s");
            probe_backoff.goes_on();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::sleep(HALTED.1).await;
        assert!(probe_backoff.next_wait() < HALTED.0 * 2);
    }
}
