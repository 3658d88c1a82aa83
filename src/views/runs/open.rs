//! The runs of sweeps that have not ended. They are few, so all of them can be read for a metric or a row.

use super::row::RunState;
use crate::domain::{SchemeId, SourceId, SweepId};

/// A run of a sweep that is running or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRun {
    /// The sweep that it is part of.
    pub sweep: SweepId,
    /// The scheme.
    pub scheme: SchemeId,
    /// The source.
    pub source: SourceId,
    /// Whether it is running or held.
    pub state: RunState,
}
