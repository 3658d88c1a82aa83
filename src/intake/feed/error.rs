//! The reason why a poll of a feed failed.

use crate::{intake::events, products, runtime::Interrupted};

/// See the module. Entries that were appended before stay appended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The product does not answer.
    #[error(transparent)]
    Product(#[from] products::Error),
    /// The log did not accept the events.
    #[error("what the feed tells can't be made durable now")]
    NotDurable,
    /// usher is stopping, or another process follows the feed now.
    #[error("it was stopped")]
    Stopped,
}

impl From<Interrupted> for Error {
    fn from(_: Interrupted) -> Self {
        Self::Stopped
    }
}

impl From<events::Error> for Error {
    fn from(error: events::Error) -> Self {
        match error {
            events::Error::Overloaded | events::Error::Unavailable => Self::NotDurable,
        }
    }
}
