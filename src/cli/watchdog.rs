//! The watchdog: ends the process if it does not end by itself in time. It has its own thread, so a store, broker or
//! product that blocks the others does not block it.

use std::{
    process,
    thread::{self, Builder},
    time::{Duration, Instant},
};

use super::{FAILED, complain};
use crate::{app::Shutdown, telemetry};

/// The orderly way out of the process calls into libraries, which may wait too.
const LAST_RESORT: Duration = Duration::from_millis(1500);

/// Watches over `shutdown` from now on.
///
/// # Errors
/// Where there is no thread for it.
pub(super) fn start(shutdown: Shutdown) -> std::io::Result<()> {
    Builder::new().name("watchdog".into()).spawn(move || {
        let why = overdue(&shutdown, shutdown.limit());
        let abort = || {
            thread::sleep(LAST_RESORT);
            process::abort();
        };
        // Without a thread for it the way out below is the only one.
        let _ = Builder::new().name("last-resort".into()).spawn(abort);
        complain(&why, FAILED);
        telemetry::flush();
        process::exit(FAILED.into());
    })?;
    Ok(())
}

/// Waits until the end of the process has taken `limit`; gives what to say then.
fn overdue(shutdown: &Shutdown, limit: Duration) -> String {
    let deadline = shutdown.wait_until_begun() + limit;
    while let Some(rest) = deadline.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) {
        thread::sleep(rest);
    }
    let mut going_on = shutdown.going_on().join(", ");
    if going_on.is_empty() {
        going_on.push_str("starting");
    }
    format!("stopping took longer than {} s and was cut short; what was still going on: {going_on}", limit.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_that_takes_too_long_is_told_with_what_goes_on() {
        let shutdown = Shutdown::default();
        let begun = shutdown.begin();
        let limit = Duration::from_millis(50);
        let why = overdue(&shutdown, limit);
        assert!(begun.elapsed() >= limit && why.ends_with("starting"), "{why}");
    }
}
