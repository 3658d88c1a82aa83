//! Why something was not read back.

use crate::{log, store};

/// Why it was not read back.
#[derive(Debug)]
pub(crate) enum Stopped {
    Interrupted,
    Failed(String),
}

impl From<log::Error> for Stopped {
    fn from(error: log::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<store::Error> for Stopped {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
