//! The consumer groups of a source's stages, for a log that has to know them before they join.

use crate::{
    domain::{SourceId, Stage},
    log::{Stream, group},
};

/// Each group of the stages of `source`, with the stream that it consumes.
pub fn consumer_groups(source: &SourceId) -> impl Iterator<Item = (Stream, String)> {
    let group = |stage: Stage| input(stage).map(|stream| (stream, group(stage.as_str(), source.as_str())));
    Stage::ALL.into_iter().filter_map(group)
}

/// The stream that `stage` consumes; none: it consumes none.
const fn input(stage: Stage) -> Option<Stream> {
    match stage {
        Stage::Planner => Some(Stream::Events),
        Stage::Executor => Some(Stream::Decisions),
        Stage::Sweeper => Some(Stream::Sweeps),
        Stage::Intake => None,
    }
}
