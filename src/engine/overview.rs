//! What the engine asks the views of its process, which read all partitions, and with that what other processes do.

use tokio::sync::watch;

use crate::domain::{RunId, SourceId, StepKey, Timestamp, UserRef};

/// A step that was asked for: where its outcome is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedStep {
    /// The run it belongs to.
    pub run: RunId,
    /// On whom.
    pub user: UserRef,
    /// Which.
    pub key: StepKey,
}

/// What the views tell. Each answer comes from what has been read so far, and errs on the side of "not yet".
pub trait Overview: Send + Sync + 'static {
    /// Whether the step has an outcome. False where that can't be told.
    fn has_ended(&self, step: &AskedStep) -> bool;

    /// When `source` last told of anybody's login.
    fn heard(&self, source: &SourceId) -> Option<Timestamp>;

    /// Changes whenever an answer of the others may have changed.
    fn progress(&self) -> watch::Receiver<u64>;
}
