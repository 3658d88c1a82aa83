//! The runs of sweeps that have not ended. There are few, so that all of them can be looked at for a metric or a row.

use super::row::RunState;
use crate::domain::{SchemeId, SourceId, SweepId};

/// A run of a sweep that is running or held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRun {
    /// Which sweep it is part of.
    pub sweep: SweepId,
    /// Of which scheme.
    pub scheme: SchemeId,
    /// In which source.
    pub source: SourceId,
    /// Whether it is running or held.
    pub state: RunState,
}
