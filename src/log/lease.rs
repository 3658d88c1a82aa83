//! The proof that a partition is still this process's.

use async_trait::async_trait;
use tokio::time::Instant;

/// The proof that a partition is this member's. A change that can't be undone needs it.
#[async_trait]
pub trait Lease: Send + Sync + 'static {
    /// Waits until the partition is proved to be this member's. Returns the time until which no other member can have
    /// it, unless this member hands it over; none: without end.
    ///
    /// # Errors
    /// [`Lost`] once the partition is not this member's any more.
    async fn hold(&self) -> Result<Option<Instant>, Lost>;
}

/// The partition is not this member's any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the partition is not this member's any more")]
pub struct Lost;

/// The lease on a log without other processes.
#[derive(Debug, Clone, Copy, Default)]
pub struct ForGood;

#[async_trait]
impl Lease for ForGood {
    async fn hold(&self) -> Result<Option<Instant>, Lost> {
        Ok(None)
    }
}
