//! Notifies systemd, if it started usher with `Type=notify`. Otherwise these functions do nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// For how long more systemd waits for a start that waits for the log.
const ANOTHER: Duration = Duration::from_mins(1);

/// usher waits for its log. systemd would end a start that takes longer than its `TimeoutStartSec`.
pub(super) fn waiting() {
    let micros = u32::try_from(ANOTHER.as_micros()).unwrap_or(u32::MAX);
    notify(&[NotifyState::Status("waiting for the log"), NotifyState::ExtendTimeoutUsec(micros)]);
}

/// usher runs.
pub(super) fn ready() {
    notify(&[NotifyState::Ready, NotifyState::Status("running")]);
}

/// usher stops.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(error = crate::words::system(&error), "systemd could not be told");
    }
}
