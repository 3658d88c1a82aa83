//! The runs of sweeps that have not ended. There are few, so that all of them can be looked at for a metric or a row.

use serde::{Deserialize, Serialize};

use super::{
    Error, Runs,
    row::{Row, RunState},
    table::{self, Table, Tried},
};
use crate::domain::{SchemeId, SourceId, SweepId};

/// A run of a sweep that is running or held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Runs {
    /// All runs of sweeps that have not ended.
    pub(in crate::views) fn open(&self) -> Result<Vec<OpenRun>, Error> {
        self.open.iter().map(|row| Ok(serde_json::from_slice(&row?.1)?)).collect()
    }
}

impl Table<'_> {
    /// Notes whether the run of `row` is open, where that is not what `earlier` said.
    pub(super) fn note_open(&self, earlier: Option<&Row>, row: &Row) -> Tried<()> {
        let Some(sweep) = &row.run.sweep else { return Ok(()) };
        let (id, state) = (row.run.id.as_str(), row.run.state);
        if earlier.is_some_and(|earlier| earlier.run.state == state) {
            return Ok(());
        }
        if state.is_final() {
            self.open.remove(id)?;
            return Ok(());
        }
        let (sweep, scheme, source) = (sweep.clone(), row.run.scheme.clone(), row.run.source.clone());
        table::write(self.open, id.as_bytes(), &OpenRun { sweep, scheme, source, state })
    }
}
