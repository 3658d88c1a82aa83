//! The bounds of one step of a pass, and its result.

use crate::{
    domain::Timestamp,
    log::{RETENTION, Stream},
};

/// The highest number of rows that one step removes.
const MAX_ROWS: usize = 500;

/// Until when rows are kept.
#[derive(Debug, Clone, Copy)]
pub struct Horizon {
    /// Rows that were over before then are forgotten: they are in the log no more.
    pub over: Timestamp,
    /// Rows that are not over, or were cancelled, are forgotten if nothing was heard of them since then: their source
    /// may have been paused for long.
    pub open: Timestamp,
}

impl Horizon {
    /// Until when rows about records of `stream` are kept.
    pub(in crate::views) fn of(self, stream: Stream) -> Timestamp {
        stream.keeps_longer().map_or(self.over, |longer| self.over.minus(longer.saturating_sub(RETENTION)))
    }
}

/// The result of one step.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::views) struct Step {
    /// The number of removed rows.
    pub(in crate::views) dropped: usize,
}

impl Step {
    /// The highest number of rows that a step removes.
    pub(in crate::views) const MAX: usize = MAX_ROWS;

    /// A step that removed this number of rows.
    pub(in crate::views) const fn of(dropped: usize) -> Self {
        Self { dropped }
    }

    /// The number of rows that it may still remove.
    pub(in crate::views) const fn left(&self) -> usize {
        MAX_ROWS.saturating_sub(self.dropped)
    }

    /// Whether it may remove no more: there may be more in the table.
    pub(in crate::views) const fn is_full(&self) -> bool {
        self.left() == 0
    }
}
