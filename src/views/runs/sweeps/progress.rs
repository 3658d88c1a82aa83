//! The progress of a sweep.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a sweep has come, in users of the source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// Listed so far.
    pub listed: u64,
    /// Decided so far.
    pub decided: u64,
    /// Of those, read one by one, because the lists did not settle them.
    #[serde(default)]
    pub read: u64,
    /// How many there are; none while they are being listed.
    pub total: Option<u64>,
}
