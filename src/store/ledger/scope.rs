//! The scope of a memory.

use crate::{
    domain::{SourceId, Stage},
    log::{Partition, Stream},
};

/// The scope of a memory: one stage of one source in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(pub(super) Vec<u8>);

impl Scope {
    /// The scope of `stage` for `source` in `partition`.
    pub fn new(stage: Stage, source: &SourceId, partition: Partition) -> Self {
        Self(format!("{}/{source}/{partition}/", stage.as_str()).into_bytes())
    }

    /// The scope for the checkpoint of a `stream` that is read back besides the stage's output.
    pub fn reading(&self, stream: Stream) -> Self {
        Self([&self.0, stream.as_str().as_bytes()].concat())
    }

    /// The scope of another `stage` for the same source in the same partition.
    pub fn of_stage(&self, stage: Stage) -> Self {
        let rest = self.0.iter().position(|byte| *byte == b'/').map_or(&self.0[..0], |at| &self.0[at..]);
        Self([stage.as_str().as_bytes(), rest].concat())
    }

    pub(in crate::store) fn key(&self, id: &str) -> Vec<u8> {
        [&self.0, id.as_bytes()].concat()
    }
}
