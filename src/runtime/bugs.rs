//! Work that ends by a bug of usher: it is tried again some times, and then its record is given up.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use tracing::error;

use super::{Backoff, Failures, Handler, Interrupted, Work};
use crate::{log::Stored, rate_limited_log::LogLimiter};

/// The waits between tries. A bug that passes, as one that takes two events at once, has some seconds to do so.
const WAITS: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(30));
/// The number of tries after which a record is given up.
pub(crate) const MAX_TRIES: u32 = 6;

/// Works on a record. Only its own lane waits while that ends by a bug. A record on which it does each time is given up,
/// so that one record does not make usher not ready for ever. A loop of its own beside [`until_ok`](super::until_ok): it
/// has an end, and a panic is no error with a text.
///
/// # Errors
/// `Interrupted` if the work is to stop first.
pub(crate) async fn through<H: Handler>(
    handler: &H,
    record: &Stored,
    work: &Work,
    failures: &Failures,
) -> Result<(), Interrupted> {
    let (mut waits, limiter, mut tries, mut trouble) = (WAITS, LogLimiter::once_a_minute(), 0_u32, None);
    loop {
        if let Some(result) = caught(handler.handle(record, work)).await {
            return result;
        }
        tries = tries.saturating_add(1);
        let position = record.position;
        let component = trouble.get_or_insert_with(|| failures.component());
        component.failing(format!("a record of partition {} can't be worked on, by a bug", position.partition));
        failures.count();
        if let Some(suppressed) = limiter.permit() {
            error!(component = failures.name(), %position, suppressed, "work on a record ended by a bug, trying again");
        }
        // Without a dead letter nothing is passed over.
        if tries >= MAX_TRIES
            && let Some(given_up) = caught(handler.give_up(record, work)).await
        {
            if given_up.is_ok() {
                error!(component = failures.name(), %position, tries, "work on a record ended by a bug each time, it is given up");
            }
            return given_up;
        }
        waits.wait(&work.stop).await?;
    }
}

/// Runs `work` and returns its result; none if it panicked. The state of handlers is behind locks that survive a panic.
pub(crate) fn caught<T>(work: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
    AssertUnwindSafe(work).catch_unwind().map(Result::ok) // an async function would hold `work` twice
}

/// The reason of a dead letter after panics; `state` says what is known about the work.
pub(crate) fn reason(state: &str) -> String {
    format!(
        "a bug of usher: its work on this ended unexpectedly {MAX_TRIES} times; {state}; please report the bug, with the lines of \
         usher's log about it"
    )
}
