//! The ratios of an earlier run, to hold this one against.

use std::{fs, path::Path};

use anyhow::Context;
use serde::Deserialize;

use super::report::{LaneReport, ratios};

/// The part of a ratio that has to be left. Other work on the machine costs more than small changes of usher do.
const LEFT: f64 = 2.0 / 3.0;
/// The rounds that are added at most before a fall counts: what else runs on a machine passes.
pub const MORE_ROUNDS: usize = 2;

/// The part of a written [`Report`](super::report::Report) that is needed.
#[derive(Deserialize)]
pub struct Baseline {
    lanes: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    ratio: f64,
}

impl Baseline {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let read = || -> anyhow::Result<_> { Ok(serde_json::from_slice(&fs::read(path)?)?) };
        read().with_context(|| format!("{} can't be read", path.display()))
    }

    /// The lanes whose best round is far below the earlier ratio, in words; the first of `lanes` is the bare check.
    pub fn fallen(&self, lanes: &[LaneReport]) -> Vec<String> {
        let (bare, others) = lanes.split_first().expect("the bare check is always measured");
        let fallen = |lane: &LaneReport| {
            let before = self.lanes.iter().find(|row| row.name == lane.lane.name())?.ratio;
            let best = ratios(lane, bare).into_iter().fold(0.0, f64::max);
            let words = || format!("{}: {best:.2} of the signature check, it was {before:.2}", lane.lane.name());
            (best < before * LEFT).then(words)
        };
        others.iter().filter_map(fallen).collect()
    }
}
