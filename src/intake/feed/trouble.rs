//! Failed polls: they are reported once, and tried again with growing waits.

use std::time::Duration;

use tracing::{debug, info, warn};

use super::error::Error;
use crate::{domain::SourceId, products::Disposition, runtime::Backoff};

const FIRST_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_mins(1);
/// The longest wait that a product can ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_mins(10);

/// The failures since the last look that succeeded. The product may ask for a longer wait, and the next look follows a
/// success too: so only the waits are those of [`until_ok`](crate::runtime::until_ok).
#[derive(Default)]
pub(super) struct Trouble(Option<Backoff>);

impl Trouble {
    /// Records a failure; gives how long to wait.
    pub fn record(&mut self, source: &SourceId, error: &Error) -> Duration {
        let asked_for = match error {
            Error::Product(error) => match error.disposition() {
                Disposition::Retry(wait) | Disposition::ReadThenRetry(wait) => wait,
                Disposition::Halt | Disposition::ReadThenGiveUp | Disposition::GiveUp => None,
            },
            Error::NotDurable | Error::Stopped => None,
        };
        if self.0.is_none() {
            warn!(source.id = %source, %error, "the feed can't be followed; usher keeps trying, and no login is lost");
        } else {
            debug!(source.id = %source, %error, "the feed still can't be followed");
        }
        let backoff = self.0.get_or_insert_with(|| Backoff::new(FIRST_WAIT, MAX_WAIT));
        backoff.next_wait().max(asked_for.unwrap_or_default().min(MAX_RETRY_AFTER))
    }

    /// Records a success.
    pub fn over(&mut self, source: &SourceId) {
        if self.0.take().is_some() {
            info!(source.id = %source, "the feed is followed again");
        }
    }
}
