//! How far the views are with the records that were in the log when usher started.

use std::fmt;

/// The state of reading the log up to the end that it had when usher started. Until that is done a row that is not there
/// may come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CatchUp {
    /// All of it is read.
    #[default]
    Done,
    /// It is not known yet how much there is.
    Begun,
    /// So many records are missing.
    Behind(u64),
}

impl CatchUp {
    /// Whether rows may be missing.
    pub fn is_going_on(self) -> bool {
        self != Self::Done
    }
}

impl fmt::Display for CatchUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("the log is read"),
            Self::Begun => f.write_str("the log is not read yet"),
            Self::Behind(1) => f.write_str("they are 1 record behind the log"),
            Self::Behind(records) => write!(f, "they are {records} records behind the log"),
        }
    }
}
